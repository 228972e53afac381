"""The schedule as a value: frozen, comparable, printable; its methods."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.expression.node import _ABOVE
from lrlab.core.time.layout import TimeBase, Window, bounded


def test_frozen():
    """Nothing can be changed in place."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        lr.cosine().to = 0.5


def test_equal_where_the_normal_form_is():
    """Spelling does not count; kinds and numbers do."""
    assert lr.cosine("10%", to=0) == lr.cosine(span="1/10", to=0.0)
    assert lr.cosine() != lr.linear()
    assert lr.cosine(to=0.1) != lr.cosine(to=0.1 + 1e-17 + 1e-16)
    assert lr.cosine() != "cosine()"
    assert len({lr.cosine(), lr.cosine(start=1), lr.linear()}) == 2


def test_copies():
    """A frozen value needs no second copy; pickling makes an equal one."""
    schedule = 0.5 * (lr.warmup(5) >> lr.cosine())
    assert copy.copy(schedule) is schedule
    assert copy.deepcopy([schedule])[0] is schedule
    assert pickle.loads(pickle.dumps(schedule)) == schedule


def test_replace():
    """The same schedule with other arguments, by the arguments' own names."""
    assert lr.cosine("80%").replace(to=0.1) == lr.cosine("80%", to=0.1)
    assert lr.plateau().replace(factor=0.5) == lr.plateau(factor=0.5)
    with pytest.raises(lr.LrlabError, match="no argument 'T_max'"):
        lr.cosine().replace(T_max=5)


def test_parts_and_walk():
    """Every schedule inside, depth first."""
    schedule = 0.5 * (lr.warmup(5) >> lr.cosine().clip(0, 1))
    assert [type(s).__name__ for s in schedule.walk()] == ["Product", "Sequence", "warmup", "Clip", "cosine"]


@pytest.mark.parametrize(
    "taken", [lambda s: s[0], lambda s: s[:3], lambda s: s(3), lambda s: s(3, 10), list, lambda s: 3 in s]
)
def test_values_are_asked_for_by_the_length_of_the_run(taken):
    """A schedule is neither a list nor a function of the update: said with the way to both."""
    with pytest.raises(lr.LrlabError, match=r"schedule\.over\(10_000\)\(0\)"):
        taken(lr.warmup(5) >> lr.cosine())


def test_numpy_numbers_multiply():
    """A NumPy number times a schedule is a schedule."""
    assert np.float64(0.5) * lr.cosine() == lr.cosine() * np.float32(0.5) == 0.5 * lr.cosine()


def test_methods():
    """scale, hold, lasting, reverse."""
    assert lr.cosine().scale(0.5) == 0.5 * lr.cosine()
    assert lr.cosine(5).hold() == lr.cosine(5) >> lr.hold()
    assert lr.cosine().lasting(5).over(9).values()[5:].tolist() == [0] * 4
    assert lr.linear().reverse().over(4).values().tolist() == [0, 0.25, 0.5, 0.75]


def test_windows():
    """A part of no given length takes its window; a longer one is refused; a rounded one fits."""
    window = Window(TimeBase(lr.Horizon(updates=100), 100), 0, 33)
    assert window.fit(lr.cosine()).length == 33
    assert window.fit(lr.cosine("1/3")).length == 33
    assert window.fit(lr.cosine("33.9%")).length == 33
    with pytest.raises(lr.LrlabError, match="34 of 33"):
        window.fit(lr.cosine(34))
    with pytest.raises(lr.LrlabError, match="longer than any run"):
        bounded(10**16)


def test_here_is_only_asked_for_where_it_is_used():
    """A phase's end is computed only for a phase that starts there."""

    def once(t):
        assert t < 3
        return 1.0

    assert (lr.function(once, span=3) >> lr.cosine()).over(10)(9) < 1
    with pytest.raises(lr.LrlabError, match="there is none"):
        lr.cosine(start="here").over(10)
    with pytest.raises(lr.LrlabError, match="there is none"):
        lr.hold().over(10)


ABSOLUTE = TimeBase(lr.Horizon(), None)


@pytest.mark.parametrize(
    "text",
    [
        "linear(20, to=0.2)",
        "cosine(20, closed=True)",
        "constant(20)",
        "exponential(gamma=0.9)",
        "table([1, 0.5, 0.2, 0.1, 0.05, 0.01])",
        "warmup(3) >> cosine(9) >> hold(8)",
        "0.5 * linear(20) * exponential(gamma=0.9)",
        "linear(2) + cosine(20)",
        "minimum(linear(20), cosine(12))",
        "linear(20).clip(low=0.9)",
        "cosine().lasting(20)",
        "linear(20).lasting(20)",
        "cosine(3).repeat()",
        "cosine(3).repeat(6)",
        "cosine(20).reverse()",
        "linear().excerpt(2, 22, over=30)",
    ],
)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_first_updates_of_every_kind(text, n):
    """What is cut after n updates has the values that the whole begins with, and that length."""
    whole = lr.parse(text)
    length = whole._length(ABSOLUTE)
    first = whole._first(n, ABSOLUTE)
    assert first._length(ABSOLUTE) == n
    assert first.over().values() == pytest.approx(whole.over(int(length or 20)).values()[:n], abs=1e-15)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("cosine()", []),
        ("warmup(5) >> cosine()", ["updates", "share"]),
        ("cosine().lasting('3ep')", ["epochs"]),
        ('cosine().repeat(cycle="10%")', ["share"]),
        ('cosine("10%").repeat(3)', []),
        ('cosine("10%").excerpt(0, 5, over=9)', ["updates"]),
        ('piecewise_linear([("1ep", 1), ("50%", 0)])', ["epochs", "share"]),
    ],
)
def test_the_spans_that_measure_a_schedule(text, units):
    """Those inside a cycle or a plan of its own are not of the run; a free phase beside others takes a share."""
    assert [span.unit for span in lr.parse(text)._spans()] == units


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("cosine(5)", True),
        ('cosine("5%")', False),
        ('cosine(5, start="here")', False),
        ("hold(5)", False),
        ("0.5 * (warmup(3) >> cosine(5))", True),
        ("0.5 * (warmup(3) >> hold(5))", False),
        ('cosine("5%").excerpt(0, 5, over=9)', True),
        ('multistep(["10%"], span=9)', False),
    ],
)
def test_what_is_the_same_wherever_it_stands(text, alone):
    """It looks neither at the run nor at the phase before."""
    assert lr.parse(text)._keeps_to_itself() is alone


