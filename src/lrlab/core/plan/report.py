"""What a plan drives: a row for each hyper-parameter of each parameter group, and how far the run is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

HEADINGS = ("optimizer", "group", "parameters", "hyper-parameter", "now", "own", "scale", "rule", "schedule")


@dataclass(frozen=True)
class Row:
    """One hyper-parameter of one group: `own` is the group's own value, `now` what the next update uses.

    `schedule` and `rule` are empty if nothing drives it.
    """

    optimizer: str
    group: str
    parameters: int
    hyper: str
    now: float
    own: float
    scale: float = 1.0
    rule: str = ""
    schedule: str = ""


@dataclass(frozen=True)
class PlanReport:
    """The rows, how far the run is (`position`) and its planned length (`whole`), in the same units.

    >>> print(PlanReport((Row("SGD", "0", 2, "lr", 0.05, 0.1, rule="*", schedule="cosine()"),), {"updates": 9}, {"updates": 10}))
    9 of 10 updates (90 %)
    optimizer  group  parameters  hyper-parameter  now   own  scale  rule  schedule
    SGD        0      2           lr               0.05  0.1  1      *     cosine()
    """  # noqa: E501

    rows: tuple[Row, ...]
    position: Mapping[str, float]
    whole: Mapping[str, float]
    left_out: tuple[str, ...] = ()  # trainable parameters of the model that are in no group

    @property
    def undriven(self) -> tuple[str, ...]:
        """The groups whose LR nothing drives."""
        return tuple(row.group for row in self.rows if row.hyper == "lr" and not row.schedule)

    def records(self) -> list[dict[str, Any]]:
        """The rows as plain JSON values."""
        return [asdict(row) for row in self.rows]

    def __str__(self) -> str:
        lines = [", ".join(self._progress(unit) for unit in self.position)]
        table = [HEADINGS, *(_cells(row) for row in self.rows)]
        widths = [max(len(row[k]) for row in table) for k in range(len(HEADINGS))]
        lines += [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table
        ]
        if self.left_out:
            lines.append(f"in no group: {', '.join(self.left_out)}")
        return "\n".join(lines)

    def _progress(self, unit: str) -> str:
        at = self.position[unit]
        if unit not in self.whole:
            return f"{at:g} {unit}"
        return f"{at:g} of {self.whole[unit]:g} {unit} ({100 * at / self.whole[unit]:.3g} %)"


def _cells(row: Row) -> tuple[str, ...]:
    driven = (f"{row.scale:g}", row.rule, row.schedule) if row.schedule else ("", "", "not driven")
    return row.optimizer, row.group, str(row.parameters), row.hyper, f"{row.now:.6g}", f"{row.own:.6g}", *driven
