"""PyTorch schedulers as they stand in a script: a constructor call, made beside a stand-in for the optimizer.

    from_torch_call("CosineAnnealingLR", "optimizer", T_max=100, eta_min=1e-5, lr=0.1)

Nested ones too: read_call("SequentialLR(opt, [LinearLR(opt, 0.1), CosineAnnealingLR(opt, 90)], [10])").
"""

from __future__ import annotations

import dataclasses
import warnings
from importlib import import_module
from typing import Any

from lrlab.dialects.parts.imported import Imported
from lrlab.dialects.parts.phases import known
from lrlab.dialects.parts.torch_rules import READERS
from lrlab.dialects.read.torch import from_torch
from lrlab.dialects.source.call_syntax import Call
from lrlab.errors import LrlabError, missing, worded

NAMES = {name: None for name in (*READERS, "SequentialLR", "ChainedScheduler") if name != "Scheduler"}


def from_torch_call(
    name: str, *args: Any, lr: float | None = None, horizon: int | None = None, **kwargs: Any
) -> Imported:
    """The schedule of a class of `torch.optim.lr_scheduler` with these arguments, that of the optimizer aside.

    `lr` is the optimizer's own LR; only what has absolute LRs (`eta_min`, `base_lr`) needs it. Members of a chain or
    sequence are `Call`s. Raises `LrlabError` where torch refuses the arguments, `MissingExtra` without torch.

    >>> from_torch_call("StepLR", step_size=30).schedule
    step(30)
    """
    call = Call(name, args, kwargs)
    if lr is not None:
        return from_torch(_made(call, lr), horizon=horizon)
    found, other = (from_torch(_made(call, some), horizon=horizon) for some in (1.0, 0.5))
    if found.schedule != other.schedule:
        raise LrlabError(
            worded(f"torch: {name} has absolute LRs: it needs the optimizer's own", hint="lr=0.1, or --lr 0.1")
        )
    return found if found.base_lr == other.base_lr else dataclasses.replace(found, base_lr=None)


def _made(call: Call, lr: float) -> Any:
    try:
        torch = import_module("torch")
    except ImportError:
        raise missing("torch", "torch", "reading a PyTorch scheduler") from None
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr, momentum=0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _scheduler(call, optimizer)


def _scheduler(call: Call, optimizer: Any) -> Any:
    known(call.name, NAMES, "torch: the class")
    args = [_member(value, optimizer) for value in call.args]
    if args and isinstance(args[0], str):  # the optimizer, by whatever name
        args = args[1:]
    kwargs = {word: _member(value, optimizer) for word, value in call.kwargs.items() if word != "optimizer"}
    before = [] if call.name == "ChainedScheduler" else [optimizer]
    try:
        return getattr(import_module("torch.optim.lr_scheduler"), call.name)(*before, *args, **kwargs)
    except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise LrlabError(worded(f"torch: {call.name} does not take these: {error}", (call.args, call.kwargs))) from None


def _member(value: Any, optimizer: Any) -> Any:
    if isinstance(value, Call):
        return _scheduler(value, optimizer)
    return [_member(item, optimizer) for item in value] if isinstance(value, list) else value
