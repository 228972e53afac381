"""One schedule, changed."""

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.time.span import rounded


def test_clip():
    """Bounds, one or both; low above high, and no bound at all, are refused."""
    assert lr.linear().clip(0.3, 0.8).over(4).values().tolist() == [0.8, 0.75, 0.5, 0.3]
    assert lr.linear().clip(high=0.5).over(4).values().tolist() == [0.5, 0.5, 0.5, 0.25]
    for wrong in ((), (2, 1), ("x",)):
        with pytest.raises(lr.LrlabError, match="clip"):
            lr.linear().clip(*wrong)


def test_lasting():
    """One phase of a given length, whatever it is made of."""
    inner = (lr.warmup(2) >> lr.linear()).lasting(6)
    curve = (inner >> lr.constant()).over(9)
    assert [(p.start, p.stop) for p in curve.phases] == [(0, 6), (6, 9)]
    with pytest.raises(lr.LrlabError, match="8 of 6"):
        lr.cosine(8).lasting(6).over(9)


def test_reverse():
    """value(t) = schedule(n - t); a schedule without an end has no reverse."""
    assert (lr.constant(1) >> lr.linear(3)).reverse().over(4).values() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    with pytest.raises(lr.LrlabError, match="how long the schedule lasts"):
        lr.exponential(gamma=0.5).reverse().over()


@pytest.mark.parametrize("n", [10, 1000, 4097])
@pytest.mark.parametrize("every", [1, 3, 7, "10%", "33.3%", "1/7", "1.5ep"])
@pytest.mark.parametrize(
    "text", ["linear(to=0.2)", "warmup() >> cosine()", "exponential(gamma=0.9)", "0.5 * rex() + 0.1"]
)
def test_staircase(text, every, n):
    """The value at the last of the boundaries round(k * every), in one update, in all, and in a later phase."""
    horizon = lr.Horizon(updates=n, updates_per_epoch=max(n / 7, 2))
    inner = lr.parse(text)
    step = horizon.resolve(lr.Span.of(every))
    begins = [rounded(k * step) for k in range(int(n / step) + 2)]
    held = [max(b for b in begins if b <= t) for t in range(n)]
    curve, whole = inner.staircase(every).over(horizon), inner.over(horizon)
    assert curve.values().tolist() == whole(held).tolist()
    assert [curve(t) for t in range(0, n, 1 + n // 50)] == [whole(held[t]) for t in range(0, n, 1 + n // 50)]
    later = (lr.constant(5) >> inner.staircase(every)).over(horizon).values()[5:]
    if isinstance(every, int):
        assert later.tolist() == inner.over(n - 5)([max(b for b in begins if b <= t) for t in range(n - 5)]).tolist()


def test_a_staircase_ends_at_the_end():
    """After its last update the value at its end is held, whatever step that falls into; an endless one goes on."""
    assert lr.linear(10).staircase(3).over(20).between(8, 13).round(3).tolist() == [0.4, 0.1, 0, 0, 0]
    assert (lr.linear(5, to=0.2).staircase(3) >> lr.hold()).over(9)(7) == 0.2
    endless = lr.exponential(gamma=0.5).staircase(2).over(3).between(4, 8)
    assert endless == pytest.approx([2.0**-4, 2.0**-4, 2.0**-6, 2.0**-6])


def test_a_staircase_is_written_measured_and_linted_as_the_rest():
    """Text, JSON, units, description; a step at a joint is no jump, a step that is never reached is said."""
    schedule = lr.warmup("5ep").staircase("1ep") >> lr.cosine(to=0.1)
    assert str(schedule) == 'warmup("5ep").staircase("1ep") >> cosine(to=0.1)'
    assert lr.parse(str(schedule)) == schedule == lr.loads(lr.dumps(schedule))
    horizon = lr.Horizon(epochs=50, updates_per_epoch=100)
    assert schedule.lint(horizon) == ()
    assert "in steps of 1ep" in schedule.describe(horizon)
    assert [f.code for f in lr.linear(to=0.5).staircase(2000).lint(100)] == ["never-drops"]
    metered = lr.linear().staircase("100tok").over(lr.Horizon(tokens=1000))
    assert [metered(t) for t in (0, 99, 100, 250)] == [1.0, 1.0, 0.9, 0.8]
    assert lr.exponential(decay=0.5, every=4, staircase=True).staircase(2).over(9)(3) == 1
    for wrong in (0, "0%", None, 0.5):
        with pytest.raises(lr.LrlabError, match="staircase: every"):
            lr.linear().staircase(wrong)
    with pytest.raises(lr.LrlabError, match="at least 1 update apart"):
        lr.linear().staircase("1%").over(10)


@pytest.mark.parametrize("every", [3, "1/7", "0.0731%"])
def test_a_staircase_under_tracing(every):
    """JAX with 32 bits steps at the same updates."""
    import jax
    import jax.numpy as jnp

    curve = lr.linear(to=0.2).staircase(every).over(10_000)
    t = np.arange(0, 10_050, 7)
    assert np.asarray(jax.jit(curve)(jnp.asarray(t))) == pytest.approx(curve(t), rel=2e-6)
