"""What a process brings to a training beside code: environment variables that the code reads, the switches of libraries
that were set in it, the order of its sets, and the threads of NumPy."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from lrlab.lab.training.determinism import environment

PINNED = "0"  # of every worker and every node
_SET_BY_THE_LAB = {*environment(1), "CUDA_VISIBLE_DEVICES"}
_NUMPY = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
_JAX = {
    "jax_enable_x64": False,
    "jax_default_matmul_precision": None,
    "jax_default_prng_impl": "threefry2x32",
    "jax_disable_jit": False,
}


def variables(texts: Iterable[str]) -> dict[str, str]:
    """The environment variables that are set, of those whose names stand in code; those that the lab sets aside.

    >>> variables(["no such variable", ""])
    {}
    """
    return {name: os.environ[name] for name in sorted({*texts} - _SET_BY_THE_LAB) if name in os.environ}


def switches() -> dict[str, str]:
    """The switches of the libraries that are loaded, where they do not stand as they do at the start.

    >>> before = np.seterr(all="raise"); switches(), np.seterr(**before) is not None
    ({'numpy errors': "{'divide': 'raise', 'over': 'raise', 'under': 'raise', 'invalid': 'raise'}"}, True)
    """
    found: dict[str, Any] = {} if np.geterr() == _NUMPY else {"numpy errors": np.geterr()}
    torch, jax, keras = (sys.modules.get(name) for name in ("torch", "jax", "keras"))
    if torch is not None and hasattr(torch, "get_default_dtype"):
        now = {
            "torch default dtype": (torch.get_default_dtype(), torch.float32),
            "torch default device": (str(torch.get_default_device()), "cpu"),
            "torch products": (torch.get_float32_matmul_precision(), "highest"),
            "torch gradients": (torch.is_grad_enabled(), True),
            "torch MKL-DNN": (torch.backends.mkldnn.enabled, True),
        }
        found |= {name: value for name, (value, usual) in now.items() if value != usual}
    if jax is not None and hasattr(jax, "config"):
        now = {name: (getattr(jax.config, name, usual), usual) for name, usual in _JAX.items()}
        found |= {name: value for name, (value, usual) in now.items() if value != usual}
    if keras is not None and hasattr(keras, "config"):
        now = {"keras floatx": (keras.config.floatx(), "float32"), "keras epsilon": (keras.config.epsilon(), 1e-7)}
        found |= {name: value for name, (value, usual) in now.items() if value != usual}
    return {name: str(value) for name, value in found.items()}


def order_of_sets() -> str:
    """What tells the order of sets of texts in this process: "0" where it is pinned, as in every worker."""
    return PINNED if not sys.flags.hash_randomization else f"{hash('the order of sets') & (2**64 - 1):016x}"
