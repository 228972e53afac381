"""A part of a plan: the updates that are played, their values, and what is refused."""

import json

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.expression.excerpt import Excerpt, horizon_of

N = 9001
TEXTS = [
    'warmup("10%") >> cosine(to=0.1)',
    "wsd()",
    "warm_restarts(700, stretch=2)",
    "one_cycle()",
    "inverse_sqrt(50)",
    'multistep(["30%", "60%"])',
    "exponential(gamma=0.999)",
    "table([1, 0.5, 0.25])",
    "minimum(linear(), 0.5 * cosine())",
    "triangular2(450)",
    "geometric(to=0.01, closed=True)",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize(("start", "stop"), [(0, 1), (0, 600), (4000, 4200), (4095, 9001), (8999, 9100)])
def test_what_is_played_is_the_plan_to_the_last_bit(text, start, stop):
    """Wherever it stands: at the beginning, after something else, past the end of the plan, across blocks."""
    plan = lr.parse(text).over(N)
    part = lr.parse(text).excerpt(start, stop, over=N)
    n = stop - start
    assert part.over(n).values().tolist() == plan.between(start, stop).tolist()
    placed = (lr.constant(77) >> part >> lr.hold()).over(n + 100)
    assert placed.between(77, 77 + n).tolist() == plan.between(start, stop).tolist()
    assert placed.between(77 + n, 100 + n) == pytest.approx(plan(stop), rel=1e-15)
    assert [placed(77 + i) for i in range(0, n, 97)] == [plan(start + i) for i in range(0, n, 97)]


def test_a_stretched_part_lies_on_the_lines_between_the_plans_values():
    """Halfway between two updates of the plan is the mean of their values; both ends are exact."""
    plan = lr.cosine().over(10)
    values = lr.cosine().excerpt(4, 8, over=10, span=8).over(8).values()
    assert values[::2].tolist() == plan.between(4, 8).tolist()
    assert values[1::2] == pytest.approx((plan.between(4, 8) + plan.between(5, 9)) / 2, rel=1e-15)
    after = lr.cosine().excerpt(4, 8, over=10, span=8).over(20)
    assert after(8) == after(19) == plan(8)


def test_a_compressed_part():
    """Shorter than in the plan."""
    plan = lr.linear().over(100)
    assert lr.linear().excerpt(20, 80, over=100, span=6).over(6).values() == pytest.approx(plan.values()[20:80:10])


def test_an_update_that_is_held():
    """Time stands still; a curve of its own scale does not run on."""
    assert set(lr.exponential(gamma=0.9).excerpt(3, 3, span=50).over(50).values()) == {0.9**3}
    (between,) = set(lr.exponential(gamma=0.5).excerpt(1.25, 1.25, span=50).over(50).values())
    assert between == 0.75 * 0.5 + 0.25 * 0.25


def test_the_plan_goes_on_where_it_has_no_stop():
    """After the plan's end its own rule: held, or by its formula."""
    assert lr.linear(to=0.2).excerpt(over=10).over(30).values()[10:].tolist() == [0.2] * 20
    restarts = lr.parse("warm_restarts(7)")
    assert restarts.excerpt(3).over(40).values().tolist() == restarts.over(43).values()[3:].tolist()


def test_the_plan_keeps_its_own_rates():
    """Three epochs of the plan are three epochs as long as they were when it was made."""
    schedule = lr.parse('warmup("3ep") >> constant()')
    part = schedule.excerpt(0, 50, over=lr.Horizon(epochs=10, updates_per_epoch=10))
    later = (part >> lr.linear()).over(lr.Horizon(updates=100, updates_per_epoch=40))
    made = schedule.over(lr.Horizon(epochs=10, updates_per_epoch=10))
    assert later.between(0, 50).tolist() == made.between(0, 50).tolist()
    assert horizon_of("updates=10, updates_per_epoch=2.5").rate("epochs") == 2.5


def test_it_is_written_and_read():
    """Text and JSON, with the horizon as updates where they are all, and as facts otherwise."""
    for text in (
        "linear().excerpt(2, 4, over=10)",
        "linear().excerpt(over=10)",
        "linear().excerpt(2.5, 4, over=10, span=20)",
        'linear().excerpt(stop=4, over=10, span="10%")',
        'warmup("2ep").excerpt(stop=4, over="epochs=5, updates_per_epoch=8")',
        "(linear(5) >> cosine()).excerpt(2, 2, over=10, span=3)",
    ):
        schedule = lr.parse(text)
        assert str(schedule) == text
        assert lr.loads(lr.dumps(schedule)) == schedule
        assert json.loads(lr.dumps(schedule))["schedule"]["kind"] == "excerpt"
    assert lr.linear().excerpt(2, 4, over="updates=10") == lr.linear().excerpt(2, 4, over=lr.Horizon(updates=10))


def test_it_is_described():
    said = lr.linear().excerpt(2, 4, over=10, span=6).describe(6)
    assert "from update 2 to 4 of a plan over 10, in 6" in said
    assert "a plan without end" in lr.constant().excerpt(5).words()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"start": -1}, "must not be negative"),
        ({"start": 4, "stop": 2}, "stop must be above start"),
        ({"start": 4, "stop": 4}, "stop must be above start"),
        ({"start": 0.5}, "parts of an update"),
        ({"start": 0.5, "stop": 2}, "parts of an update"),
        ({"span": 10}, "nothing to stretch"),
        ({"start": 1e16}, "longer than any run"),
        ({"stop": 4, "over": 0}, "positive"),
        ({"stop": 4, "over": 2.5}, "horizon of the plan"),
        ({"stop": 4, "over": "ten"}, "is not a horizon"),
        ({"stop": 4, "over": "steps=10"}, "is not a horizon"),
        ({"stop": 4, "over": []}, "horizon of the plan"),
        ({"stop": 4, "span": 0}, "longer than 0"),
    ],
)
def test_what_is_no_part_of_a_plan(arguments, said):
    with pytest.raises(lr.LrlabError, match=said):
        lr.linear().excerpt(**arguments)


