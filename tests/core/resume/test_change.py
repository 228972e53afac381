"""A change of plan: the past to the last bit, the joint without a jump, the end where it should be."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import lrlab as lr
from lrlab.core.resume.branch import branched
from lrlab.core.resume.change import HOWS, extended, finished, spliced
from lrlab.core.run.curve import Curve
from lrlab.testing import strategies

FALLING = ["linear()", "cosine(to=0.1)", "wsd(warmup=20)", "warmup(20) >> cosine()", "geometric(to=0.01)", "rex()"]


def curve(text, n=1000):
    return lr.parse(text).over(n)


def same_past(old, new, at):
    """Whether two curves have the same first values, to the last bit."""
    return old.between(0, at).tolist() == new.between(0, at).tolist()


def jump(old, new, at):
    """How far the LR of update `at` moves because the plan was changed there."""
    return abs(float(old.between(at, at + 1)[0]) - float(new.between(at, at + 1)[0]))


@pytest.mark.parametrize(
    "change",
    [
        lambda live: extended(live, 1, 2000, "rescale-rest"),
        lambda live: finished(live, 1, "10%"),
        lambda live: branched(live, 1, "10%"),
        lambda live: spliced(live, curve("linear()"), 1),
        lambda live: spliced(curve("linear()"), live, 1),
    ],
)
def test_a_run_in_tokens_is_changed_where_the_rate_is_known(change):
    """It names the rate that is missing, before anything else."""
    with pytest.raises(lr.LrlabError, match="needs to know how many tokens an update is"):
        change(lr.constant().over(lr.Horizon(tokens=1000)))


# -- extended -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", FALLING)
@pytest.mark.parametrize("to", [601, 900, 1000, 2000, 50_000])
def test_rescaling_what_is_left_goes_on_and_ends_at_the_floor(text, to):
    """Continuous at the change, falling where the plan fell, at the plan's end value after the last update."""
    old = curve(text)
    new = extended(old, 600, to, "rescale-rest")
    assert same_past(old, new, 600)
    assert jump(old, new, 600) < 1e-15
    rest = new.between(600, to + 1)
    assert (np.diff(rest) <= 1e-15).all()
    assert rest[-1] == old.between(1000, 1001)[0]


@pytest.mark.parametrize("text", FALLING)
def test_holding_first_and_then_the_rest_as_planned(text):
    """As long as the run is prolonged nothing moves; then the old rest, to the last bit."""
    old = curve(text)
    new = extended(old, 600, 1700, "hold-then-decay")
    assert same_past(old, new, 600)
    assert set(new.between(600, 1300)) == set(old.between(600, 601))
    assert new.between(1300, 1701).tolist() == old.between(600, 1001).tolist()


def test_holding_for_no_update_is_the_plan_as_it_was():
    old = curve("linear()")
    assert extended(old, 600, 1000, "hold-then-decay").values().tolist() == old.values().tolist()


def test_holding_a_stable_phase_is_the_longer_plan():
    """WSD with absolute spans: prolonging the stable phase is what one would have planned."""
    longer = extended(curve("wsd(warmup=50, decay=200)"), 400, 3000, "hold-then-decay")
    assert longer.values().tolist() == curve("wsd(warmup=50, decay=200)", 3000).values().tolist()


@pytest.mark.parametrize("text", [*FALLING, "inverse_sqrt(50)", "multistep([300, 600])", "exponential()"])
@pytest.mark.parametrize("at", [600, 999, 1000, 1400])
@pytest.mark.parametrize("peak", [0.05, 0.3, 1.0])
def test_rewarming_never_exceeds_its_peak_and_ends_at_the_floor(text, at, peak):
    """Also from a finished plan, whose LR may be 0."""
    old = curve(text)
    floor = float(old.between(1000, 1001)[0])
    assume_above = peak >= floor
    if not assume_above:
        with pytest.raises(lr.LrlabError, match="below the end of the plan"):
            extended(old, at, 3000, "re-warm", peak=peak)
        return
    new = extended(old, at, 3000, "re-warm", peak=peak)
    assert same_past(old, new, at)
    assert jump(old, new, at) < 1e-15
    rest = new.between(at, 3001)
    assert rest.max() <= max(peak, rest[0])
    assert rest.max() >= peak
    assert rest[-1] == floor


def test_rewarming_may_end_at_its_peak():
    assert extended(curve("cosine(to=0.1)"), 600, 3000, "re-warm", peak=0.1)(3000) == pytest.approx(0.1)
    assert extended(curve("1e-3 * cosine()"), 600, 3000, "re-warm", peak=5e-4)(624) == pytest.approx(5e-4)  # absolute


