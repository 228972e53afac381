"""The libraries that lrlab reads: each file in the folder `read` declares one, and the folder is the registry.

    LIBRARY = Library("fvcore", words=_words, calls=RECIPES, modules=("fvcore",), facts={"steps": "updates"})

To add a library, add a file: `lrlab convert`, its help and `lrlab.dialects.from_NAME` follow.
"""

from __future__ import annotations

import functools
import pkgutil
from importlib import import_module

from lrlab.dialects.parts.library import Library
from lrlab.dialects.read import __path__ as FOLDER  # noqa: N812


def names() -> tuple[str, ...]:
    """The names of all libraries."""
    return tuple(module.name for module in pkgutil.iter_modules(FOLDER))


@functools.cache
def library(name: str) -> Library:
    """The library with this name."""
    found: Library = import_module(f"lrlab.dialects.read.{name}").LIBRARY
    return found


def libraries() -> tuple[Library, ...]:
    """All libraries."""
    return tuple(library(name) for name in names())
