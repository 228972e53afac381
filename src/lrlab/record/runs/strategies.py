"""Which strategy a stored run is of: two that were run under one name are never put into one figure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lrlab.record.runs.run import StoredRun


def told_apart(runs: Iterable[StoredRun]) -> list[StoredRun]:
    """The runs; where the name of an arm stands for several strategies of a task, each has a name of its own.

    They differ in their schedule, or in how the weights were averaged.
    """
    given, kinds = list(runs), dict[tuple[str, str], set[tuple[str, float | str | None]]]()
    for run in given:
        kinds.setdefault((run.task, run.arm), set()).add((run.schedule, run.averaging))

    def named(run: StoredRun) -> str:
        if len(kinds[run.task, run.arm]) == 1:
            return run.arm
        averaged = "" if run.averaging is None else f", averaging={run.averaging}"
        return f"{run.arm}: {run.schedule}{averaged}"

    return [replace(run, arm=named(run)) for run in given]
