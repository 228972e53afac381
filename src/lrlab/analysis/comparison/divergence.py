"""Where a run diverged, by what, and what to do about it, if there is fitting advice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lrlab.record.runs.run import StoredRun

EARLY = 3  # updates: a loss that diverged earlier has hardly seen its LR


@dataclass(frozen=True)
class Divergence:
    """The update in which a run diverged, counted from 0, and by what: its training loss, the judged metric, or a
    controller that gave up."""

    update: int
    by: Literal["loss", "metric", "controller"]

    def __str__(self) -> str:
        return f"diverged at update {self.update} ({self.by})"


def divergence_of(run: StoredRun) -> Divergence | None:
    """Where this run diverged; None if it finished."""
    if run.outcome != "diverged":
        return None
    judged = run.evals.get(run.metric)
    if judged and judged.values and not math.isfinite(judged.values[-1]):
        return Divergence(judged.updates[-1] - 1, "metric")
    last = run.loss.updates[-1] if run.loss.updates else 0
    if run.decisions and run.decisions[-1].event == "stop":
        return Divergence(max(last, run.decisions[-1].update), "controller")
    return Divergence(last, "loss")


def remedy(runs: Sequence[StoredRun]) -> str:
    """A sentence on what to look at if runs of a comparison diverged; empty if none did."""
    found = [(run, gone) for run in runs if (gone := divergence_of(run))]
    if not found:
        return ""
    metric = found[0][0].metric
    first = min((gone for _, gone in found), key=lambda gone: gone.update)
    if all(gone.by == "metric" for _, gone in found):
        return f"{metric} was not a finite number, while the losses were: look at what run.report is told."
    if all(gone.by == "controller" for _, gone in found):
        return "Controllers gave up: see their causes with lrlab runs show."
    losses = [run for run, gone in found if gone.by == "loss"]
    lowest = min(run.lr for run in runs)
    early = all(gone.update < EARLY for _, gone in found if gone.by == "loss")
    if len(losses) == len(runs) and early:
        return (
            f"Every loss was lost by update {first.update}, at the lowest LR, too: this is hardly the LR. Look at the "
            "data, the loss, and the initial weights."
        )
    if any(run.lr == lowest for run in losses):
        return f"Runs diverged even at the lowest LR tried ({lowest:g}): give lower ones, or a longer warmup."
    return ""
