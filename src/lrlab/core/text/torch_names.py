"""PyTorch's schedulers by the names of their classes, with PyTorch's own arguments: the curve that PyTorch computes.

    by_name("StepLR", step_size=30)                     step(30)
    by_name("LinearLR", start_factor=0.1)               linear(5, start=0.1, to=1) >> constant()
    get_scheduler("CosineAnnealingLR", optimizer, T_max=100, eta_min=1e-5)

`eta_min`, `min_lr`, `max_lr` and `base_lr` are LRs, and a schedule is in multiples: unless they are 0 they need the LR
of the optimizer, which `get_scheduler` knows. A count of PyTorch is one of calls of `step()`.
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

from lrlab.core.expression.algebra import sequence
from lrlab.core.expression.fields import SpanLike
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.vocabulary import refuse_arguments
from lrlab.core.shapes.base import constant
from lrlab.core.shapes.cosines import cosine, cosine_cycle
from lrlab.core.shapes.piecewise import multistep, piecewise_constant, step
from lrlab.core.shapes.timescales import exponential
from lrlab.core.shapes.transitions import linear, polynomial
from lrlab.core.time.span import Span
from lrlab.errors import LrlabError, worded

Base = float | None


def multiple(name: str, word: str, rate: object, base: Base) -> float:
    """An LR of PyTorch as a multiple of the optimizer's; 0 is 0 of any. Raises `LrlabError` if that is not known."""
    if not isinstance(rate, int | float) or isinstance(rate, bool) or rate < 0:
        raise LrlabError(worded(f"{name}: {word} is one LR for all parameter groups", rate, "a number, 0 or above"))
    if rate == 0:
        return 0.0
    if not base:
        what = f"{name}: {word} is an LR, and which multiple of the optimizer's it is is not known here"
        hint = f'get_scheduler("{name}", optimizer, {word}={rate!r}, ...), whose groups have one LR'
        raise LrlabError(worded(what, rate, hint=hint))
    return rate / base


def _step(base: Base, step_size: int | str | Span, gamma: float = 0.1) -> Schedule:
    return step(step_size, gamma=gamma)


def _multi_step(base: Base, milestones: Iterable[int | str | Span], gamma: float = 0.1) -> Schedule:
    given = list(milestones)
    whole = sorted(edge for edge in given if isinstance(edge, int))
    if len(whole) < len(given) or len(set(whole)) == len(whole):
        return multistep(whole if len(whole) == len(given) else given, gamma=gamma)
    met = [(edge, len(list(same))) for edge, same in itertools.groupby(whole)]  # one that is repeated counts again
    passed = itertools.accumulate((count for _, count in met), initial=0)
    return piecewise_constant([edge for edge, _ in met], [gamma**count for count in passed])


def _exponential(base: Base, gamma: float) -> Schedule:
    return exponential(gamma=gamma)


def _cosine(base: Base, T_max: SpanLike = None, eta_min: float = 0.0) -> Schedule:  # noqa: N803
    low = multiple("CosineAnnealingLR", "eta_min", eta_min, base)
    if T_max is None:  # it is all of the run
        return cosine(to=low)
    half = Span.of(T_max, "T_max")
    wave: Schedule = cosine_cycle(Span(2 * half.amount, half.unit), to=low)
    return wave.repeat()  # it climbs again


def _restarts(base: Base, T_0: SpanLike, T_mult: float = 1, eta_min: float = 0.0) -> Schedule:  # noqa: N803
    low = multiple("CosineAnnealingWarmRestarts", "eta_min", eta_min, base)
    return cosine(to=low).repeat(cycle=T_0, stretch=T_mult)


def _linear(base: Base, start_factor: float = 1 / 3, end_factor: float = 1.0, total_iters: int | str = 5) -> Schedule:
    return linear(total_iters, start=start_factor, to=end_factor) >> constant(level=end_factor)


def _constant(base: Base, factor: float = 1 / 3, total_iters: int | str = 5) -> Schedule:
    return constant(total_iters, level=factor) >> constant()


def _polynomial(base: Base, total_iters: SpanLike = 5, power: float = 1.0) -> Schedule:
    return polynomial(total_iters, power=power)


