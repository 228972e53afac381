"""What joins schedules: normal forms, lengths, rounding inside rounded phases."""

import pytest

import lrlab as lr
from lrlab.core.expression.algebra import Product, Sequence, Sum, product, sequence, total
from lrlab.core.time.layout import TimeBase, Window


def test_sequences_are_flat():
    """Nested >> is one sequence."""
    whole = lr.warmup(5) >> (lr.cosine() >> lr.linear(5))
    assert isinstance(whole, Sequence)
    assert [str(p) for p in whole.phases] == ["warmup(5)", "cosine()", "linear(5)"]


@pytest.mark.parametrize("n", [1000, 1001, 1005, 1007, 60, 333])
@pytest.mark.parametrize("share", ["10%", "33.3%", "1/7", "12.5%"])
def test_a_product_in_a_phase_of_rounded_length(n, share):
    """A phase that begins and ends between two updates still takes products, sums and sequences of its own length."""
    inner = lr.cosine("50%") * lr.linear("50%")
    several = (lr.cosine("25%") >> lr.linear("25%")) * lr.constant("50%")
    for middle in (inner, inner + 0.5, several, lr.minimum(lr.cosine("50%"), lr.rex("50%")), inner.clip(0, 1)):
        curve = (lr.warmup(share) >> middle >> lr.constant()).over(n)
        assert curve.values().shape == (n,)


def test_too_long_is_refused_with_every_length():
    """Fixed spans beyond the horizon: the error adds them up."""
    with pytest.raises(lr.LrlabError, match="600 of 500 updates") as caught:
        (lr.warmup(100) >> lr.cosine(500)).over(500)
    assert "warmup(100) = 100, cosine(500) = 500" in str(caught.value)
    with pytest.raises(lr.LrlabError, match="501 of 500"):
        lr.cosine(501).over(500)
    with pytest.raises(lr.LrlabError, match="60 of 50"):
        (lr.warmup(60) * lr.cosine(5)).lasting(50).over(500)
    assert lr.cosine(500).over(500).updates == 500
    with pytest.raises(lr.LrlabError, match="100000 of 60 updates") as caught:
        lr.table([1 / 3] * 10**5).over(60)
    assert len(str(caught.value)) < 5000


def test_exactly_full():
    """Spans that fill the horizon exactly, and free phases that get nothing."""
    curve = (lr.warmup("50%") >> lr.cosine("50%") >> lr.constant()).over(7)
    assert [(p.start, p.stop) for p in curve.phases] == [(0, 4), (4, 7), (7, 7)]


def test_products_of_different_lengths():
    """A product is as long as its longest factor; the shorter one keeps its end value."""
    curve = (lr.warmup(10) * lr.linear(20)).over(30)
    assert curve(15) == pytest.approx(0.25)
    assert curve(25) == 0


def test_numbers_fold():
    """Factors and offsets are folded into one number."""
    assert 2 * (0.5 * lr.cosine()) == lr.cosine()
    assert product(2, 3, lr.cosine()) == 6 * lr.cosine()
    assert total(1, lr.cosine(), -1) == lr.cosine()
    assert isinstance(2 * lr.cosine() * 3, Product)
    assert sum([lr.cosine(), lr.linear()]) == lr.cosine() + lr.linear()


def test_replace_keeps_the_normal_form():
    """(0.5 * s).replace(factor=1) is s."""
    assert (0.5 * lr.cosine()).replace(factor=1) == lr.cosine()
    assert (lr.cosine() + 1).replace(offset=0) == lr.cosine()
    whole = lr.cosine() >> lr.rex()
    assert whole.replace(phases=[lr.cosine(), whole]) == lr.cosine() >> whole
    with pytest.raises(lr.LrlabError, match="product has no argument 'nope'"):
        (0.5 * lr.cosine()).replace(nope=1)


@pytest.mark.parametrize("kind", [Sequence, Product, Sum])
def test_nothing_is_nothing(kind):
    """A join of no schedules, or of what is none, is refused."""
    for given in ([], (), 5, "ab", [1, 2], [lr.cosine(), None]):
        with pytest.raises(lr.LrlabError):
            kind(given)


@pytest.mark.parametrize("other", [None, "x", [1], {}, 1j, True, float("nan"), float("inf"), 10**400, object()])
def test_what_no_operator_takes(other):
    """>> takes schedules, * and + finite numbers too: everything else is a worded error, from either side."""
    for attempt in (
        lambda: lr.cosine() >> other,
        lambda: other >> lr.cosine(),
        lambda: lr.cosine() * other,
        lambda: other * lr.cosine(),
        lambda: lr.cosine() + other,
        lambda: other + lr.cosine(),
    ):
        with pytest.raises(lr.LrlabError):
            attempt()


