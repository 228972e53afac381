"""Hidden random numbers: a library does not show their state, so a fork could not continue them.

TensorFlow keeps some in each compiled operation. Training is not shared if user code names TensorFlow and draws there.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from lrlab.lab.training.own import names_in, reached

_WORDS = ("random", "dropout", "shuffle")


def hidden_random_numbers(function: Any) -> list[str]:
    """A text for each source of hidden random numbers that the function can reach; empty if there is none."""
    if not hasattr(sys.modules.get("tensorflow"), "random"):  # not loaded, or an empty placeholder
        return []
    draws = any(map(_draws, reached(function)))
    return ["the random numbers of TensorFlow, which it keeps out of reach"] if draws else []


def _draws(function: Any) -> bool:
    code, known = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    names = names_in(code) if code is not None else frozenset()
    modules = {name for name in names if isinstance(known.get(name), ModuleType)}
    of_tensorflow = {"tensorflow"} & names or any(
        str(known[name].__name__).partition(".")[0] == "tensorflow" for name in modules
    )
    return bool(of_tensorflow) and any(word in name.lower() for name in names for word in _WORDS)
