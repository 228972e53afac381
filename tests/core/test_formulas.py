"""The line `value = ...` in each docstring, executed and compared with the code at every update.

A new shape is found by itself, and its arguments are drawn by the kinds of its fields.
"""

import dataclasses
import inspect
import math
import random
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.expression import fields
from lrlab.core.expression.vocabulary import VOCABULARY, formula
from lrlab.core.feedback.base import Controller
from lrlab.core.text import parse as text  # noqa: F401
from lrlab.core.time.span import Span, rounded
from lrlab.errors import LrlabError

SHAPES = sorted(
    word
    for word, made in VOCABULARY.items()
    if inspect.isclass(made) and not issubclass(made, Controller) and word != "hold"
)
PRESETS = {  # of each preset: the defaults, and other arguments
    "wsd": [{}, {"warmup": 5, "decay": "40%", "shape": "geometric", "to": 0.1}],
    "one_cycle": [{}, {"rise": 20, "start": 0.2, "to": 0.01}],
    "warm_restarts": [{}, {"first_cycle": 20, "stretch": 2.0, "gain": 0.5}, {"to": 0.3}],
    "triangular": [{}, {"half_cycle": 7, "low": 0.3}],
    "triangular2": [{}, {"half_cycle": 7, "low": 0.3}],
    "exp_range": [{}, {"half_cycle": 7, "low": 0.3, "gamma": 0.99}],
    "slanted_triangular": [{}, {"rise": 11, "ratio": 8}],
}
OTHERS = {"hold", "function", "minimum", "maximum"}  # each with a test below
CONTROLLERS = sorted(
    word for word, made in VOCABULARY.items() if inspect.isclass(made) and issubclass(made, Controller)
)  # each with a test in the file of its own


def test_every_word_has_a_formula_that_is_executed():
    """A new word needs a line `value = ...`; a preset also a row in PRESETS."""
    assert [word for word in sorted(VOCABULARY) if not formula(word)] == []
    assert set(VOCABULARY) == {*SHAPES, *PRESETS, *OTHERS, *CONTROLLERS}


@pytest.mark.parametrize("word", CONTROLLERS)
def test_the_formula_of_a_controller_is_executed_in_its_own_tests(word):
    """With the decisions that it counts."""
    assert f'formula("{word}")' in Path(__file__).with_name("feedback").joinpath(f"test_{word}.py").read_text()


def interpolate(points, t):
    """Straight lines between points; the later of two at one time holds from there."""
    passed = [p for p in points if p[0] <= t]
    coming = [p for p in points if p[0] > t]
    if not passed or not coming:
        return (passed[-1] if passed else coming[0])[1]
    (a, low), (b, high) = passed[-1], coming[0]
    return low + (high - low) * float(Fraction(t - a) / (b - a))


MATHS = {
    **{name: getattr(math, name) for name in ("pi", "sin", "cos", "exp", "log", "sqrt", "tanh", "floor", "ceil")},
    "min": min,
    "max": max,
    "sum": sum,
    "len": len,
    "interpolate": interpolate,
    "__builtins__": {},
}


def resolved(value, n):
    """An argument as the formula means it: a duration is a number of updates, exactly."""
    if isinstance(value, Span):
        return value.amount * n if value.unit == "share" else value.amount
    if isinstance(value, tuple):
        return tuple(resolved(item, n) for item in value)
    return value


def names(schedule, t, n):
    """What the formula of a shape may speak of, at update t of a phase of n."""
    known = {name: resolved(value, n) for name, value in schedule.arguments().items()}
    last = n - 1 if known.get("closed") else n
    begin, end = known.get("part", (0, 1))
    known.update(n=n, t=t, u=min(begin + (end - begin) * (min(t, last) / last), 1))
    if known.get("start", 0) is None:
        known["start"] = 1 / (n + 1)
    if "upper" in known:
        known["r"] = n / known["upper"]
    if known.get("gamma") is not None and "decay" in known:  # exponential(gamma=): the factor per update, or per every
        known.update(decay=known["gamma"], every=known["every"] or 1, staircase=known["every"] is not None)
    if known.get("staircase"):
        every = known.get("every") or known["timescale"]
        known["t"] = math.floor(Fraction(t) / every) * every
    for name in ("milestones", "boundaries"):  # boundaries are rounded, half up
        if name in known:
            known[name] = [rounded(Fraction(b)) for b in known[name]]
    return {name: float(value) if isinstance(value, Fraction) else value for name, value in known.items()}


def agree(ours, expected, of_peak=1e-15):
    """To 1e-12 of each value, and to `of_peak` of the greatest where it cancels."""
    mine, theirs = np.asarray(ours, dtype=float), np.asarray(expected, dtype=float)
    allowed = 1e-12 * np.abs(theirs) + of_peak * np.abs(theirs).max()
    assert mine.shape == theirs.shape
    assert np.flatnonzero(~(np.abs(mine - theirs) <= allowed)).tolist() == []


def follows(schedule, word, n):
    """The code agrees with the formula, alone and as the second phase of a schedule."""
    line = formula(word)
    expected = [float(eval(line, {**MATHS, **names(schedule, t, n)})) for t in range(n)]
    wait = n // 3
    shifted = lr.constant(wait, level=0.5) >> schedule
    # an angle of many radians, or the logarithm of a small value, brings its last digit into the formula
    agree(schedule.over(n).values(), expected, of_peak=8e-15)
    if not any(isinstance(value, Span) and value.unit == "share" for value in spans(schedule)):
        agree(shifted.over(wait + n).values()[wait:], expected, of_peak=8e-15)


