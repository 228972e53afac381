"""The libraries whose schedules are read: each file of the folder `read` declares one, and the folder is the registry.

    LIBRARY = Library("fvcore", words=_words, calls=RECIPES, modules=("fvcore",), facts={"steps": "updates"})

Adding one is adding a file: `lrlab convert`, its help and `lrlab.dialects.from_NAME` follow.
"""

from __future__ import annotations

import functools
import pkgutil
from importlib import import_module

from lrlab.dialects.parts.library import Library
from lrlab.dialects.read import __path__ as FOLDER  # noqa: N812


def names() -> tuple[str, ...]:
    """The libraries there are."""
    return tuple(module.name for module in pkgutil.iter_modules(FOLDER))


@functools.cache
def library(name: str) -> Library:
    """One of them."""
    found: Library = import_module(f"lrlab.dialects.read.{name}").LIBRARY
    return found


def libraries() -> tuple[Library, ...]:
    """All of them."""
    return tuple(library(name) for name in names())