def test_rewarming_to_the_plans_own_peak_by_default():
    """As in continual pre-training: back to where it was, within 1% of what is left."""
    new = extended(curve("warmup(20) >> cosine(to=0.1)"), 1000, 2000, "re-warm")
    assert new(1010) == new.between(1000, 2000).max() == 1
    assert new(2000) == pytest.approx(0.1, rel=1e-15)


@pytest.mark.parametrize("text", ["cosine(to=0.1)", "inverse_sqrt(50)", "warm_restarts(300)"])
@pytest.mark.parametrize("at", [600, 1500])
def test_keeping_the_plan(text, at):
    """To the last bit, and after its end by its own rule."""
    old = curve(text)
    new = extended(old, at, 4000, "keep")
    assert new.values().tolist() == old.between(0, 4000).tolist()
    again = extended(new, 2000, 5000, "keep")
    assert again.values().tolist() == old.between(0, 5000).tolist()
    assert str(again.schedule) == str(new.schedule)


def test_the_rates_of_the_horizon_stay():
    """A longer run has epochs as long as before, whether they were given or follow."""
    given_rate = lr.parse('warmup("1ep") >> linear()').over(lr.Horizon(epochs=10, updates_per_epoch=50))
    assert extended(given_rate, 100, 1000, "rescale-rest").horizon == lr.Horizon(updates=1000, updates_per_epoch=50)
    followed = lr.linear().over(lr.Horizon(epochs=10, updates=500, tokens=1000, samples_per_update=8, minutes=5))
    horizon = extended(followed, 100, 1000, "rescale-rest").horizon
    for unit in ("epochs", "tokens", "samples", "seconds"):
        assert horizon.rate(unit) == followed.horizon.rate(unit)
    to = lr.Horizon(epochs=20, updates_per_epoch=50)
    assert extended(given_rate, 100, to, "hold-then-decay").horizon == to


@pytest.mark.parametrize(
    ("text", "n", "at", "arguments", "said"),
    [
        ("linear()", 1000, 1000, {"to": 2000, "how": "rescale-rest"}, 'nothing of it is left.*\n.*\n.*"re-warm"'),
        ("linear()", 1000, 1200, {"to": 2000, "how": "hold-then-decay"}, "ended at update 1000"),
        ("constant()", None, 100, {"to": 2000, "how": "rescale-rest"}, "has no known end"),
        ("linear()", 1000, 600, {"to": 600, "how": "keep"}, "more than 600 updates"),
        ("linear()", 1000, 600, {"to": 800, "how": "hold-then-decay"}, "prolongs a run"),
        ("linear()", 1000, 600, {"to": 2000, "how": "rewarm"}, "how is not known(.*\n)+.*re-warm"),
        ("linear()", 1000, 600, {"to": 2000, "how": 3}, "how is not known"),
        ("linear()", 1000, 600, {"to": 2000, "how": "keep", "peak": 0.5}, "goes with re-warm"),
        ("linear()", 1000, 600, {"to": 2000, "how": "re-warm", "peak": 0}, "above 0"),
        (
            "linear()",
            1000,
            600,
            {"to": 2000, "how": "re-warm", "peak": 5e-4},
            "looks like an absolute LR(.*\n)+.*multiple",
        ),
        ("linear()", 1000, -1, {"to": 2000, "how": "keep"}, "at"),
        ("linear()", 1000, 600, {"to": lr.Horizon(), "how": "keep"}, "more than 600 updates"),
    ],
)
def test_what_is_no_extension(text, n, at, arguments, said):
    with pytest.raises(lr.LrlabError, match=said):
        extended(lr.parse(text).over(n), at, **arguments)


def test_a_run_that_is_measured_in_tokens_has_no_such_change():
    """Its updates are not known before they are made; the rate that is missing is named."""
    with pytest.raises(lr.LrlabError, match="tokens_per_update"):
        extended(lr.linear().over(lr.Horizon(tokens=1000)), 5, 100, "rescale-rest")


# -- finished -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["linear", "cosine", "one_minus_sqrt"])
@pytest.mark.parametrize("text", ["constant()", "cosine(to=0.1)", "warmup(900) >> cosine()", "inverse_sqrt(50)"])
def test_finishing_now(text, shape):
    """From the present LR, falling all the way, to the floor; the run ends with the decay."""
    old = curve(text)
    new = finished(old, 600, 200, shape=shape)
    assert new.updates == 800
    assert same_past(old, new, 600)
    assert jump(old, new, 600) < 1e-15
    assert (np.diff(new.between(600, 801)) < 0).all()
    floor = float(old.between(1000, 1001)[0])
    assert new(800) == (floor if floor < old(600) else 0)


def test_a_share_is_of_the_run_as_it_will_be():
    assert finished(curve("constant()"), 800, "20%").updates == 1000
    assert finished(lr.constant().over(lr.Horizon(updates=1000, updates_per_epoch=50)), 800, "2ep").updates == 900


