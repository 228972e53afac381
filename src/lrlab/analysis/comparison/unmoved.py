"""Runs to which the LR makes no difference: such work is not judged without a warning.

A missing backward pass, gradients cleared before the step, a constant metric: every run ends the same, to the last bit,
and any verdict on them is empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from lrlab.record.runs.realised import realised
from lrlab.record.runs.run import StoredRun


def unmoved(runs: Sequence[StoredRun]) -> str:
    """A sentence on what to look at if runs at different LRs are the same to the last bit; empty if none are."""
    told: dict[tuple[int, int], list[StoredRun]] = defaultdict(list)
    for run in runs:
        told[run.seed, run.fold].append(run)
    if not all(map(_alike, told.values())):
        return ""
    (metric,) = {run.metric for run in runs}
    losses = ({tuple(run.loss.values) for run in cell} for cell in told.values())
    if all(len(found) == 1 and any(found) for found in losses):
        return (
            f"Every run has the same losses and the same {metric}, to the last bit, whatever its LR: the updates "
            "change nothing. Look at loss.backward(), at zero_grad(), and at what the optimizer was given."
        )
    return (
        f"{metric} is the same in every run, to the last bit, whatever its LR: it says nothing of the "
        "strategies. Look at what run.report is told."
    )


def _alike(cell: Sequence[StoredRun]) -> bool:
    """Whether the runs of one seed and fold finished with the same score at different LRs."""
    if any(run.outcome != "finished" for run in cell) or len({run.score for run in cell}) > 1:
        return False
    first = realised(cell[0])
    return any((realised(run) != first).any() for run in cell[1:])
