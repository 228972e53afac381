"""What is believed about a law's parameters before any log is read: weak, stated, and replaceable.

The "llm" prior of the law "elr" was set on the development logs alone: each of twelve groups (three sizes of one
collection; four peak LRs and their union, and three sizes, of the other) was fitted with priors two to three times
as wide as these; centre and spread below are those of the twelve fits, rounded, with the spread widened by about a
third. "generic" is for models and optimizers unlike those: it keeps the centres, widens every spread, measures LR and
time in units of the runs at hand, and asks less of the law, which other trainings follow to a percent rather than to a
thousandth, and not in their first fifth where runs are short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.forecast.laws import FORMS
from lrlab.errors import LrlabError, nearest, worded
from lrlab.record.logs.log import LogRun

_NATS, _ADAM, _LONG = (1.4, 7.0), (2e-5, 1e-2), 1500  # where the "llm" prior was set, and somewhat beyond
_UNLOWERED = 0.95  # floor over least loss in constant runs, 0.86, beside that in annealed ones, 0.91

Floats = NDArray[np.float64]
Spread = tuple[float, float]  # mean and standard deviation


@dataclass(frozen=True)
class Prior:
    """Mean and spread of each inner parameter (by name, in the form's order), and of the outer coefficients.

    `floor` is relative to the least loss in the logs; `progress` and `noise` are absolute, or relative to how
    far the loss fell. `starts` are further points to search from, in spreads from the mean. `relative` measures all by
    the runs at hand. `miss` is by what share of the loss the law may miss a point; what lies before the share `early`
    of a run counts little, and so does what lies before a sum of LRs of `moved`, where a training has hardly begun.
    `wander` says how far floor and noise are off an octave of the peak LR away.
    """

    inner: Mapping[str, Spread]
    floor: Spread
    progress: Spread
    noise: Spread
    starts: tuple[Mapping[str, float], ...] = ()
    relative: bool = False
    miss: float = 1e-3  # about twice the noise between two language models of one kind
    early: float = 0.04
    moved: float = 0.25  # sum of LRs
    wander: Spread = (0.012, 0.3)  # of floor and noise over an octave of the peak LR

    @property
    def mean(self) -> Floats:
        """Means of the inner parameters, shape (inner,)."""
        return np.array([mean for mean, _ in self.inner.values()])

    @property
    def sd(self) -> Floats:
        """Standard deviations of the inner parameters, shape (inner,)."""
        return np.array([sd for _, sd in self.inner.values()])

    def outer(self, least: float, most: float, lowered: bool = True) -> tuple[Floats, Floats]:
        """Means and standard deviations of (floor, progress, noise) where logged losses are `least` ... `most`.

        Where no logged LR was `lowered`, the least loss holds the whole noise, and the floor lies farther below it.
        """
        mean, sd = np.array([self.floor, self.progress, self.noise]).T
        mean[0] *= 1.0 if lowered else _UNLOWERED
        fallen = most - least if self.relative else 1.0
        unit = np.array([least, fallen, fallen])
        return mean * unit, sd * unit

    def walk(self, least: float, mean: Floats) -> Spread:
        """Standard deviations of the offsets of floor and noise an octave of the peak LR away."""
        return self.wander[0] * least, self.wander[1] * float(mean[2])

    def points(self) -> list[Floats]:
        """The points to search from."""
        shifts = [np.array([shift.get(name, 0.0) for name in self.inner]) for shift in self.starts]
        return [self.mean, *(self.mean + shift * self.sd for shift in shifts)]


_ELR = Prior(
    inner={
        "alpha": (0.52, 0.06),
        "log_relaxation": (5.0, 1.8),
        "beta": (0.3, 0.25),
        "gamma": (0.0, 0.25),
        "noise_power": (0.79, 0.09),
        "log_decay": (-0.25, 0.4),
        "log_growth": (0.35, 0.75),
        "log_start": (-3.3, 1.2),
    },
    floor=(0.91, 0.06),
    progress=(0.55, 0.35),
    noise=(0.65, 0.5),
    starts=(
        {"log_relaxation": 1.0, "beta": -0.7, "gamma": 1.0, "log_growth": -1.0},
        {"log_relaxation": -1.0, "beta": 0.7, "gamma": -1.0, "log_growth": 1.0},
    ),
)

# The reference laws are fitted nearly freely, around the values their papers report.
_MPL = Prior(
    inner={"alpha": (0.5, 0.3), "log_c": (0.7, 2.0), "beta": (0.5, 0.3), "gamma": (0.6, 0.3)},
    floor=(0.85, 0.3),
    progress=(0.5, 3.0),
    noise=(400.0, 2000.0),
    starts=({"log_c": 1.0}, {"log_c": -1.0}),
)
_MOMENTUM = Prior(
    inner={"alpha": (0.5, 0.3), "log_memory": (6.2, 1.0)},
    floor=(0.85, 0.3),
    progress=(0.5, 3.0),
    noise=(0.5, 5.0),
    starts=({"log_memory": 1.0}, {"log_memory": -1.0}),
)
_CONVEX = Prior(inner={}, floor=(0.85, 0.3), progress=(0.5, 30.0), noise=(0.5, 30.0))

_LLM = {"elr": _ELR, "mpl": _MPL, "momentum": _MOMENTUM, "convex": _CONVEX}


def prior_for(law: str, prior: str | Mapping[str, Spread]) -> Prior:
    """The prior of a law by name ("llm", "generic"), or "llm" with some parameters given as (mean, sd).

    >>> prior_for("elr", {"alpha": (0.5, 0.02)}).inner["alpha"]
    (0.5, 0.02)
    """
    if law not in FORMS:
        raise LrlabError(worded("unknown law", law, ", ".join(FORMS), f'law="{nearest(str(law), FORMS) or "elr"}"'))
    base = _LLM[law]
    if isinstance(prior, Mapping):
        return _override(base, prior)
    if prior == "llm":
        return base
    if prior == "generic":
        return _widened(base)
    raise LrlabError(
        worded("unknown prior", prior, '"auto", "llm", "generic", or {parameter: (mean, sd)}', 'prior="generic"')
    )


def unlike_llm(runs: Sequence[LogRun]) -> str:
    """What in these logs is unlike a language model trained with AdamW, in words; empty if nothing is."""
    least, peak = min(float(run.loss.min()) for run in runs), max(float(run.lrs.max()) for run in runs)
    longest = max(run.horizon for run in runs)
    if not _NATS[0] <= least <= _NATS[1]:
        return f"a least loss of {least:.3g} is not that of a language model ({_NATS[0]:g} to {_NATS[1]:g} nats)"
    if not _ADAM[0] <= peak <= _ADAM[1]:
        return f"a peak LR of {peak:.3g} is not one of AdamW ({_ADAM[0]:g} to {_ADAM[1]:g})"
    if longest < _LONG:
        return f"runs of {longest} updates are shorter than those of language models ({_LONG})"
    return ""


def _widened(base: Prior) -> Prior:
    inner = {name: (mean, (3.0 if name == "alpha" else 1.5) * sd) for name, (mean, sd) in base.inner.items()}
    wide = replace(base, inner=inner, floor=(0.5, 0.5), progress=(0.6, 0.6), noise=(0.7, 0.7), relative=True)
    return replace(wide, miss=0.01, early=0.2, moved=0.0)


def _override(base: Prior, given: Mapping[str, Spread]) -> Prior:
    outer = ("floor", "progress", "noise")
    for name, spread in given.items():
        if name not in base.inner and name not in outer:
            raise LrlabError(worded("prior: no such parameter", name, ", ".join((*base.inner, *outer))))
        if len(tuple(spread)) != 2 or not spread[1] > 0:
            raise LrlabError(worded(f"prior of {name}", spread, "(mean, sd) with sd > 0", f"{{{name!r}: (0.5, 0.1)}}"))
    inner = {name: given.get(name, spread) for name, spread in base.inner.items()}
    return replace(
        base,
        inner=inner,
        floor=given.get("floor", base.floor),
        progress=given.get("progress", base.progress),
        noise=given.get("noise", base.noise),
    )