def test_a_plan_that_does_not_fit_its_horizon_is_refused():
    with pytest.raises(lr.LrlabError, match="add up to"):
        lr.linear(20).excerpt(0, 5, over=10).over(5)
    with pytest.raises(lr.LrlabError, match=r"how long it lasts|not known"):
        lr.linear().excerpt(0, 5).over(5)


def placed(schedule, n):
    return [(p.name, p.start, p.stop) for p in schedule.over(n).controllers]


def test_controllers_act_where_their_updates_are_played():
    """Moved, cut and stretched with the part of the plan they stand in."""
    plan = lr.parse('constant(20) >> constant(20) * plateau(name="p") >> constant()')
    assert placed(plan, 100) == [("p", 20, 40)]
    assert placed(plan.excerpt(0, 30, over=100) >> lr.linear(), 60) == [("p", 20, 30)]
    assert placed(lr.constant(5) >> plan.excerpt(10, 50, over=100) >> lr.linear(), 60) == [("p", 15, 35)]
    assert placed(lr.constant(5) >> plan.excerpt(10, 50, over=100, span=80) >> lr.linear(), 100) == [("p", 25, 65)]
    assert placed(plan.excerpt(30, 30, over=100, span=7) >> lr.linear(), 60) == [("p", 0, 7)]
    assert placed(plan.excerpt(50, 60, over=100) >> lr.linear(), 60) == [("p", 0, 0)]
    around = lr.parse('linear() * plateau(name="p")')
    assert placed(around.excerpt(0, 30, over=100) >> around.excerpt(30, 100, over=100, span=90), 120) == [
        ("p", 0, 30),
        ("p", 30, None),
    ]
    assert placed(around.excerpt(over=100), 500) == [("p", 0, None)]


