"""Cycles: exact boundaries, whatever their lengths; nothing that a short text could make expensive."""

import math
from fractions import Fraction

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.time.layout import TimeBase, Window


@pytest.mark.parametrize("stretch", [0.9, 1, 1.1, 1.5, 2])
@pytest.mark.parametrize("n", [300, 997, 5000])
@pytest.mark.parametrize("times", [1, 3, 7])
def test_boundaries(stretch, n, times):
    """Cycle k begins at the rounded exact sum; the scalar, the array and exact fractions agree."""
    curve = lr.linear().repeat(times, stretch=stretch).over(n)
    size = Fraction(n) / sum(Fraction(str(stretch)) ** k for k in range(times))
    at, begins = Fraction(0), []
    for k in range(times):
        begins.append(math.floor(at + Fraction(1, 2)))
        at += size * Fraction(str(stretch)) ** k
    values = curve.values()
    assert np.flatnonzero(values == 1).tolist() == begins
    assert [curve(i) for i in range(n)] == pytest.approx(values.tolist(), rel=1e-15)


def test_endless_stretched_cycles_far_out():
    """2**k cycles: update 10**15 is found at once, and exactly."""
    curve = lr.linear().repeat(cycle=3, stretch=2).over(10**15)
    k = 40
    begin = 3 * (2**k - 1)
    assert curve(begin) == 1
    assert curve(begin - 1) == pytest.approx(1 / (3 * 2 ** (k - 1)))


def test_gain():
    """Cycle k is gain**k as high; the end value is held, times the last gain."""
    curve = lr.linear(to=0.5).repeat(3, gain=0.5).over(6)
    assert curve.values().tolist() == [1, 0.75, 0.5, 0.375, 0.25, 0.1875]
    assert curve(6) == curve(100) == 0.125


def test_shares_are_of_one_cycle():
    """ "50%" inside is half a cycle."""
    curve = (lr.constant("50%") >> lr.constant(level=0.5)).repeat(3).over(12)
    assert curve.values().tolist() == [1, 1, 0.5, 0.5] * 3


def test_fixed_spans_are_stretched_with_their_cycle():
    """A schedule of 10 updates, twice as long the second time."""
    curve = (lr.constant(4) >> lr.constant(6, level=0.5)).repeat(2, stretch=2).over(30)
    assert curve.values().tolist() == [1] * 4 + [0.5] * 6 + [1] * 8 + [0.5] * 12


def test_cycles_of_cycles():
    """A repeat in a repeat."""
    curve = lr.linear().repeat(2).repeat(3).over(12)
    assert curve.values().tolist() == [1, 0.5] * 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cosine().repeat(stretch=0.5)", "needs a stretch of at least 1"),
        ("cosine().repeat(3, stretch=1.0000001)", "stretch is extreme"),
        ("cosine().repeat(3, stretch=1e300)", "stretch is extreme"),
        ("cosine().repeat(1000000, stretch=1.5)", "too many cycles"),
        ("cosine().repeat(1000000000)", "shorter than one update"),
        ("cosine().repeat(10000, stretch=1000)", "shorter than one update"),
        ("cosine().repeat(10000, stretch=0.001)", "shorter than one update"),
        ("cosine(5).repeat(1000000000000)", "of 1000 updates"),
        ("cosine().repeat()", "how long a cycle is"),
        ("cosine(600).repeat(cycle=500)", "600 of 500"),
        ("cosine(400).repeat(3, cycle=500, stretch=0.5)", "400 of 125"),
        ('cosine().repeat(cycle="0.01%")', "shorter than one update"),
        ("cosine().repeat(cycle=0)", "longer than 0"),
    ],
)
def test_refusals(text, says):
    """Refused when it is written or laid over a run, never in the middle of one, and at once."""
    with pytest.raises(lr.LrlabError) as caught:
        lr.parse(text).over(1000)
    assert says in str(caught.value)


def test_a_million_short_cycles():
    """Cycles of one, two or 1.5 updates over a long run are no loop over cycles."""
    for cycle in (1, 2, "0.00015%"):
        values = lr.linear().repeat(cycle=cycle).over(10**6).values()
        assert values[0] == 1
        assert values.shape == (10**6,)


def test_repeats_within_repeats_are_bounded():
    """Where no cycle is a whole number of updates every level doubles the work: refused when the curve is made."""
    schedule = lr.cosine()
    for _ in range(11):
        schedule = schedule.repeat(3)
    with pytest.raises(lr.LrlabError, match="repeats and stretched parts within each other"):
        schedule.over(10**6)
    assert schedule.over(3**11 * 4)(5) == pytest.approx(lr.cosine().over(4)(1))  # cycles of whole updates cost nothing
    few = lr.cosine().repeat(3).repeat(3).repeat(3).over(10**6)
    assert few.block(0)[1].shape == (4096,)


def test_a_billion_cycles_are_bounded():
    """One update each: the curve, its description and its findings are there at once, all its values are refused."""
    curve = lr.cosine().repeat(10**9).over(10**9)
    assert (curve(0), curve(10**9 - 1)) == (1, 1)
    assert "Peak 1 at update 0" in curve.schedule.describe(10**9)
    assert curve.schedule.lint(10**9) == ()
    assert len(curve.some()[0]) < 10**6
    with pytest.raises(lr.LrlabError, match="values at once are too many"):
        curve.values()