def spans(schedule):
    """Every duration among the arguments, also those in lists and in pairs."""
    queue = list(schedule.arguments().values())
    while queue:
        value = queue.pop()
        if isinstance(value, tuple):
            queue.extend(value)
        yield value


@pytest.mark.parametrize("n", [20, 100, 400])
@pytest.mark.parametrize("word", SHAPES)
def test_formula_of_a_shape_with_its_defaults(word, n):
    """As in `cosine()`; a table has no default."""
    arguments = ([0.3, 1, 0.5],) if word == "table" else ()
    follows(VOCABULARY[word](*arguments), word, n)


def drawn(kind, rng, n):
    """A random argument of a kind."""
    uniform, length = rng.uniform, lambda: rng.randint(max(n // 8, 1), n)
    draw = {
        fields.number: lambda: uniform(-2, 2),
        fields.optional_number: lambda: rng.choice([None, uniform(-2, 2)]),
        fields.positive: lambda: uniform(0.05, 3),
        fields.optional_positive: lambda: rng.choice([None, uniform(0.9, 1.02)]),
        fields.not_negative: lambda: uniform(0, 1),
        fields.share: lambda: uniform(0.05, 0.95),
        fields.level: lambda: uniform(0.05, 2),
        fields.optional_level: lambda: rng.choice([None, uniform(0, 2)]),
        fields.span: lambda: rng.choice([None, n]),
        fields.length: length,
        fields.optional_length: lambda: rng.choice([None, length()]),
        fields.lengths: lambda: sorted(rng.sample(range(1, n), 3)),
        fields.numbers: lambda: [uniform(0, 2) for _ in range(rng.randint(1, 5))],
        fields.points: lambda: [(at, uniform(0, 2)) for at in sorted(rng.choices(range(n), k=4))],
        fields.part: lambda: rng.choice([(0, 1), (uniform(0, 0.4), uniform(0.5, 1.2))]),
        fields.count: lambda: rng.randint(1, 5),
        fields.flag: lambda: rng.random() < 0.5,
    }
    return draw[kind]()


def random_shape(word, rng, n):
    """A shape with arguments of the right kinds that also fit together."""
    made = VOCABULARY[word]
    for _ in range(1000):
        kinds = {f.metadata.get("alias", f.name): f.type.__metadata__[0] for f in dataclasses.fields(made)}
        try:
            schedule = made(**{name: drawn(kind, rng, n) for name, kind in kinds.items()})
            schedule.over(n)
        except LrlabError:
            continue
        return schedule
    raise AssertionError(f"no arguments found for {word}")


@pytest.mark.parametrize("seed", [*range(6), *(pytest.param(s, marks=pytest.mark.exhaustive) for s in range(6, 100))])
@pytest.mark.parametrize("word", SHAPES)
def test_formula_of_a_shape_with_random_arguments(word, seed):
    """Arguments of every kind, in phases of 2 to 300 updates."""
    rng = random.Random(f"{word} {seed}")
    n = rng.randint(8, 300)
    follows(random_shape(word, rng, n), word, n)


@pytest.mark.parametrize(("word", "arguments"), [(word, row) for word, rows in PRESETS.items() for row in rows])
def test_formula_of_a_preset(word, arguments):
    """Its formula is an expression of words: what is called is a word, what is not an argument."""
    n = 200
    given = inspect.signature(VOCABULARY[word]).bind(**arguments)
    given.apply_defaults()
    known = {
        name: int(resolved(Span.of(value), n)) if is_span(value) else value for name, value in given.arguments.items()
    }
    words = {f"word_{name}": made for name, made in VOCABULARY.items()}
    words["word_shape"] = VOCABULARY.get(str(known.get("shape")))
    line, _, definition = re.sub(r"(?<![\w.])(\w+)\(", r"word_\1(", formula(word)).partition(", triangle = ")
    if definition:
        known["triangle"] = eval(definition, {**words, **known})
    agree(VOCABULARY[word](**arguments).over(n).values(), eval(line, {**words, **known}).over(n).values())


def is_span(value):
    """A duration as a preset takes it: a number of updates, or a text with a unit."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, str) and value[0].isdigit())


def test_formula_of_hold():
    """value = here: the end of the phase before."""
    assert formula("hold") == "here"
    agree((lr.linear(8, to=0.3) >> lr.hold(4)).over(12).values()[8:], [0.3] * 4)


def test_formula_of_function():
    """value = f(t), t counted from the beginning of its phase."""
    schedule = lr.constant(3) >> lr.function(math.cos)
    agree(
        schedule.over(20).values()[3:] + 1, [1 + eval(formula("function"), {"f": math.cos, "t": t}) for t in range(17)]
    )


@pytest.mark.parametrize("word", ["minimum", "maximum"])
def test_formula_of_a_bound(word):
    """value = min(a, b, ...) of the values at the same update."""
    a, b = lr.linear(), lr.cosine()
    line = formula(word).replace(", ...", "")
    pairs = zip(a.over(50).values(), b.over(50).values(), strict=True)
    agree(VOCABULARY[word](a, b).over(50).values(), [eval(line, {"a": x, "b": y}) for x, y in pairs])
