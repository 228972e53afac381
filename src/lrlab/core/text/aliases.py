"""Schedules by their well-known names, from articles, PyTorch, Keras and Transformers, with our argument names.

Upper and lower case, `_`, `-` and spaces do not count: "StepLR", "step_lr" and "step-lr" are one name. A different
meaning elsewhere is never lost in silence: the defaults of the library are kept if they differ from ours, and if that
is impossible, the name is refused with what to write instead.
"""

from __future__ import annotations

import inspect
import logging
import re
from collections.abc import Callable
from typing import Any

from lrlab.core.expression.algebra import sequence
from lrlab.core.expression.fields import SpanLike
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import VOCABULARY, refuse_arguments
from lrlab.core.feedback.greedy import greedy
from lrlab.core.feedback.plateau import plateau
from lrlab.core.shapes.base import constant, warmup
from lrlab.core.shapes.base import warmup as rise
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.piecewise import multistep, piecewise_constant, step
from lrlab.core.shapes.presets import one_cycle, triangular, triangular2, warm_restarts, wsd
from lrlab.core.shapes.timescales import exponential, inverse_sqrt, inverse_time
from lrlab.core.shapes.transitions import linear, polynomial
from lrlab.core.text.torch_names import CLASSES, by_pytorchs, is_pytorchs, multiple
from lrlab.errors import LrlabError, nearest, worded

log = logging.getLogger(__name__)

Maker = Callable[..., Schedule]


def _warmup_then(shape: Any) -> Maker:
    """A warmup and then a shape; the warmup's length is the argument `warmup`."""

    def made(*, warmup: SpanLike = "5%", **arguments: Any) -> Schedule:
        refuse_arguments(f"warmup_{shape.__name__}", (), arguments, [], ["warmup", *_names(shape)], [])
        tail: Schedule = shape(**arguments)
        return rise(warmup) >> tail

    return made


def _with(make: Any, **defaults: Any) -> Maker:
    """The same with the defaults of the library that the name comes from."""

    def made(**arguments: Any) -> Schedule:
        schedule: Schedule = make(**{**defaults, **arguments})
        return schedule

    made.__signature__ = inspect.signature(make)  # type: ignore[attr-defined]
    return made


def _said(make: Any, instead: str, *decisive: str) -> Maker:
    """A name of another library whose curve differs a little from ours: logged, unless one of these arguments
    decides."""

    def made(**arguments: Any) -> Schedule:
        schedule: Schedule = make(**arguments)
        if not arguments.keys() & {*decisive}:
            log.warning("%s: %s", schedule, instead)
        return schedule

    made.__signature__ = inspect.signature(make)  # type: ignore[attr-defined]
    return made


def _inverse_sqrt(*, warmup: SpanLike = None, **arguments: Any) -> Schedule:
    """Fairseq's and Transformers' 1 / sqrt of the update, whose time scale is the warmup; without one, our own."""
    if warmup is None:
        return inverse_sqrt(**arguments)
    return rise(warmup) >> inverse_sqrt(**{"timescale": warmup, **arguments})


def _restarts(**arguments: Any) -> Schedule:
    """Transformers' cosine with hard restarts: `times` equal cycles (there `num_cycles`)."""
    refuse_arguments("cosine_with_restarts", (), arguments, [], ["times", "to"], [])
    return cosine(to=arguments.get("to", 0.0)).repeat(arguments.get("times", 1))


def _plateau(name: str, rule: str | None = None) -> Maker:
    """A plateau by the rule of PyTorch, of Keras, or ours: `rule`, where the name is theirs."""

    def made(**arguments: Any) -> Schedule:
        refuse_arguments(name, (), arguments, [], ["rule", "min_lr", *_names(plateau)], [])
        asked = arguments.pop("rule", rule)
        given = arguments.get("patience", 10)
        if asked in ("torch", "keras") and type(given) is int and given >= 0:
            arguments["patience"] = given + 1 if asked == "torch" else max(given, 1)
        ours = plateau(**arguments)
        if asked == "torch":
            mode = "signed" if ours.threshold_mode == "rel" else ours.threshold_mode
            return ours.replace(threshold_mode=mode, nan="bad")
        if asked == "keras":
            return ours.replace(threshold_mode="abs", cooldown=max(ours.cooldown - 1, 0), nan="bad")
        if asked not in (None, "lrlab"):
            raise LrlabError(worded("reduce_on_plateau: rule is not known", asked, '"torch", "keras", "lrlab"'))
        if asked is None:
            log.warning(
                "reduce_on_plateau(patience=%d) cuts at observation %d without improvement, PyTorch's "
                'ReduceLROnPlateau at %d; rule="torch" is that, rule="lrlab" says that this is meant',
                *(ours.patience, ours.patience, ours.patience + 1),
            )
        return ours

    return made


