"""What models of Keras and flax are made of, which tell it to nobody by their attributes.

Keras knows the parts of a model by their places in memory, and counts names through the process; a module of flax
makes its parts when it is first looked at.
"""

from __future__ import annotations

import dataclasses
import types
import warnings
from collections.abc import Mapping
from typing import Any

from lrlab.lab.training.held_keras import array_of, attributes_beside, parts_of, variables_of

_OF_LINEN = ("_id", "_state", "_parent_ref", "_compact_name_scope_modules")  # of this process, and of its use


def is_keras(kind: type) -> bool:
    """Whether a class is Keras', or comes from one."""
    return any(each.__module__.partition(".")[0] == "keras" for each in kind.__mro__)


def is_container_of_keras(kind: type) -> bool:
    """Whether it is what Keras makes of a list, a dictionary or a set that is put into a layer."""
    return kind.__module__ == "keras.src.utils.tracking" and issubclass(kind, list | dict | set)


def of_keras(value: Any) -> list[tuple[str, Any]] | None:
    """A thing of Keras: configuration, variables, and what its layers hold beside.

    None for a model of layers that does not tell how they are joined.
    """
    layers = parts_of(value)
    compiled = bool(getattr(value, "compiled", False))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Keras, about NumPy
        try:
            told = [value.get_config(), value.get_compile_config() if compiled else None]
        except Exception:  # whatever its own method raises: its code tells how it computes
            if any(hasattr(each, "_nodes_by_depth") for each in layers):
                return None
            told = []
        arrays = [array_of(each) for each in variables_of(value)]
    judged = [getattr(value, name, None) for name in ("optimizer", "loss")] if compiled else []
    judged.append(getattr(getattr(value, "_compile_metrics", None), "_user_metrics", None))
    named = [value, *judged, *layers, *(each for layer in layers for each in getattr(layer, "operations", ()))]
    names = _ranked({str(each.name) for each in named if hasattr(each, "name")})
    return [
        ("", type(value)),
        ("configuration", _renamed(told, names)),
        ("", arrays),
        ("", [(type(each), _renamed(_beside(each), names)) for each in layers]),
        ("", judged),
    ]


def _beside(part: Any) -> list[tuple[str, Any]]:
    """What a part of Keras holds, without the methods that Keras has wrapped for it."""
    return [
        (name, each)
        for name, each in sorted(attributes_beside(part).items())
        if not isinstance(each, types.FunctionType) or not hasattr(type(part), name)
    ]


def _ranked(names: set[str]) -> dict[str, str]:
    """Names with the number at their end replaced by its rank.

    >>> _ranked({"dense_3", "dense_7", "conv_5", "conv"})
    {'conv': 'conv 0', 'conv_5': 'conv 1', 'dense_3': 'dense 0', 'dense_7': 'dense 1'}
    """
    cut = {name: name.rstrip("0123456789") for name in names}
    parts = sorted((kind.rstrip("_"), int(name[len(kind) :] or 0), name) for name, kind in cut.items())
    kinds = [kind for kind, _, _ in parts]
    return {name: f"{kind} {k - kinds.index(kind)}" for k, (kind, _, name) in enumerate(parts)}


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {_renamed(key, names): _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def is_linen(kind: type) -> bool:
    """Whether it is a class of modules of flax.linen."""
    return hasattr(kind, "bind") and any(each.__module__.startswith("flax.linen.module") for each in kind.__mro__)


def of_linen(module: Any) -> list[tuple[str, Any]]:
    """A module of flax: its attributes; where variables are bound to it, its fields and these."""
    if module.scope is None:
        return [(name, vars(module)[name]) for name in sorted(vars(module).keys() - {*_OF_LINEN})]
    fields = [(field.name, vars(module).get(field.name)) for field in dataclasses.fields(module)]
    return [*fields, ("variables", module.variables), ("random numbers", module.scope.rngs)]