def test_the_floor_may_be_said():
    assert finished(curve("constant()"), 600, 100, to=0.25)(700) == 0.25


@pytest.mark.parametrize(
    ("over", "arguments", "said"),
    [
        (0, {}, r"no update(.*\n)+.*over=100"),
        ("0%", {}, "no update"),
        ("3ep", {}, "how long its unit is"),
        (100, {"shape": "triangle"}, "finish: shape is not a decay"),
        ("many", {}, "finish: over"),
    ],
)
def test_what_is_no_end(over, arguments, said):
    with pytest.raises(lr.LrlabError, match=said):
        finished(curve("constant()"), 600, over, **arguments)


# -- spliced ------------------------------------------------------------------------------------------------------

PLANS = [*FALLING, "constant()", "0.5 * cosine()", "warmup(900) >> linear()", "one_cycle()", "constant(level=0.2)"]


@pytest.mark.parametrize("old", PLANS)
@pytest.mark.parametrize("new", PLANS)
@pytest.mark.parametrize(("at", "n"), [(600, 2000), (10, 900), (1200, 1300)])
def test_splicing_has_no_jump_and_reaches_the_new_end(old, new, at, n):
    """Between the least and the greatest of the present LR and what is left of the new plan."""
    before, after = curve(old), curve(new, n)
    present, end = float(before.between(at, at + 1)[0]), float(after.between(n, n + 1)[0])
    rest = after.between(at, n + 1)
    if abs(present - end) < 1e-12 < abs(rest[0] - end):
        with pytest.raises(lr.LrlabError, match="would stay"):
            spliced(before, after, at)
        return
    made = spliced(before, after, at)
    assert same_past(before, made, at)
    assert jump(before, made, at) < 1e-12
    assert made.between(n, n + 1)[0] == pytest.approx(end, abs=1e-12)
    values = made.between(at, n)
    assert values.min() >= min(present, rest.min()) - 1e-12
    assert values.max() <= max(present, rest.max()) + 1e-12


def test_splicing_to_the_same_value_is_the_new_plan():
    """Where the LR is on the new plan already, nothing is stretched."""
    made = spliced(curve("constant()"), curve("wsd(warmup=50)", 2000), 600)
    assert made.between(600, 2000).tolist() == curve("wsd(warmup=50)", 2000).between(600, 2000).tolist()
    assert "clip" not in str(made.schedule)


@pytest.mark.parametrize(("n", "said"), [(600, "nothing is left"), (None, "nothing is left")])
def test_splicing_needs_something_to_splice_to(n, said):
    with pytest.raises(lr.LrlabError, match=said):
        spliced(curve("linear()"), lr.constant().over(n), 600)


# -- feedback goes on ---------------------------------------------------------------------------------------------

FED = "(warmup(50) >> cosine(to=0.1)) * plateau(patience=1, factor=0.5)"
ADDED = "0.1 + (0.9 * cosine()) * plateau(patience=1, factor=0.5)"


def run(schedule):
    """A run at update 600 whose plateau has cut twice."""
    pacer = lr.Pacer(curve(schedule))
    for update in (100, 200, 300):
        pacer.update = update
        pacer.observe(1.0)
    pacer.update = 600
    assert pacer.factors == [0.25]
    return pacer


@pytest.mark.parametrize("text", [FED, ADDED])
@pytest.mark.parametrize(
    "change",
    [
        lambda c, f: extended(c, 600, 2000, "rescale-rest", factors=f),
        lambda c, f: extended(c, 600, 2000, "hold-then-decay", factors=f),
        lambda c, f: extended(c, 600, 2000, "re-warm", peak=1.0, factors=f),
        lambda c, f: extended(c, 600, 2000, "keep", factors=f),
        lambda c, f: finished(c, 600, 100, factors=f),
        lambda c, f: spliced(c, curve(FED, 3000), 600, factors=f),
        lambda c, f: spliced(c, curve("linear() * plateau(patience=3)", 3000), 600, factors=f),
        lambda c, f: spliced(c, curve("linear()", 3000), 600, factors=f),
    ],
)
def test_what_the_controllers_have_decided_goes_on(text, change):
    """The LR has no jump, the states go on, and the next decision acts."""
    pacer = run(text)
    before = pacer.value
    made = change(pacer.curve, pacer.factor_of)
    pacer.go_on(made, "test")
    assert pacer.value == pytest.approx(before, rel=1e-12)
    if "p1" in str(pacer.factor_of) or "plateau1" in pacer.factor_of:
        pacer.observe(1.0)
        if pacer.decisions[-1].update == 600:
            assert pacer.value < 0.9 * before
    assert lr.loads(lr.dumps(made.schedule)) == made.schedule


