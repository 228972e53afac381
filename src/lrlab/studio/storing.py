"""Serves the page Runs: the contents of the store, and single runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.studio.asked import Asked

KEY = re.compile(r"[0-9a-zA-Z][0-9a-zA-Z._-]*")
MOST = 2000  # runs at once


class Storing:
    """The runs of a store."""

    def __init__(self, store: Path) -> None:
        self.store = store

    @property
    def gets(self) -> dict[str, Callable[[Asked], Mapping[str, Any]]]:
        """The requests by GET."""
        return {"runs": self.runs, "run": self.run}

    @property
    def posts(self) -> dict[str, Callable[[Asked], Mapping[str, Any]]]:
        """The requests by POST."""
        return {"tag": self.tag, "side": self.side, "export": self.export, "prune": self.prune}

    def runs(self, asked: Asked) -> Mapping[str, Any]:
        """A short summary of every run."""
        from lrlab.desk import runs as desk
        from lrlab.desk.tags import tags

        return {"store": str(self.store), "tags": tags(self.store), **desk.listing(self.store, each=True).document()}

    def run(self, asked: Asked) -> Mapping[str, Any]:
        """One run as a report."""
        from lrlab.desk import runs as desk
        from lrlab.views.plain import plain_report

        key = asked.text("key", 64)
        return {"report": plain_report(desk.report(self.store, key)), "marks": desk.marks(self.store, key)}

    def tag(self, asked: Asked) -> Mapping[str, Any]:
        """Give runs a word, or take it away."""
        from lrlab.desk import tags as desk

        return {"tags": desk.tag(self.store, _keys(asked), asked.text("word", 100), on=asked.flag("on"))}

    def side(self, asked: Asked) -> Mapping[str, Any]:
        """Several runs beside each other, as a report."""
        from lrlab.desk import several_runs as desk
        from lrlab.views.plain import plain_report

        return {"report": plain_report(desk.beside(self.store, _keys(asked)))}

    def export(self, asked: Asked) -> Mapping[str, Any]:
        """Runs as a text for other programs, and a name for its file."""
        from lrlab.desk import several_runs as desk
        from lrlab.desk.tags import tags

        form = asked.one_of("form", ("csv", "json"))
        return {"text": desk.exported(self.store, _keys(asked), form, tags(self.store)), "name": f"runs.{form}"}

    def prune(self, asked: Asked) -> Mapping[str, Any]:
        """Delete the saved states, and runs that are too old; or say what would go."""
        from lrlab.desk import runs as desk

        answer = desk.pruned(self.store, days=asked.optional("days", 0, 1e6), dry=asked.flag("dry"))
        return {**answer.record, "sentence": answer.sentences[0]}


def _keys(asked: Asked) -> list[str]:
    """The keys of runs: names of files of the store, and nothing else."""
    found = asked.texts("keys", MOST, 128)
    if wrong := [key for key in found if not KEY.fullmatch(key)]:
        raise LrlabError(worded("this is not the key of a run", wrong[0]))
    if not found:
        raise LrlabError("no run is chosen")
    return found
