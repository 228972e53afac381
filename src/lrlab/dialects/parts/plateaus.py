"""The plateau rules of other libraries as ours: both make the same decision after every observation.

PyTorch  cuts after patience + 1 observations without improvement. The threshold is a signed share of the best
         value, so a worse metric can pass if the best is below 0; NaN counts as no improvement; a cut of the
         absolute LR by no more than `eps` is not made. timm and Transformers use this same class.
Keras    cuts after `patience`; the threshold is absolute; NaN counts as no improvement; a cooldown of c spares
         c - 1 observations. If the very first observation is NaN, Keras never finds a better one; here the first
         number becomes the best.
Optax    cuts after `patience`; relative and absolute tolerance add up, with PyTorch's sign; observations are
         averaged first; NaN counts as no improvement.

The arguments have the names of each library, because its importer calls these recipes with them.
"""

from __future__ import annotations

from lrlab.core.expression.node import Schedule
from lrlab.core.feedback.direction import WAYS, told
from lrlab.core.feedback.plateau import plateau
from lrlab.dialects.parts.imported import Rule
from lrlab.dialects.parts.phases import real
from lrlab.errors import LrlabError, worded


def as_torch(
    learning_rate: float | None = None,
    *,
    mode: str = "min",
    factor: float = 0.1,
    patience: int = 10,
    threshold: float = 1e-4,
    threshold_mode: str = "rel",
    cooldown: int = 0,
    min_lr: float = 0.0,
    eps: float = 1e-8,
) -> Rule:
    """PyTorch's `ReduceLROnPlateau` for a group with this base LR: the schedule, and a description of it.

    Without a base LR (None) there is no `eps`, and `min_lr` raises `LrlabError`: both are absolute LRs.

    >>> as_torch(0.1, factor=0.5, patience=2, eps=0).schedule
    plateau(factor=0.5, patience=3, threshold_mode="signed", nan="bad")
    """
    if threshold_mode not in ("rel", "abs"):
        raise LrlabError(worded("ReduceLROnPlateau: threshold_mode is not known", threshold_mode, '"rel", "abs"'))
    if min_lr and learning_rate is None:
        raise LrlabError(worded("min_lr is an absolute LR: it needs the learning rate", hint="learning_rate=..."))
    schedule = _made(
        patience=patience + 1,
        factor=factor,
        mode=mode,
        threshold=threshold,
        threshold_mode="signed" if threshold_mode == "rel" else "abs",
        cooldown=cooldown,
        min=real(min_lr, "min_lr") / (learning_rate or 1.0),
        eps=eps / learning_rate if learning_rate else 0.0,
    )
    return Rule(schedule, learning_rate or 1.0, after=_cut_at(patience + 1))


def as_keras(
    monitor: str = "val_loss",
    factor: float = 0.1,
    patience: int = 10,
    verbose: int = 0,
    mode: str = "auto",
    min_delta: float = 1e-4,
    cooldown: int = 0,
    min_lr: float = 0.0,
    learning_rate: float | None = None,
) -> Rule:
    """Keras' `ReduceLROnPlateau` callback; mode "auto" is taken from the name of the metric.

    Raises `LrlabError` for a `min_lr` without a base LR, and under "auto" for a name that does not tell the direction:
    there Keras asks the metric of the compiled model.

    >>> as_keras(factor=0.5, patience=2, min_delta=0.01, cooldown=3).schedule
    plateau(factor=0.5, patience=2, threshold=0.01, threshold_mode="abs", cooldown=2, nan="bad")
    """
    if min_lr and learning_rate is None:
        raise LrlabError(worded("keras: min_lr is an absolute LR: it needs the LR", min_lr, hint="learning_rate=..."))
    way = told(monitor) if mode == "auto" else mode
    if way is None:
        raise LrlabError(worded('keras: mode="auto" does not say which way this metric is better', monitor, WAYS))
    schedule = _made(
        patience=max(patience, 1),
        factor=factor,
        mode=way,
        threshold=abs(min_delta),
        threshold_mode="abs",
        cooldown=max(0, cooldown - 1),
        min=min_lr / (learning_rate or 1.0),
    )
    return Rule(schedule, learning_rate or 1.0, after=_cut_at(patience))


def as_optax(
    factor: float = 0.1,
    patience: int = 10,
    rtol: float = 1e-4,
    atol: float = 0.0,
    cooldown: int = 0,
    accumulation_size: int = 1,
    min_scale: float = 0.0,
) -> Rule:
    """Optax' `contrib.reduce_on_plateau`. Raises `LrlabError` for a `min_scale` above 1, which would raise the LR.

    >>> as_optax(patience=2, rtol=0.01, atol=0.1, accumulation_size=4).schedule
    plateau(patience=2, threshold=0.01, threshold_mode="signed", margin=0.1, average=4, nan="bad")
    """
    if min_scale > 1:
        raise LrlabError(worded("optax: a min_scale above 1 raises the LR", min_scale, "0 to 1"))
    schedule = _made(
        patience=patience,
        factor=factor,
        threshold=rtol,
        threshold_mode="signed",
        margin=atol,
        cooldown=cooldown,
        average=accumulation_size,
        min=min_scale,
    )
    return Rule(schedule, 1.0, after=_cut_at(patience, accumulation_size))


def _made(**arguments: object) -> Schedule:
    made: Schedule = plateau(nan="bad", **arguments)  # type: ignore[arg-type]  # plateau checks them itself
    return made


def _cut_at(patience: int, averaged: int = 1) -> str:
    heard = ("mean" if averaged > 1 else "observation") + "s" * (patience > 1)
    of = f" of {averaged} observations" if averaged > 1 else ""
    return f"the LR is cut after {patience} {heard}{of} in a row without improvement; a NaN counts as one of them"
