"""A checkpoint and a code that disagree: stop with each difference, keep, take, splice."""

import dataclasses

import pytest

import lrlab as lr
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.resume.change import extended
from lrlab.core.resume.checkpoint import Checkpoint, Held, unnamed
from lrlab.core.resume.policy import known, resumed
from lrlab.errors import LrlabError

OLD = (lr.warmup(20) >> lr.cosine(to=0.1)) * lr.plateau(patience=1, factor=0.5)


def halves(t):
    return 0.5 ** (t / 50)


def saved(schedule=OLD, horizon=200, update=100, base_lrs=(0.1, 0.01), absolute=False):
    """A checkpoint of a run whose plateau has cut once."""
    pacer = lr.Pacer(schedule.over(horizon))
    pacer.update = update
    if pacer.curve.controllers:
        pacer.observe(1.0)
        pacer.observe(2.0)
    return Checkpoint.of(pacer, base_lrs, absolute=absolute)


def present(there):
    """The value of the next update."""
    return there.pacer(there.curve()).value


def test_where_they_agree_there_is_nothing_to_decide():
    for on_change in ("stop", "keep", "take", "splice"):
        found = resumed(saved(), OLD.over(200), (0.1, 0.01), on_change)
        assert found.pacer.state() == dict(saved().position)
        assert (found.base_lrs, found.absolute) == ((0.1, 0.01), False)


def test_stopping_shows_every_difference_and_the_three_ways_on():
    with pytest.raises(lr.LrlabError) as raised:
        resumed(saved(), lr.linear().over(300), (0.1, 0.02))
    said = str(raised.value)
    for line in (
        f"schedule: in the checkpoint {OLD}, in the code linear()",
        "horizon: in the checkpoint {'updates': 200}, in the code {'updates': 300}",
        "base LR of group 1: in the checkpoint 0.01, in the code 0.02",
        '"keep"',
        '"take"',
        '"splice"',
        "from update 100 on",
    ):
        assert line in said


def test_a_run_that_was_changed_is_named():
    """The code still says the old horizon: the message says what happened, and "keep" goes on."""
    there = saved()
    pacer = there.pacer(OLD.over(200))
    pacer.go_on(extended(pacer.curve, 100, 400, "rescale-rest", factors=pacer.factor_of), "rescale-rest")
    pacer.advance(50)
    there = Checkpoint.of(pacer, (0.1, 0.01))
    with pytest.raises(lr.LrlabError, match=r"changed after update 100: rescale-rest, \{'updates': 200\} -> \{'upd"):
        resumed(there, OLD.over(200), (0.1, 0.01))
    again = resumed(there, OLD.over(200), (0.1, 0.01), "keep").pacer
    assert again.state() == pacer.state()
    assert again.curve.values().tolist() == pacer.curve.values().tolist()


def test_keep_goes_on_with_the_checkpoints():
    there = saved()
    found = resumed(there, lr.linear().over(300), (0.5, 0.5), "keep", absolute=True)
    assert found.pacer.state() == dict(there.position)
    assert (found.pacer.curve.schedule, found.pacer.curve.updates) == (OLD, 200)
    assert (found.base_lrs, found.absolute) == ((0.1, 0.01), False)


def test_take_goes_on_with_the_codes():
    """At the recorded position; what the plateau had decided still holds where there is one of its name."""
    there = saved()
    found = resumed(there, lr.linear().over(400), (0.2, 0.01), "take")
    assert found.pacer.value == 0.75
    assert found.base_lrs == (0.2, 0.01)
    assert [change.how for change in found.pacer.changes] == ["take", "base_lrs"]
    with_plateau = resumed(there, (lr.linear() * lr.plateau()).over(400), (0.1, 0.01), "take").pacer
    assert with_plateau.value == 0.75 * 0.5


