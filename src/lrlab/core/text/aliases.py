"""Schedules by the names people know from other libraries, with our argument names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lrlab.core.expression.fields import SpanLike
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import VOCABULARY, refuse_arguments
from lrlab.core.feedback.plateau import plateau
from lrlab.core.shapes.base import constant, warmup
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.piecewise import multistep, step
from lrlab.core.shapes.presets import triangular, triangular2, warm_restarts, wsd
from lrlab.core.shapes.timescales import exponential
from lrlab.core.shapes.transitions import linear, polynomial
from lrlab.errors import LrlabError, nearest, worded


def _warmup_then(shape: Any) -> Callable[..., Schedule]:
    """A warmup and then a shape; the warmup's length is the argument `warmup`."""

    def made(**arguments: Any) -> Schedule:
        name = f"warmup_{shape.__name__}"
        refuse_arguments(name, (), arguments, [], ["warmup", *shape.__signature__.parameters], [])
        rise: SpanLike = arguments.pop("warmup", "5%")
        tail: Schedule = shape(**arguments)
        return warmup(rise) >> tail

    return made


NAMES: dict[str, Callable[..., Schedule]] = {
    "fixed": constant,
    "step_decay": step,
    "multistep_decay": multistep,
    "exponential_decay": exponential,
    "polynomial_decay": polynomial,
    "linear_decay": linear,
    "cosine_annealing": cosine,
    "cosine_decay": cosine,
    "warmup_constant": _warmup_then(constant),
    "warmup_linear": _warmup_then(linear),
    "warmup_cosine": _warmup_then(cosine),
    "warmup_stable_decay": wsd,
    "reduce_on_plateau": plateau,
    "cyclical": triangular,
    "cyclical_triangular2": triangular2,
    "cosine_annealing_warm_restarts": warm_restarts,
    "sgdr": warm_restarts,
}

# What other libraries call them: said when somebody uses it here.
_ELSEWHERE = {
    "CosineAnnealingLR": "cosine_annealing",
    "StepLR": "step_decay",
    "MultiStepLR": "multistep_decay",
    "ExponentialLR": "exponential_decay",
    "PolynomialLR": "polynomial_decay",
    "LinearLR": "linear_decay",
    "OneCycleLR": "one_cycle",
    "CyclicLR": "cyclical",
    "ReduceLROnPlateau": "reduce_on_plateau",
    "CosineAnnealingWarmRestarts": "warm_restarts",
    "cosine_with_restarts": "warm_restarts",
    "trapezoidal": "wsd",
    "GreedyLR": "greedy",
}


def by_name(name: str, **arguments: Any) -> Schedule:
    """A schedule by the name people know, or by its own word.

    Raises `LrlabError` where the name or an argument is not known: it names ours.

    >>> by_name("cosine_annealing", to=0.1)
    cosine(to=0.1)
    >>> by_name("warmup_linear", warmup=500)
    warmup(500) >> linear()
    """
    make = (NAMES.get(name) or VOCABULARY.get(name)) if isinstance(name, str) else None
    if make is None:
        known = sorted({*NAMES, *VOCABULARY})
        hint = _ELSEWHERE.get(str(name)) or nearest(str(name), known)
        raise LrlabError(worded("no schedule has this name", name, ", ".join(known), hint and f'"{hint}"'))
    return make(**arguments)
