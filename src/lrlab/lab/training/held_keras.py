"""What decides the future of a model, an optimizer, a metric of Keras: variables, and plain attributes beside them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from lrlab.lab.training import values
from lrlab.lab.training.values import Memo, Unholdable

# Counted up through the whole process, or made when it is needed.
_NOT_STATE = ("name", "built", "train_function", "test_function", "predict_function")
_PLAIN = (str, int, float, bool, type(None))


def is_keras(kind: type) -> bool:
    """Whether it is a type of models, layers, optimizers, metrics or seed generators of Keras, or comes from one."""
    return is_of_keras(kind) and (hasattr(kind, "variables") or kind.__name__ == "SeedGenerator")


def take_keras(value: Any, path: str, memo: Memo, hold: Callable[[Any, str, Memo], Any]) -> list[Any]:
    """Every variable, and of every layer what it holds beside."""
    beside = [{name: hold(item, f"{path}.{name}", memo) for name, item in _beside(part)} for part in parts_of(value)]
    variables = variables_of(value)
    return [[array_of(variable) for variable in variables], beside, [gradient_of(variable) for variable in variables]]


def give_keras(now: Any, state: list[Any], give_back: Callable[[Any, Any], Any]) -> Any:
    """Likewise."""
    variables, parts = variables_of(now), parts_of(now)
    if (len(variables), len(parts)) != (len(state[0]), len(state[1])):
        raise Unholdable(f"a {type(now).__name__} has other variables than at the beginning of the run")
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
    """The variables of a thing of Keras, its random numbers included."""
    return [value.state] if type(value).__name__ == "SeedGenerator" else list(value.variables)


def parts_of(value: Any) -> list[Any]:
    """A layer, or a model, with all layers in it; an optimizer has none."""
    return list(value._flatten_layers(include_self=True)) if hasattr(value, "_flatten_layers") else []


def attributes_beside(part: Any) -> dict[str, Any]:
    """What a layer holds by names of its own, other than parts that Keras knows of."""
    held = {
        name: item
        for name, item in vars(part).items()
        if name[0] != "_" and name not in _NOT_STATE and not callable(item) and not is_of_keras(type(item))
    }
    return held | ({"trainable": part.trainable} if hasattr(part, "trainable") else {})


def gradient_of(variable: Any) -> Any:
    """The gradient that a variable holds, where Keras computes by PyTorch."""
    value = variable.value
    return value.grad.detach() if getattr(value, "is_leaf", False) and value.grad is not None else None


def array_of(variable: Any) -> Any:
    """What a variable holds, as an array of its own that the store knows: bfloat16 as float32, without loss."""
    keras = sys.modules["keras"]
    array = np.array(keras.ops.convert_to_numpy(variable.value))
    return array if array.dtype.kind in "biuf" else array.astype(np.float32)


def _beside(part: Any) -> list[tuple[str, Any]]:
    """Of these, what is a value of its own."""
    return [
        (name, item)
        for name, item in attributes_beside(part).items()
        if type(item) in _PLAIN or isinstance(item, np.ndarray) or values.is_random(type(item))
    ]


def is_of_keras(kind: type) -> bool:
    """Whether it is a type of Keras, or comes from one."""
    return any(str(base.__module__).startswith("keras.src.") for base in kind.__mro__)
