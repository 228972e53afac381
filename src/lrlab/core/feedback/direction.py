"""Which direction of a metric is better, as far as its name says.

A wrong default direction would reverse the answer: the LR would be cut while an accuracy rises, and the worst strategy
called the best. So a name that may mean "more is better" is never taken as "less" by default.

    "val_loss"  "rmse"  "top5_error"      less is better, beyond doubt
    "val_acc"  "f1"  "mAP50"  "neg_loss"  more is better, or may be
    "q"  "val"                            the name does not say
"""

from __future__ import annotations

import logging
import re
from typing import Literal

from lrlab.errors import LrlabError, worded

log = logging.getLogger(__name__)

Way = Literal["min", "max"]
WAYS = 'mode="max" (more is better) or mode="min" (less is better)'

# Less is better if one of these words is in a name, and none that reverses it.
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
# More is better; with figures behind it as well ("top5", "AP50").
HIGHER = {
    *("acc", "accu", "accuracy", "accuracies", "correct", "top", "em", "exact", "match", "matches", "hit", "hits"),
    *("f1", "f2", "fbeta", "fscore", "precision", "recall", "sensitivity", "specificity", "tpr", "tnr", "ppv", "npv"),
    *("auc", "roc", "auroc", "rocauc", "auprc", "prauc", "ap", "map", "iou", "miou", "giou", "dice", "jaccard"),
    *("pq", "kappa", "mcc", "matthews", "gini", "r2", "corr", "correlation", "pearson", "spearman", "kendall", "ccc"),
    *("bleu", "sacrebleu", "chrf", "rouge", "rougel", "rougelsum", "meteor", "cider", "spice", "bertscore", "comet"),
    *("similarity", "ndcg", "dcg", "mrr", "pass", "psnr", "ssim", "snr", "sdr", "sisdr", "sisnr", "stoi", "pesq"),
    *("elbo", "likelihood", "reward", "rewards", "return", "returns", "score", "scores", "win", "wins", "winrate"),
    *("elo", "success", "successes", "solved", "profit", "sharpe", "gain", "improvement", "throughput", "fitness"),
}
# More is better in all but rare uses of these, where no word turns it round.
SURELY = {
    *("acc", "accu", "accuracy", "accuracies", "f1", "f2", "fbeta", "fscore", "precision", "recall", "sensitivity"),
    *("specificity", "auc", "roc", "auroc", "rocauc", "auprc", "prauc", "iou", "miou", "giou", "dice", "jaccard"),
    *("kappa", "mcc", "matthews", "r2", "bleu", "sacrebleu", "chrf", "rouge", "rougel", "rougelsum", "meteor"),
    *("ndcg", "dcg", "mrr", "psnr", "ssim", "reward", "rewards", "winrate", "success", "throughput"),
}
ASIDE = {"gap", "diff", "difference", "delta", "std", "stdev", "var", "variance", "spread", "missing", "false", "lost"}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_TOKEN = re.compile(r"(?:[A-Z]+(?![a-z])|[A-Z]?[a-z]+)\d*")
_SAID: set[str] = set()
_PHASE = re.compile(r"^(?:val|valid|validation|eval|evaluation|test|train|dev)(?=\w)")


def told(metric: str) -> Way | None:
    """The direction in a metric's name: "min" beyond doubt, "max" if more may be better; None: it does not say.

    >>> told("valTop5Error"), told("mAP50-95"), told("valacc"), told("neg_mean_squared_error"), told("q")
    ('min', 'max', 'max', 'max', None)
    """
    words = {word.lower() for word in _WORD.findall(metric)}
    joined = "".join(word.lower() for word in _WORD.findall(metric))
    less = bool(words & LOWER) or "crossentropy" in joined
    if less and not words & TURNED:
        return "min"
    return "max" if less or _parts(metric) & HIGHER else None


def _parts(metric: str) -> set[str]:
    """The words of a name, with and without their figures and the phase in front."""
    parts = {part.lower() for part in (*re.split(r"[^A-Za-z0-9]+", metric), *_TOKEN.findall(metric))}
    parts |= {_PHASE.sub("", part) for part in parts}
    return parts | {part.rstrip("0123456789") for part in parts}


def contradicted(metric: str | None, mode: Way | None) -> str:
    """A sentence where a metric's name all but says that its `mode` is the wrong way round; empty otherwise.

    >>> contradicted("val_accuracy", "min")
    'val_accuracy is better when higher, as a rule, and mode="min" takes the lowest for the best: mode="max"'
    >>> contradicted("val_loss", "max")
    'val_loss is better when lower, as a rule, and mode="max" takes the highest for the best: mode="min"'
    >>> contradicted("accuracy_gap", "min"), contradicted("neg_loss", "max"), contradicted("brier_score", "min")
    ('', '', '')
    """
    if metric is None or mode is None:
        return ""
    if mode == "max" and told(metric) == "min":
        return f'{metric} is better when lower, as a rule, and mode="max" takes the highest for the best: mode="min"'
    words = {word.lower() for word in _WORD.findall(metric)}
    turned = (words & TURNED) - {"acc", "accuracy", "score"}
    if (
        mode == "min"
        and told(metric) == "max"
        and not turned
        and not words & (ASIDE | LOWER)
        and _parts(metric) & SURELY
    ):
        return f'{metric} is better when higher, as a rule, and mode="min" takes the lowest for the best: mode="max"'
    return ""


def say_contradicted(metric: str | None, mode: Way | None) -> None:
    """Log it, once for each metric."""
    sentence = contradicted(metric, mode)
    if sentence and sentence not in _SAID:
        _SAID.add(sentence)
        log.warning("%s.", sentence)


def refuse_turned(kind: str, metric: str | None, mode: Way | None, hint: str = "") -> None:
    """Raise `LrlabError` if a metric may be read the wrong way round because no `mode` was given; log it where the name
    contradicts the one that was.

    >>> refuse_turned("plateau", "val_acc", None)
    Traceback (most recent call last):
    ...
    lrlab.errors.LrlabError: is lower or higher better? The name may mean either, and without mode= lower is better
      given:   'val_acc'
      allowed: mode="max" (more is better) or mode="min" (less is better)
      try:     plateau(metric="val_acc", mode="max")
    """
    say_contradicted(metric, mode)
    if mode is None and metric is not None and told(metric) == "max":
        what = "is lower or higher better? The name may mean either, and without mode= lower is better"
        raise LrlabError(worded(what, metric, WAYS, hint or f'{kind}(metric="{metric}", mode="max")'))


def normal(metric: str | None, mode: Way | None) -> Way | None:
    """The normal form of a `mode`: "min" is kept only if the metric's name may mean that more is better.

    >>> normal("val_loss", "min"), normal("val_acc", "min"), normal(None, "max")
    (None, 'min', 'max')
    """
    return None if mode == "min" and (metric is None or told(metric) != "max") else mode
