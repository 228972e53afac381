"""The state of a Keras model, optimizer or metric: its variables, and the plain attributes beside them."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from lrlab.lab.training import values
from lrlab.lab.training.own import is_own, names_in
from lrlab.lab.training.values import Memo, Unholdable

# Counted through the whole process, or created when first needed.
_NOT_STATE = ("name", "built", "train_function", "test_function", "predict_function")
_PLAIN = (str, int, float, bool, type(None))


def is_keras(kind: type) -> bool:
    """Whether the type is, or inherits from, a model, layer, optimizer, metric or seed generator of Keras."""
    return is_of_keras(kind) and (hasattr(kind, "variables") or kind.__name__ == "SeedGenerator")


def take_keras(value: Any, path: str, memo: Memo, hold: Callable[[Any, str, Memo], Any]) -> list[Any]:
    """The state to store: every variable with its gradient, and the plain attributes of every layer."""
    beside = [{name: hold(item, f"{path}.{name}", memo) for name, item in _beside(part)} for part in parts_of(value)]
    variables = variables_of(value)
    return [[array_of(variable) for variable in variables], beside, [gradient_of(variable) for variable in variables]]


def give_keras(now: Any, state: list[Any], give_back: Callable[[Any, Any], Any]) -> Any:
    """Give `now` the state that `take_keras` returned. Raises `Unholdable` if it has other variables."""
    variables, parts = variables_of(now), parts_of(now)
    if (len(variables), len(parts)) != (len(state[0]), len(state[1])):
        raise Unholdable(f"the {type(now).__name__} has other variables than at the beginning of the run")
    for variable, kept in zip(variables, state[0], strict=True):
        variable.assign(kept)
    for variable, gradient in zip(variables, state[2], strict=True):
        if gradient is not None:
            variable.value.grad = gradient
    for part, attributes in zip(parts, state[1], strict=True):
        for name, kept in attributes.items():
            if name == "trainable":
                part.trainable = kept
            else:
                part.__dict__[name] = give_back(vars(part).get(name), kept)
    return now


def variables_of(value: Any) -> list[Any]:
    """The variables of a Keras object, including the state of its random numbers."""
    return [value.state] if type(value).__name__ == "SeedGenerator" else list(value.variables)


def parts_of(value: Any) -> list[Any]:
    """A layer or model and all layers in it; empty for an optimizer."""
    return list(value._flatten_layers(include_self=True)) if hasattr(value, "_flatten_layers") else []


def own_parts_of(value: Any) -> list[Any]:
    """The user-defined parts of a model besides its layers: optimizers, losses, metrics, or the model itself."""
    found = [
        value,
        *(getattr(value, name, None) for name in ("optimizer", "loss", "_compile_loss", "_compile_metrics")),
    ]
    for holder in (getattr(value, "_compile_loss", None), getattr(value, "_compile_metrics", None)):
        for item in vars(holder).values() if holder is not None else ():
            found += _flat(item)
    found += getattr(value, "metrics", ())
    own = [each for each in found if is_own(type(each).__module__) or isinstance(each, types.FunctionType)]
    layers = {id(part) for part in parts_of(value)}
    return [*{id(each): each for each in own if id(each) not in layers}.values()]


def attributes_beside(part: Any) -> dict[str, Any]:
    """The attributes of a layer or similar object with names that Keras does not use, except parts that it knows."""
    known = _names_of_keras(type(part))  # type: ignore[arg-type]  # a type can be hashed
    held = {
        name: item
        for name, item in vars(part).items()
        if (name[0] != "_" or name not in known) and name not in _NOT_STATE and not is_of_keras(type(item))
    }
    return held | ({"trainable": part.trainable} if hasattr(part, "trainable") else {})


@functools.lru_cache(maxsize=256)
def _names_of_keras(kind: type) -> frozenset[str]:
    """The names that occur in the code of those base classes of a type that belong to libraries."""
    found = set[str]()
    for base in kind.__mro__:
        for item in vars(base).values() if not is_own(base.__module__) else ():
            function = inspect.unwrap(getattr(item, "fget", None) or getattr(item, "__func__", item))
            if isinstance(function, types.FunctionType):
                found |= names_in(function.__code__)
    return frozenset(found)


def _flat(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    return [each for item in value for each in _flat(item)] if isinstance(value, list | tuple) else [value]


def gradient_of(variable: Any) -> Any:
    """The gradient that a variable holds if Keras runs on PyTorch; else None."""
    value = variable.value
    return value.grad.detach() if getattr(value, "is_leaf", False) and value.grad is not None else None


def array_of(variable: Any) -> Any:
    """The value of a variable as a new array that the store knows: bfloat16 becomes float32, without loss."""
    keras = sys.modules["keras"]
    array = np.array(keras.ops.convert_to_numpy(variable.value))
    return array if array.dtype.kind in "biuf" else array.astype(np.float32)


def _beside(part: Any) -> list[tuple[str, Any]]:
    """Those of `attributes_beside` that are plain values, arrays or random generators."""
    return [
        (name, item)
        for name, item in attributes_beside(part).items()
        if name[0] != "_" and (type(item) in _PLAIN or isinstance(item, np.ndarray) or values.is_random(type(item)))
    ]


def is_of_keras(kind: type) -> bool:
    """Whether the type is, or inherits from, a type of Keras; the containers that a layer holds do not count."""
    return not is_container(kind) and any(str(base.__module__).startswith("keras.src.") for base in kind.__mro__)


def is_container(kind: type) -> bool:
    """Whether it is the type that Keras makes of a list, dictionary or set that is put into a layer."""
    return kind.__module__ == "keras.src.utils.tracking" and issubclass(kind, list | dict | set)