@pytest.mark.parametrize(
    "attempt",
    [
        lambda s: s - 1,
        lambda s: 1 - s,
        lambda s: s / 2,
        lambda s: 2 / s,
        lambda s: -s,
        lambda s: s >> 1,
        lambda s: 1 >> s,
        lambda s: sequence(s, 0.5),
    ],
)
def test_other_operators_say_what_to_type(attempt):
    """Python's other signs are refused with what to type instead."""
    with pytest.raises(lr.LrlabError, match="try:") as caught:
        attempt(lr.cosine())
    assert isinstance(caught.value, TypeError)


def test_controllers_stand_last():
    """In a product the open-loop factors come first, so that adding a controller does not reorder them."""
    assert str(lr.plateau() * lr.rex() * lr.cosine()) == "cosine() * rex() * plateau()"
    assert (lr.warmup(5) * lr.plateau()).over(10).phases[0].stop == 5


def test_a_share_needs_a_length():
    """Free phases in a run of unknown length: refused, with what to type; a free last phase is fine where it may be."""
    with pytest.raises(lr.LrlabError, match="whose length is not known"):
        (lr.constant() >> lr.linear(5)).over()
    assert (lr.warmup(5) >> lr.constant()).over()(10**9) == 1


def test_only_a_product_of_a_number_and_one_schedule_unfolds():
    """Two schedules have no common phases to be written in another library's words."""
    window = Window(TimeBase(lr.Horizon(updates=10), 10), 0, 10)
    (found,) = (0.5 * lr.cosine())._unfolded(window)
    assert found.scale == 0.5
    assert (lr.cosine() * lr.linear())._unfolded(window) is None
    assert (lr.cosine() * lr.linear() * lr.exponential())._unfolded(window) is None


def test_work_that_doubles_too_often_is_refused_with_how_often_it_may():
    """Six levels make 64 values for one."""
    window = Window(TimeBase(lr.Horizon(updates=10), 10), 0, 10)
    for _ in range(6):
        window = window.doubled(lr.cosine())
    with pytest.raises(lr.LrlabError, match=r"(?s)work of thousands.*6 levels whose cycles"):
        window.doubled(lr.cosine())


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_the_first_updates_of_a_sequence(n):
    """Also where one update is left for a phase."""
    whole = lr.constant(2) >> lr.linear(1) >> lr.constant(1, level=0.5) >> lr.linear(5)
    first = whole._first(n, TimeBase(lr.Horizon(), None))
    assert first.over().updates == n
    assert first.over().values()[: min(n, 4)].tolist() == whole.over().values()[: min(n, 4)].tolist()


def test_a_new_ending_takes_the_place_of_the_last_decay_alone():
    """What does not decay stays, and what comes before the last phase always does."""
    down = lr.linear(5, to=0.1)
    ended = sequence(lr.warmup(3), lr.linear(4, to=0.5), lr.cosine(7))._ending(down)
    assert str(ended) == "warmup(3) >> linear(4, to=0.5) >> linear(5, to=0.1)"
    assert str(sequence(lr.warmup(3), lr.constant(7))._ending(down)) == "warmup(3) >> constant(7) >> linear(5, to=0.1)"


@pytest.mark.parametrize("n", [1, 3, 4, 5, 9, 10, 11, 25])
def test_the_first_updates_of_phases(n):
    """Whole phases, the last one in part; each value is that of the whole."""
    whole = lr.warmup(4) >> lr.linear(6, to=0.5) >> lr.cosine(10)
    curve = whole.over(20)
    first = whole._first(n, curve.clock if hasattr(curve, "clock") else TimeBase(lr.Horizon.of(20), 20))
    kept = [0, 4, 10]
    assert len(getattr(first, "phases", [first])) == sum(begin < n for begin in kept)
    assert first.over(n).values().tolist() == pytest.approx(curve.between(0, min(n, 20)).tolist() + [0.0] * (n - 20))


def test_without_its_controllers_a_product_is_its_schedules():
    """Times its factor; of controllers alone one is left, which is constant then."""
    fed = 0.5 * lr.linear(10) * lr.plateau() * lr.cosine(10)
    assert fed._open_loop() == 0.5 * lr.linear(10) * lr.cosine(10)
    alone = 0.5 * lr.plateau() * lr.guard()
    assert alone._open_loop() == 0.5 * lr.constant()