def _pytorchs(name: str) -> Maker:
    """A class of PyTorch whose name has no other meaning here."""

    def made(**arguments: Any) -> Schedule:
        return by_pytorchs(name, arguments, None)

    return made


def _refused(why: str, hint: str) -> Maker:
    """A name that means something else here."""

    def made(**arguments: Any) -> Schedule:
        raise LrlabError(worded(why, arguments or None, hint=hint))

    return made


def _names(shape: Any) -> list[str]:
    return list(shape.__signature__.parameters)


POWER = "the power is 0.9 here, as in DeepLab, and 1 in Transformers, Keras and PyTorch: power=1, or power=0.9"
ONE_CYCLE = (
    "peak and end are one update later than in PyTorch's OneCycleLR(total_steps=n), which has its end in update n - 1; "
    "lrlab.dialects.from_torch(theirs) is its very curve"
)
DECAY = 'decays by 1 - sqrt in the last 20% here, by a cosine in Transformers: decay=500, shape="cosine"'

# Our own words that Transformers' `get_scheduler` also has, with another meaning.
SHARED: dict[str, Maker] = {"polynomial": _said(polynomial, POWER, "power"), "inverse_sqrt": _inverse_sqrt}

NAMES: dict[str, Maker] = {
    # articles and papers
    "fixed": constant,
    "step_decay": step,
    "multistep_decay": multistep,
    "exponential_decay": exponential,
    "polynomial_decay": _said(polynomial, POWER, "power"),
    "linear_decay": linear,
    "cosine_annealing": cosine,
    "cosine_decay": cosine,
    "inverse_sqrt_decay": _inverse_sqrt,
    "time_based_decay": inverse_time,
    "warmup_constant": _warmup_then(constant),
    "warmup_linear": _warmup_then(linear),
    "warmup_cosine": _warmup_then(cosine),
    "warmup_stable_decay": _said(wsd, DECAY, "shape", "decay"),
    "trapezoidal": wsd,
    "reduce_on_plateau": _plateau("reduce_on_plateau"),
    "cyclical": triangular,
    "clr": triangular,
    "cyclical_triangular2": triangular2,
    "cosine_annealing_warm_restarts": warm_restarts,
    "sgdr": warm_restarts,
    "super_convergence": one_cycle,
    "1cycle": one_cycle,
    # PyTorch
    "StepLR": step,
    "MultiStepLR": multistep,
    "ExponentialLR": exponential,
    "CosineAnnealingLR": cosine,
    "CosineAnnealingWarmRestarts": warm_restarts,
    "PolynomialLR": _with(polynomial, power=1.0),
    "OneCycleLR": _said(one_cycle, ONE_CYCLE),
    "CyclicLR": triangular,
    "ReduceLROnPlateau": _plateau("ReduceLROnPlateau", "torch"),
    "LinearLR": _pytorchs("LinearLR"),
    "ConstantLR": _pytorchs("ConstantLR"),
    "LambdaLR": _refused("a function of one's own has no name here", "lr.function(f), as the schedule"),
    "MultiplicativeLR": _refused("a function of one's own has no name here", "lr.function(f), as the schedule"),
    # Keras and TensorFlow
    "ExponentialDecay": exponential,
    "PolynomialDecay": _with(polynomial, power=1.0),
    "PiecewiseConstantDecay": piecewise_constant,
    "InverseTimeDecay": inverse_time,
    "CosineDecay": cosine,
    "CosineDecayRestarts": _with(warm_restarts, stretch=2.0),
    "LearningRateScheduler": _refused("a function of one's own has no name here", "lr.function(f), as the schedule"),
    # Transformers
    "constant_with_warmup": _warmup_then(constant),
    "linear_with_warmup": _warmup_then(linear),
    "cosine_with_warmup": _warmup_then(cosine),
    "cosine_with_min_lr": cosine,
    "cosine_warmup_with_min_lr": _warmup_then(cosine),
    "cosine_with_restarts": _restarts,
    "cosine_with_hard_restarts": _restarts,
    "polynomial_with_warmup": _with(_warmup_then(polynomial), power=1.0),
    "reduce_lr_on_plateau": _plateau("reduce_lr_on_plateau", "torch"),
    # others
    "GreedyLR": greedy,
}


