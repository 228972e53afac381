"""Which way a metric is better: as its task says, or as its name says beyond doubt; never by default.

A direction that nobody gave reverses the answer where it is wrong: the worst strategy is called the best, with all
the certainty there is.
"""

from __future__ import annotations

import re
from typing import Literal

from lrlab.errors import LrlabError, LrlabTypeError, worded

Mode = Literal["min", "max"]

# Less is better wherever one of these words is in a name, and none that turns it round.
LOWER = {
    *("loss", "losses", "error", "errors", "err", "cost", "regret", "excess", "nll", "nats", "bits", "bpc"),
    *("bpb", "bpd", "perplexity", "ppl", "mse", "rmse", "nmse", "nrmse", "msle", "rmsle", "mae", "mape"),
    *("smape", "mase", "wer", "cer", "fid", "kl", "divergence", "deviation", "logloss", "crossentropy"),
    *("brier", "ece", "crps", "hinge"),
}
TURNED = {
    *("neg", "negative", "minus", "inverse", "inv", "one", "gain", "improvement", "reduction", "reduced"),
    *("drop", "decrease", "saved", "ratio", "score", "likelihood", "no", "without", "within", "under"),
    *("below", "acc", "accuracy"),
}
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def direction_of(metric: str, mode: Mode | None) -> Mode:
    """Which way this metric is better: "min" for less, "max" for more. None: its name has to say it.

    Raises `LrlabError` where it does not, as "acc", "f1" and "reward" do not, and for any other `mode`.

    >>> direction_of("val_loss", None), direction_of("valTop5Error", None), direction_of("val_acc", "max")
    ('min', 'min', 'max')
    """
    if not isinstance(metric, str):
        raise LrlabTypeError(worded("task: metric is the name of a metric", metric, hint='metric="val_loss"'))
    if mode is not None:
        if mode in ("min", "max"):
            return mode
        raise LrlabError(worded("task: mode is not known", mode, '"min" (lower is better) or "max"'))
    words = {word.lower() for word in _WORDS.findall(metric)}
    joined = "".join(word.lower() for word in _WORDS.findall(metric))
    if (words & LOWER or "crossentropy" in joined) and not words & TURNED:
        return "min"
    raise LrlabError(
        worded(
            "which way is this metric better? Its name does not say, and the wrong way round the worst would win",
            metric,
            'mode="max" (more is better) or mode="min" (less is better)',
            f'@lr.task(metric="{metric}", mode="max")',
        )
    )
