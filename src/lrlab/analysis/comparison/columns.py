"""The columns of a comparison: each is declared once, for the table, the page and the document alike.

A column is added here and nowhere else: its key in the document with its value, and where it is to be seen its head and
its cell. A cell is a number, a text, None, a `Spread`, or a `Judgement`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from lrlab.analysis.comparison.profile import Point
from lrlab.analysis.comparison.standing import Edge, Standing, Verdict
from lrlab.analysis.comparison.target import Reached
from lrlab.analysis.comparison.tuning import Tuned

if TYPE_CHECKING:
    from lrlab.analysis.comparison.evidence import Evidence


class Spread(NamedTuple):
    """An estimate between its limits, and the values that it was made from."""

    low: float
    mid: float
    high: float
    points: tuple[float, ...] = ()


class Judgement(NamedTuple):
    """The verdict on an arm, and its words."""

    verdict: str
    words: str


class DivergedRecord(TypedDict):
    """After which update the first run of an arm diverged, by its loss or its metric, and how many did."""

    update: int
    by: str
    runs: int


class UnstableRecord(TypedDict):
    """The LR that an arm lost because it diverged there in so many of the units: folds, or seeds."""

    lr: float
    diverged: int
    units: int


@dataclass(frozen=True)
class Column:
    """One column. `value` is what the document holds under `key`; it is of the type `kind`.

    `head` (with {metric} and {better}) and `cell` are of the table; without a head it is in the document alone. `wide`
    columns are left out where there is little room.
    """

    key: str
    kind: Any
    value: Callable[[Evidence, Standing], Any]
    head: str | None = None
    cell: Callable[[Evidence, Standing], Any] | None = None
    wide: bool = False


def _mean(evidence: Evidence, line: Standing) -> Any:
    return "diverged" if line.mean is None else line.mean


def _behind(evidence: Evidence, line: Standing) -> Spread | None:
    if line.difference is None:
        return None
    if line.verdict == "best" or line.low is None or line.high is None:
        return Spread(line.difference, line.difference, line.difference, evidence.behind(line))
    return Spread(line.low, line.difference, line.high, evidence.behind(line))


def _diverged(evidence: Evidence, line: Standing) -> DivergedRecord | None:
    found = evidence.divergences(line)
    return {"update": found[0].update, "by": found[0].by, "runs": len(found)} if found else None


def _unstable(evidence: Evidence, line: Standing) -> UnstableRecord | None:
    lost = line.unstable
    return {"lr": lost.lr, "diverged": lost.diverged, "units": lost.units} if lost else None


def _verdict(evidence: Evidence, line: Standing) -> Judgement:
    if line.verdict == "diverged":
        return Judgement(line.verdict, str(evidence.divergences(line)[0]))
    words = {"open": "open: worse so far", "unstable": "unstable: worse where it is not"}
    return Judgement(line.verdict, words.get(line.verdict, line.verdict))


def _lrs(evidence: Evidence, line: Standing) -> str:
    chosen = ", ".join(f"{lr:g}" for lr in sorted(set(line.lrs)))
    beside = [f"{line.edge} tried"] if line.edge else []
    if lost := line.unstable:
        beside.append(f"unstable at × {lost.lr:g}: {lost.diverged} of {lost.units} {evidence.unit}s")
    return f"× {chosen}" + (f" ({', '.join(beside)})" if beside else "")


def _schedule(evidence: Evidence, line: Standing) -> str:
    return ", ".join(filter(None, (str(evidence.schedules[line.arm]), evidence.notes.get(line.arm, ""))))


COLUMNS = (
    Column("rank", int, lambda e, line: line.rank, ""),
    Column("name", str, lambda e, line: line.arm, "strategy"),
    Column("mean", float | None, lambda e, line: line.mean, "{metric} ({better} is better)", _mean),
    Column("sd", float | None, lambda e, line: line.sd, "spread"),
    Column("difference", float | None, lambda e, line: line.difference, "behind the best", _behind),
    Column("low", float | None, lambda e, line: line.low),
    Column("high", float | None, lambda e, line: line.high),
    Column("p", float | None, lambda e, line: line.p),
    Column("verdict", Verdict, lambda e, line: line.verdict, "verdict", _verdict),
    Column("diverged", DivergedRecord | None, _diverged),
    Column("lrs", list[float], lambda e, line: list(line.lrs), "LR", _lrs),
    Column("profile", list[Point], lambda e, line: [vars(point) for point in line.profile]),
    Column("tuning", list[Tuned], lambda e, line: [vars(point) for point in line.tuning]),
    Column("to_target", Reached | None, lambda e, line: (found := e.reached(line)) and vars(found)),
    Column("edge", Edge | None, lambda e, line: line.edge),
    Column("unstable", UnstableRecord | None, _unstable),
    Column("scores", list[float | None], lambda e, line: list(line.scores)),
    Column("schedule", str, lambda e, line: str(e.schedules[line.arm]), "schedule", _schedule, wide=True),
    Column("beside", str, lambda e, line: e.notes.get(line.arm, "")),
)

if TYPE_CHECKING:
    ArmRecord = dict[str, Any]
else:  # one arm in the document: its columns
    ArmRecord = TypedDict("ArmRecord", {column.key: column.kind for column in COLUMNS})
