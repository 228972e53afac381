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
from collections.abc import Iterator
from types import CellType, CodeType
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
    code = getattr(function, "__code__", None)
    if code is None or any(type(each) is tuple and "generator" in each for each in code.co_consts):
        return False
    return any(
        getattr(value, "__self__", None) in (random._inst, np.random.mtrand._rand) or value is _Drawing
        for value in _named(function, code)
    )


class _Drawing:
    """In place of what of PyTorch draws."""


def _named(function: Any, code: CodeType) -> Iterator[Any]:
    """What the names and attributes in the code stand for: global, of a closure, or imported where they are used."""
    cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
    held = {name: _content(cell) for name, cell in cells}
    known, own = function.__globals__, dict[str, Any]()
    value: Any = None
    module = ""
    for each in dis.get_instructions(code):
        name = each.argval
        match each.opname:
            case "LOAD_GLOBAL" | "LOAD_NAME":
                value = known.get(name)
            case "LOAD_DEREF":
                value = held.get(name)
            case "IMPORT_NAME":
                module, value = name, sys.modules.get(name.partition(".")[0])
            case "IMPORT_FROM" if name in vars(sys.modules.get(module, sys)):
                value = vars(sys.modules[module])[name]
            case "LOAD_ATTR" | "LOAD_METHOD" | "IMPORT_FROM" if value is not None:
                torch = value is sys.modules.get("torch")
                value = _Drawing if torch and name in _OF_TORCH else getattr(value, name, None)
            case opname if opname.startswith("STORE_FAST"):  # two names: of Python 3.13 on, it loads the second
                stored, *loaded = name if isinstance(name, tuple) else (name,)
                own[stored] = value
                value = own.get(loaded[0]) if loaded else None
            case opname if opname.startswith("LOAD_FAST"):
                value = own.get(name)
            case _:
                value = None
        yield value


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing is in it yet
        return None