@pytest.mark.parametrize("code", [lr.linear(), lr.cosine(to=0.05), OLD, lr.one_cycle(), 0.5 * lr.constant()])
@pytest.mark.parametrize("ratio", [1, 2, 0.3])
def test_splice_has_no_jump_in_any_groups_lr_and_reaches_the_codes_end(code, ratio):
    """Also where the code's base LRs are others, by one factor."""
    there = saved()
    lrs = [base * present(there) for base in there.base_lrs]
    curve, base_lrs = code.over(500), [ratio * base for base in there.base_lrs]
    found = resumed(there, curve, base_lrs, "splice")
    pacer, bases = found.pacer, found.base_lrs
    assert [base * pacer.value for base in bases] == pytest.approx(lrs, rel=1e-12)
    assert pacer.curve.horizon == curve.horizon
    assert bases == tuple(base_lrs)
    end = pacer.curve.between(500, 501)[0]
    assert end == pytest.approx(curve.between(500, 501)[0], rel=1e-12)


def test_a_spliced_run_is_not_spliced_again():
    """The same script at every start: the second time it is on its way already."""
    first = resumed(saved(), lr.linear().over(500), (0.1, 0.01), "splice").pacer
    first.advance(60)
    again = resumed(Checkpoint.of(first, (0.1, 0.01)), lr.linear().over(500), (0.1, 0.01), "splice").pacer
    assert again.state() == first.state()
    assert again.curve.schedule == first.curve.schedule
    other = resumed(Checkpoint.of(first, (0.1, 0.01)), lr.linear().over(600), (0.1, 0.01), "splice").pacer
    assert [change.how for change in other.changes] == ["splice", "splice"]


def test_what_splice_cannot_do():
    with pytest.raises(lr.LrlabError, match="one factor"):
        resumed(saved(), lr.linear().over(500), (0.1, 0.02), "splice")
    with pytest.raises(lr.LrlabError, match="absolute="):
        resumed(saved(), lr.linear().over(500), (0.1, 0.01), "splice", absolute=True)


def test_an_lr_that_was_loaded_into_the_optimizer_is_no_difference():
    """The optimizer was loaded before the scheduler was built: its groups show the LR of then."""
    there = saved()
    found = resumed(there, OLD.over(200), there.lrs)
    assert found.base_lrs == (0.1, 0.01)
    kept = resumed(there, lr.linear().over(400), there.lrs, "take")
    assert kept.base_lrs == (0.1, 0.01)
    groups = unnamed(there.base_lrs, (0.7, 0.07))  # saved between the optimizer's step and the scheduler's
    between = dataclasses.replace(there, groups=groups)
    assert resumed(between, OLD.over(200), (0.1 * present(there), 0.01 * present(there))).base_lrs == (0.1, 0.01)


def test_the_number_of_groups_must_be_that_of_the_checkpoint():
    """But for "take", which asks the checkpoint for the position alone."""
    for on_change in ("stop", "keep", "splice"):
        with pytest.raises(lr.LrlabError, match="parameter groups: in the checkpoint 2, in the code 1"):
            resumed(saved(), OLD.over(200), (0.1,), on_change)
    assert resumed(saved(), OLD.over(200), (0.3,), "take").base_lrs == (0.3,)


def test_base_lrs_do_not_matter_where_the_values_are_the_lr():
    there = saved(absolute=True)
    assert resumed(there, OLD.over(200), (5.0, 7.0), absolute=True).pacer.update == 100


def test_a_user_function_that_is_not_in_the_code():
    """Nothing is guessed: the old plan cannot go on without its function; "take" needs it for nothing."""
    there = saved(lr.function(halves))
    assert resumed(there, lr.function(halves).over(200), (0.1, 0.01)).pacer.value == halves(100)
    with pytest.raises(lr.LrlabError, match="disagree"):
        resumed(there, lr.linear().over(200), (0.1, 0.01))
    with pytest.raises(lr.LrlabError, match="by name and hash only"):
        resumed(there, lr.linear().over(200), (0.1, 0.01), "keep")
    assert resumed(there, lr.linear().over(200), (0.1, 0.01), "take").pacer.value == 0.5


@pytest.mark.parametrize("on_change", ["Keep", None, 1, "", "raise"])
def test_a_policy_that_is_not_known(on_change):
    with pytest.raises(lr.LrlabError, match="on_change is not known"):
        known(on_change)