def test_one_controller_in_two_parts_has_one_state():
    """It is cut before the joint and stays cut after it."""
    around = lr.parse('constant() * plateau(patience=1, factor=0.5, name="p")')
    pacer = lr.Pacer((around.excerpt(0, 30, over=100) >> around.excerpt(30, 100, over=100, span=90)).over(120))
    for update, loss in ((10, 1.0), (20, 2.0), (40, 2.0)):
        pacer.update = update
        pacer.observe(loss)
    assert [d.update for d in pacer.decisions] == [20, 40]
    assert pacer.value == 0.25
    assert list(pacer.state()["controllers"]) == ["p"]


def test_traced_as_in_plain_python():
    """Under JAX, in float32: time is rounded, too, which a steep part shows."""
    jnp = pytest.importorskip("jax.numpy")
    jit = pytest.importorskip("jax").jit
    for text in ('warmup("10%") >> cosine(to=0.1)', "wsd()", "inverse_sqrt(50)", "geometric(to=0.01)"):
        curve = (lr.parse(text).excerpt(0, 500, over=900) >> lr.parse(text).excerpt(500, 900, over=900, span=777)).over(
            1277
        )
        traced = np.asarray(jit(curve)(jnp.arange(1277)))
        assert traced == pytest.approx(curve.values(), abs=1e-5)


def test_it_is_a_kind_of_schedule_among_the_others():
    assert isinstance(lr.linear().excerpt(0, 3, over=5), Excerpt)
    assert lr.parse("(0.5 * linear() >> hold(3)).excerpt(1, 2, over=9).clip(low=0.1)") is not None


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype")  # of JAX 0.4.35's own linspace
def test_what_is_held_at_a_drop_is_held_in_float32_too():
    """Held at the top of a restart, far beyond what float32 counts: not the bottom of the cycle before."""
    jnp = pytest.importorskip("jax.numpy")
    jit = pytest.importorskip("jax").jit
    n = 50_000_000
    held = lr.parse('warm_restarts("10%")').excerpt(6 * n // 10, 6 * n // 10, over=n, span=n).over(n)
    assert np.asarray(jit(held)(jnp.linspace(0, n - 1, 1000, dtype=int))) == pytest.approx(1.0)


def test_excerpts_within_excerpts_are_bounded():
    """Forty parts of parts; stretched ones double the work with every level, and are refused when it is too much."""
    plain = lr.linear()
    for _ in range(40):
        plain = plain.excerpt(0, 1000, over=1000)
    assert plain.over(1000).values().tolist() == lr.linear().over(1000).values().tolist()
    stretched = lr.linear()
    for _ in range(40):
        stretched = stretched.excerpt(0, 999, over=1000, span=1000)
    with pytest.raises(lr.LrlabError, match="repeats and stretched parts within each other"):
        stretched.over(1000)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ((0, 20), "rises linearly from 1/(n+1) to 1 (from update 0 to 20 of a plan over 500)"),
        ((0, 300), "rises linearly from 1/(n+1) to 1, then falls as half a cosine from 1 to 0 (from update 0"),
        ((300, 500), "falls as half a cosine from 1 to 0 (from update 300 to 500"),
        ((300, 300), "stays at 0.4132 (from update 300 to 300"),
    ],
)
def test_only_the_phases_that_are_met_are_told(part, said):
    """Nothing rises in the rest of a plan that has risen."""
    schedule = lr.warmup(50) >> lr.cosine()
    assert schedule.excerpt(*part, over=500, **({"span": 9} if part[0] == part[1] else {})).words().startswith(said)


@pytest.mark.parametrize(("start", "stop", "times"), [(4, 8, 3), (2, 4, 3), (3, 5, 4), (0, 5, 2), (1, 2, 3)])
def test_a_part_that_is_stretched_meets_the_plan_at_every_multiple(start, stop, times):
    """Also where it gets as long as start + stop, or as stop: its length alone says how far it is stretched."""
    plan = lr.cosine().over(10)
    part = lr.cosine().excerpt(start, stop, over=10, span=times * (stop - start)).over(times * (stop - start))
    assert part.values()[::times] == pytest.approx(plan.between(start, stop), rel=1e-12)
