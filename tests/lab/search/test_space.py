"""Strategies with slots: how they are read, that whatever fills them is a schedule, and what is refused."""

import random

import pytest

from lrlab.errors import LrlabError
from lrlab.lab.search.rungs import lengths_of
from lrlab.lab.search.space import BASELINE, LRS, STRATEGIES, Slot, Strategy, strategies_of

LENGTHS = lengths_of(320)


def test_slots_are_read():
    """Lists as they stand, steps exactly and with both ends, spaces or not."""
    assert Slot.read("a:1|2") == Slot("a", ("1", "2"))
    assert Slot.read(" floor : 0.1..0.3 by 0.1 ").values == ("0.1", "0.2", "0.3")
    assert Slot.read("d: 10..35 by 10").values == ("10", "20", "30")
    assert Slot.read("shape: linear | cosine").values == ("linear", "cosine")


@pytest.mark.parametrize(
    "text",
    [
        *("", "1|2", "a:", "a: 1||2", "a: 1|1", "A: 1|2", "a b: 1|2", "a: 1..5", "a: 5..1 by 1", "a: 1..5 by 0"),
        *("a: 1..5 by -1", "a: 0..1 by 1e-9", "a: x..y by z", "a: 1..2 by 1/0"),
    ],
)
def test_what_is_no_slot_is_refused(text):
    """With the two forms that there are."""
    with pytest.raises(LrlabError, match=r"name: low..high by step"):
        Slot.read(text)


def test_only_numbers_have_neighbours():
    """A sampler may go from 10 to 20 by way of what lies between; from linear to cosine it may not."""
    assert Slot.read("a: 1|2|5").ordered
    assert not Slot.read("a: linear|cosine").ordered
    assert not Slot.read("a: 1|nan").ordered


def test_a_slot_may_stand_twice():
    """One name is one value; two meanings of one name are refused."""
    strategy = Strategy("s", 'warmup("{n: 5|10}%") >> hold("{n: 5|10}%") >> linear()')
    assert len(strategy.slots) == 1
    assert strategy.filled({"n": "10"}).text == 'warmup("10%") >> hold("10%") >> linear()'
    with pytest.raises(LrlabError, match="given twice"):
        _ = Strategy("s", 'warmup("{n: 5|10}%") >> linear(to={n: 0|1})').slots


@pytest.mark.parametrize("name", STRATEGIES)
def test_everything_proposed_is_a_schedule_that_lasts_the_run(name):
    """Any values in the slots of the default strategies: it parses, fits every length, ends below where it peaks."""
    strategy = Strategy(name, STRATEGIES[name])
    draw = random.Random(0)
    for _ in range(20):
        arm = strategy.filled({slot.name: draw.choice(slot.values) for slot in strategy.slots})
        for length in LENGTHS:
            values = arm.schedule.over(length).values()
            assert len(values) == length
            assert values.max() == pytest.approx(1.0, abs=0.06)
            assert values[-1] < 0.5


def test_the_defaults_pass_their_own_check():
    """From short runs to long ones; the baseline comes first, and LRs lie about the task's own."""
    for updates in (40, 320, 1000):
        found = strategies_of(STRATEGIES, lengths_of(updates))
        assert found[0] is BASELINE
        assert [strategy.name for strategy in found[1:]] == list(STRATEGIES)
    assert min(LRS) < 1.0 < max(LRS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("warmup(50) >> linear()", "another schedule"),
        ("warmup(100) >> linear()", "add up to 100 of 80"),
        ("exponential(gamma=0.99)", "another schedule"),
        ("warmup({n: 100|200}) >> linear()", "add up to 100 of 80"),
        ("linear() * plateau(patience=2)", "listens to the run"),
        ("cosin()", "cosine"),
        ("linear(to={floor: 0})", None),
        ("linear(to={floor 0})", "cannot be read"),
        ('warmup("{n: 5|x}%") >> linear()', "span|duration"),
        ("constant() @ {kind: ema|swa} {n: 5|25}%", None),
        ("constant() @ ema {n: 1|25}%", "in a run of 80 updates nothing is averaged"),
        ("constant() @ ema {n: 10|250}%", "averaging is a share"),
        ("constant() @ merge linear(start={n: 0|1}, to=1)", "never rise"),
        ("constant() @ adam", "all with the optimizer of the task"),
        ("constant() @ torch.optim.SGD(lr=0.1)", "all with the optimizer of the task"),
    ],
)
def test_a_strategy_must_be_the_same_at_every_length(text, said):
    """A rung is a complete schedule at a shorter length: absolute spans and controllers would make it another one."""
    if said is None:
        assert strategies_of({"s": text}, LENGTHS)
        return
    with pytest.raises(LrlabError, match=said):
        strategies_of({"s": text}, LENGTHS)


def test_the_name_of_the_baseline_is_taken():
    """Or the report could not tell who is who."""
    with pytest.raises(LrlabError, match="judged against"):
        strategies_of({BASELINE.name: "cosine()"}, LENGTHS)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("decay: 10..50 by 10", ("10", "20", "30", "40", "50")),
        ("decay: 10..49 by 10", ("10", "20", "30", "40")),
        ("decay: 5..5 by 1", ("5",)),
        ("to: 0.1..0.3 by 0.1", ("0.1", "0.2", "0.3")),
    ],
)
def test_the_values_of_a_range(text, values):
    """From the first on, up to the last where a step reaches it, exactly."""
    assert Slot.read(text).values == values


def test_a_range_has_a_thousand_values_at_most():
    """And goes upwards, in steps."""
    assert len(Slot.read("n: 1..1000 by 1").values) == 1000
    for text in ("n: 1..1001 by 1", "n: 1..2 by 0", "n: 2..1 by 1", "n: 1..2 by -1"):
        with pytest.raises(LrlabError, match=r"(?s)a slot cannot be read.*at most 1000"):
            Slot.read(text)


def test_lrs_where_none_are_given():
    """From a quarter to four times the task's own."""
    assert LRS == (0.25, 0.5, 1.0, 2.0, 4.0)


@pytest.mark.parametrize(("text", "alike"), [("warmup(5) >> linear()", True), ("warmup(6) >> linear()", False)])
def test_what_is_nearly_the_same_at_every_length_is_let_be(text, alike):
    """Up to 3 % of the peak on average, and one update's share: five updates of 80 are hardly a fiftieth of 320."""
    for given in (text, f"0.5 * ({text})"):
        if alike:
            assert strategies_of({"s": given}, LENGTHS)
        else:
            with pytest.raises(LrlabError, match=r"runs of 80, 160 updates, where this is another schedule"):
                strategies_of({"s": given}, LENGTHS)


def test_the_first_and_the_last_of_each_slot_are_tried():
    """In every combination, each once."""
    corners = [*Strategy("s", "linear({a: 5|6|7}, to={b: 0|1}, start={c: 2})").corners()]
    assert corners == [{"a": a, "b": b, "c": "2"} for a in ("5", "7") for b in ("0", "1")]
