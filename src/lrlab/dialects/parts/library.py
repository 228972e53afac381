"""What the file of a library declares: how its words, calls and files are read, and told from all others."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from lrlab.core.time.horizon import Horizon
from lrlab.dialects.parts.imported import Imported

Document = Mapping[str, Any]  # a saved configuration, or a command line as one


def _never(_: Document) -> bool:
    return False


@dataclass(frozen=True)
class Library:
    """How a library's words and files are read, and how they are told from all others.

    `words(name, *args, **given)` reads a name or constructor with its arguments; `file(document, given, known)` a
    saved configuration, with what is given beside it and with what is known of the run. `recognise(document)` says from
    all that is in a configuration whether it is this library's; `keys` are its words of the LR. `calls` are the
    constructors that are known by their names, `modules` where they are imported from. `facts` are the library's words
    for what may be known of a run: "steps", "lr", "updates_per_epoch", "epochs"; of two for a word the later counts.
    """

    name: str
    words: Callable[..., Imported]
    file: Callable[[Document, Document, Document], Imported] | None = None
    recognise: Callable[[Document], bool] = _never
    keys: Collection[str] = ()
    calls: Collection[str] = ()
    modules: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)

    def known(self, run: Horizon, lr: float | None) -> dict[str, Any]:
        """What is known of the run, in the words of the library."""
        rate = run.rate("epochs")
        found = {"steps": run.total, "lr": lr, "updates_per_epoch": _whole(rate), "epochs": _whole(run.epochs)}
        return {word: found[fact] for fact, word in self.facts.items() if found[fact] is not None}


def _whole(x: Any) -> Any:
    """A whole number as one."""
    return int(x) if x is not None and x == int(x) else x