@pytest.mark.parametrize("times", [7, 9, 33])
def test_cycles_in_32_bits(times):
    """JAX looks the boundaries up; the values are those of whole numbers."""
    jnp = pytest.importorskip("jax.numpy")
    curve = lr.linear().repeat(times, gain=0.9).over(1000)
    np.testing.assert_allclose(np.asarray(curve(jnp.arange(1000))), curve.values(), rtol=1e-4, atol=1e-5)


def test_boundaries_stay_exact_where_their_fractions_would_grow_without_bound():
    """After dozens of cycles by 1.01, whose exact lengths have more digits than anybody keeps."""
    n, at, size, begins = 900, Fraction(0), Fraction(10), []
    while at < n:
        begins.append(math.floor(at + Fraction(1, 2)))
        at += size
        size *= Fraction("1.01")
    assert len(begins) > 60
    values = lr.linear().repeat(cycle=10, stretch=1.01).over(n).values()
    assert np.flatnonzero(values == 1).tolist() == [begin for begin in begins if begin < n]


def placed(schedule, n):
    """A window of the whole run."""
    return Window(TimeBase(lr.Horizon(updates=n), n), 0, n)


@pytest.mark.parametrize(
    ("schedule", "n", "parts"),
    [
        (lr.linear().repeat(4, gain=0.5), 20, 4),
        (lr.linear().repeat(50), 100, 50),
        (lr.linear().repeat(51), 102, None),
        (lr.linear().repeat(4, stretch=2), 30, None),
        (lr.linear().repeat(4), 21, None),
        (lr.linear().repeat(cycle=5), 20, None),
        (lr.linear(4).repeat(4), 20, None),
        (lr.warmup(4) >> lr.constant(0) >> lr.linear(), 20, 2),
    ],
)
def test_parts_that_are_given_one_by_one_give_the_same_values(schedule, n, parts):
    """Even cycles of a number that is known, up to fifty of them; phases that have an update."""
    found = schedule._unfolded(placed(schedule, n))
    assert (found and len(found)) == parts
    for part in found or ():
        start, length = part.window.start, part.window.length
        own = part.schedule.over(length).values() * (1.0 if part.scale is None else part.scale)
        assert schedule.over(n).between(start, start + length).tolist() == pytest.approx(own.tolist())


def test_a_cycle_is_as_long_as_its_schedule_unless_it_is_said():
    """As other libraries are told."""
    for schedule, cycle in (
        (lr.linear(5).repeat(), 5),
        (lr.linear().repeat(cycle=7), lr.linear().repeat(cycle=7).cycle),
        (lr.linear().repeat(3), None),
    ):
        kind, arguments = schedule._plainly(placed(schedule, 20))
        assert (kind, arguments["cycle"]) == ("repeat", cycle)


@pytest.mark.parametrize("gain", [0.5, 2.0])
@pytest.mark.parametrize(
    "text", ["cycle=3, stretch=2", "3, stretch=2", "3, cycle=3, stretch=2", "3, cycle=7", "cycle=7"]
)
def test_each_cycle_is_so_many_times_as_high_as_the_one_before(text, gain):
    """Whether it is as long or longer, and whether cycles have an end; one update, many, and traced ones."""
    length, stretch = (7, 1) if "7" in text else (3, 2)
    curve = lr.parse(f"linear(to=0.5).repeat({text}, gain={gain})").over(21)
    expected = [gain**k * (1 - 0.5 * i / (length * stretch**k)) for k in range(3) for i in range(length * stretch**k)]
    assert curve.values().tolist() == pytest.approx(expected)
    assert [curve(i) for i in range(21)] == pytest.approx(expected)
    jax = pytest.importorskip("jax")
    assert np.asarray(jax.jit(curve)(jax.numpy.arange(21))).tolist() == pytest.approx(expected, rel=1e-6)


def test_uneven_cycles_have_their_gain_too():
    """Those of 20 updates in three cycles begin at 0, 7 and 13."""
    jax = pytest.importorskip("jax")
    curve = lr.linear().repeat(3, gain=0.5).over(20)
    begins = np.array([0, 7, 13])
    for values in (curve.values()[begins], [curve(int(k)) for k in begins], jax.jit(curve)(jax.numpy.asarray(begins))):
        assert np.asarray(values).tolist() == [1.0, 0.5, 0.25]


@pytest.mark.parametrize("stretch", [0.001, 0.999, 1, 1.001, 1000])
def test_a_cycle_may_be_a_thousandth_longer_or_a_thousand_times(stretch):
    """Or shorter; what is nearer to 1 is 1."""
    assert lr.parse(str(lr.linear(5000).repeat(2, stretch=stretch))) == lr.linear(5000).repeat(2, stretch=stretch)


@pytest.mark.parametrize("stretch", [0.0009, 0.9995, 1.0005, 1001])
def test_a_cycle_of_nearly_the_same_length_is_refused(stretch):
    with pytest.raises(lr.LrlabError, match="stretch is extreme"):
        lr.linear(5000).repeat(2, stretch=stretch)


def test_ten_thousand_cycles_of_different_lengths_are_laid_out():
    lr.linear().repeat(10_000, stretch=1.001)
    lr.linear().repeat(10_001)
    with pytest.raises(lr.LrlabError, match=r"too many cycles[\s\S]*at most 10000"):
        lr.linear().repeat(10_001, stretch=1.001)


def test_cycles_without_a_count_do_not_get_shorter():
    """They would never end."""
    assert lr.linear().repeat(cycle=5, stretch=1).over(12).values()[10] == 1
    with pytest.raises(lr.LrlabError, match="stretch of at least 1"):
        lr.linear().repeat(cycle=5, stretch=0.99)