def test_an_unequal_namesake_gets_another_name():
    """The new plan's plateau has another patience: it begins with a state of its own."""
    pacer = run(FED)
    pacer.go_on(spliced(pacer.curve, curve("linear() * plateau(patience=7)", 3000), 600, factors=pacer.factor_of), "x")
    assert sorted(pacer.factor_of) == ["plateau1", "plateau1-2"]
    assert pacer.factor_of["plateau1-2"] == 1


# -- laws ---------------------------------------------------------------------------------------------------------


def changed(data, old, at):
    kind = data.draw(st.sampled_from([*HOWS, "finish", "splice"]))
    if kind == "finish":
        return kind, finished(old, at, data.draw(st.sampled_from([7, "10%", 3000])))
    if kind == "splice":
        return kind, spliced(old, data.draw(strategies.curves()), at)
    return kind, extended(old, at, at + data.draw(st.integers(1, 9000)), kind)


def check_laws(data):
    """Any plan, changed up to three times at any update: past, joint, text and JSON."""
    old: Curve = data.draw(strategies.curves())
    at = 0
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(at, (old.updates or 0) + 50))
        assume(np.isfinite(old.between(0, at + 2)).all())
        try:
            kind, new = changed(data, old, at)
        except lr.LrlabError:
            assume(False)
        assert same_past(old, new, at)
        if kind != "keep" or at < (old.updates or 0):
            scale = max(1.0, *np.abs(old.between(at, at + 1)), np.abs(new.between(at, (new.updates or 0) + 1)).max())
            assert jump(old, new, at) <= 1e-9 * scale
        assert lr.loads(lr.dumps(new.schedule)) == new.schedule
        old = new


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_laws_of_a_change(data):
    check_laws(data)


@pytest.mark.exhaustive
@settings(max_examples=1000, deadline=None)
@given(st.data())
def test_the_laws_of_a_change_exhaustively(data):
    check_laws(data)


def test_many_changes_stay_readable():
    """Twenty extensions: the text grows by each, not with each other."""
    made = curve("warmup(50) >> cosine(to=0.1)")
    for k in range(20):
        made = extended(made, 500 + 900 * k, 1500 + 1000 * k, ("rescale-rest", "hold-then-decay")[k % 2])
        assert len(str(made.schedule)) < 500 * (k + 1)
    assert lr.loads(lr.dumps(made.schedule)) == made.schedule


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (None, r"(?s)extend needs how=.*'rescale-rest'.*extend\(6, how=\"rescale-rest\"\)"),
        ("splice", r'how is not known[\s\S]*on_change="splice" where the scheduler is made'),
        ("rescale", "'rescale-rest'"),
    ],
)
def test_a_how_that_is_missing_or_another_doors_says_so(how, says):
    with pytest.raises(lr.LrlabError, match=says):
        extended(lr.linear().over(4), 2, 6, how)


@pytest.mark.parametrize(("n", "rise"), [(2, 1), (40, 1), (149, 1), (151, 2), (10_049, 100), (10_060, 101)])
def test_a_hundredth_of_what_is_left_is_the_way_up_again(n, rise):
    """Rounded, one update at least; then half a cosine down to where the plan ended."""
    old = lr.linear(to=0.1).over(1000)
    new = extended(old, 1000, 1000 + n, "re-warm")
    t = np.arange(n)
    up = 0.1 + 0.9 * t / rise
    down = 0.1 + 0.9 * (1 + np.cos(np.pi * (t - rise) / (n - rise))) / 2
    assert new.between(1000, 1000 + n) == pytest.approx(np.where(t < rise, up, down), rel=1e-12)
    assert new(1000 + n) == pytest.approx(0.1)


def test_one_update_more_only_goes_up():
    new = extended(lr.linear(to=0.1).over(10), 10, 11, "re-warm")
    assert new.between(10, 12) == pytest.approx([0.1, 1.0])


@pytest.mark.parametrize("to", ["3ep", "2Gtok", lr.Horizon()])
def test_a_run_is_not_extended_to_no_number_of_updates(to):
    """Not even from its first update on."""
    with pytest.raises(lr.LrlabError):
        extended(lr.linear().over(10), 0, to, "keep")


@pytest.mark.parametrize("level", [0.25, 0.5, 1.0])
def test_a_splice_that_stays_between_its_values_has_no_bounds_in_its_text(level):
    """The present value lies between the new plan's and its end: nothing has to be kept from leaving them."""
    new = spliced(lr.constant(level=level).over(10), lr.linear().over(10), 0)
    assert "clip" not in str(new.schedule)
    assert new.values() == pytest.approx(level * (1 - np.arange(10) / 10))
    above = spliced(lr.constant(level=2).over(10), lr.linear().over(10), 5)
    assert "clip" in str(above.schedule)
