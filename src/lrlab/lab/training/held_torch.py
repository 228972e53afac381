"""The whole state of a PyTorch module, tensor or optimizer, which is more than its `state_dict`.

A `state_dict` does not contain the training or evaluation mode, gradients, `requires_grad`, buffers that are not
persistent, and plain attributes such as a counter or a dropout rate.
"""

from __future__ import annotations

import sys
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

import numpy as np

from lrlab.lab.training import values
from lrlab.lab.training.values import Memo, Unholdable

_MACHINERY = ("_parameters", "_buffers", "_modules", "_non_persistent_buffers_set", "state", "param_groups", "defaults")
_PLAIN = (str, int, float, bool, type(None))
_CONTAINERS = (list, tuple, dict, deque, set)


def take_tensor(value: Any, path: str, memo: Memo) -> list[Any]:
    """The content of a tensor, whether it requires a gradient, and its gradient. Raises `Unholdable`."""
    if value.grad_fn is not None:
        raise Unholdable(f"{path} is part of a graph of gradients that goes on over updates")
    return [
        _dense(value, path),
        value.requires_grad,
        None if value.grad is None else _dense(value.grad, f"{path}.grad"),
    ]


def give_tensor(now: Any, state: list[Any]) -> Any:
    """The tensor with the state of `take_tensor`: `now` itself if its shape and type fit, else a new one."""
    content, requires_grad, gradient = state
    torch = sys.modules["torch"]
    if isinstance(now, torch.Tensor) and now.shape == content.shape and now.dtype == content.dtype and now.is_leaf:
        with torch.no_grad():
            now.copy_(content)
    else:
        now = content
    now.requires_grad_(requires_grad)
    now.grad = gradient
    return now


def take_optimizer(value: Any, path: str, memo: Memo) -> dict[str, Any]:
    """The `state_dict` and the plain attributes of an optimizer."""
    beside = {name: item for name, item in vars(value).items() if type(item) in _PLAIN}
    return {"declared": value.state_dict(), "beside": beside}


def give_optimizer(now: Any, state: dict[str, Any]) -> Any:
    """Give `now` the state that `take_optimizer` returned."""
    now.load_state_dict(state["declared"])
    vars(now).update(state["beside"])
    return now


def take_module(value: Any, path: str, memo: Memo, hold: Callable[[Any, str, Memo], Any]) -> dict[str, Any]:
    """The `state_dict` of a module and what it omits of every part; attributes that cannot be stored are left out."""
    memo.update({id(each): each for each in (*value.modules(), *value.parameters(), *value.buffers())})
    weights = [[each.requires_grad, _gradient(each, f"{path}.{name}")] for name, each in value.named_parameters()]
    parts = {name: _beside(part, f"{path}.{name}", memo, hold) for name, part in value.named_modules()}
    return {"declared": value.state_dict(), "weights": weights, "parts": parts}


def give_module(now: Any, state: dict[str, Any], give_back: Callable[[Any, Any], Any]) -> Any:
    """Give `now` the state that `take_module` returned; its tensors stay the same objects. Raises `Unholdable`."""
    declared = OrderedDict(state["declared"])
    if hasattr(before := now.state_dict(), "_metadata"):
        declared._metadata = before._metadata  # type: ignore[attr-defined]  # where modules read their versions
    now.load_state_dict(declared)
    parts = dict(now.named_modules())
    weights = [*now.parameters()]
    if parts.keys() != state["parts"].keys() or len(weights) != len(state["weights"]):
        raise Unholdable("a model has other parts than at the beginning of the run")
    for weight, (requires_grad, gradient) in zip(weights, state["weights"], strict=True):
        weight.requires_grad_(requires_grad)
        weight.grad = gradient
    for name, (buffers, attributes) in state["parts"].items():
        part = parts[name]
        for buffer, kept in buffers.items():
            now_there = part._buffers.get(buffer)
            part._buffers[buffer] = None if kept is None else give_tensor(now_there, [kept, False, None])
        for attribute, kept in attributes.items():
            part.__dict__[attribute] = give_back(vars(part).get(attribute), kept)
    return now


def recomputed(module: Any) -> set[str]:
    """The attributes that a module computes in every pass: weights under PyTorch's older weight and spectral norms."""
    hooks = [hook for hook in module._forward_pre_hooks.values() if type(hook).__module__.startswith("torch.nn.utils")]
    return {hook.name for hook in hooks if hasattr(hook, "name")}


def _beside(part: Any, path: str, memo: Memo, hold: Callable[[Any, str, Memo], Any]) -> list[dict[str, Any]]:
    """The buffers and the attributes of one module that its `state_dict` leaves out."""
    buffers = {name: part._buffers[name] for name in part._non_persistent_buffers_set}
    attributes = {}
    for name, item in vars(part).items():
        if name in _MACHINERY or name.endswith(("_hooks", "_hooks_with_kwargs", "_always_called")):
            continue
        if _simple(item) and name not in recomputed(part):
            try:
                attributes[name] = hold(item, f"{path}.{name}", memo)
            except Unholdable:  # a fork must see the same value nevertheless
                continue
    return [buffers, attributes]


def _simple(item: Any) -> bool:
    """Whether an attribute is a plain value, container, array or random generator, not an object with parts."""
    kind = type(item)
    arrays = isinstance(item, np.ndarray | np.generic) or values.of_torch(kind, "Tensor")
    return kind in _PLAIN or kind in _CONTAINERS or arrays or values.is_random(kind)


def _gradient(value: Any, path: str) -> Any:
    return None if value.grad is None else _dense(value.grad, f"{path}.grad")


def _dense(value: Any, path: str) -> Any:
    if value.layout != sys.modules["torch"].strided:
        raise Unholdable(f"{path} is a sparse tensor")
    return value.detach()
