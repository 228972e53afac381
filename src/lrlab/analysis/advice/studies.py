"""The stored comparisons that rules call on: the scores of every strategy, fold by fold, small enough to be read.

A study is what `lrlab compare --json` once found: for each strategy a score for each fold, at learning rates that were
weighed on the other folds. `studies.json` holds them; `paired` says how far one strategy is behind another.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from statistics import fmean, stdev
from typing import Literal

from lrlab.errors import LrlabError, nearest, worded
from lrlab.record.shape import Misshapen, shaped


@dataclass(frozen=True)
class Study:
    """One comparison: its command, and the scores of each strategy by fold; in `mode` "min" less is better.

    Folds that share training data are `overlapping`. `critical` is Student's t, for so many folds, of 1, 2, 3 ...
    intervals that hold together with 95 %.
    """

    task: str
    metric: str
    mode: Literal["min", "max"]
    updates: int
    overlapping: bool
    critical: tuple[float, ...]
    command: str
    versions: Mapping[str, str]
    schedules: Mapping[str, str]
    scores: Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Paired:
    """How far a strategy is behind another in the metric of a study, with its interval."""

    study: str
    difference: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1: it is behind; -1: it is ahead; 0: the interval holds zero."""
        return (self.low > 0) - (self.high < 0)

    def __str__(self) -> str:
        return f"{self.difference:.2g} [{self.low:.2g}, {self.high:.2g}]"


@functools.cache
def studies() -> Mapping[str, Study]:
    """The stored studies by name."""
    return read(json.loads(files(__package__).joinpath("studies.json").read_text(encoding="utf-8")))


def read(document: object) -> Mapping[str, Study]:
    """Studies from their document. Raises `LrlabError` where it is none."""
    try:
        found = shaped(dict[str, Study], document)
    except Misshapen as error:
        raise LrlabError(worded(f"studies: {error}")) from None
    for name, study in found.items():
        counts = {len(scores) for scores in study.scores.values()}
        if len(counts) != 1 or min(counts) < 2 or study.scores.keys() != study.schedules.keys():
            raise LrlabError(worded(f"study {name!r}: each strategy has a schedule and a score for every fold"))
    return found


def paired(name: str, study: Study, better: str, worse: str, together: int = 1) -> Paired:
    """How far `worse` is behind `better` in a study, with an interval that is one of so many `together`.

    d = scores of `worse` minus scores of `better`, fold by fold;  interval = mean(d) -+ critical * error
    error^2 = var(d) / n, or var(d) * (1 / n + 1 / (n - 1)) for `overlapping` folds, n their number

    All of them hold with 95 % by Bonferroni's rule. Raises `LrlabError` for a strategy that the study does not have,
    and for more intervals than it has a `critical` t for.

    Source: the second variance is that of Nadeau & Bengio, Inference for the generalization error, 2003.
    """
    if not 1 <= together <= len(study.critical):
        raise LrlabError(worded("intervals that hold together", together, f"1 to {len(study.critical)}"))
    for arm in (better, worse):
        if arm not in study.scores:
            known = ", ".join(study.scores)
            raise LrlabError(worded(f"study {name!r} has no such strategy", arm, known, nearest(arm, study.scores)))
    sign = 1 if study.mode == "min" else -1
    pairs = zip(study.scores[worse], study.scores[better], strict=True)
    d = [sign * (mine - other) for mine, other in pairs]
    n, mean = len(d), fmean(d)
    reach = study.critical[together - 1] * stdev(d) * math.sqrt(1 / n + (1 / (n - 1) if study.overlapping else 0))
    return Paired(name, mean, mean - reach, mean + reach)
