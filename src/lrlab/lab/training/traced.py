"""What a process keeps of code that it ran: traces of JAX and of vectorised steps, cached results of own functions.

They hold the values that variables had when they were made. Where a variable is set while the process runs, as in a
notebook, the identity is another one, and training must not go on with what they hold.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from lrlab.lab.training.own import reached

_P = ParamSpec("_P")
_Made = TypeVar("_Made")

_TRACES: list[Any] = []  # the caches of what `traced` marks
_RAN: list[str] = []  # the identity of what ran last


def traced(make: Callable[_P, _Made]) -> Callable[_P, _Made]:
    """A function that traces others, and keeps the latest of them until `forget`."""
    made: Any = functools.lru_cache(maxsize=8)(make)
    _TRACES.append(made)
    return made  # type: ignore[no-any-return]


def forget(function: Any, identity: str) -> None:
    """Begin anew where something of another identity ran last, or nothing: what a function may reach keeps nothing.

    >>> @functools.cache
    ... def data():
    ...     return []
    >>> first = data()
    >>> forget(lambda run: data(), "one"); second = data()
    >>> forget(lambda run: data(), "one"); data() is second, second is first
    (True, False)
    """
    if [identity] == _RAN:
        return
    _RAN[:] = [identity]
    caches = [each for each in reached(function) if isinstance(each, functools._lru_cache_wrapper)]
    for cache in (*caches, *_TRACES):
        cache.cache_clear()
    if hasattr(jax := sys.modules.get("jax"), "clear_caches"):
        jax.clear_caches()  # type: ignore[union-attr]
