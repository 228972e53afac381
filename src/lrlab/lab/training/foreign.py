"""Arrays of JAX and TensorFlow, converted to arrays that the store knows, and back."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from lrlab.lab.training.values import Unholdable


def stored(value: Any) -> dict[str, Any]:
    """An array in a form that the store knows: a key by its data, a number type that NumPy lacks by its bytes."""
    jax = sys.modules.get("jax")
    if jax is not None and isinstance(value, jax.Array) and jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key):
        return {"key": np.asarray(jax.random.key_data(value)), "as": str(jax.random.key_impl(value))}
    array = np.asarray(value)
    if array.dtype.kind in "biuf" and array.dtype.isbuiltin == 1:
        return {"array": array}
    return {"bytes": array[..., None].view(np.uint8), "as": array.dtype.name}


def restored(kept: Mapping[str, Any], like: Any) -> Any:
    """The stored array, in the library of `like` and on its devices. Raises `Unholdable` if it cannot be made again."""
    jax = sys.modules.get("jax")
    if "key" in kept:
        return sys.modules["jax"].random.wrap_key_data(kept["key"], impl=kept["as"])
    array = kept["array"] if "array" in kept else kept["bytes"].view(_number_type(kept["as"]))[..., 0]
    tensorflow = sys.modules.get("tensorflow")
    if hasattr(like, "assign"):
        like.assign(array)
        return like
    if tensorflow is not None and isinstance(like, getattr(tensorflow, "Tensor", ())):
        return tensorflow.constant(array)
    if jax is None:
        raise Unholdable(f"a {type(like).__name__} cannot be made of an array again")
    with _wide(jax, array):
        return jax.device_put(array, getattr(like, "sharding", None))


def _wide(jax: Any, array: Any) -> contextlib.AbstractContextManager[Any]:
    """A context in which JAX keeps numbers of 64 bits; by default it halves them."""
    if array.dtype.itemsize < 8 or jax.config.jax_enable_x64:
        return contextlib.nullcontext()
    if hasattr(jax, "enable_x64"):
        wide = jax.enable_x64(True)
    else:
        from jax.experimental import enable_x64

        wide = enable_x64()
    return wide  # type: ignore[no-any-return]


def _number_type(name: str) -> Any:
    if hasattr(np, name):
        return np.dtype(name)
    import ml_dtypes

    return np.dtype(getattr(ml_dtypes, name))