def test_the_level_after_the_end():
    """Only what ends at its level to the last bit says so."""
    levels = {text: lr.parse(text)._level_after() for text in ("linear(to=0.2)", "tanh()", "cosine_cycle()", "step()")}
    assert levels == {"linear(to=0.2)": 0.2, "tanh()": None, "cosine_cycle()": None, "step()": None}
    assert (lr.warmup(5) >> lr.cosine(to=0.1))._level_after() == 0.1
    assert lr.linear(part=[0, 0.5])._level_after() is None


def test_a_user_function_is_bound_wherever_it_stands():
    """By its name; another name is left alone."""

    def halves(t):
        return 0.5**t

    text = str(0.5 * lr.function(halves, span=2).clip(low=0.3))
    assert lr.parse(text, {"halves": halves}).over(2).values().tolist() == [0.5, 0.25]
    with pytest.raises(lr.LrlabError, match="known by name and hash only"):
        lr.parse(text, {"other": halves}).over(2)


def test_every_upward_look_of_the_algebra_is_in_one_table():
    """over, describe, lint and hold: what the rooms above do."""
    from importlib import import_module

    for name, (module, function) in _ABOVE.items():
        assert callable(getattr(lr.Schedule, name))
        assert callable(getattr(import_module(module), function))


RUN = TimeBase(lr.Horizon(updates=100), 100)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("0.5 * cosine(to=0.1)", 1),
        ("cosine() + 0.25", 1),
        ("cosine().clip(low=0.5)", 1),
        ("warmup(10) >> constant(0) >> cosine()", 2),
        ("warmup(100) >> constant()", 2),
        ("cosine() * linear()", None),
        ("cosine() + linear()", None),
        ("cosine().clip(high=0.5)", None),
        ("cosine().clip(low=0.1, high=0.5)", None),
        ("cosine()", None),
    ],
)
def test_the_parts_of_a_schedule_give_its_values(text, parts):
    """Each at its place, times its scale, plus its offset, and never below its low."""
    schedule = lr.parse(text)
    found = schedule._unfolded(Window(RUN, 0, 100))
    assert (found and len(found)) == parts
    values = schedule.over(100).values()
    for part in found or ():
        start, n = part.window.start, part.window.length
        own = part.schedule.over(n).values() * (1.0 if part.scale is None else part.scale) + part.offset if n else []
        low = -1.0 if part.low is None else part.low
        assert [max(value, low) for value in own] == pytest.approx(values[start : start + n].tolist())


@pytest.mark.parametrize("n", [1, 10, 50, 99])
@pytest.mark.parametrize(
    "text",
    [
        *("cosine(80)", "constant()", "warmup(10) >> cosine(70)", "0.5 * (warmup(10) >> cosine(60)) * rex(80)"),
        *("cosine(90) + 0.1", "cosine(10).repeat()", "cosine(10).repeat(3)", "cosine(60).repeat()"),
        *("cosine(80).clip(low=0.5)", "cosine(60).lasting(80)", "cosine().lasting(60)", "cosine(90).staircase(7)"),
        *("linear(60, part=(0.25, 0.75))", "cosine(90).reverse()", "exponential(gamma=0.9)", "rex(90) * plateau()"),
        "linear(90, closed=True)",
    ],
)
def test_the_first_updates_of_a_schedule_are_a_phase(text, n):
    """Of that length, with its values; as long as it is itself where that is shorter."""
    schedule = lr.parse(text)
    length = schedule._length(RUN)
    least = n if length is None else min(n, int(length))
    first = schedule._first(n, RUN) if length is None or length > n else schedule
    found = (first >> lr.constant(level=7)).over(100).between(0, 100)
    assert found[:least].tolist() == pytest.approx(schedule.over(100).between(0, least).tolist(), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "least"),
    [
        *(("cosine()", 0), ("cosine(10)", 10), ("warmup(10) >> cosine()", 10), ("cosine(10) * rex(30) * tanh()", 30)),
        *(("cosine(10).repeat()", 0), ("cosine(10).repeat(3)", 30), ("warmup(10) >> cosine(10) >> rex()", 20)),
        *(("(warmup(10) >> cosine()) * 0.5", 10), ('warmup("10%") >> cosine()', 10), ("cosine().reverse()", 0)),
    ],
)
def test_the_least_run_of_a_schedule(text, least):
    """All that has a fixed length, one after another, and the longest of what goes on beside each other."""
    assert lr.parse(text)._least(RUN) == least
