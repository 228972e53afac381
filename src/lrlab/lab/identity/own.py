"""What belongs to the user, and so counts by its content; everything else is a library, and counts by its version."""

from __future__ import annotations

import sys
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from lrlab.lab.training.own import is_own, is_own_file

_LRLAB = Path(__file__).parents[2]
HEAP = 1 << 9  # the flag of a class that was made while Python runs
_NOWHERE = (None, "builtins", "__main__")


class Own:
    """Own code is what is not installed; `package` is the one installed package that counts nevertheless, with the
    task in it."""

    def __init__(self, package: str = "") -> None:
        self._package = package

    def module(self, name: str | None) -> bool:
        """Whether a module is the user's: no library, and none of lrlab but its tasks.

        >>> Own().module("json"), Own().module("__main__"), Own("json").module("json.decoder")
        (False, True, True)
        """
        return not name or is_own(name, self._package)

    def function(self, function: FunctionType) -> bool:
        """Whether a function is the user's: by its file, or where it has none (it was generated) by its module."""
        file = function.__code__.co_filename
        if file.endswith(".py"):
            return is_own_file(file) or bool(self._package and self.module(function.__module__))
        return self.module(function.__globals__.get("__name__"))

    def patch(self, function: FunctionType) -> bool:
        """Whether a function that stands in a library is the user's: of a file or a cell, and not generated there."""
        return self.function(function) and function.__code__.co_filename not in ("<string>", "<frozen>")

    def put(self, value: Any) -> bool:
        """Whether a thing that stands in a library or in one of its classes is the user's: code, or an object of a
        class of one's own.

        >>> Own().put(dict.get), Own().put(type("Mine", (), {"__module__": "__main__"}))
        (False, True)
        """
        for name in ("__func__", "fget", "func"):
            if isinstance(inner := getattr(value, name, None), FunctionType) and self.patch(inner):
                return True
        if isinstance(value, FunctionType):
            return self.patch(value)
        if isinstance(value, ModuleType):
            return self.module(value.__name__)
        return self.kind(value if isinstance(value, type) else type(value))

    def kind(self, kind: type) -> bool:
        """Whether a class is the user's: of an own module, or of none at all.

        >>> Own().kind(int), Own().kind(type("Mine", (), {"__module__": "__main__"}))
        (False, True)
        """
        if not kind.__flags__ & HEAP:
            return False
        name = getattr(kind, "__module__", None)
        if name in _NOWHERE and name != "__main__":
            return found(kind) is not kind
        return self.module(name)


def is_lrlab(code: CodeType) -> bool:
    """Whether a code is of lrlab itself, its tasks among them."""
    return Path(code.co_filename).is_relative_to(_LRLAB)


def found(thing: Any) -> Any:
    """What stands under the name of a function or a class in its module; None if nothing does.

    >>> found(dict) is dict, found(lambda: 0)
    (True, None)
    """
    module: Any = sys.modules.get(getattr(thing, "__module__", None) or "builtins")
    for part in str(getattr(thing, "__qualname__", "")).split("."):
        module = vars(module).get(part) if isinstance(module, ModuleType | type) else None
    return module
