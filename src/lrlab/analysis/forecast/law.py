"""Foresight: a loss law fitted to a few runs, and what it says of schedules that were never run.

law = fit_law([read_run("constant.csv"), read_run("cosine.csv")])
law.predict('warmup(2000) >> cosine(to=0.1)', base_lr=3e-4, horizon=24_000).final
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any, TypedDict, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrlab.analysis.forecast.branching import BranchForecast, branch
from lrlab.analysis.forecast.curves import Prediction, ScheduleLike, learning_rates, spoken
from lrlab.analysis.forecast.doubts import Doubt, Seen, doubts, seen
from lrlab.analysis.forecast.fit import Fitted, fit, prepare
from lrlab.analysis.forecast.intervals import half_width
from lrlab.analysis.forecast.laws import FORMS, Scale, every
from lrlab.analysis.forecast.optimise import Optimum, optimise
from lrlab.analysis.forecast.priors import Prior, Spread, prior_for
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.record.logs.log import LogRun
from lrlab.record.regular import content
from lrlab.record.sealed import sealed, unsealed
from lrlab.record.shape import shaped
from lrlab.shown import Shown

Floats = NDArray[np.float64]

VERSION = 2  # 1 had no digest
OUTER = ("floor", "progress", "noise")
_LARGEST = 10_000_000  # bytes of a saved law
_POOR = 0.004  # relative misfit above which the logs do not look like the law
_USELESS = 0.05  # and above which it says nothing about other schedules


class LawRecord(TypedDict):
    """A law as plain values, beside its version."""

    law: str
    prior: str
    parameters: dict[str, float]
    covariance: list[list[float]]
    misfit: float
    scale: Scale
    seen: Seen


class LawDocument(LawRecord):
    """A law as plain values, with the version of that form."""

    version: int


@dataclass(frozen=True, eq=False)
class Law(Shown):
    """A fitted loss law. Made by `fit_law`, `Law.from_parameters` and `Law.load`.

    >>> updates = np.arange(100, 2001, 100)
    >>> law = fit_law(LogRun.from_arrays(updates, 3 + updates**-0.5, [1e-3] * 2000))
    >>> law.predict("cosine()", base_lr=1e-3, horizon=2000).loss.shape
    (2000,)
    """

    name: str
    fitted: Fitted
    scale: Scale
    known: Seen
    prior: str = "llm"

    @classmethod
    def from_parameters(
        cls, law: str, parameters: Mapping[str, float], *, weight_decay: float | None = 0.1, peak: float, horizon: int
    ) -> Law:
        """A law with given parameters, taken as exact; `peak` and `horizon` say what they were fitted on.

        >>> momentum = {"alpha": 0.5, "log_memory": 6.2, "floor": 2.5, "progress": 0.5, "noise": 0.4}
        >>> law = Law.from_parameters("momentum", momentum, peak=1e-3, horizon=2000)
        >>> law.predict("linear()", base_lr=1e-3, horizon=2000).loss.shape
        (2000,)
        """
        form = _form(law)
        wanted = (*form.inner, *OUTER)
        if set(parameters) != set(wanted):
            raise LrlabError(worded(f"parameters of {law}", sorted(parameters), ", ".join(wanted)))
        values = np.array([float(parameters[name]) for name in wanted])
        inner, outer = values[: len(form.inner)], values[len(form.inner) :]
        exact = Fitted(inner, outer, np.zeros((len(values), len(values))), 0.0)
        return cls(law, exact, Scale(weight_decay=weight_decay), Seen((peak,), horizon, True))

    @property
    def parameters(self) -> dict[str, float]:
        """Inner and outer parameters by name."""
        names = (*_form(self.name).inner, *OUTER)
        return dict(zip(names, [*self.fitted.inner.tolist(), *self.fitted.outer.tolist()], strict=True))

    @property
    def holds(self) -> bool:
        """Whether the law describes the logs that it was fitted to; where it does not, nothing can rest on it."""
        return self.fitted.misfit <= _USELESS

    def predict(
        self,
        schedule: ScheduleLike,
        *,
        base_lr: float | None = None,
        horizon: int | None = None,
        level: float = 0.9,
    ) -> Prediction:
        """The loss after every update under a schedule or under the LR of every update (updates,).

        A schedule (or its text) needs `horizon`, the number of updates, and `base_lr` unless its values are absolute;
        an array needs neither, and `base_lr` does not change it.
        The interval holds the loss of one run at a time with probability `level`.

        Raises `LrlabError` where the logs say nothing of such a run: a peak LR or horizon beyond 30 times theirs.
        """
        if not 0 < level < 1:
            raise LrlabError(worded("level is a probability", level, "between 0 and 1", "level=0.9"))
        lrs = learning_rates(schedule, base_lr, horizon)
        form, found = _form(self.name), doubts(self.known, lrs)
        loss = every(form, self.fitted.inner, lrs, self.scale) @ self.fitted.outer
        sd = np.array([doubt.sd for doubt in found])
        half = half_width(form, self.fitted, self.scale, lrs, loss, sd, level)
        sentences = tuple(doubt.sentence for doubt in found if doubt.sentence)
        return Prediction(spoken(schedule), loss, np.maximum(loss - half, 0.0), loss + half, level, sentences)

    def rank(
        self,
        schedules: Sequence[ScheduleLike],
        *,
        base_lr: float | None = None,
        horizon: int | None = None,
        level: float = 0.9,
    ) -> list[Prediction]:
        """Predictions for several schedules, the lowest final loss first."""
        predictions = [self.predict(s, base_lr=base_lr, horizon=horizon, level=level) for s in schedules]
        return sorted(predictions, key=lambda prediction: prediction.final)

    def optimise(
        self,
        steps: int,
        *,
        peak: float | None = None,
        warmup: int | None = None,
        shape: str = "monotone",
        prefix: ArrayLike | None = None,
        risk: str = "mean",
    ) -> Optimum:
        """The schedule with the lowest predicted loss after `steps` updates: see `lrlab.analysis.forecast.optimise`.

        Args:
            steps: the length of the run in updates.
            peak: the highest LR; free within twice the logged peaks if left out.
            warmup: the updates of a linear warmup; 2 % of the run if left out.
            shape: "monotone", an LR that only falls after the warmup.
            prefix: the LR of the updates already trained, after which the LR only falls from its last value.
            risk: "mean" or "high" (mean + 1.28 spreads).

        Raises `LrlabError` for an impossible plan and for laws that are not differentiable ("momentum", "convex").
        """
        return optimise(self, steps, peak=peak, warmup=warmup, shape=shape, prefix=prefix, risk=risk)

    def branch(
        self,
        schedule: ScheduleLike,
        *,
        at: int,
        decay: int,
        base_lr: float | None = None,
        horizon: int | None = None,
        shape: ScheduleLike = "linear()",
        level: float = 0.9,
    ) -> BranchForecast:
        """Decay now, or train on and decay later: see `lrlab.analysis.forecast.branching.branch`.

        Args:
            schedule: the trunk: a schedule with its horizon, or the LR of every update (horizon,).
            at: the updates after which the first branch decays.
            decay: the length of either decay in updates.
            base_lr, horizon, level: as in `predict`.
            shape: the decay, a schedule that falls from 1.

        Raises `LrlabError` unless 1 <= at and at + decay < horizon, and where `shape` is not a decay from 1.
        """
        return branch(self, schedule, at=at, decay=decay, base_lr=base_lr, horizon=horizon, shape=shape, level=level)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the law as JSON, under a digest. Raises `LrlabError` where the file cannot be written."""
        try:
            Path(path).write_text(sealed(self.record(), indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise LrlabError(worded(f"the law cannot be written: {error.strerror}", str(path))) from None

    def record(self) -> LawDocument:
        """The law as plain numbers and strings: the JSON form."""
        written = {
            "version": VERSION,
            "law": self.name,
            "prior": self.prior,
            "parameters": self.parameters,
            "covariance": self.fitted.covariance.tolist(),
            "misfit": self.fitted.misfit,
            "scale": asdict(self.scale),
            "seen": asdict(self.known),
        }
        return cast(LawDocument, written)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Law:
        """Read a law that `save` wrote. Raises `LrlabError` for anything else, and where it was changed since."""
        try:
            record = unsealed(content(path, most=_LARGEST), "a saved law", VERSION, since=2)
            found = shaped(LawRecord, {name: value for name, value in record.items() if name != "version"})
            form, values = _form(found["law"]), np.array(list(found["parameters"].values()))
            inner, covariance = len(form.inner), np.array(found["covariance"])
            if list(found["parameters"]) != [*form.inner, *OUTER]:
                raise ValueError("it has other parameters than its law")
            if covariance.shape != 2 * values.shape or not (
                np.isfinite(values).all() and np.isfinite(covariance).all()
            ):
                raise ValueError("its covariance is not that of its parameters")
        except (ValueError, OSError) as error:  # LrlabError too
            hint = "a file written by law.save, or lrlab forecast fit -o"
            raise LrlabError(worded(f"{path} is not a saved law", str(error), hint)) from None
        fitted = Fitted(values[:inner], values[inner:], covariance, found["misfit"])
        return cls(found["law"], fitted, found["scale"], found["seen"], found["prior"])


def fit_law(runs: Sequence[LogRun] | LogRun, law: str = "elr", prior: str | Mapping[str, Spread] = "llm") -> Law:
    """Fit a loss law to the logs of one to a few runs.

    `law` is "elr" (the default and the most accurate), "mpl", "momentum" or "convex" (see `analysis/laws.py`);
    `prior` is "llm" (language models trained with AdamW), "generic" (anything else), or a mapping from parameters to
    (mean, sd). What the logs cannot identify is said in the `warnings` of every prediction.

    Raises `LrlabError` for an unknown law or prior, and where runs have different weight decays.

    >>> updates = np.arange(100, 2001, 100)
    >>> run = LogRun.from_arrays(updates, 3 + updates**-0.5, [1e-3] * 2000)
    >>> fit_law([run], prior="generic").name
    'elr'
    """
    runs = [runs] if isinstance(runs, LogRun) else list(runs)
    if not runs or not all(isinstance(run, LogRun) for run in runs):
        raise LrlabTypeError(worded("fit_law needs runs", runs, "one or more lr.Run", 'lr.read_run("log.csv")'))
    form, chosen = _form(law), prior_for(law, prior)
    scale = _scale(runs, chosen)
    if scale.weight_decay is None and "log_decay" in chosen.inner:
        mean, _ = chosen.inner["log_decay"]
        chosen = replace(chosen, inner={**chosen.inner, "log_decay": (mean, 1.2)})
    if any(run.loss.min() <= 0 for run in runs):
        raise LrlabError(
            worded("a loss law needs positive losses", min(float(run.loss.min()) for run in runs), "above 0")
        )
    fitted = fit([prepare(run, chosen.early) for run in runs], form, chosen, scale)
    known = seen(runs)
    if chosen.relative:  # two runs of other models differ by more than those that the intervals were made for
        known = replace(known, doubts=(*known.doubts, Doubt("", chosen.miss)))
    if fitted.misfit > _POOR:
        advice = "" if chosen.relative else '; try prior="generic"'
        poor = Doubt(f"the law misses the logs by {fitted.misfit:.1%} of the loss{advice}", fitted.misfit)
        known = replace(known, doubts=(*known.doubts, poor))
    return Law(law, fitted, scale, known, prior if isinstance(prior, str) else "given")


def _form(law: str) -> Any:
    prior_for(law, "llm")
    return FORMS[law]


def _scale(runs: Sequence[LogRun], prior: Prior) -> Scale:
    decays = {run.weight_decay for run in runs if run.weight_decay is not None}
    if len(decays) > 1:
        raise LrlabError(
            worded("runs of one law share their weight decay", sorted(decays), "one value", "one fit each")
        )
    decay = decays.pop() if decays else None
    if not prior.relative:
        return Scale(weight_decay=decay)
    # The prior's centres belong to peaks near 0.7 and runs of some 24 units.
    peak, longest = np.median([run.lrs.max() for run in runs]), max(int(run.updates[-1]) for run in runs)
    return Scale(float(peak) / 0.7, longest / 24.0, decay)