def _key(name: str) -> str:
    """The part of a name that counts: letters and digits."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _known() -> dict[str, Maker]:
    """Every name and every word, as written and by the part that counts; a word stands for itself."""
    exact = {**NAMES, **VOCABULARY, **SHARED}
    return {**exact, **{_key(name): make for name, make in exact.items() if _key(name) not in exact}}


def _parted(name: str, arguments: dict[str, Any]) -> str:
    """A name without the modules it stands in; Keras' plateau is told from PyTorch's by them."""
    modules, _, last = name.rpartition(".")
    if {"keras", "tf", "tensorflow"} & {*modules.split(".")} and _key(last) == _key("ReduceLROnPlateau"):
        arguments.setdefault("rule", "keras")
    return last if modules and re.fullmatch(r"[\w.]+", modules) else name


# What PyTorch's ReduceLROnPlateau asks of a cut, as an LR: a smaller one is not made.
EPS = 1e-8

# PyTorch's classes that are stepped once an epoch in most scripts.
BY_EPOCH = {"StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts"}
BY_EPOCH |= {"LinearLR", "ConstantLR", "PolynomialLR"}


def _plateaus(last: str, arguments: dict[str, Any], base: float | None) -> dict[str, Any]:
    """The arguments of a plateau, with `min_lr` and PyTorch's `eps`, which are LRs, as multiples of the optimizer's."""
    if "min_lr" in arguments:
        least = multiple("ReduceLROnPlateau", "min_lr", arguments["min_lr"], base)
        arguments = {**{word: value for word, value in arguments.items() if word != "min_lr"}, "min": least}
    named = last in (_key("ReduceLROnPlateau"), _key("reduce_lr_on_plateau"))
    if base and arguments.get("rule", "torch" if named else None) == "torch":
        return {**arguments, "eps": arguments.get("eps", EPS) / base}
    return arguments


def by_name(name: str, **arguments: Any) -> Schedule:
    """A schedule by its well-known name, or by its own word; `warmup=` puts a warmup before any of them.

    Raises `LrlabError` if the name or an argument is not known, and names ours.

    >>> by_name("cosine_annealing", to=0.1)
    cosine(to=0.1)
    >>> by_name("linear", warmup=500)
    warmup(500) >> linear()
    >>> by_name("ReduceLROnPlateau", patience=5)
    plateau(patience=6, threshold_mode="signed", nan="bad")
    """
    return named(name, arguments)


def named(name: object, arguments: dict[str, Any], base: float | None = None, *, calls: bool = False) -> Schedule:
    """The same for an optimizer with this LR, of which PyTorch's `min_lr`, `eta_min` and `eps` become multiples.

    Where calls of `step()` are counted (`calls`), whole numbers are what they are in PyTorch.

    >>> named("ReduceLROnPlateau", {"patience": 5, "min_lr": 0.05}, 0.5)
    plateau(patience=6, threshold_mode="signed", min=0.1, eps=2e-08, nan="bad")
    """
    known, arguments = _known(), dict(arguments)
    name = _parted(name, arguments) if isinstance(name, str) else name
    make = known.get(name) or known.get(_key(name)) if isinstance(name, str) else None
    if make is None or not isinstance(name, str):
        close = nearest(_key(str(name)[:60]), map(_key, known))
        meant = next((word for word in known if close and _key(word) == close), "")
        names = ", ".join(sorted({*NAMES, *VOCABULARY}))
        raise LrlabError(worded("no schedule has this name", name, names, meant and f'"{meant}"'))
    before = []
    if "warmup" in arguments and "warmup" not in inspect.signature(make).parameters:
        before = [warmup(arguments.pop("warmup"))]
    theirs = next((word for word in CLASSES if _key(word) == _key(name)), "")
    if _key(name) in map(_key, ("ReduceLROnPlateau", "reduce_on_plateau", "reduce_lr_on_plateau")):
        arguments = _plateaus(_key(name), arguments, base)
    if is_pytorchs(theirs, arguments):
        schedule = by_pytorchs(theirs, arguments, base)
    else:
        _refuse_unknown(name, make, arguments)
        schedule = make(**arguments)
    counts = {span.unit for part in schedule.walk() for span in part._own_spans()}
    each = theirs == "ExponentialLR" and "every" not in arguments
    if theirs in BY_EPOCH and not calls and ("updates" in counts or each):
        log.warning(
            '%s: whole numbers count updates here; PyTorch counts calls of step(), most often one an epoch: "30ep", or '
            'follow="calls"',
            f"{theirs}({', '.join(f'{word}=...' for word in arguments)})",
        )
    return sequence(*before, schedule)


def _refuse_unknown(name: str, make: Maker, arguments: dict[str, Any]) -> None:
    """Raise `LrlabError` for an argument that is not known, under the name that was typed."""
    parameters = inspect.signature(make).parameters
    if not any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        refuse_arguments(name, (), arguments, [], list(parameters), [])
