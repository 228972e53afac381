"""Functions that cache their results (`functools.cache`) and draw random numbers.

A second call draws none, so the random numbers after it are different: a run would depend on earlier runs in the same
process. Therefore each stage clears these caches, and a fork compares how many entries they have. A function that only
reads or computes keeps its cache.
"""

from __future__ import annotations

import dis
import functools
import random
import sys
from typing import Any

import numpy as np

from lrlab.lab.training.own import reached

_OF_TORCH = (
    *("rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal", "bernoulli"),
    *("multinomial", "poisson", "nn"),
)


def drawing(function: Any) -> dict[str, Any]:
    """The caches that a function can reach and that draw from the random numbers of the process, by name.

    >>> import functools, random
    >>> @functools.cache
    ... def noise(k): return random.random()
    >>> @functools.cache
    ... def square(k): return k * k
    >>> [*drawing(lambda run: (noise(1), square(2)))]
    ['noise']
    """
    caches = [each for each in reached(function) if isinstance(each, functools._lru_cache_wrapper)]
    return {each.__wrapped__.__qualname__: each for each in caches if any(map(_draws, reached(each.__wrapped__)))}


def _draws(function: Any) -> bool:
    """Whether a function names a call that draws from the random numbers that a library keeps for the whole process."""
    code, known = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    if code is None or any(type(each) is tuple and "generator" in each for each in code.co_consts):
        return False
    value: Any = None
    for each in dis.get_instructions(code):
        if each.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            value = known.get(each.argval)
        elif each.opname in ("LOAD_ATTR", "LOAD_METHOD") and value is not None:
            if value is sys.modules.get("torch") and each.argval in _OF_TORCH:
                return True
            value = getattr(value, each.argval, None)
        else:
            value = None
        if getattr(value, "__self__", None) in (random._inst, np.random.mtrand._rand):
            return True
    return False
