"""Hypothesis strategies for spans, horizons, schedules and curves: for tests of what is built on schedules.

    from hypothesis import given
    from lrlab.testing import strategies

    @given(strategies.schedules())
    def test_my_export(schedule): ...

The arguments of a shape are drawn by the kinds of its fields, so a new shape is covered without a word here.
"""

from __future__ import annotations

import dataclasses
import inspect
from typing import TYPE_CHECKING, Any

from lrlab.core.expression import fields
from lrlab.core.expression.excerpt import Excerpt
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.repeat import Repeat
from lrlab.core.expression.vocabulary import VOCABULARY
from lrlab.core.expression.wrap import Wrapped
from lrlab.core.feedback.base import Controller
from lrlab.core.run.curve import Curve
from lrlab.core.text import parse as text  # noqa: F401
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, missing

try:
    from hypothesis import assume
    from hypothesis import strategies as st
except ModuleNotFoundError:
    raise missing("hypothesis", "test", "lrlab.testing.strategies") from None

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

NOT_DRAWN = ("function", "minimum", "maximum")  # a user's code, and what joins schedules
MULTIPLES = st.sampled_from([0.0, 0.01, 0.1, 0.25, 1 / 3, 0.5, 1.0, 1.5, 2.0])

# What a preset's arguments may be, by their names.
_PRESET: dict[str, SearchStrategy[Any]] = {
    "warmup": st.sampled_from([5, 20, "5%", "1/30"]),
    "decay": st.sampled_from([5, 20, "5%", "1/30"]),
    "rise": st.sampled_from([5, 20, "5%", "1/30"]),
    "first_cycle": st.sampled_from([5, 20, "5%", "1/30"]),
    "half_cycle": st.sampled_from([5, 20, "5%", "1/30"]),
    "shape": st.sampled_from(["linear", "cosine"]),
    "to": MULTIPLES,
    "start": MULTIPLES,
    "low": MULTIPLES,
    "stretch": st.sampled_from([1, 1.5, 2]),
    "gain": MULTIPLES,
    "gamma": st.sampled_from([0.9, 0.999]),
    "ratio": st.sampled_from([4, 32.0]),
    "three_phase": st.booleans(),
}


def spans() -> SearchStrategy[int | str]:
    """Durations of every unit that a share or a number of updates can be written in.

    >>> from hypothesis import given
    >>> @given(spans())
    ... def check(span): assert VOCABULARY["constant"](span)
    >>> check()
    """
    return st.one_of(
        st.integers(0, 30),
        st.integers(0, 8).map(lambda share: f"{share}%"),
        st.builds("{}.{}%".format, st.integers(0, 6), st.integers(0, 999)),
        st.builds("{}/{}".format, st.integers(0, 3), st.integers(40, 99)),
    )


def horizons() -> SearchStrategy[Horizon]:
    """Runs of 60 to 9000 updates: some by their updates alone, some by epochs."""
    by_updates = st.integers(60, 9000).map(lambda n: Horizon(updates=n))
    by_epochs = st.builds(
        lambda n, rate: Horizon(epochs=n, updates_per_epoch=rate), st.integers(1, 9), st.integers(60, 999)
    )
    return st.one_of(by_updates, by_epochs)


@st.composite
def leaves(draw: DrawFn) -> Schedule:
    """A word of the vocabulary with any of its arguments: a shape, or the tree that a preset stands for."""
    word = VOCABULARY[draw(st.sampled_from([name for name in sorted(VOCABULARY) if _is_open_loop(name)]))]
    signature = inspect.signature(word).parameters
    needed = [name for name, parameter in signature.items() if parameter.default is parameter.empty]
    kinds = _kinds(word) if isinstance(word, type) else {name: _PRESET[name] for name in signature if name in _PRESET}
    arguments = {name: draw(kind) for name, kind in kinds.items() if draw(st.integers(0, 2)) == 0 or name in needed}
    try:
        return word(**arguments)
    except LrlabError:  # arguments that do not go together
        assume(False)
        raise


def schedules(leaf: SearchStrategy[Schedule] | None = None) -> SearchStrategy[Schedule]:
    """Trees of everything that joins and changes schedules, with leaves from `leaf`."""
    return st.recursive(leaf or leaves(), _joined, max_leaves=6)


@st.composite
def curves(draw: DrawFn) -> Curve:
    """A schedule over a run that it fits into."""
    schedule, horizon = draw(schedules()), draw(horizons())
    try:
        return schedule.over(horizon)
    except LrlabError:
        assume(False)
        raise


def _is_open_loop(name: str) -> bool:
    """Whether a word is drawn: no controller, and nothing that is not drawn."""
    word = VOCABULARY[name]
    return name not in NOT_DRAWN and not (isinstance(word, type) and issubclass(word, Controller))


