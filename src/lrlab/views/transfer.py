"""The best LR at another setting as tables, a figure and sentences: pure records for every drawer."""

from __future__ import annotations

import math

from lrlab.analysis.transfer.transfer import SweptLr, Transfer
from lrlab.views.model import Figure, Line, Table

_SHARE = 100.0  # shares of the loss in percent


def answer(found: Transfer) -> Table:
    """Ours above the rules of the field: the LR of each, and what it is expected to cost."""
    level = f"{100 * found.level:g}%"
    base = f"size {found.nearest[0]:g}, batch {found.nearest[1]:g}, horizon {found.nearest[2]:g}"
    ours = ("from all sweeps", found.lr, found.low, found.high, _SHARE * found.regret, "")
    rows = (ours, *((r.name, r.lr, None, None, _SHARE * r.regret, r.source) for r in found.rules))
    columns = ("", "LR", f"low ({level})", f"high ({level})", "expected regret, % of the loss", "source")
    return Table(columns, rows, f"The rules start from the sweep at {base}")


def powers(found: Transfer) -> Table:
    """The exponents."""
    rows = tuple((each.term, each.mean, each.sd) for each in found.exponents)
    return Table(("the LR grows as this power of", "exponent", "sd"), rows, f'prior "{found.prior}"')


def swept(found: Transfer) -> Table:
    """One row per sweep."""
    level = f"{100 * found.level:g}%"
    rows = tuple((s.size, s.batch, s.horizon, s.lrs, s.best, s.lr, s.low, s.high, s.edge) for s in found.sweeps)
    columns = ("size", "batch", "horizon", "LRs", "best tried", "optimum", f"low ({level})", f"high ({level})", "edge")
    shown = rows if any(row[-1] for row in rows) else tuple(row[:-1] for row in rows)
    return Table(columns if shown is rows else columns[:-1], shown, "Each sweep by itself")


def sentences(found: Transfer) -> list[str]:
    """The answer, and how sure it is."""
    asked = f"size {found.size:g}, batch {found.batch:g} and {found.horizon:g} updates"
    level = f"{100 * found.level:g}%"
    return [
        f"LR {found.lr:.3g} for {asked}; {level}: {found.low:.3g} to {found.high:.3g}. Beside the best LR it is "
        f"expected to cost {found.regret:.2%} of the loss, and at most {found.risk:.2%} ({level}).",
        f"Noise of a trial: {found.noise:.2%} of the loss. An LR that is off by a factor of 2 costs "
        f"{0.5 * found.curvature * math.log(2) ** 2:.2%}.",
    ]


def drawn(found: Transfer) -> Figure:
    """The optimum of each sweep over the size, batch or horizon that varies most, and the answer among them."""
    settings = [(s.size, s.batch, s.horizon) for s in found.sweeps]
    asked = (found.size, found.batch, found.horizon)
    at = max(range(3), key=lambda index: _span([s[index] for s in (*settings, asked)]))
    groups: dict[tuple[float, ...], list[SweptLr]] = {}
    for own, row in zip(settings, found.sweeps, strict=True):
        groups.setdefault(tuple(value for index, value in enumerate(own) if index != at), []).append(row)
    names = [name for index, name in enumerate(("size", "batch", "horizon")) if index != at]
    label = ("size", "batch", "horizon")[at]
    answer_line = Line("asked", (asked[at],), (found.lr,), (found.low,), (found.high,))
    lines = [answer_line]
    for key, rows in groups.items():
        points = sorted((getattr(row, label), row.lr) for row in rows)
        name = ", ".join(f"{n} {value:g}" for n, value in zip(names, key, strict=True))
        lines.append(Line(name, [x for x, _ in points], [y for _, y in points]))
    return Figure("Best LR", label, "LR", tuple(lines), log_y=True, log_x=True)


def _span(values: list[float]) -> float:
    return max(values) / min(values)
