"""A loss law fitted to a few runs, and its predictions for schedules that were never run.

law = fit_law([read_run("constant.csv"), read_run("cosine.csv")])
law.predict('warmup(2000) >> cosine()', base_lr=3e-4, horizon=24_000).final
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrlab.analysis.forecast.branching import BranchForecast, branch
from lrlab.analysis.forecast.curves import Prediction, ScheduleLike, learning_rates, spoken
from lrlab.analysis.forecast.doubts import Doubt, Seen, below, beyond, doubts
from lrlab.analysis.forecast.fit import Fitted, FittedCurve, ending, fit, prepare
from lrlab.analysis.forecast.intervals import CONFORMAL, GENERIC, RUN_NOISE, difference_half_width, half_width
from lrlab.analysis.forecast.laws import FORMS, Scale, every
from lrlab.analysis.forecast.logged import seen
from lrlab.analysis.forecast.offsets import Walk, distinct, near
from lrlab.analysis.forecast.optimise import Optimum, optimise
from lrlab.analysis.forecast.priors import Prior, Spread, prior_for, unlike_llm
from lrlab.analysis.forecast.saved import OUTER, LawDocument, Saved, document, named, read
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.record.logs.log import LogRun
from lrlab.record.regular import content
from lrlab.record.sealed import sealed
from lrlab.shown import Shown

Floats = NDArray[np.float64]

_LARGEST = 10_000_000  # bytes of a saved law
_POOR = 0.004  # relative misfit above which the logs do not look like the law
_BAD = 0.02  # and above which what it foresees is off by about twice as much: see benchmarks/forecast_lab.py
_MEAN = float(np.sqrt(2.0 / np.pi))  # mean distance over standard deviation of what is normally distributed
_SCATTER = 0.15  # losses that scatter by more hide whether any law describes them
_ANY_DECAY = 1.2  # spread of the log rate of an unknown weight decay
_ASSUMED = "no weight decay is known, so any is thought possible and the intervals are wider; weight_decay= gives it"
_USELESS = 0.05  # and above which it says nothing about other schedules


@dataclass(frozen=True, eq=False)
class Law(Shown):
    """A fitted loss law. Made by `fit_law`, `Law.from_parameters` and `Law.load`.

    >>> updates = np.arange(100, 2001, 100)
    >>> law = fit_law(LogRun.from_arrays(updates, 3 + updates**-0.5, [1e-3] * 2000))
    >>> law.predict("cosine()", base_lr=1e-3, horizon=2000).loss.shape
    (2000,)
    """

    name: str
    fits: tuple[Fitted, ...]  # one for each logged peak LR
    apart: tuple[Fitted, ...]  # for peaks that were not logged: another one for each, where there are several
    scale: Scale
    known: Seen
    prior: str = "llm"
    reason: str = ""  # why this prior, where it was chosen from the logs; what was assumed of the weight decay

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
        walk = Walk(peak, (), *prior_for(law, "llm").walk(float(outer[0]), outer))
        exact = Fitted(inner, outer, np.zeros((len(values), len(values))), 0.0, walk)
        return cls(law, (exact,), (), Scale(weight_decay=weight_decay), Seen((peak,), horizon, True))

    @property
    def parameters(self) -> dict[str, float]:
        """Inner and outer parameters by name, around the first logged peak LR."""
        return named(self.name, self.fits[0])

    def around(self, peak: float) -> Fitted:
        """The parameters for runs at a peak LR: those of the nearest logged one, with what is not known there."""
        fits = self.fits
        if not any(near(peak, fitted.walk.anchor) for fitted in fits):
            fits = self.apart or fits
        return min(fits, key=lambda fitted: abs(np.log(peak / fitted.walk.anchor))).at(peak)

    @property
    def _unlike(self) -> bool:
        """Whether its logs are not those of language models."""
        return self.prior == "generic"

    @property
    def _factor(self) -> float:
        """What the spread of the parameters is multiplied by: see `intervals`."""
        return GENERIC if self._unlike else CONFORMAL

    @property
    def misfit(self) -> float:
        """The mean distance of law and log, as a share of the loss, in the worst of the logs."""
        return max(fitted.misfit for fitted in self.fits)

    @property
    def unexplained(self) -> float:
        """The same without what the losses scatter by from row to row, up to 15 %, which no law follows."""
        scatter = _MEAN * min(self.known.scatter, _SCATTER)
        return float(np.sqrt(max(self.misfit**2 - scatter**2, 0.0)))

    @property
    def holds(self) -> bool:
        """Whether the law describes the logs that it was fitted to; if not, nothing can rest on it."""
        return self.unexplained <= _USELESS

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

        Raises `LrlabError` if the logs say nothing of such a run: a peak LR or horizon beyond 30 times theirs.
        """
        if not 0 < level < 1:
            raise LrlabError(worded("level is a probability", level, "between 0 and 1", "level=0.9"))
        lrs = learning_rates(schedule, base_lr, horizon)
        form, found = _form(self.name), doubts(self.known, lrs, self._unlike)
        fitted = self.around(float(lrs.max()))
        columns = every(form, fitted.inner, lrs, self.scale)
        loss = columns @ fitted.outer
        far = beyond(self.known, lrs, loss, columns[:, 1] * fitted.outer[1])
        above = np.hypot(np.sqrt(sum(doubt.sd**2 for doubt in found)) * loss, far)
        sd = np.array([np.hypot(above, self._below(loss)), above])
        down, up = half_width(form, fitted, self.scale, lrs, loss, sd, level, self._factor)
        sentences = tuple(doubt.sentence for doubt in found if doubt.sentence)
        return Prediction(spoken(schedule), loss, np.maximum(loss - down, 0.0), loss + up, level, sentences)

    def _below(self, loss: Floats) -> Floats:
        """How far below the loss may lie besides, as a standard deviation after every update (updates,)."""
        return below(self.known, loss) if self._unlike else np.zeros_like(loss)

    def difference(self, first: Floats, second: Floats, level: float = 0.9) -> tuple[float, float, float]:
        """The final loss under the LRs `first` (updates,) less that under `second`, and the interval of the difference.

        It is narrower than those of both ends, which share the errors of one law. Where the two have different peak
        LRs, nothing is taken to be shared.
        """
        (one, *ends), (other, *others) = (self.predict(lrs, level=level).final for lrs in (first, second))
        gain, peak = one - other, float(first.max())
        if peak != second.max():
            down, up = np.hypot(one - np.array(ends), other - np.array(others)[::-1]).tolist()
            return gain, gain - down, gain + up
        form, fitted = _form(self.name), self.around(peak)
        far, lower, own = [], [], []
        for lrs in (first, second):
            columns = every(form, fitted.inner, lrs, self.scale)
            loss = columns @ fitted.outer
            far.append(beyond(self.known, lrs, loss, columns[:, 1] * fitted.outer[1])[-1])
            lower.append(self._below(loss)[-1])
            own.append(sum(doubt.sd**2 for doubt in doubts(self.known, lrs, self._unlike)) * loss[-1] ** 2)
        # The noise of both runs, and what is not shared.
        apart = np.array([np.subtract(*far), np.subtract(*lower), np.sqrt(sum(own)), RUN_NOISE * one, RUN_NOISE * one])
        half = difference_half_width(form, fitted, self.scale, (first, second), apart, level, self._factor)
        return gain, gain - half, gain + half

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
        risk: str = "high",
    ) -> Optimum:
        """The schedule with the lowest predicted loss after `steps` updates: see `lrlab.analysis.forecast.optimise`.

        Args:
            steps: the length of the run in updates.
            peak: the highest LR; at most the highest logged one if left out.
            warmup: the updates of a linear warmup; 2 % of the run if left out.
            shape: "monotone", an LR that only falls after the warmup.
            prefix: the LR of the updates already trained, after which the LR only falls from its last value.
            risk: "high" (the mean + 1.28 spreads of the difference from a linear decay) or "mean".

        Raises `LrlabError` for an impossible plan, for a law that does not describe its logs (`holds`), and for laws
        that are not differentiable ("momentum", "convex").
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
        """Write the law as JSON, under a digest. Raises `LrlabError` if the file cannot be written."""
        try:
            Path(path).write_text(sealed(self.record(), indent=1) + "\n", encoding="utf-8")
        except OSError as error:
            raise LrlabError(worded(f"the law cannot be written: {error.strerror}", str(path))) from None

    def record(self) -> LawDocument:
        """The law as plain numbers and strings: the JSON form."""
        return document(Saved(self.name, self.prior, self.fits, self.apart, self.scale, self.known, self.reason))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Law:
        """Read a law that `save` wrote. Raises `LrlabError` for anything else, and where it was changed since."""
        try:
            saved = read(content(path, most=_LARGEST))
        except (ValueError, OSError) as error:  # LrlabError too
            hint = "a file written by law.save, or lrlab forecast fit -o"
            raise LrlabError(worded(f"{path} is not a saved law", str(error), hint)) from None
        return cls(saved.law, saved.fits, saved.apart, saved.scale, saved.seen, saved.prior, saved.reason)


def fit_law(runs: Sequence[LogRun] | LogRun, law: str = "elr", prior: str | Mapping[str, Spread] = "auto") -> Law:
    """Fit a loss law to the logs of one to a few runs.

    `law` is "elr" (the default and the most accurate), "mpl", "momentum" or "convex" (see `analysis/laws.py`);
    `prior` is "llm" (language models trained with AdamW), "generic" (anything else), "auto" (the first where the logs
    look like it and the law holds on them, else the second; `Law.reason` says why), or parameters with (mean, sd).
    What the logs cannot identify is said in the `warnings` of every prediction.

    Raises `LrlabError` for an unknown law or prior, for a loss that does not fall, and where runs have different weight
    decays.

    >>> updates = np.arange(100, 2001, 100)
    >>> run = LogRun.from_arrays(updates, 3 + updates**-0.5, [1e-3] * 2000)
    >>> fit_law([run], prior="generic").name
    'elr'
    """
    runs = [runs] if isinstance(runs, LogRun) else list(runs)
    if not runs or not all(isinstance(run, LogRun) for run in runs):
        raise LrlabTypeError(worded("fit_law needs runs", runs, "one or more lr.Run", 'lr.read_run("log.csv")'))
    if any(run.loss.min() <= 0 for run in runs):
        raise LrlabError(
            worded("a loss law needs positive losses", min(float(run.loss.min()) for run in runs), "above 0")
        )
    if prior != "auto":
        return _fitted(runs, law, prior)
    _form(law)
    if strange := unlike_llm(runs):
        return _because(f'prior "generic": {strange}', _fitted(runs, law, "generic"))
    first = _fitted(runs, law, "llm")
    if first.misfit <= _POOR:
        return _because('prior "llm": losses, LRs and lengths are those of language models, and the law holds', first)
    missed = f'prior "generic": with "llm" the law misses the logs by {first.misfit:.1%} of the loss'
    second = _fitted(runs, law, "generic")
    return _because(missed, second) if second.misfit < first.misfit else first


def _because(reason: str, law: Law) -> Law:
    """A law with the reason for its prior before what else it says."""
    return replace(law, reason="; ".join(filter(None, (reason, law.reason))))


def _fitted(runs: Sequence[LogRun], law: str, prior: str | Mapping[str, Spread]) -> Law:
    form, chosen = _form(law), prior_for(law, prior)
    scale = _scale(runs, chosen)
    assumed = ""
    if scale.weight_decay is None and "log_decay" in chosen.inner:
        mean, _ = chosen.inner["log_decay"]
        chosen = replace(chosen, inner={**chosen.inner, "log_decay": (mean, _ANY_DECAY)})
        assumed = _ASSUMED
    known = seen(runs)
    curves = [prepare(run, chosen.early, chosen.moved) for run in runs]
    peaks = distinct([curve.peak for curve in curves])
    fits = tuple(fit(curves, form, chosen, scale, peak) for peak in peaks)
    apart = tuple(fit(curves, form, chosen, scale, peak, apart=True) for peak in peaks) if len(peaks) > 1 else ()
    law_of_all = Law(law, fits, apart, scale, known, prior if isinstance(prior, str) else "given", assumed)
    return replace(law_of_all, known=replace(law_of_all.known, doubts=tuple(_misses(law_of_all, curves, chosen))))


def _misses(law: Law, curves: Sequence[FittedCurve], prior: Prior) -> Iterator[Doubt]:
    """The doubts of the logs, and how far the law is from them: its plain error, its distance at their ends."""
    yield from law.known.doubts
    if prior.relative:  # two runs of other models differ by more than those that the intervals were made for
        yield Doubt("", 0.7 * prior.miss)
    if (missed := law.unexplained) > _POOR:
        advice = "" if prior.relative else '; try prior="generic"'
        told = f"the law misses the logs by {missed:.1%} of the loss{advice}"
        if not law.holds:
            told += ": it does not describe them, and nothing can rest on it"
        yield Doubt(told, missed * (2.0 if missed > _BAD else 1.0))
    away = max(ending(curve, law.around(curve.peak), _form(law.name), law.scale) for curve in curves)
    if away > RUN_NOISE:
        yield Doubt("", float(np.sqrt(away**2 - RUN_NOISE**2)))


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
