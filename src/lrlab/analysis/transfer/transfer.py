"""The best LR at a size, batch and horizon that was not swept, from small sweeps, with an interval and its risk."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TypedDict, cast

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from lrlab.analysis.transfer.exponents import PUBLIC, TERMS, Exponents, Spread, exponents, is_crossed, mixture
from lrlab.analysis.transfer.optimum import VARIES, Optima, optima
from lrlab.analysis.transfer.rules import RULES, change
from lrlab.analysis.transfer.sweeps import FACTORS, Setting, Sweep, gather
from lrlab.errors import LrlabError, nearest, worded
from lrlab.record.trials import Trial
from lrlab.shown import Shown

Floats = NDArray[np.float64]

_FAR = 10.0  # times beyond the sweeps: said
_WIDE = 10.0  # from low to high: said
_FEW = 3  # LRs of a sweep that show a valley
_EVEN = norm.ppf((np.arange(12) + 0.5) / 12)  # equally probable values of a normal distribution


@dataclass(frozen=True)
class SweptLr:
    """A sweep: its setting, how many LRs finished, the `best` of them, and its optimum `lr` between `low` and `high`.

    `edge` is "lowest" or "highest" where the best LR is the first or last one; that is then `lr`.
    """

    size: float
    batch: float
    horizon: float
    lrs: int
    best: float
    lr: float
    low: float
    high: float
    edge: str


@dataclass(frozen=True)
class RuleLr:
    """What a rule of the field says, from the optimum of the nearest sweep; `regret` as in `Transfer`."""

    name: str
    lr: float
    regret: float
    source: str


@dataclass(frozen=True)
class Exponent:
    """A power: LR* ~ factor^mean; `sd` is its standard deviation."""

    term: str
    mean: float
    sd: float


class TransferRecord(TypedDict):
    """The best LR of a setting with its interval, what it risks, what the rules of the field say, and the sweeps."""

    size: float
    batch: float
    horizon: float
    lr: float
    low: float
    high: float
    level: float
    regret: float
    risk: float
    curvature: float
    noise: float
    prior: str
    exponents: list[Exponent]
    nearest: list[float]
    rules: list[RuleLr]
    sweeps: list[SweptLr]
    warnings: list[str]


@dataclass(frozen=True, eq=False)
class Transfer(Shown):
    """The best LR of a setting that was asked for, between `low` and `high` with probability `level`.

    `regret` is how much more loss `lr` is expected to give than the unknown best LR, as a share of the loss; `risk` is
    what it does not exceed with probability `level`. `curvature` k says what being off costs here: k/2 (log ratio)^2 of
    the loss; its power law is unsure, and it differs from sweep to sweep by 0.4 k, which the risk holds. `nearest` is
    the sweep from which the `rules` start.
    """

    size: float
    batch: float
    horizon: float
    lr: float
    low: float
    high: float
    level: float
    regret: float
    risk: float
    curvature: float
    noise: float
    prior: str
    exponents: tuple[Exponent, ...]
    nearest: Setting
    rules: tuple[RuleLr, ...]
    sweeps: tuple[SweptLr, ...]
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        """The answer in a line."""
        asked = f"size {self.size:g}, batch {self.batch:g}, {self.horizon:g} updates"
        between = f"{100 * self.level:g}%: {self.low:.2g} to {self.high:.2g}"
        return f"LR {self.lr:.3g} for {asked} ({between}); it risks {self.risk:.2%} of the loss"

    def record(self) -> TransferRecord:
        """All of it as plain JSON values."""
        return cast(TransferRecord, {key: _plain(value) for key, value in vars(self).items()})


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [each if isinstance(each, float | str) else asdict(each) for each in value]
    return value


@dataclass(frozen=True, eq=False)
class Swept:
    """Some sweeps with what was fitted to them: it can be asked about any setting."""

    sweeps: tuple[Sweep, ...]
    valleys: tuple[Sweep, ...]  # those with two LRs and more
    optima: Optima
    law: Exponents
    believed: Mapping[str, Spread] | None
    prior: str

    @property
    def settings(self) -> list[Setting]:
        """Those of the valleys."""
        return [sweep.setting for sweep in self.valleys]

    def at(
        self,
        *,
        size: float | None = None,
        batch: float | None = None,
        horizon: float | None = None,
        level: float = 0.9,
    ) -> Transfer:
        """The best LR at a size, batch and horizon; what is left out is what all trials share.

        Raises `LrlabError` where the trials cannot say: another value of a factor that does not vary in them.
        """
        if not 0 < level < 1:
            raise LrlabError(worded("level is a probability", level, "between 0 and 1", "level=0.9"))
        asked = _asked(self.sweeps, {"size": size, "batch": batch, "horizon": horizon})
        grid, density = self.optima.grid, self._density(asked)
        known, unsure = self.optima.curvature.at(asked)
        k = float(np.exp(known + unsure**2 / 2))
        lr, low, high = np.exp(_quantiles(grid, density, (0.5, 0.5 - level / 2, 0.5 + level / 2))).tolist()
        own = zip(self.valleys, self.optima.likelihood, strict=True)
        table = tuple(_swept(sweep, grid, likelihood, level) for sweep, likelihood in own)
        base = min(table, key=lambda row: _distance((row.size, row.batch, row.horizon), asked))
        start = (base.size, base.batch, base.horizon)
        changed = change(start, asked, _width(self.valleys, asked) / _width(self.valleys, start))
        by_rule = [(rule, base.lr * rule.factor(changed)) for rule in RULES]
        return Transfer(
            *asked,
            lr,
            low,
            high,
            level,
            regret=_regret(grid, density, lr, k),
            risk=_risk(grid, density, lr, _curvatures(known, unsure), level),
            curvature=k,
            noise=self.optima.noise,
            prior=self.prior,
            exponents=tuple(Exponent(term, *spread) for term, spread in self.law.terms().items()),
            nearest=start,
            rules=tuple(RuleLr(r.name, rate, _regret(grid, density, rate, k), r.source) for r, rate in by_rule),
            sweeps=table,
            warnings=tuple(_warnings(self, asked, (low, high))),
        )

    def _density(self, asked: Setting) -> Floats:
        """How probable each place of the grid is to be the optimum of a setting, its own trials included."""
        own = np.array([np.allclose(setting, asked, rtol=1e-6) for setting in self.settings])
        if not own.any():
            return _normed(mixture(self.law.places(asked), self.optima.grid))
        seen = self.optima.likelihood[own].sum(axis=0)
        if own.all():
            return _normed(seen)
        others = replace(self.optima, likelihood=self.optima.likelihood[~own])
        rest = [setting for setting, mine in zip(self.settings, own, strict=True) if not mine]
        beside = exponents(others, rest, self.believed)
        return _normed(mixture(beside.places(asked), self.optima.grid) + seen)


def fit_sweeps(trials: Sequence[Trial], prior: str | Mapping[str, Spread] | None = "public") -> Swept:
    """Fit the power law of the best LR to the sweeps among some trials.

    Raises `LrlabError` where they show none: all diverged, one LR only, the best LR at the edge of every sweep.
    """
    believed = _believed(prior)
    sweeps = gather(trials)
    valleys = tuple(sweep for sweep in sweeps if len(sweep.lrs) > 1)
    found = optima(valleys, prior=believed is not None)
    law = exponents(found, [sweep.setting for sweep in valleys], believed)
    return Swept(sweeps, valleys, found, law, believed, _named(prior))


def _believed(prior: str | Mapping[str, Spread] | None) -> Mapping[str, Spread] | None:
    if prior == "public" or prior is None:
        return PUBLIC if prior else None
    if not isinstance(prior, Mapping):
        raise LrlabError(worded("unknown prior", prior, '"public", None, or {factor: (mean, sd)}', 'prior="public"'))
    for term, spread in prior.items():
        if term not in TERMS:
            raise LrlabError(worded("prior: no such factor", term, ", ".join(TERMS), nearest(str(term), TERMS)))
        if len(tuple(spread)) != 2 or not spread[1] > 0:
            raise LrlabError(worded(f"prior of {term}", spread, "(mean, sd) with sd > 0", f"{{{term!r}: (-0.5, 0.2)}}"))
    return {**PUBLIC, **prior}


def _named(prior: object) -> str:
    return prior if isinstance(prior, str) else "none" if prior is None else "given"


def _asked(sweeps: Sequence[Sweep], given: Mapping[str, float | None]) -> Setting:
    """What is asked for; each factor that is another than in the trials must vary in them."""
    values = []
    for at, factor in enumerate(FACTORS):
        logged, wanted = sorted({sweep.setting[at] for sweep in sweeps}), given[factor]
        if wanted is None:
            if len(logged) > 1:
                plural = f"{factor}es" if factor.endswith("h") else f"{factor}s"
                several = f"{plural} from {logged[0]:g} to {logged[-1]:g}"
                raise LrlabError(worded(f"for which {factor} is the LR?", several, f"{factor}= one value"))
            wanted = logged[0]
        if isinstance(wanted, bool) or not (np.isfinite(wanted) and wanted > 0):
            raise LrlabError(worded(f"{factor} must be a positive number", wanted, "such as 7e6", f"{factor}=7e6"))
        if len(logged) == 1 and not np.isclose(wanted, logged[0], rtol=1e-6):
            raise LrlabError(
                worded(
                    f"all trials have one {factor}: they cannot say what another one changes",
                    f"{factor} {logged[0]:g} in the trials, {wanted:g} asked",
                    f"{factor} {logged[0]:g}, or trials at a second {factor}",
                )
            )
        values.append(float(wanted))
    return values[0], values[1], values[2]


def _normed(log_density: Floats) -> Floats:
    density = np.exp(log_density - log_density.max())
    found: Floats = density / density.sum()
    return found


def _quantiles(places: Floats, density: Floats, levels: Sequence[float]) -> Floats:
    """Where the summed density (places,) reaches `levels`."""
    found: Floats = np.interp(levels, np.cumsum(density) - 0.5 * density, places)
    return found


def _regret(grid: Floats, density: Floats, lr: float, k: float) -> float:
    return float(0.5 * k * density @ (grid - np.log(lr)) ** 2)


def _curvatures(known: float, unsure: float) -> Floats:
    """Equally probable curvatures of a setting of which log K is `known` +- `unsure`."""
    found: Floats = np.outer(np.exp(known + unsure * _EVEN), np.maximum(1.0 + VARIES * _EVEN, 0.0)).ravel()
    return found


def _risk(grid: Floats, density: Floats, lr: float, curvatures: Floats, level: float) -> float:
    """What the regret does not exceed with probability `level`, neither optimum nor curvature there being known."""
    regrets = np.outer(curvatures, 0.5 * (grid - np.log(lr)) ** 2).ravel()
    shares, order = np.tile(density / len(curvatures), len(curvatures)), np.argsort(regrets)
    return float(_quantiles(regrets[order], shares[order], (level,))[0])


def _swept(sweep: Sweep, grid: Floats, likelihood: Floats, level: float) -> SweptLr:
    """A sweep by itself, whatever the others say."""
    levels = (0.5, 0.5 - level / 2, 0.5 + level / 2)
    lr, low, high = np.exp(_quantiles(grid, _normed(likelihood), levels)).tolist()
    lr = sweep.best if sweep.edge else lr
    return SweptLr(*sweep.setting, len(sweep.lrs), sweep.best, lr, min(low, lr), max(high, lr), sweep.edge)


def _distance(one: Setting, other: Setting) -> float:
    return float(np.abs(np.log(np.array(one) / np.array(other))).sum())


def _width(sweeps: Sequence[Sweep], setting: Setting) -> float:
    """The width of a model: as in the table, in between by its size; the root of the size where no width is told."""
    told = {sweep.setting[0]: sweep.width for sweep in sweeps if sweep.width is not None}
    if not told:
        return float(np.sqrt(setting[0]))
    sizes, widths = np.log(np.array(sorted(told.items()))).T
    if len(sizes) == 1:
        return float(np.exp(widths[0]))
    at = np.log(setting[0])
    if sizes[0] <= at <= sizes[-1]:
        return float(np.exp(np.interp(at, sizes, widths)))
    slope, level = np.polyfit(sizes, widths, 1)
    return float(np.exp(slope * at + level))


def _warnings(swept: Swept, asked: Setting, interval: tuple[float, float]) -> Iterator[str]:
    sweeps, settings = swept.sweeps, swept.settings
    for at, factor in enumerate(FACTORS):
        low, high = min(s[at] for s in settings), max(s[at] for s in settings)
        beyond = max(asked[at] / high, low / asked[at])
        if beyond > _FAR:
            yield f"the {factor} {asked[at]:g} is {beyond:.0f}x beyond the sweeps ({low:g} to {high:g})"
    if edges := [sweep for sweep in sweeps if sweep.edge]:
        where = "; ".join(f"{_spoken(s.setting)}: the {s.edge}, {s.best:g}" for s in edges[:4])
        share = f"{len(edges)} of {len(sweeps)} sweeps"
        yield f"in {share} the best LR is at the edge, so the optimum may lie beyond ({where})"
    if few := [sweep for sweep in sweeps if len(sweep.lrs) < _FEW]:
        yield f"{len(few)} of {len(sweeps)} sweeps have fewer than {_FEW} LRs: they show a side of the valley at most"
    if diverged := sum(len(sweep.diverged) for sweep in sweeps):
        trials = "1 trial" if diverged == 1 else f"{diverged} trials"
        yield f"{trials} diverged: left out, and no limit beside the LRs at which others did not"
    if len({s[1] for s in settings}) > 1 and len({s[2] for s in settings}) > 1 and not is_crossed(settings):
        what = "comes from public sweeps alone" if swept.believed else "is left out"
        yield f"no two batches were swept at two horizons: how one changes the other {what}"
    if interval[1] / interval[0] > _WIDE:
        wide = f"{interval[1] / interval[0]:.0f}x"
        yield f"the interval is {wide} wide: sweep a few LRs at a setting nearer to the one that is asked for"


def _spoken(setting: Setting) -> str:
    return f"size {setting[0]:g}, batch {setting[1]:g}, horizon {setting[2]:g}"
