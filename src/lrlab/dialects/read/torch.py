"""PyTorch: a scheduler object of `torch.optim.lr_scheduler`, or its constructor call as written in a script.

    from_torch(CosineAnnealingLR(optimizer, T_max=1000, eta_min=1e-5))
    from_torch_call("CosineAnnealingLR", "optimizer", T_max=100, eta_min=1e-5, lr=0.1)

Its rules: the constructor sets the LR of update 0, each `step()` that of the next; a step is an update if `step()` is
called after every update, and an epoch in most scripts. Single schedulers are read by `torch_rules`, chains and
sequences by `torch_joined`. A call is executed with a stand-in for the optimizer.
"""

from __future__ import annotations

import dataclasses
import warnings
from importlib import import_module
from inspect import signature
from typing import Any

from lrlab.core.feedback.plateau import plateau
from lrlab.core.text.lint import Finding
from lrlab.dialects.parts.imported import Imported, imported, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import Name, known
from lrlab.dialects.parts.torch_joined import joined
from lrlab.dialects.parts.torch_rules import READERS, read
from lrlab.dialects.source.call_syntax import Call, Function, without_optimizer
from lrlab.dialects.source.functions import Read
from lrlab.errors import LrlabError, LrlabTypeError, missing, nearest, worded

ABSOLUTE = ("eta_min", "min_lr", "eps", "max_lr", "base_lr", "swa_lr")  # arguments that are LRs
EPS = 1e-8  # PyTorch's default: a smaller cut of the LR is not made
UNIT = "one step is one call of step(), which is an epoch in most scripts"
NAMES = {name: None for name in (*READERS, "SequentialLR", "ChainedScheduler") if name != "Scheduler"}


@reading("torch")
def from_torch(scheduler: Any, *, group: int = 0, horizon: int | None = None) -> Imported:
    """The schedule of a scheduler object, from its update 0 on, for one parameter group.

    `horizon` is the length of the run, if the object does not tell it. Raises `LrlabError` for an unknown class, and
    where torch computes a curve that cannot be written down.
    """
    if hasattr(scheduler, "_schedulers"):
        rule, findings = joined(scheduler, group, horizon)
    else:
        rule = read(scheduler, group)
        others = [k for k in range(len(scheduler.optimizer.param_groups)) if k != group]
        findings = tuple(_differs(k, group) for k in others if read(scheduler, k).schedule != rule.schedule)
    rule = dataclasses.replace(rule, updates=horizon or rule.updates)
    return imported(f"torch {type(scheduler).__name__}", rule, base_lr=rule.base, findings=findings, unit=UNIT)


def _differs(other: int, group: int) -> Finding:
    message = f"parameter group {other} has another curve than group {group}: floors are absolute LRs"
    return Finding("groups-differ", message, f"from_torch(scheduler, group={other})")


# -- calls --------------------------------------------------------------------------------------------------------


def from_torch_call(
    name: str, /, *args: Any, lr: float | None = None, horizon: int | None = None, **kwargs: Any
) -> Imported:
    """The schedule of a class of `torch.optim.lr_scheduler` with these arguments; the optimizer may be left out.

    `lr` is the optimizer's own LR; only absolute LRs (`eta_min`, `base_lr`) need it. Members of a chain or sequence are
    `Call`s. Raises `LrlabError` if torch refuses the arguments, `MissingExtra` without torch.

    >>> from_torch_call("StepLR", step_size=30).schedule
    step(30)
    """
    known(name, NAMES, "torch: the class")  # before torch is imported
    call = Call(name, args, kwargs)
    if lr is not None:
        return from_torch(_made(call, lr, horizon), horizon=horizon)
    found, other = (from_torch(_made(call, some, horizon), horizon=horizon) for some in (1.0, 0.5))
    if found.schedule != other.schedule and isinstance(found.schedule, plateau) and "eps" not in kwargs:
        without = found.schedule.replace(eps=0.0)
        if without == other.schedule.replace(eps=0.0):
            message = (
                f"a cut of less than {EPS:g} is not made there; that eps is an LR, and left out without the optimizer's"
            )
            return dataclasses.replace(
                found, schedule=without, base_lr=None, findings=(*found.findings, Finding("eps", message, "--lr 0.1"))
            )
    if found.schedule != other.schedule:
        words = ", ".join(word for word in ABSOLUTE if word in kwargs)
        what = f"torch: {name} has absolute LRs{words and f' ({words})'}: it needs the optimizer's own"
        raise LrlabError(worded(what, hint="lr=0.1, or --lr 0.1"))
    return found if found.base_lr == other.base_lr else dataclasses.replace(found, base_lr=None)


def _made(call: Call, lr: float, updates: int | None) -> Any:
    try:
        torch = import_module("torch")
    except ImportError:
        raise missing("torch", "torch", "reading a PyTorch scheduler") from None
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr, momentum=0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _scheduler(call, optimizer, updates)


def _scheduler(call: Call, optimizer: Any, updates: int | None) -> Any:
    known(call.name, NAMES, "torch: the class")
    if call.args and isinstance(call.args[0], str):  # the optimizer, under any name
        call = dataclasses.replace(call, args=call.args[1:])
    call = without_optimizer(call) if call.name != "ChainedScheduler" else call
    args = [_member(value, optimizer, updates) for value in call.args]
    dropped = ("optimizer", "verbose")  # torch has removed the second
    kwargs = {word: _member(v, optimizer, updates) for word, v in call.kwargs.items() if word not in dropped}
    before = [] if call.name == "ChainedScheduler" else [optimizer]
    scheduler = getattr(import_module("torch.optim.lr_scheduler"), call.name)
    try:
        return scheduler(*before, *args, **kwargs)
    except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
        unset = next((v for v in (*args, *kwargs.values()) if isinstance(v, Name)), None)
        if unset is not None:
            hint = f"the value, or {unset}=... beside it"
            raise LrlabError(worded(f"torch: {call.name}: {unset} has no value here", hint=hint)) from None
        kind = LrlabTypeError if isinstance(error, TypeError) else LrlabError
        allowed = [word for word in signature(scheduler).parameters if word not in ("optimizer", "last_epoch")]
        unknown = next((word for word in kwargs if word not in signature(scheduler).parameters), "")
        lacking = next((word for word in allowed if "missing" in str(error) and f"'{word}'" in str(error)), "")
        meant = nearest(unknown, allowed) if unknown else lacking
        what = f"torch: {call.name} does not take these: {str(error).replace(f'{call.name}.__init__() ', '')}"
        hint = meant and f"{meant}=..."
        raise kind(worded(what, (call.args, call.kwargs), ", ".join(allowed) if unknown else "", hint)) from None


def _member(value: Any, optimizer: Any, updates: int | None) -> Any:
    if isinstance(value, Call):
        return _scheduler(value, optimizer, updates)
    if isinstance(value, Function):
        return Read(value, updates)
    return [_member(item, optimizer, updates) for item in value] if isinstance(value, list) else value


LIBRARY = Library(
    "torch",
    words=from_torch_call,
    calls=NAMES,
    modules=("torch", "optim", "lr_scheduler"),
    facts={"steps": "horizon", "lr": "lr"},
)
