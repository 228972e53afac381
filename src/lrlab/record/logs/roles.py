"""What a column of a log is, by its name: a loss, an LR, a counter, a time, a score, or something else.

A law is fitted to a loss; no other column is taken or proposed for one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from lrlab.errors import LrlabError, worded
from lrlab.record.logs.units import LONGEST, counted, words


class Role(Enum):
    """What a column is."""

    LOSS = "a loss"
    RATE = "an LR"
    COUNTER = "what counts the rows"
    BATCH = "a batch size"
    TIME = "a time or a speed"
    SCORE = "a score, of which more is better"
    OTHER = "something else"


_LOSS = {"loss", "losses", "nll", "bpb", "bpc", "mse", "rmse", "mae", "perplexity", "ppl"}
_NO_LOSS = {"scale", "scaler", "weight", "weights", "time", "lr", "ratio", "count", "coef", "coefficient", "factor"}
_TIME = {
    "time", "timestamp", "runtime", "seconds", "secs", "sec", "minutes", "hours", "elapsed", "eta", "date", "datetime",
    "wall", "clock", "ms", "second", "throughput", "fps", "speed", "wps", "ups", "tps", "duration", "hms", "memory",
    "mem", "mfu", "flos", "flops", "utilization",
}  # fmt: skip
_SCORE = {
    "accuracy", "acc", "f1", "auc", "auroc", "map", "precision", "recall", "bleu", "rouge", "reward", "score", "iou",
    "dice", "top1", "top5", "psnr", "ssim", "r2", "sparse",
}  # fmt: skip
_TOKEN = re.compile("[a-z0-9]+")
_NO_RATE = {"ratio", "scale", "mult", "multiplier", "factor", "decay"}
_SCALED = re.compile(
    r"(?:\d[eE]|10\^|10\*\*)-?\d|(?:(?:^|[^a-zA-Z])[xX]|[*×]) ?10|log(?:10)?_?(?:lr|learning)", re.ASCII
)
_VALIDATION = {
    "val": 0, "valid": 0, "validation": 0, "dev": 0, "eval": 1, "evaluation": 1, "heldout": 1, "test": 2, "testing": 2,
}  # fmt: skip
_TRAINING = {"train", "training", "tr"}
_FILLING = {
    "loss", "losses", "total", "lm", "step", "epoch", "batch", "avg", "average", "mean", "running", "all", "overall",
    "the", "vs", "iterations", "value", "metrics", "metric", "set", "objective", "this", "s",
    "cross", "entropy", "crossentropy", "ce", "xent", "avr", "moving",
}  # fmt: skip
_SUMMARY = {"best", "min", "max", "lowest", "final", "last", "std", "var", "stderr"}
_NEVER_ALONE = _SUMMARY | {"perplexity", "ppl", "wa", "ema"}
_UNLOGARITHMIC = {"perplexity", "ppl", "mse", "rmse", "mae", "bpb", "bpc", "nll"}


def own(name: str) -> str:
    """A column's own name, without the prefix "<run> - " of trackers."""
    return name.rpartition(" - ")[2]


def role(name: str) -> Role:
    """The role of a column, by its name.

    >>> [role(name).name for name in ("val_loss", "lr-AdamW", "epoch", "loss_scale", "train_runtime", "top1_acc")]
    ['LOSS', 'RATE', 'COUNTER', 'OTHER', 'TIME', 'SCORE']
    """
    return _role(name) if len(name) <= LONGEST else Role.OTHER


def refuse_scaled(rate: str, path: object) -> None:
    """Raise `LrlabError` if the name of an LR's column says a unit: lr (x1e-3), lr_x1000, -log10_lr."""
    if _SCALED.search(own(rate)):
        said = f"{path}: the name of the LR says a unit, which is not read"
        raise LrlabError(worded(said, rate, "a column of LRs as they were used"))


@lru_cache(4096)
def _role(name: str) -> Role:
    found = words(own(name))
    have = set(found)
    if counted(own(name)):
        return Role.COUNTER
    if have & _LOSS and not have & _NO_LOSS:
        return Role.LOSS
    if ("lr" in have or "learningrate" in have or {"learning", "rate"} <= have) and not have & (_NO_RATE | _LOSS):
        return Role.RATE
    if "batch" in have and "size" in have:
        return Role.BATCH
    if have & _TIME:
        return Role.TIME
    plain = {end for token in _TOKEN.findall(own(name).lower()) for end in (token, token.rstrip("0123456789"))}
    if plain & _SCORE or any(token.endswith(("acc", "accuracy")) for token in plain):
        return Role.SCORE
    return Role.OTHER


@dataclass(frozen=True, order=True)
class Loss:
    """Which loss a column holds; sorts by preference: the whole loss first, then by phase and length of the name."""

    part: bool  # a part, an alternative or a summary of the loss: never taken unless asked for
    phase: int  # 0, 1, 2: validation, evaluation, test; 3: training
    length: int  # of the name: the shortest first
    kind: str = ""  # the words that make it a part or an alternative

    @property
    def alone(self) -> bool:
        """Whether it may be used if a log has no other loss: it is not a summary of a run and not a perplexity."""
        return not set(self.kind.split()) & _NEVER_ALONE

    @property
    def validation(self) -> bool:
        """Whether it was measured on data that were not used for training."""
        return self.phase < 3


def loss(name: str) -> Loss:
    """Which loss a column with this name holds.

    >>> loss("val/loss") < loss("eval_loss") < loss("train_loss_step") < loss("train/box_loss")
    True
    """
    found = words(own(name))
    phases = [_VALIDATION[word] for word in found if word in _VALIDATION]
    rest = {word for word in found if word not in _VALIDATION and word not in _TRAINING and word not in _FILLING}
    kind = " ".join(sorted(rest | set(found) & _UNLOGARITHMIC))
    return Loss(bool(kind), min(phases) if phases else 3, len(found), kind)
