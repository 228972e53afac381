"""Whether a metric is a logarithm, as far as its name says; where it may be one or not, the name is refused.

    "log_mse"  "val/log10_excess"  "logRMSE"            the logarithm of what follows: 0.01 more is 1 % more of that
    "log_loss"  "val_log_loss"  "mlogloss"  "rmse_log"  a loss: the cross-entropy, or a loss of logarithms
    "log_val_loss"  "log_price_rmse"                    either

A loss L that is taken for a logarithm has its shares told as differences: what costs 1 % is said to cost L %.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from lrlab.core.feedback.direction import LOWER
from lrlab.errors import LrlabError, worded

_BASES = {"log10": math.log(10.0), "log2": math.log(2.0), "log": 1.0, "ln": 1.0}
_LOG = re.compile(f"({'|'.join(_BASES)})(.*)")
_SPACE = re.compile(r"[^/:|.]+")  # names within each other, as "val/mse"
_WORD = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")
_LOSS = {"loss", "losses"}
_LOSSES = (["loss"], ["losses"], ["cosh"], ["cosh", "loss"])  # behind a log
# What a metric measures, and how: of these the logarithm is taken.
_MEASURES = {*(LOWER - _LOSS), "likelihood", "lik", "prob", "probability", "evidence", "density", "odds", "score"}
_HOW = {
    *("mean", "avg", "average", "median", "sum", "total", "root", "squared", "square", "absolute", "abs", "relative"),
    *("rel", "normalized", "normalised", "marginal", "cross", "binary", "entropy", "per", "token", "char", "word"),
    *("byte", "sample", "example", "rate"),
}
# Of which data it is, and which of its values: no part of what it measures.
_ASIDE = {
    *("val", "valid", "validation", "eval", "evaluation", "test", "train", "training", "dev", "holdout", "heldout"),
    *("mean", "avg", "average", "median", "best", "final", "last", "epoch", "step", "ema", "smooth", "smoothed"),
    *("dataloader", "idx", "fold", "seed"),
}


class Logarithm(NamedTuple):
    """What a metric is the logarithm `of`, and its base by the word for it: "log", "ln", "log2" or "log10"."""

    of: str
    base: str

    @property
    def scale(self) -> float:
        """So much more of the natural logarithm is 1 more of this one."""
        return _BASES[self.base]


def logarithm(metric: str) -> Logarithm | None:
    """What a metric is the logarithm of; None where it is none. Raises `LrlabError` where its name leaves that open.

    >>> logarithm("val/log_mse"), logarithm("val_log_loss")
    (Logarithm(of='val/mse', base='log'), None)
    """
    words = _words(metric)
    found = _LOG.fullmatch(words[0][0].lower()) if words else None
    if found is None:
        return None
    base, joined = found.groups()
    rest = [joined] * bool(joined) + [word[0].lower() for word in words[1:]]
    if not rest or (base == "log" and rest in _LOSSES) or (joined and joined not in _MEASURES):
        return None
    before, behind = metric[: words[0].start()], metric[words[0].start() + len(base) :].lstrip("_- ")
    if base == "log" and not _is_measure(rest):
        raise LrlabError(
            worded(
                "this metric may be the logarithm of a loss or a loss: its name leaves open what a share of it is",
                metric,
                "ln_ or log10_ before the name of what it is a logarithm of; a name without log, if it is a loss",
                f"{before}ln_{behind}, or {before}{behind}",
            )
        )
    return Logarithm(before + behind, base)


def taken(metric: str) -> str:
    """What a metric with a log in its name was taken for, in a sentence; empty where there is no doubt.

    >>> taken("val_loss"), taken("log10_mse")
    ('', '')
    """
    found, words = logarithm(metric), [word[0].lower() for word in _WORD.finditer(metric)]
    if found is not None and found.base == "log":
        return f"{metric} is taken for the logarithm of {found.of}; if it is none, report it by a name without log."
    if found is None and {*words} & {*_BASES}:
        return f"{metric} is taken for a loss, not for the logarithm of one; if it is one, report it as ln_..."
    return ""


def _words(metric: str) -> list[re.Match[str]]:
    """The words of the innermost name that says what is measured, without those that say of which data."""
    for space in reversed([*_SPACE.finditer(metric)]):
        if kept := _within([*_WORD.finditer(metric, space.start(), space.end())]):
            return kept
    return []


def _within(words: Sequence[re.Match[str]]) -> list[re.Match[str]]:
    """Without what is aside at both ends."""
    kept = [k for k, word in enumerate(words) if not (word[0].isdigit() or word[0].lower() in _ASIDE)]
    return list(words[kept[0] : kept[-1] + 1]) if kept else []


def _is_measure(rest: Sequence[str]) -> bool:
    """Whether a logarithm of this is taken, beyond doubt: one word, or words that say what is measured and how."""
    told = {*rest} - (_ASIDE - _HOW)
    return not told <= _LOSS and (len(told) == 1 or told <= _MEASURES | _HOW | _LOSS)
