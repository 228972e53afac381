"""Which arm is best, which arms cannot be told from it, and how many runs would tell.

Every arm is judged on data on which its learning rates were not weighed (`lrlab.analysis.comparison.choice`), every
difference is paired by fold or by seed, and every claim of the report is corrected for all arms and for the best having
been picked from the same data (`lrlab.analysis.comparison.paired`). "Not distinguishable" is an answer; it comes with
the number of further runs that would decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lrlab.analysis.comparison import wording
from lrlab.analysis.comparison.choice import Judged, doubted, judge
from lrlab.analysis.comparison.matters import MATTERS, margin
from lrlab.analysis.comparison.paired import Tested, sign_flip_test, t_test
from lrlab.analysis.comparison.profile import Flip, flips, profile, wider
from lrlab.analysis.comparison.stability import spared, stable, unstable
from lrlab.analysis.comparison.standing import Edge, Standing, Verdict
from lrlab.analysis.comparison.tuning import common, tuning_curve
from lrlab.analysis.comparison.wording import Unit
from lrlab.errors import LrlabError, worded

Array = NDArray[np.float64]
TOGETHER: tuple[Verdict, ...] = ("best", "equally good", "not distinguishable")

FLIPS = 2  # so many of the pairs of arms whose order depends on the learning rate are named


@dataclass(frozen=True)
class Comparison:
    """The report on all arms, best first; `together` are those not distinguishable from the best, best included.

    It is `settled` where no arm is together with the best, or no number of further units worth naming would part them;
    and no arm is "open". `best` is None, and nobody together, where every arm diverged somewhere. Differences up to
    `margin` do not matter. `flips` are the pairs of arms whose order depends on the learning rate.
    """

    standings: tuple[Standing, ...]
    best: str | None
    together: tuple[str, ...]
    level: float
    method: str
    advice: str
    settled: bool
    margin: float | None = None
    flips: tuple[Flip, ...] = ()

    def __repr__(self) -> str:
        """The report as a plain table with its advice."""
        lines = [("", "arm", "mean", "behind the best", "verdict")]
        lines += [
            (str(line.rank), line.arm, _told(line.mean), _interval(line), line.verdict) for line in self.standings
        ]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        rows = ("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)) for line in lines)
        return "\n".join([*(row.rstrip() for row in rows), self.advice])


def compare(
    scores: Mapping[str, Mapping[float, ArrayLike]],
    *,
    level: float = 0.95,
    maximise: bool = False,
    matters: str | float = MATTERS,
    overlapping: bool = False,
) -> Comparison:
    """Rank arms by scores where their learning rate was not chosen, and say what the ranking can carry.

    `scores[arm][lr]`: (seeds, folds); lower is better, inf = a diverged run; with `maximise` higher, and -inf. With two
    or more folds the units are folds (means over seeds; paired t on n - 1 degrees of freedom), with one fold they are
    seeds (sign-flip test). For each unit the learning rates are weighed by all other units; only those that diverged
    nowhere, see `lrlab.analysis.comparison.stability`. Arms whose interval ends within what `matters`, a share of the
    best mean ("0.5%") or a difference, are equally good.

    The chance that the report calls any arm worse than a best that is not better is held near 1 - level, if folds err
    independently: benchmarks/error_rates.py came to 0.06 at most for 0.05. Folds of one data set train on much the
    same items; `overlapping` corrects the variance for that. An arm that diverged at every rate is not tested: that is
    an observation, outside of this.

    Raises LrlabError: fewer than two arms, an arm without learning rates, unequal shapes, NaN or an infinity of the
    better sign, fewer than two units, a level outside (0.5, 0.999), overlapping folds where there is one.

    >>> noise = np.array([[0.00, 0.03, 0.01, 0.02, 0.04]])
    >>> arms = {"cosine": {1.0: 0.30 + noise}, "fixed": {1.0: 0.50 - noise}, "step": {1.0: 0.31 + 0 * noise}}
    >>> [(line.arm, line.verdict) for line in compare(arms).standings]
    [('step', 'best'), ('cosine', 'not distinguishable'), ('fixed', 'worse')]
    """
    if not 0.5 < level < 0.999:
        raise LrlabError(worded("compare: level out of range", level, "0.5 < level < 0.999", "level=0.95"))
    sign = -1.0 if maximise else 1.0
    runs = _checked(scores, sign)
    seeds, folds = next(iter(next(iter(runs.values())).values())).shape
    unit: Unit = "fold" if folds > 1 else "seed"
    if overlapping and unit == "seed":
        raise LrlabError(worded("compare: there is one fold, so that none overlap", folds, "two folds or more"))
    grids = {
        arm: {lr: cells.mean(axis=0) if unit == "fold" else cells[:, 0] for lr, cells in grid.items()}
        for arm, grid in runs.items()
    }
    judged = {arm: judge(kept) if (kept := stable(grid)) else _lost(grid) for arm, grid in grids.items()}
    ranking = sorted(judged, key=lambda arm: (*_badness(judged[arm].scores), arm))
    units = folds if unit == "fold" else seeds
    whole = sum(bool(np.isfinite(judged[arm].scores).all()) for arm in ranking)  # these come first in the ranking

    def values_of(arms: Sequence[Judged]) -> Array:
        return doubted(np.array([arm.scores for arm in arms]), np.array([arm.doubt for arm in arms]))

    def tested_on(values: Array) -> Tested:
        return t_test(values, 0, level, overlapping) if unit == "fold" else sign_flip_test(values, 0, level)

    finite = [judged[arm] for arm in ranking[:whole]]
    values = values_of(finite) if whole else None
    tested = tested_on(values) if values is not None else None
    lost = {place: gone for place, arm in enumerate(ranking[:whole]) if (gone := unstable(grids[arm]))}
    luckier = {place: judge(spared(grids[ranking[place]])) for place in lost if place}
    spare = tested_on(values_of([luckier.get(k, arm) for k, arm in enumerate(finite)])) if luckier else tested
    apart = margin(matters, float(judged[ranking[0]].scores.mean())) if whole else None

    shared = common(grids)
    standings = []
    for place, arm in enumerate(ranking):
        found, edge = judged[arm], _edge(grids[arm])
        standings.append(
            Standing(
                arm=arm,
                rank=place + 1,
                mean=_number(sign * found.scores.mean()),
                sd=float(found.scores.std(ddof=1)) if place < whole else None,
                lrs=found.lrs,
                scores=tuple(_number(sign * score) for score in found.scores),
                difference=_at(tested, "difference", place),
                low=_at(tested, "low", place),
                high=_at(tested, "high", place),
                p=_at(tested, "p", place),
                verdict=_verdict(place, _at(tested, "p", place), _at(spare, "p", place), level, edge),
                edge=edge,
                unstable=lost.get(place),
                profile=profile(grids[arm], sign),
                wider=wider(grids[arm]),
                tuning=tuning_curve(grids[arm], shared, sign),
            )
        )
    standings = [_same(line, apart) for line in standings]
    said, settled = "Undecided: every arm diverged somewhere.", False
    if values is not None:
        said, settled = wording.advice(standings, values, unit, level, overlapping)
    edges = {line.arm: line.edge for line in standings if line.edge}
    beyond = wording.widening(edges, sorted({lr for grid in runs.values() for lr in grid}))
    flipped = flips(grids, level)
    diverged = [line.arm for line in standings if line.verdict == "diverged"]
    together = tuple(line.arm for line in standings if line.verdict in TOGETHER)
    return Comparison(
        standings=tuple(standings),
        best=together[0] if together else None,
        together=together,
        level=level,
        method=wording.method(units, len(ranking), diverged, unit, seeds, level, overlapping),
        advice=" ".join(filter(None, (said, *map(str, flipped[:FLIPS]), beyond))),
        settled=settled,
        margin=apart,
        flips=flipped,
    )


def _lost(grid: Mapping[float, Array]) -> Judged:
    """An arm that diverged somewhere at every rate, at the rate where that was least often."""
    lr = min(sorted(grid), key=lambda lr: _badness(grid[lr]))
    scores = grid[lr]
    return Judged((lr,) * len(scores), scores)


def _checked(scores: Mapping[str, Mapping[float, ArrayLike]], sign: float) -> dict[str, dict[float, Array]]:
    """The scores as float64 arrays of one shape (seeds, folds), lower is better, arms by name; or a worded refusal."""
    if len(scores) < 2:
        raise LrlabError(worded("compare: there is nothing to compare", sorted(scores), "two arms or more"))
    runs: dict[str, dict[float, Array]] = {}
    shapes: dict[tuple[int, ...], str] = {}
    for arm, grid in sorted(scores.items()):
        if not grid:
            raise LrlabError(worded(f"compare: arm {arm!r} has no runs", {}, "{lr: array (seeds, folds)}"))
        runs[arm] = {float(lr): sign * np.array(found, dtype=np.float64) for lr, found in grid.items()}
        for lr, array in runs[arm].items():
            shapes.setdefault(array.shape, f"{arm!r} at lr {lr:g}")
            if np.isnan(array).any() or np.isneginf(array).any():
                what = f"compare: arm {arm!r} at lr {lr:g} has a score that is not a number"
                raise LrlabError(
                    worded(what, array.tolist(), "finite scores, and the worse infinity for a run that diverged")
                )
    if len(shapes) > 1:
        given = ", ".join(f"{shape} for {name}" for shape, name in shapes.items())
        allowed = "one shape (seeds, folds) for all arms and learning rates"
        raise LrlabError(worded("compare: arms differ in seeds or folds", given, allowed))
    (shape,) = shapes
    if len(shape) != 2 or 0 in shape or shape == (1, 1):
        allowed = "(seeds, folds): two folds or more, or one fold and two seeds or more"
        raise LrlabError(worded("compare: too few runs to pair", shape, allowed, "folds=5, or folds=1, seeds=8"))
    return runs


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _interval(line: Standing) -> str:
    ends = f" [{_told(line.low)}, {_told(line.high)}]" if line.rank > 1 and line.difference is not None else ""
    return f"{_told(line.difference)}{ends}"


def _badness(scores: Array) -> tuple[int, float]:
    """Sorts arms: fewer diverged units first, then the mean of the others."""
    finite = scores[np.isfinite(scores)]
    return len(scores) - len(finite), float(finite.mean()) if len(finite) else 0.0


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _at(tested: Tested | None, name: str, place: int) -> float | None:
    """One number of the test's result, None for an arm that diverged and so was not tested."""
    if tested is None or place >= len(tested.p):
        return None
    return _number(getattr(tested, name)[place])