def test_only_ways_that_lead_on_are_offered():
    """Other groups leave "take" alone; so does an adapter that has no other."""
    there, curve = saved(), OLD.over(300)
    with pytest.raises(lr.LrlabError, match=r'"keep"(.|\n)*"take"(.|\n)*"splice"'):
        resumed(there, curve, there.base_lrs)
    for code, on_change, ways in ((OLD.over(300), "stop", ["take"]), (OLD.over(200), "keep", ["keep", "take"])):
        with pytest.raises(lr.LrlabError) as error:
            resumed(there, code, [0.1], on_change, ways=ways)
        assert str(error.value).endswith('\n           "take"    the code\'s, from update 100 on')
        assert '"keep"' not in str(error.value)
    with pytest.raises(lr.LrlabError, match='"take"') as error:
        resumed(there, curve, there.base_lrs, ways=["take"])
    assert '"splice"' not in str(error.value)


@pytest.mark.parametrize(
    ("schedule", "at", "goes_on"),
    [
        ("constant()", 12, True),
        ("constant()", 20, True),
        ("warmup('10%') >> constant()", 12, True),
        ("warmup('10%') >> constant()", 1, False),
        ("step(10)", 12, True),
        ("multistep([10, 15])", 20, True),
        ("cosine(20)", 12, True),
        ("cosine(20)", 20, True),
        ("cosine()", 12, False),
        ("cosine()", 20, False),
        ("step('50%')", 3, False),
        ("step('50%')", 12, False),
        ("constant() * plateau(patience=3)", 12, True),
        ("constant('50%') * plateau() >> constant()", 5, False),
    ],
)
def test_a_run_that_is_only_longer_goes_on(schedule, at, goes_on):
    """Where what was left of it is the same there, value by value; a shorter one does not."""
    pacer = lr.Pacer(lr.parse(schedule).over(20))
    pacer.advance(at)
    there = Checkpoint.of(pacer, [0.1])
    if not goes_on:
        with pytest.raises(lr.LrlabError, match="horizon"):
            resumed(there, lr.parse(schedule).over(40), [0.1])
        return
    went = resumed(there, lr.parse(schedule).over(40), [0.1]).pacer
    assert (went.update, went.horizon.total, went.value) == (at, 40, pacer.value)
    assert went.changes[-1].how == "take"


def test_a_run_that_is_shorter_or_differs_in_more_does_not_go_on():
    pacer = lr.Pacer(lr.constant().over(20))
    there = Checkpoint.of(pacer, [0.1])
    for curve, bases in ((lr.constant().over(15), [0.1]), (lr.constant().over(40), [0.2])):
        with pytest.raises(lr.LrlabError, match="horizon"):
            resumed(there, curve, bases)


@pytest.mark.parametrize(("code", "named"), [(OLD, True), (lr.linear(), False)])
def test_a_run_of_another_length_is_told_its_way(code, named):
    """Where nothing but the horizon differs, the way that a longer run mostly means is pointed at."""
    with pytest.raises(LrlabError) as refused:
        resumed(saved(), code.over(400), (0.1, 0.01))
    (line,) = [line for line in str(refused.value).splitlines() if line.lstrip().startswith('"splice"')]
    assert ("what a run of another length mostly means" in line) == named


@pytest.mark.parametrize(("at", "goes_on"), [(100, True), (10, True), (9, False)])
def test_a_longer_run_is_compared_value_by_value_up_to_some_millions(at, goes_on):
    """2**22 of them; beyond that it stops, and asks."""
    pacer = lr.Pacer(lr.constant().over(2**22 + 10))
    pacer.advance(at)
    there, longer = Checkpoint.of(pacer, [0.1]), lr.constant().over(2**23)
    if goes_on:
        assert resumed(there, longer, [0.1]).pacer.horizon.total == 2**23
    else:
        with pytest.raises(lr.LrlabError, match="horizon"):
            resumed(there, longer, [0.1])


def test_a_splice_of_values_that_are_the_lr_asks_for_no_base_lrs():
    there = saved(absolute=True)
    found = resumed(there, lr.linear().over(500), (5.0, 7.0), "splice", absolute=True)
    assert found.pacer.value == pytest.approx(present(there), rel=1e-12)


