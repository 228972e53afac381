"""Reads a request in JSON: each field is checked for its type and bounds; an error is a sentence."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, LrlabTypeError, worded

LONGEST_TEXT = 20_000  # characters of a schedule
LONGEST_RUN = 10_000_000  # updates of a run that is drawn
FACTS = ("updates", "epochs", "updates_per_epoch", "samples_per_update", "tokens_per_update")


def _unreal(name: str) -> float:
    raise LrlabError(worded("numbers are finite", name))


class Asked:
    """A JSON object with methods that read its fields by type.

    >>> Asked(b'{"text": "cosine()", "lr": 0.1}').number("lr", 0, 10)
    0.1
    """

    def __init__(self, body: bytes | Mapping[str, Any]) -> None:
        if isinstance(body, Mapping):
            self._fields: Mapping[str, Any] = body
            return
        try:
            found = json.loads(body.decode("utf-8"), parse_constant=_unreal)
        except LrlabError:
            raise
        except (ValueError, RecursionError):
            raise LrlabError("this request is not JSON") from None
        if not isinstance(found, dict):
            raise LrlabTypeError("this request is not an object of JSON")
        self._fields = found

    def text(self, name: str, longest: int = LONGEST_TEXT, default: str | None = None) -> str:
        """A text of characters that files can hold: no NUL, and no half of a pair of UTF-16."""
        given = self._fields.get(name, default)
        if not isinstance(given, str):
            raise LrlabTypeError(worded(f"{name} must be a text", given))
        if len(given) > longest:
            raise LrlabError(worded(f"{name} has {len(given):,} characters", allowed=f"at most {longest:,}"))
        if "\x00" in given:
            raise LrlabError(worded(f"{name} holds a character that no text has", "NUL"))
        if any("\ud800" <= letter <= "\udfff" for letter in given):
            raise LrlabError(worded(f"{name} holds a character that no text has", "half of a pair of UTF-16"))
        return given

    def number(self, name: str, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number between the bounds."""
        given = self._fields.get(name)
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise LrlabTypeError(worded(f"{name} must be a number", given))
        try:
            value = float(given)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value) or not low <= value <= high:
            raise LrlabError(worded(f"{name} is out of bounds", value, f"{low:g} to {high:g}"))
        return value

    def optional(self, name: str, low: float, high: float) -> float | None:
        """A finite number between the bounds, or None."""
        return None if self._fields.get(name) is None else self.number(name, low, high)

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number between the bounds."""
        value = self.number(name, low, high)
        if not value.is_integer():
            raise LrlabError(worded(f"{name} must be a whole number", value))
        return int(value)

    def flag(self, name: str) -> bool:
        """True or false; false if it is left out."""
        given = self._fields.get(name, False)
        if not isinstance(given, bool):
            raise LrlabTypeError(worded(f"{name} must be true or false", given))
        return given

    def one_of(self, name: str, allowed: Sequence[str], default: str | None = None) -> str:
        """One of the allowed words."""
        given = self._fields.get(name, default)
        if given not in allowed:
            raise LrlabError(worded(f"{name} is not known", given, ", ".join(allowed)))
        return str(given)

    def task(self, tasks: Mapping[str, str]) -> str:
        """What is trained, by its shown name. Raises `LrlabError` for what the command line did not allow."""
        name = self.text("task", 200)
        if name not in tasks:
            allowed = f"{', '.join(tasks)}; others by  lrlab studio --task FILE:NAME"
            raise LrlabError(worded("there is no such task here", name, allowed))
        return tasks[name]

    def within(self, name: str) -> Asked:
        """The object in this field."""
        given = self._fields.get(name)
        if not isinstance(given, dict):
            raise LrlabTypeError(worded(f"{name} must be an object", given))
        return Asked(given)

    def texts(self, name: str, most: int, longest: int) -> list[str]:
        """The texts in this list, at most `most`."""
        given = self._fields.get(name, [])
        if not isinstance(given, list):
            raise LrlabTypeError(worded(f"{name} must be a list of texts", given))
        if len(given) > most:
            raise LrlabError(worded(f"{name} has {len(given)} items", allowed=f"at most {most}"))
        return [Asked({name: item}).text(name, longest) for item in given]

    def each(self, name: str, most: int) -> list[Asked]:
        """The objects in this list, at most `most`."""
        given = self._fields.get(name, [])
        if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
            raise LrlabTypeError(worded(f"{name} must be a list of objects", given))
        if len(given) > most:
            raise LrlabError(worded(f"{name} has {len(given)} items", allowed=f"at most {most}"))
        return [Asked(item) for item in given]

    def horizon(self, name: str = "horizon") -> Horizon:
        """The facts known of a run; its length must be known and short enough to draw."""
        facts = self.within(name)
        known: dict[str, Any] = {fact: facts.optional(fact, 0, 1e18) for fact in FACTS}
        run = Horizon(**known)
        if run.total is None:
            raise LrlabError(worded("a schedule is drawn over a run whose length is known", hint="Updates: 10000"))
        if run.total > LONGEST_RUN:
            raise LrlabError(worded(f"the run has {run.total:,} updates", allowed=f"at most {LONGEST_RUN:,} are drawn"))
        return run
