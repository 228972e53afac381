"""The settings that a training may change in its process: a fork compares them, and each stage restores them.

These are the switches of PyTorch, NumPy and JAX that change later computations, and the plain variables of the user's
modules. Because they are restored, every stage begins as it would in its own process.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from lrlab.lab.training.cached import drawing
from lrlab.lab.training.own import outside

_PLAIN = (bool, int, float, str, type(None))

# For PyTorch: the name of a switch, how to read it, how to set it.
_TORCH: tuple[tuple[str, Callable[[Any], Any], Callable[[Any, Any], object]], ...] = (
    ("default dtype", lambda t: t.get_default_dtype(), lambda t, v: t.set_default_dtype(v)),
    (
        "default device",
        lambda t: str(t.get_default_device()),
        lambda t, v: t.set_default_device(None if v == "cpu" else v),
    ),
    ("gradients", lambda t: t.is_grad_enabled(), lambda t, v: t.set_grad_enabled(v)),
    ("anomalies", lambda t: t.is_anomaly_enabled(), lambda t, v: t.autograd.set_detect_anomaly(v)),
    ("autocast", lambda t: t.is_autocast_enabled("cpu"), lambda t, v: t.set_autocast_enabled("cpu", v)),
    (
        "deterministic",
        lambda t: (t.are_deterministic_algorithms_enabled(), t.is_deterministic_algorithms_warn_only_enabled()),
        lambda t, v: t.use_deterministic_algorithms(v[0], warn_only=v[1]),
    ),
    ("products", lambda t: t.get_float32_matmul_precision(), lambda t, v: t.set_float32_matmul_precision(v)),
    ("threads", lambda t: t.get_num_threads(), lambda t, v: t.set_num_threads(v)),
    ("MKL-DNN", lambda t: t.backends.mkldnn.enabled, lambda t, v: t.backends.mkldnn.set_flags(v)),
)

_JAX = (
    "jax_enable_x64",
    "jax_default_matmul_precision",
    "jax_default_prng_impl",
    "jax_threefry_partitionable",
    "jax_disable_jit",
    "jax_debug_nans",
)


def switches() -> dict[str, Any]:
    """The switches of the loaded libraries, by name.

    >>> switches()["numpy errors"]["over"]
    'warn'
    """
    found: dict[str, Any] = {"numpy errors": np.geterr()}
    torch, jax = sys.modules.get("torch"), sys.modules.get("jax")
    if torch is not None and hasattr(torch, "is_autocast_enabled"):
        found |= {name: ask(torch) for name, ask, _ in _TORCH}
    if jax is not None and hasattr(jax, "config"):
        found |= {name: getattr(jax.config, name) for name in _JAX if hasattr(jax.config, name)}
    return found


@contextmanager
def put_back(function: Any) -> Iterator[None]:
    """Restore at the end the switches, and the plain variables outside the function, that were changed inside.

    At the beginning, clear the seeded random numbers that outlive a run and the caches of functions that draw.
    """
    before = switches()
    _forget_seeds()
    for cache in drawing(function).values():
        cache.cache_clear()
    plain = [each for each in outside(function).values() if isinstance(each[2], _PLAIN)]
    try:
        yield
    finally:
        for where, key, value in plain:
            _set(where, key, value)
        now = switches()
        _restore({name: value for name, value in before.items() if now.get(name) != value})


def _forget_seeds() -> None:
    """Drop the global generator of Keras: Keras makes a new one on first use, from seeded random numbers."""
    keras = sys.modules.get("keras")
    if keras is not None and hasattr(keras, "src"):
        keras.src.backend.common.global_state.set_global_attribute("global_seed_generator", None)


def _set(where: Any, key: str, value: Any) -> None:
    held = isinstance(where, MutableMapping)
    now = where.get(key) if held else getattr(where, key, None)
    if now is value or not isinstance(now, _PLAIN):  # an object that is made once and kept
        return
    if held:
        where[key] = value
    else:
        setattr(where, key, value)


def _restore(changed: dict[str, Any]) -> None:
    for name, _, put in _TORCH:
        if name in changed:
            put(sys.modules["torch"], changed[name])
    if "numpy errors" in changed:
        np.seterr(**changed["numpy errors"])
    for name, value in changed.items():
        if name in _JAX:
            sys.modules["jax"].config.update(name, value)
