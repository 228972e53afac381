"""What the file of a library declares: how its names, calls and files are read and recognised."""

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
    """How a library's names and files are read, and how they are recognised.

    `words(name, *args, **given)` reads a name or constructor with its arguments. `file(document, given, known)` reads
    a saved configuration, with the values given beside it and the facts known of the run. `recognise(document)` decides
    from the whole configuration if it is this library's; `keys` are its keys about the LR. `calls` are the constructors
    known by name, `modules` the modules that they are imported from. `facts` gives the library's word for each fact
    about a run ("steps", "lr", "updates_per_epoch", "epochs"); if two facts have the same word, the later one counts.
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
        """The known facts about the run, under the library's names."""
        rate = run.rate("epochs")
        found = {"steps": run.total, "lr": lr, "updates_per_epoch": _whole(rate), "epochs": _whole(run.epochs)}
        return {word: found[fact] for fact, word in self.facts.items() if found[fact] is not None}


def _whole(x: Any) -> Any:
    """A float with a whole value as an int."""
    return int(x) if x is not None and x == int(x) else x
