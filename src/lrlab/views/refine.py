"""A refined schedule as figures and sentences: pure records for every drawer."""

from __future__ import annotations

from typing import Any

from lrlab.analysis.refine.refine import QUIET, Refinement
from lrlab.core.shapes.transitions import linear
from lrlab.views.model import Figure, Line, Text

STEPS = 400


def figures(found: Refinement) -> tuple[Figure, Figure]:
    """The schedule beside a linear decay, and the norms that it comes from."""
    shares = [k / STEPS for k in range(STEPS)]

    def drawn(name: str, schedule: Any) -> Line:
        return Line(name, shares, schedule.over(STEPS).values().tolist())

    lines = [drawn("refined", found.schedule), drawn("linear", linear())]
    if found.corrected:
        lines.insert(1, drawn("not corrected", found.raw))
    times = found.times.tolist()
    norms = [Line("as used", times, found.norms.tolist()), Line("measured", times, found.measured.tolist())]
    return (
        Figure("What the gradient norms ask for", "share of the run", "multiple of the peak LR", tuple(lines)),
        Figure("Gradient norm", "share of the run", "norm", tuple(norms), log_y=True),
    )


def sentences(found: Refinement) -> tuple[str, ...]:
    """The schedule, what was taken out of the norms, and the doubts."""
    said = [f"Refined: {found.schedule}"]
    if found.by_formula is not None:
        said.append(_raised(found))
    said += found.doubts
    if found.linear:
        said.append("After the warmup these norms hardly fall: they ask for a linear decay.")
    else:
        said.append("Its peak is not that of the run: tune the LR again, and compare it with warmup and linear.")
    return tuple(said)


def _raised(found: Refinement) -> str:
    what = "Weights of which the loss does not see the length, and that weight decay shortens, raise the norms"
    what = f"{what}, by a formula," if found.by_formula else what
    if found.rise - 1 <= QUIET:
        return f"{what} by less than 1 %."
    done = "was taken out" if found.corrected else "is still in"
    return f"{what} by up to {found.rise - 1:.0%}: that {done}."


def sections(found: Refinement) -> tuple[Figure | Text, ...]:
    """What a notebook shows."""
    return (*figures(found), Text("\n\n".join(sentences(found))))


def columns(found: Refinement) -> dict[str, list[float]]:
    """The curve, one stretch of the run a row."""
    return {
        "time": found.times.tolist(),
        "measured": found.measured.tolist(),
        "norm": found.norms.tolist(),
        "value": [float(value) for value in found.values],
    }
