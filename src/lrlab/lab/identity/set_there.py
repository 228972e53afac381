"""What was set at run time in a library or in Python: `torch.width = 8`, a function of theirs that was replaced."""

from __future__ import annotations

import functools
import re
import sys
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from lrlab.lab.identity.own import Own
from lrlab.lab.identity.plain import array_of, digest_of_plain

_OF_THE_PROCESS = {"sys", "os", "posix", "nt", "time", "gc", "site"}  # whose values are others in each


def was_set(module: ModuleType, name: str, value: Any, own: Own) -> bool:
    """Whether a value in a library may have been set by the user: what is one's own, or a plain value or an array.

    Those of a library count whether it has set them or the user, for that cannot be seen. Python's own do where its
    source has no such name.

    >>> import math
    >>> was_set(math, "pi", math.pi, Own()), was_set(math, "sin", math.sin, Own())
    (True, False)
    """
    if name.startswith("_"):
        return False
    if own.put(value) or (isinstance(value, type) and bool(set_in(value, own))):
        return True
    source = _source(getattr(module, "__file__", None) or "")
    if isinstance(value, partial):
        return not re.search(rf"(?m)^\s*{re.escape(name)}\b.*partial\(", source)
    if not _is_content(value):
        return False
    if module.__name__.partition(".")[0] not in sys.stdlib_module_names:
        return True
    if not source:
        return module.__name__ not in _OF_THE_PROCESS
    return not re.search(rf"\b{re.escape(name)}\b", source)


def set_in(kind: type, own: Own) -> list[tuple[str, Any]]:
    """What may have been set in a class of a library: what is one's own, or a plain value.

    >>> class Mine: pass
    >>> set_in(dict, Own())
    []
    """
    found = []
    library = kind.__module__.partition(".")[0] not in sys.stdlib_module_names
    for name, held in sorted(vars(kind).items()):
        plain = library and not name.startswith("_") and digest_of_plain(held) is not None
        if plain or (name not in ("__class__", "__base__") and own.put(held)):
            found.append((name, held))
    return found


def _is_content(value: Any) -> bool:
    if type(value) in (list, set, dict):
        items = [*value.items()] if isinstance(value, dict) else [*value]
        return all(digest_of_plain(item) is not None for item in items)
    return digest_of_plain(value) is not None or array_of(value) is not None


@functools.lru_cache(maxsize=256)
def _source(file: str) -> str:
    """The text of a module's file; empty where it has none."""
    if not file.endswith(".py"):
        return ""
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
