"""The columns of a comparison: each is declared once, for the table, the page and the document alike.

A column is added here and nowhere else: its key in the document with its value, and where it is to be seen its head and
its cell. A cell is a number, a text, None, a `Spread`, or a `Judgement`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from lrlab.analysis.comparison.evidence import Evidence
    from lrlab.analysis.comparison.statistics import Standing


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


@dataclass(frozen=True)
class Column:
    """One column. `value` is what the document holds under `key`.

    `head` (with {metric} and {better}) and `cell` are of the table; without a head it is in the document alone. `wide`
    columns are left out where there is little room.
    """

    key: str
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


def _diverged(evidence: Evidence, line: Standing) -> dict[str, Any] | None:
    found = evidence.divergences(line)
    return {"update": found[0].update, "by": found[0].by, "runs": len(found)} if found else None


def _verdict(evidence: Evidence, line: Standing) -> Judgement:
    if line.verdict == "diverged":
        return Judgement(line.verdict, str(evidence.divergences(line)[0]))
    return Judgement(line.verdict, "open: worse so far" if line.verdict == "open" else line.verdict)


def _lrs(evidence: Evidence, line: Standing) -> str:
    chosen = ", ".join(f"{lr:g}" for lr in sorted(set(line.lrs)))
    return f"× {chosen}" + (f" ({line.edge} tried)" if line.edge else "")


def _schedule(evidence: Evidence, line: Standing) -> str:
    return ", ".join(filter(None, (str(evidence.schedules[line.arm]), evidence.notes.get(line.arm, ""))))


COLUMNS = (
    Column("rank", lambda e, line: line.rank, ""),
    Column("name", lambda e, line: line.arm, "strategy"),
    Column("mean", lambda e, line: line.mean, "{metric} ({better} is better)", _mean),
    Column("sd", lambda e, line: line.sd, "spread"),
    Column("difference", lambda e, line: line.difference, "behind the best", _behind),
    Column("low", lambda e, line: line.low),
    Column("high", lambda e, line: line.high),
    Column("p", lambda e, line: line.p),
    Column("verdict", lambda e, line: line.verdict, "verdict", _verdict),
    Column("diverged", _diverged),
    Column("lrs", lambda e, line: list(line.lrs), "LR", _lrs),
    Column("edge", lambda e, line: line.edge),
    Column("scores", lambda e, line: list(line.scores)),
    Column("schedule", lambda e, line: str(e.schedules[line.arm]), "schedule", _schedule, wide=True),
    Column("beside", lambda e, line: e.notes.get(line.arm, "")),
)
