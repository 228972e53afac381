"""The laws of the algebra of schedules, held against random schedules."""

import copy
import itertools
import json
import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import lrlab as lr
from lrlab.core.expression.algebra import product, total
from lrlab.core.run.pacer import Pacer
from lrlab.testing.strategies import MULTIPLES, curves, leaves, schedules, spans


def law(*drawn):
    """A test of random examples: a fixed few of them, and many under `-m exhaustive`."""

    def decorate(check):
        def run(examples):
            few = settings(
                max_examples=examples,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            few(given(*drawn)(check))()

        run.__name__, run.__doc__ = check.__name__, check.__doc__
        return pytest.mark.parametrize("examples", [25, pytest.param(300, marks=pytest.mark.exhaustive)])(run)

    return decorate


plain = leaves()  # shapes and presets alone
updates = st.integers(60, 9000)


def over(schedule, horizon):
    """The curve, or the example is put aside where it does not fit."""
    try:
        return schedule.over(horizon)
    except lr.LrlabError:
        assume(False)


def same_bits(a, b):
    """Whether two arrays are equal to the last bit (not-a-number included)."""
    return a.shape == b.shape and a.tobytes() == b.tobytes()


def close(a, b, rtol=1e-12):
    """Equal but for roundings, not-a-number and infinity included."""
    return np.allclose(a, b, rtol=rtol, atol=1e-13, equal_nan=True)


# -- a schedule is a value ----------------------------------------------------------------------------------------


@law(schedules())
def test_text_reads_back(schedule):
    """parse(str(s)) == s, with the same hash and fingerprint, and the text of it is the same text."""
    again = lr.parse(str(schedule))
    assert again == schedule
    assert hash(again) == hash(schedule)
    assert again.fingerprint() == schedule.fingerprint()
    assert str(again) == str(schedule) == repr(schedule)


@law(schedules())
def test_json_reads_back(schedule):
    """loads(dumps(s)) == s, and the document is plain JSON of finite numbers."""
    document = lr.dumps(schedule)
    again = lr.loads(document)
    assert again == schedule
    assert str(again) == str(schedule)
    assert json.loads(json.dumps(json.loads(document), allow_nan=False)) == json.loads(document)


@law(schedules())
def test_copies_are_equal(schedule):
    """copy, deepcopy, pickle and an empty replace() give an equal schedule."""
    for other in (
        copy.copy(schedule),
        copy.deepcopy(schedule),
        pickle.loads(pickle.dumps(schedule)),
        schedule.replace(),
    ):
        assert other == schedule
        assert hash(other) == hash(schedule)


@law(schedules(), schedules())
def test_fingerprint_is_equality(a, b):
    """Equal schedules, and only they, have equal fingerprints and texts."""
    assert (a == b) == (a.fingerprint() == b.fingerprint()) == (str(a) == str(b))


# -- algebra ------------------------------------------------------------------------------------------------------


@law(schedules(), schedules(), schedules())
def test_then_is_associative(a, b, c):
    """(a >> b) >> c == a >> (b >> c)."""
    assert (a >> b) >> c == a >> (b >> c)


@law(plain, plain, plain, updates, st.permutations([0, 1, 2]))
def test_products_and_sums_know_no_order(a, b, c, n, order):
    """Products, sums, minima and maxima of the same terms are equal, and their values to the last bit."""
    terms = [a, b, c]
    mixed = [terms[k] for k in order]
    for join in (product, total, lr.minimum, lr.maximum):
        one, other = join(*terms), join(*mixed)
        assert one == other
        assert join(join(*terms[:2]), terms[2]) == one == join(terms[0], join(*terms[1:]))
        assert same_bits(over(one, n).values(), over(other, n).values())


@law(schedules(), schedules(), MULTIPLES)
def test_product_and_sum_commute(a, b, x):
    """a*b == b*a and a+b == b+a, also with a number."""
    assert a * b == b * a
    assert a + b == b + a
    assert x * a == a * x == a.scale(x)
    assert x + a == a + x


@law(schedules())
def test_neutral_numbers(a):
    """1*a and a+0 are a."""
    assert 1 * a == a
    assert a + 0 == a


@law(plain, plain, updates)
def test_product_and_sum_of_values(a, b, n):
    """The values of a product are the products of the values; sums, minima, maxima, factors and offsets alike."""
    assume(a._length(over(a, n).schedule and _clock(n)) is None and b._length(_clock(n)) is None)
    va, vb = over(a, n).values(), over(b, n).values()
    with np.errstate(all="ignore"):
        assert close((a * b).over(n).values(), va * vb)
        assert close((a + b).over(n).values(), va + vb)
        assert close((0.3 * a).over(n).values(), 0.3 * va)
        assert close((a + 0.3).over(n).values(), va + 0.3)
    assert same_bits(lr.minimum(a, b).over(n).values(), np.minimum(va, vb))
    assert same_bits(lr.maximum(a, b).over(n).values(), np.maximum(va, vb))


def _clock(n):
    from lrlab.core.time.layout import TimeBase

    return TimeBase(lr.Horizon(updates=n), n)


@law(schedules(), updates, MULTIPLES, MULTIPLES)
def test_clip_bounds(schedule, n, low, more):
    """A clipped schedule stays within its bounds, and is the schedule where that does."""
    values, clipped = over(schedule, n).values(), schedule.clip(low, low + more).over(n).values()
    known = ~np.isnan(values)
    assert same_bits(clipped[known], np.minimum(np.maximum(values, low), low + more)[known])


@law(schedules(), updates)
def test_reverse(schedule, n):
    """Reverse of reverse is the schedule; value(t) is schedule(n - t)."""
    assert schedule.reverse().reverse() == schedule
    assume(schedule._length(_clock(n)) is None)
    curve, back = over(schedule, n), over(schedule.reverse(), n)
    assert close(back.values(), curve(n - np.arange(n)))


# -- time ---------------------------------------------------------------------------------------------------------


@law(curves())
def test_pacer_goes_along_the_values(curve):
    """What the pacer hands out, update by update, is values(), to the last bit; curve(array) agrees."""
    values = curve.values()
    assert values.dtype == np.float64
    assert values.shape == (curve.updates,)
    pacer, trace = Pacer(curve), []
    for _ in range(curve.updates):
        trace.append(pacer.value)
        pacer.advance()
    assert same_bits(np.array(trace), values)
    assert close(curve(np.arange(curve.updates)), values, rtol=1e-13)


@law(curves(), st.randoms(use_true_random=False))
def test_scalars_agree_in_any_order(curve, rng):
    """curve(i) agrees with values()[i], asked in any order, any number of times."""
    values = curve.values()
    some = [rng.randrange(curve.updates) for _ in range(40)] + [0, curve.updates - 1]
    assert close([curve(i) for i in some], values[some], rtol=1e-13)
    assert same_bits(curve.values(), values)


@law(curves(), st.integers(0, 50))
def test_far_beyond_the_end(curve, power):
    """No update that can be asked for raises, and scalars and arrays agree there too."""
    update = curve.updates + 2**power
    a, b = curve(update), float(curve(np.array([update]))[0])
    assert close(a, b, rtol=1e-9), (a, b)


@law(curves())
def test_phases_cover_the_run(curve):
    """The phases follow each other without a gap or an overlap, and begin at update 0."""
    assert curve.phases[0].start == 0
    for before, after in itertools.pairwise(curve.phases):
        assert before.stop == after.start
        assert before.start <= before.stop
    assert curve.phases[-1].stop is None or curve.phases[-1].stop <= curve.updates


@law(st.lists(st.none() | spans(), min_size=1, max_size=6), updates)
def test_boundaries_are_exact(lengths, n):
    """Every boundary is the exact sum of the spans before it, rounded half up; free phases share the rest equally."""
    exact = [None if s is None else _updates_of(s, n) for s in lengths]
    fixed, free = sum(x for x in exact if x is not None), exact.count(None)
    assume(fixed <= n)
    share = (n - fixed) / free if free else None
    at, ends = Fraction(0), []
    for x in exact:
        at += share if x is None else x
        ends.append(math.floor(at + Fraction(1, 2)))
    schedule = lr.constant(lengths[0])
    for length in lengths[1:]:
        schedule = schedule >> lr.constant(length)
    curve = schedule.over(n)
    assert [phase.stop for phase in curve.phases] == ends
    if free:
        assert sum(phase.stop - phase.start for phase in curve.phases) == n


def _updates_of(span, n):
    if isinstance(span, int):
        return Fraction(span)
    if span.endswith("%"):
        return Fraction(span[:-1]) * n / 100
    return Fraction(span) * n


@law(plain, st.integers(1, 40), MULTIPLES, updates)
def test_hold_after_the_end(schedule, length, to, n):
    """After the last phase the value at u = 1 is held."""
    for kind in (lr.linear, lr.cosine, lr.polynomial, lr.one_minus_sqrt, lr.k_decay, lr.rex, lr.mirror_cosine):
        curve = over(schedule.lasting(10) >> kind(length, to=to), n)
        assert (curve.values()[10 + length :] == to).all()
        assert curve(10**12) == to


@law(st.integers(1, 400), MULTIPLES, MULTIPLES)
def test_closed_ends_exactly(n, start, to):
    """A closed leg has exactly its end value at its last update, an open one only after it."""
    for kind in (lr.linear, lr.cosine, lr.polynomial, lr.one_minus_sqrt, lr.one_minus_power, lr.k_decay, lr.rex):
        curve = kind(n, start=start, to=to, closed=True).over(n)
        assert curve.values()[-1] == to == curve(n - 1) == curve(n)
    if start > 0 and to > 0:
        curve = lr.geometric(n, start=start, to=to, closed=True).over(n)
        assert curve.values()[-1] == to == curve(n - 1) == curve(n)


@law(plain, st.integers(1, 50), st.integers(1, 50), MULTIPLES)
def test_here_is_continuous(before, a, b, to):
    """start="here" begins where the phase before ends, hold() stays there."""
    end = over(before.lasting(a), a + b + 5)(a)
    assume(math.isfinite(end))
    joined = over(before.lasting(a) >> lr.linear(b, start="here", to=to) >> lr.hold(), a + b + 5)
    assert joined(a) == pytest.approx(end, rel=1e-15, abs=1e-15)
    assert (joined.values()[a + b :] == to).all()
    assert over(before.lasting(a) >> lr.hold(), a + b + 5)(a + 3) == end


@law(plain, st.integers(1, 6), st.sampled_from([0.5, 1.0, 1.5, 2.0]), st.sampled_from([1.0, 0.5, 2.0]), updates)
def test_repeat_against_its_cycles(inner, times, stretch, gain, n):
    """Cycle k begins at the rounded exact sum of the lengths before it, and is gain**k times the inner curve."""
    assume(inner._length(_clock(n)) is None and not any(str(x).endswith('%"') for x in _span_texts(inner)))
    curve = over(inner.repeat(times, stretch=stretch, gain=gain), n)
    sizes = [Fraction(str(stretch)) ** k for k in range(times)]
    at, expected = Fraction(0), []
    for k, size in enumerate(sizes):
        first = math.floor(at + Fraction(1, 2))
        at += size * n / sum(sizes)
        length = math.floor(at + Fraction(1, 2)) - first
        expected.append(gain**k * over(inner, length).values())
    with np.errstate(all="ignore"):
        assert close(curve.values(), np.concatenate(expected))


def _span_texts(schedule):
    return [repr(v) for part in schedule.walk() for v in part.arguments().values()]


@law(st.integers(1, 500), st.integers(1, 97), st.integers(200, 3000))
def test_repeat_of_fractional_cycles(p, q, n):
    """Cycles of p/q updates without end: every boundary is exact, scalar and array alike, and so is a shared run."""
    assume(Fraction(p, q) * n / 1000 >= 1)
    cycle = Fraction(p, q * 1000) * n
    curve = lr.linear().repeat(cycle=f"{p}/{q * 1000}").over(n)
    begins = {math.floor(k * cycle + Fraction(1, 2)) for k in range(int(n / cycle) + 2)}
    values = curve.values()
    assert {int(i) for i in np.flatnonzero(values == 1)} == {b for b in begins if b < n}
    assert close([curve(i) for i in range(n)], values)


@law(st.integers(1, 60), st.integers(1, 60), st.integers(1, 600))
def test_drops_at_exact_boundaries(p, q, n):
    """A staircase drops at round(k * every), exactly."""
    every = Fraction(p, 1) + Fraction(1, q)
    horizon = lr.Horizon(epochs=n, updates_per_epoch=1)
    curve = lr.step(f"{every.numerator}/{every.denominator}ep", gamma=0.5).over(horizon)
    t = range(0, n, max(1, n // 20))
    expected = [sum(1 for k in range(1, n + 2) if math.floor(k * every + Fraction(1, 2)) <= i) for i in t]
    assert [curve(i) for i in t] == [0.5**k for k in expected]
    assert curve(np.array(t)).tolist() == [0.5**k for k in expected]


@law(plain, plain, st.integers(0, 3), updates)
def test_common_prefix_against_brute_force(a, b, kind, n):
    """The common prefix is the first update with another value."""
    if kind:
        head = lr.warmup(20) >> lr.constant(10 * kind)
        a, b = head >> a, head >> b
    one, other = over(a, n), over(b, n + 7)
    va, vb = one.values(), other.values()[:n]
    differ = np.flatnonzero(~(va == vb))
    assert one.common_prefix(other) == other.common_prefix(one) == (int(differ[0]) if differ.size else n)
    assert one.common_prefix(one) == n or np.isnan(va).any()


# -- feedback -----------------------------------------------------------------------------------------------------

SERIES = st.lists(
    st.floats(-5, 5).map(lambda x: round(x, 1)) | st.sampled_from([math.nan, math.inf]), min_size=1, max_size=40
)
PLATEAUS = st.builds(
    lambda **arguments: lr.plateau(**arguments),
    factor=st.sampled_from([0.1, 0.5]),
    patience=st.integers(1, 3),
    cooldown=st.integers(0, 2),
    threshold=st.sampled_from([0.0, 1e-4, 0.2]),
    min=st.sampled_from([0.0, 0.2]),
)


def driven(pacer, metrics, start=0):
    """The value of every update from `start` on, one observation after each."""
    trace = []
    for metric in metrics[start:]:
        trace.append(pacer.value)
        pacer.advance()
        pacer.observe(metric)
    return [*trace, pacer.value]


@law(plain, PLATEAUS, SERIES)
def test_resume_at_every_update(schedule, controller, metrics):
    """A pacer restored at any update (through JSON) goes on exactly as the uninterrupted one, decisions included."""
    curve = over(lr.warmup(5) >> schedule * controller, 60)
    whole = Pacer(curve)
    trace = driven(whole, metrics)
    for k in range(len(metrics)):
        first = Pacer(curve)
        head = driven(first, metrics[:k])[:-1]
        then = Pacer(curve)
        then.restore(json.loads(json.dumps(first.state())))
        assert np.array(head + driven(then, metrics, k)).tobytes() == np.array(trace).tobytes()
        assert then.decisions == whole.decisions
        assert then.state() == whole.state()


@law(PLATEAUS, SERIES)
def test_plateau_does_not_know_the_sign(controller, metrics):
    """The least of m and the greatest of -m are one thing: the same decisions at the same observations."""
    mirrored = controller.replace(mode="max")
    state, other = controller.init(), mirrored.init()
    for update, metric in enumerate(metrics):
        state, other = controller.observe(state, metric, update), mirrored.observe(other, -metric, update)
        assert (state.factor, state.bad, state.cooldown, state.event) == (
            other.factor,
            other.bad,
            other.cooldown,
            other.event,
        )


@law(PLATEAUS, SERIES, st.data())
def test_not_a_number_changes_nothing(controller, metrics, data):
    """An observation that is not finite is an event, and leaves every count and the factor as they were."""
    state = controller.init()
    for update, metric in enumerate(metrics):
        state = controller.observe(state, metric, update)
    odd = data.draw(st.sampled_from([math.nan, math.inf, -math.inf]))
    after = controller.observe(state, odd, len(metrics))
    assert after.event == "nan"
    assert after[:4] == state[:4]
    assert after.observed == state.observed + 1


@law(PLATEAUS, SERIES)
def test_plateau_stays_within_its_bounds(controller, metrics):
    """The factor falls by cuts only, never below `min`, and only after `patience` observations."""
    state, before = controller.init(), 1.0
    for update, metric in enumerate(metrics):
        state = controller.observe(state, metric, update)
        assert controller.arguments()["min"] <= state.factor <= before
        assert state.factor == before or state.event == "cut"
        before = state.factor
    assert controller.factor(state) == state.factor
