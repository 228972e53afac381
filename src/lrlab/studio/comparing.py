"""Serves the page Compare: begins, shows and stops comparisons, and has the example of the package."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.studio.asked import Asked

EXAMPLE = "example"
ARMS = 12
LONGEST_NAME = 60


class Comparing:
    """The comparisons of a store, on the tasks allowed on the command line: typed text never names code."""

    def __init__(self, store: Path, tasks: Mapping[str, str]) -> None:
        self.store, self.tasks = store, tasks

    @property
    def gets(self) -> dict[str, Callable[[Asked], Mapping[str, Any]]]:
        """The requests by GET."""
        return {"comparisons": self.comparisons, "comparison": self.comparison}

    @property
    def posts(self) -> dict[str, Callable[[Asked], Mapping[str, Any]]]:
        """The requests by POST."""
        return {"compare": self.compare, "stop": self.stop, "continue": self.go_on}

    def comparisons(self, asked: Asked) -> Mapping[str, Any]:
        """All comparisons, the available tasks, and the usual strategies."""
        from lrlab.desk import jobs

        return {
            "tasks": list(self.tasks),
            "jobs": [asdict(job) for job in jobs.listing(self.store)],
            "example": example()["title"],
        }

    def comparison(self, asked: Asked) -> Mapping[str, Any]:
        """One comparison: its progress, and its report once there is one."""
        from lrlab.desk import jobs

        name = asked.text("name", LONGEST_NAME)
        if name == EXAMPLE:
            return {"job": None, "report": example()}
        return {"job": asdict(jobs.job(self.store, name)), "report": jobs.result(self.store, name)}

    def compare(self, asked: Asked) -> Mapping[str, Any]:
        """Begin a comparison."""
        from lrlab.desk import jobs
        from lrlab.desk.wanted import Wanted

        task = asked.task(self.tasks)
        arms = _arms(asked)
        updates, folds, seeds = (asked.optional(name, 1, 1e6) for name in ("updates", "folds", "seeds"))
        wanted = Wanted(
            task=task,
            quick=asked.flag("quick"),
            schedules=arms,
            updates=None if updates is None else int(updates),
            folds=None if folds is None else int(folds),
            seeds=None if seeds is None else int(seeds),
            baseline=next(iter(arms)),
        )
        return {"name": jobs.begin(self.store, wanted)}

    def stop(self, asked: Asked) -> Mapping[str, Any]:
        """Stop a comparison; finished runs are kept."""
        from lrlab.desk import jobs

        jobs.stop(self.store, asked.text("name", LONGEST_NAME))
        return {}

    def go_on(self, asked: Asked) -> Mapping[str, Any]:
        """Continue a stopped comparison."""
        from lrlab.desk import jobs

        jobs.go_on(self.store, asked.text("name", LONGEST_NAME))
        return {}

    def events(self, name: str) -> Path:
        """The file with the events of a comparison. Raises `LrlabError` if there is no comparison of this name."""
        from lrlab.desk import jobs
        from lrlab.desk.wanted import EVENTS

        return jobs.place(self.store, name) / EVENTS


def _arms(asked: Asked) -> dict[str, str]:
    """The strategies by their names, each of which there is once."""
    arms: dict[str, str] = {}
    for each in asked.each("arms", ARMS):
        name = each.text("name", LONGEST_NAME)
        if name in arms:
            raise LrlabError(worded("two strategies have one name", name))
        arms[name] = each.text("schedule")
    if not arms:
        raise LrlabError(worded("no strategy is given", hint='cosine = warmup("5%") >> cosine()'))
    return arms


@cache
def example() -> dict[str, Any]:
    """The report of a real comparison; `benchmarks/studio_example.py` makes it again."""
    found: dict[str, Any] = json.loads(files("lrlab.studio").joinpath("static", "example.json").read_text("utf-8"))
    return found