@pytest.mark.parametrize("absolute", [False, True])
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_an_lr_of_a_group_with_a_factor_of_its_own_is_recognised(scale, absolute):
    """The optimizer shows base LR * factor * value, or factor * value where the values are the LR: no difference."""
    there = saved(absolute=absolute)
    driven = {"lr": (0, scale)}
    groups = tuple(Held(str(k), {"lr": base}, {"lr": 0.7}, driven=driven) for k, base in enumerate(there.base_lrs))
    between = dataclasses.replace(there, groups=groups)
    shown = [(1.0 if absolute else base) * scale * present(there) for base in there.base_lrs]
    code = [Held(str(k), {"lr": lr}, {"lr": lr}, driven=driven) for k, lr in enumerate(shown)]
    assert resumed(between, OLD.over(200), code, absolute=absolute).base_lrs == (0.1, 0.01)
    other = [Held(str(k), {"lr": 2 * lr}, {"lr": lr}, driven=driven) for k, lr in enumerate(shown)]
    taken = resumed(between, OLD.over(200), other, "take", absolute=absolute)
    assert taken.base_lrs == tuple(2 * lr for lr in shown)


def test_splice_knows_no_factor_to_or_from_zero():
    """A group that stood still and is to move is no multiple; groups that stand still in both have the factor 1."""
    for before, after in (((0.1, 0.0), (0.1, 0.01)), ((0.1, 0.01), (0.1, 0.0)), ((0.0, 0.1), (0.01, 0.1))):
        with pytest.raises(lr.LrlabError, match="splice needs base LRs that differ by one factor"):
            resumed(saved(base_lrs=before), lr.linear().over(500), after, "splice")
    for bases in ((0.0, 0.0), (0.1, 0.0)):
        there = saved(base_lrs=bases)
        found = resumed(there, lr.linear().over(500), bases, "splice")
        assert found.pacer.value == pytest.approx(present(there), rel=1e-12)


def test_a_length_in_other_words_goes_on():
    """As many updates, of which the code knows the epochs."""
    pacer = lr.Pacer(lr.constant().over(20))
    pacer.advance(5)
    longer = lr.constant().over(lr.Horizon(epochs=2, updates_per_epoch=10))
    assert resumed(Checkpoint.of(pacer, [0.1]), longer, [0.1]).pacer.horizon == longer.horizon


@pytest.mark.parametrize(("falls", "goes_on"), [("100%", False), ("105%", True)])
def test_after_the_end_the_next_update_alone_is_compared(falls, goes_on):
    """It is the one that the run would have gone on with: whether the LR falls at the 20th, or at the 21st."""
    schedule = lr.multistep([falls])
    pacer = lr.Pacer(schedule.over(20))
    pacer.advance(20)
    there, longer = Checkpoint.of(pacer, [0.1]), schedule.over(40)
    if goes_on:
        assert resumed(there, longer, [0.1]).pacer.horizon.total == 40
    else:
        with pytest.raises(lr.LrlabError, match="horizon"):
            resumed(there, longer, [0.1])


@pytest.mark.parametrize(("code", "by_name"), [(lr.plan(lr=OLD), False), (lr.plan(lr=OLD, momentum=0.9), True)])
def test_groups_of_other_names_are_others_where_a_plan_has_rules(code, by_name):
    """Its rules find groups by their names; a schedule that drives the LR of all of them asks for none."""
    there, renamed = (tuple(Held(name, {"lr": 0.1}, {"lr": 0.1}) for name in names) for names in ("ab", "ac"))
    pacer = PlanPacer(code, 200)
    there = Checkpoint.at(pacer, there)
    assert resumed(there, pacer, there.groups).groups == there.groups
    if by_name:
        with pytest.raises(lr.LrlabError, match=r"groups: in the checkpoint \['a', 'b'\], in the code \['a', 'c'\]"):
            resumed(there, pacer, renamed)
    else:
        assert [group.name for group in resumed(there, pacer, renamed).groups] == ["a", "c"]


def test_a_checkpoint_that_does_not_hold_its_plan_is_not_known_to_be_shorter():
    """Those of the first version told its text alone: whether what was left has the same values cannot be seen."""
    there, longer = saved(lr.constant()), lr.constant().over(400)
    assert resumed(there, longer, there.base_lrs).pacer.horizon.total == 400
    with pytest.raises(lr.LrlabError, match=r"(?s)horizon: in the checkpoint.*with\n +\"take\" +the code's[^\n]*$"):
        resumed(dataclasses.replace(there, document={}), longer, there.base_lrs)
