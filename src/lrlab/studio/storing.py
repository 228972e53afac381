"""Serves the page Runs: the contents of the store, and single runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lrlab.studio.asked import Asked


class Storing:
    """The runs of a store."""

    def __init__(self, store: Path) -> None:
        self.store = store

    @property
    def gets(self) -> dict[str, Callable[[Asked], Mapping[str, Any]]]:
        """The requests by GET."""
        return {"runs": self.runs, "run": self.run}

    def runs(self, asked: Asked) -> Mapping[str, Any]:
        """A short summary of every run."""
        from lrlab.desk import runs as desk

        return {"store": str(self.store), **desk.listing(self.store, each=True).document()}

    def run(self, asked: Asked) -> Mapping[str, Any]:
        """One run as a report."""
        from lrlab.desk import runs as desk
        from lrlab.views.plain import plain_report

        return {"report": plain_report(desk.report(self.store, asked.text("key", 64)))}
