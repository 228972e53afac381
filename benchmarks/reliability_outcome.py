"""How a call ends: what the reliability tools count."""

from __future__ import annotations

import signal
import traceback
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

from lrlab.errors import LrlabError

SECONDS = 20.0  # after which a call hangs


class Outcome(NamedTuple):
    """`kind` is "answer", "sentence" (an LrlabError), "bare" (any other exception) or "hang"; `value` says which."""

    kind: str
    value: Any


class Hang(BaseException):
    """A call has not come back in time."""


def outcome(call: Callable[..., Any], *arguments: Any, seconds: float = SECONDS) -> Outcome:
    """Call, and say how it ended; needs the main thread."""
    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return Outcome("answer", call(*arguments))
    except LrlabError as error:
        return Outcome("sentence", str(error))
    except Hang:
        return Outcome("hang", f"longer than {seconds:g} s")
    except Exception:
        return Outcome("bare", traceback.format_exc(limit=-4))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _ring(number: int, frame: object) -> None:
    raise Hang


class Tally:
    """Counts outcomes, and keeps the first that must not be; an answer that is not right counts as `wrong`."""

    def __init__(self, wrong: str = "silent") -> None:
        self.counts: Counter[str] = Counter()
        self.shown: list[str] = []
        self._wrong = wrong

    def judge(self, what: str, found: Outcome, right: Callable[[Any], bool]) -> None:
        """One more."""
        kind = self._wrong if found.kind == "answer" and not right(found.value) else found.kind
        self.counts[kind] += 1
        if kind not in ("answer", "sentence") and len(self.shown) < 20:
            self.shown.append(f"{kind}: {what}: {found.value}"[:800])

    def figures(self, tried: str) -> dict[str, Any]:
        """The numbers by name, those that must be 0 among them, and the first cases that broke the rule."""
        kinds = ("answer", "sentence", self._wrong, "bare", "hang")
        return {tried: self.counts.total(), **{kind: self.counts[kind] for kind in kinds}, "shown": self.shown}


def told(figures: dict[str, Any]) -> str:
    """The figures in a line, and the cases below it."""
    numbers = ", ".join(f"{name} {value}" for name, value in figures.items() if name != "shown")
    return "\n".join([numbers, *figures["shown"]])