def _joined(part: SearchStrategy[Schedule]) -> SearchStrategy[Schedule]:
    numbers = MULTIPLES
    parts = st.lists(part, min_size=2, max_size=3)
    return st.one_of(
        parts.map(_chained),
        st.builds(lambda a, b: a * b, part, part),
        st.builds(lambda a, b: a + b, part, part),
        st.builds(lambda a, x: x * a, part, numbers),
        st.builds(lambda a, x: a + x, part, numbers),
        parts.map(lambda items: VOCABULARY["minimum"](*items)),
        parts.map(lambda items: VOCABULARY["maximum"](*items)),
        st.builds(lambda a, low, more: a.clip(low, low + more), part, numbers, numbers),
        st.builds(lambda a, n: a.lasting(n), part, st.integers(1, 40)),
        st.builds(lambda a, k, n: a.excerpt(k, k + n, over=9000), part, st.integers(0, 99), st.integers(1, 40)),
        st.builds(lambda a, k, n: a.excerpt(k, k + 9, over=9000, span=n), part, MULTIPLES, st.integers(1, 40)),
        st.builds(lambda a, n, gain: a.repeat(n, gain=gain), part, st.integers(1, 4), numbers),
        st.builds(lambda a, n, s: a.repeat(n, stretch=s), part, st.integers(1, 4), st.sampled_from([0.5, 1.5, 2])),
        st.builds(lambda a, n: a.repeat(cycle=n), part, st.sampled_from([40, "10%", "1/7"])),
        *(_wrapped(kind, part) for kind in Wrapped.__subclasses__() if kind not in (Excerpt, Repeat)),
    )


@st.composite
def _wrapped(draw: DrawFn, kind: Any, part: SearchStrategy[Schedule]) -> Schedule:
    """A kind that changes one schedule, with any of its arguments: a new one is covered without a word here."""
    arguments = {name: draw(values) for name, values in _kinds(kind).items()}
    try:
        made: Schedule = kind(draw(part), **arguments)._canonical()
        return made
    except LrlabError:
        assume(False)
        raise


def _chained(parts: list[Schedule]) -> Schedule:
    whole = parts[0]
    for part in parts[1:]:
        whole = whole >> part
    return whole


def _kinds(shape: Any) -> dict[str, SearchStrategy[Any]]:
    """A strategy for each argument of a shape whose kind is known here."""
    declared: Any = dataclasses.fields(shape)
    kinds = {f.metadata.get("alias", f.name): f.type.__metadata__[0] for f in declared}
    known = _known_kinds()
    return {name: known[kind] for name, kind in kinds.items() if kind in known}


def _known_kinds() -> dict[Any, SearchStrategy[Any]]:
    counts = st.integers(1, 9)
    positive = st.sampled_from([0.1, 0.5, 0.9, 1.0, 1.5, 2.0])
    lengths = spans().filter(lambda span: not str(span).startswith(("0%", "0.0%", "0/")) and span != 0)
    rising = st.sampled_from([(10, 20), ("10%", "50%", "75%"), (7,)])
    return {
        fields.number: MULTIPLES,
        fields.positive: positive,
        fields.optional_positive: st.none() | positive,
        fields.not_negative: MULTIPLES,
        fields.share: st.sampled_from([0.1, 0.5, 0.9]),
        fields.optional_number: st.none() | MULTIPLES,
        fields.level: MULTIPLES | st.just("here"),
        fields.optional_level: st.none() | MULTIPLES | st.just("here"),
        fields.span: st.none() | spans(),
        fields.length: lengths,
        fields.optional_length: st.none() | lengths,
        fields.count: counts,
        fields.optional_count: st.none() | counts,
        fields.not_negative_count: st.integers(0, 9),
        fields.flag: st.booleans(),
        fields.name: st.sampled_from(["loss", "val_loss"]),
        fields.optional_name: st.none() | st.sampled_from(["loss", 'a "quoted" \\ name']),
        fields.numbers: st.lists(MULTIPLES, min_size=1, max_size=4),
        fields.part: st.sampled_from([(0.0, 1.0), (0.25, 1.0), (0.0, 0.75), (0.5, 1.5)]),
        fields.lengths: rising,
        fields.points: st.sampled_from([((0, 0), ("50%", 1)), ((5, 1), (5, 0.5), (20, 0.1))]),
        fields.optional_mode: st.sampled_from([None, "min", "max"]),
        fields.threshold_mode: st.sampled_from(["rel", "abs", "signed"]),
        fields.nan_rule: st.sampled_from(["hold", "bad"]),
    }