def _verdict(place: int, p: float | None, spare: float | None, level: float, edge: Edge | None) -> Verdict:
    """By the p of an arm; `spare` is that with the rate that it lost."""
    if p is None or spare is None:
        return "diverged"
    if place == 0:
        return "best"
    if p > 1 - level:
        return "not distinguishable"
    if spare > 1 - level:
        return "unstable"
    return "open" if edge else "worse"


def _same(line: Standing, apart: float | None) -> Standing:
    """An arm that cannot be told from the best is equally good where its interval ends within what matters."""
    near = line.high is not None and apart is not None and line.high <= apart
    return replace(line, verdict="equally good") if near and line.verdict == "not distinguishable" else line


def _edge(grid: Mapping[float, Array]) -> Edge | None:
    """Where in its grid an arm ends best, if that is at an edge: its mean there is below that of all others.

    >>> _edge({0.5: np.array([3.0]), 1.0: np.array([2.0]), 2.0: np.array([1.0])})
    'highest'
    >>> _edge({0.5: np.array([1.0]), 1.0: np.array([1.0]), 2.0: np.array([np.inf])}) is None
    True
    """
    means = {lr: float(scores.mean()) for lr, scores in sorted(grid.items())}
    lowest, highest = min(means), max(means)
    for lr, edge in ((lowest, "lowest"), (highest, "highest")):
        if len(means) > 1 and all(means[lr] < mean for other, mean in means.items() if other != lr):
            return edge  # type: ignore[return-value]
    return None
