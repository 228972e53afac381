"""Sweeps of the LR: the trials of one size, batch and horizon together, with the loss as a distance from the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from lrlab.errors import LrlabError, worded
from lrlab.record.trials import Trial

Floats = NDArray[np.float64]
Setting = tuple[float, float, float]  # size, batch, horizon

FACTORS = ("size", "batch", "horizon")


@dataclass(frozen=True)
class Sweep:
    """The finished trials of one size, batch and horizon.

    `log_lr` and `log_loss` have shape (trials,), sorted by LR; trials of one seed share a number in `group`.
    `diverged` are the LRs at which a trial diverged.
    """

    setting: Setting
    log_lr: Floats
    log_loss: Floats
    group: NDArray[np.int64]
    diverged: tuple[float, ...]
    width: float | None

    @property
    def lrs(self) -> list[float]:
        """The different LRs that finished, ascending."""
        return sorted({float(f"{lr:.6g}") for lr in np.exp(self.log_lr)})

    @property
    def means(self) -> Floats:
        """The mean log loss at each of `lrs`, so that a seed that lies higher as a whole moves nothing.

        Where some seeds lack some LRs: the effects of the LRs beside those of the seeds, by least squares.
        """
        rates = np.array([float(f"{lr:.6g}") for lr in np.exp(self.log_lr)])
        seeds = np.unique(self.group)
        columns = np.column_stack([*(rates == lr for lr in self.lrs), *(self.group == seed for seed in seeds)])
        effects = np.linalg.lstsq(columns.astype(float), self.log_loss, rcond=None)[0]
        found: Floats = effects[: len(self.lrs)] + effects[len(self.lrs) :].mean()
        return found

    @property
    def best(self) -> float:
        """The LR with the least mean loss."""
        return self.lrs[int(np.argmin(self.means))]

    @property
    def edge(self) -> str:
        """ "lowest" or "highest" where the best LR is the first or last of several, else "".

        A best LR next to one that diverged is no edge: the optimum lies between.
        """
        lrs = self.lrs
        if len(lrs) < 2:
            return ""
        if self.best == lrs[0]:
            return "lowest"
        return "highest" if self.best == lrs[-1] and not any(lr > lrs[-1] for lr in self.diverged) else ""


def gather(trials: Sequence[Trial]) -> tuple[Sweep, ...]:
    """The sweeps among some trials, by size, batch and horizon.

    Raises `LrlabError` where all trials diverged, where no sweep has two LRs, and where the best LR is at the same edge
    of every sweep.
    """
    keyed = sorted(trials, key=lambda trial: (_setting(trial), trial.lr))
    found = tuple(_sweep(setting, list(own)) for setting, own in groupby(keyed, key=_setting))
    if not any(len(sweep.lrs) for sweep in found):
        raise LrlabError(worded("every trial diverged", f"{len(trials)} trials", "losses that are finite", "lower LRs"))
    wide = [sweep for sweep in found if len(sweep.lrs) > 1]
    if not wide:
        raise LrlabError(
            worded(
                "no sweep has two LRs: where the loss is least cannot be seen",
                f"LRs {sorted({lr for sweep in found for lr in sweep.lrs})}",
                "three or more LRs in factors of 2 at one size, batch and horizon",
            )
        )
    if all(np.ptp(sweep.log_loss) == 0 for sweep in wide):
        raise LrlabError(
            worded("the loss is the same at every LR", f"{len(wide)} sweeps", "losses with all their digits")
        )
    edges = {sweep.edge for sweep in wide}
    if len(edges) == 1 and (edge := edges.pop()):
        lrs = [lr for sweep in wide for lr in (sweep.lrs[0], sweep.lrs[-1])]
        beyond = f"{min(lrs) / 2:g} and below" if edge == "lowest" else f"{2 * max(lrs):g} and above"
        raise LrlabError(
            worded(
                f"the best LR is the {edge} one in every sweep: the optimum lies beyond",
                f"{len(wide)} sweeps from {min(lrs):g} to {max(lrs):g}",
                "a sweep in which the loss rises on both sides of the best LR",
                f"trials at {beyond}",
            )
        )
    return tuple(sweep for sweep in found if len(sweep.lrs))


def _setting(trial: Trial) -> Setting:
    return float(trial.size), float(trial.batch), float(trial.horizon)


def _sweep(setting: Setting, own: list[Trial]) -> Sweep:
    kept = [trial for trial in own if not math.isnan(trial.loss)]
    seeds = sorted({trial.seed for trial in kept})
    return Sweep(
        setting,
        np.log([trial.lr for trial in kept]),
        np.log([trial.loss for trial in kept]),
        np.array([seeds.index(trial.seed) for trial in kept], dtype=np.int64),
        tuple(trial.lr for trial in own if math.isnan(trial.loss)),
        next((trial.width for trial in own if trial.width is not None), None),
    )