def _one_cycle(
    base: Base,
    max_lr: float | None = None,
    total_steps: int | None = None,
    epochs: int | None = None,
    steps_per_epoch: int | None = None,
    pct_start: float = 0.3,
    anneal_strategy: str = "cos",
    div_factor: float = 25.0,
    final_div_factor: float = 1e4,
    three_phase: bool = False,
) -> Schedule:
    """Legs between real-valued times, the last of which is that of the last update."""
    n = total_steps if total_steps is not None else (epochs or 0) * (steps_per_epoch or 0)
    if type(n) is not int or n < 2 or not 0 <= pct_start <= 1 or anneal_strategy not in ("cos", "linear"):
        what = "OneCycleLR needs total_steps, or epochs and steps_per_epoch; pct_start is a share"
        raise LrlabError(worded(what, (n, pct_start, anneal_strategy), 'anneal_strategy="cos" or "linear"'))
    peak = 1.0 if max_lr is None else multiple("OneCycleLR", "max_lr", max_lr, base)
    start, last = 1 / div_factor, 1 / div_factor / final_div_factor
    ends = [pct_start * n - 1, *([2 * pct_start * n - 2] if three_phase else []), n - 1.0]
    levels = [start, 1.0, *([start] if three_phase else []), last]
    shape, legs, begin, at = (cosine if anneal_strategy == "cos" else linear), [], 0.0, 0
    for end, (from_, to) in zip(ends, itertools.pairwise(levels), strict=True):
        stop = min(max(math.ceil(round(end, 9)), at), n - 1)
        if stop > at:
            part = ((at - begin) / (end - begin), (stop - begin) / (end - begin))
            legs.append(shape(stop - at, part=part, start=from_, to=to))
        if round(end, 9) >= n - 1:  # the last update is on this leg, also where it is not the last one
            break
        begin, at = end, stop
    share = (n - 1 - begin) / (end - begin)
    level = to if share >= 1 else shape(1, part=(share, 1.0), start=from_, to=to).over(1)(0)
    whole = sequence(*legs, constant(level=level))
    return whole if peak == 1 else peak * whole


def _cyclic(
    base: Base,
    base_lr: float,
    max_lr: float,
    step_size_up: int = 2000,
    step_size_down: int | None = None,
    mode: str = "triangular",
    gamma: float = 1.0,
) -> Schedule:
    low, top = (multiple("CyclicLR", word, rate, base) for word, rate in (("base_lr", base_lr), ("max_lr", max_lr)))
    if mode not in ("triangular", "triangular2", "exp_range"):
        raise LrlabError(worded("CyclicLR: mode is not known", mode, '"triangular", "triangular2", "exp_range"'))
    down = step_size_up if step_size_down is None else step_size_down

    def triangle(floor: float, to: float, gain: float = 1.0) -> Schedule:
        return (linear(step_size_up, start=floor, to=to) >> linear(down, start=to, to=floor)).repeat(gain=gain)

    if mode == "triangular" or (mode == "exp_range" and gamma == 1):
        return triangle(low, top)
    if mode == "triangular2":
        return low + triangle(0.0, top - low, 0.5)
    return low + triangle(0.0, top - low) * exponential(gamma=gamma)


# The class, and those of its arguments that are not ours: one of them says that PyTorch's are meant.
CLASSES: dict[str, tuple[Callable[..., Schedule], frozenset[str]]] = {
    "StepLR": (_step, frozenset({"step_size"})),
    "MultiStepLR": (_multi_step, frozenset({"milestones"})),
    "ExponentialLR": (_exponential, frozenset()),
    "CosineAnnealingLR": (_cosine, frozenset({"T_max", "eta_min"})),
    "CosineAnnealingWarmRestarts": (_restarts, frozenset({"T_0", "T_mult", "eta_min"})),
    "LinearLR": (_linear, frozenset({"start_factor", "end_factor", "total_iters"})),
    "ConstantLR": (_constant, frozenset({"factor", "total_iters"})),
    "PolynomialLR": (_polynomial, frozenset({"total_iters"})),
    "OneCycleLR": (
        _one_cycle,
        frozenset(
            {
                *("max_lr", "total_steps", "epochs", "steps_per_epoch", "pct_start", "anneal_strategy"),
                *("div_factor", "final_div_factor"),
            }
        ),
    ),
    "CyclicLR": (_cyclic, frozenset({"base_lr", "max_lr", "step_size_up", "step_size_down", "mode", "gamma"})),
}
ALWAYS = ("LinearLR", "ConstantLR")  # they have no other meaning here


def is_pytorchs(name: str, arguments: Iterable[str]) -> bool:
    """Whether PyTorch's arguments are meant, by the name of its class.

    >>> is_pytorchs("StepLR", ["step_size"]), is_pytorchs("StepLR", ["every"]), is_pytorchs("LinearLR", [])
    (True, False, True)
    """
    return name in CLASSES and (name in ALWAYS or bool(CLASSES[name][1] & {*arguments}))


def by_pytorchs(name: str, arguments: dict[str, Any], base: Base) -> Schedule:
    """The schedule of a class with PyTorch's arguments, for an optimizer with this LR (None: not known).

    >>> by_pytorchs("CosineAnnealingLR", {"T_max": 100, "eta_min": 0.05}, 0.5)
    cosine_cycle(200, to=0.1).repeat()
    """
    make = CLASSES[name][0]
    parameters = [parameter for parameter in inspect.signature(make).parameters.values() if parameter.name != "base"]
    required = [parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty]
    refuse_arguments(name, (), arguments, [], [parameter.name for parameter in parameters], required)
    return make(base, **arguments)
