"""Serves the page Choose: a schedule to begin with, with graded reasons; and the LRs that suit a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lrlab.core.text.parse import parse
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded
from lrlab.studio.asked import Asked
from lrlab.studio.small import small

RUN = Horizon(updates=10_000)  # of a small picture
LONGEST_NAME = 60


class Choosing:
    """Advice from the rules and from the runs of a store; range tests on the tasks allowed on the command line."""

    def __init__(self, store: Path, tasks: Mapping[str, str]) -> None:
        self.store, self.tasks = store, tasks

    @property
    def gets(self) -> dict[str, Callable[[Asked], Mapping[str, Any]]]:
        """The requests by GET."""
        return {"questions": self.questions, "range": self.range}

    @property
    def posts(self) -> dict[str, Callable[[Asked], Mapping[str, Any]]]:
        """The requests by POST."""
        return {"advise": self.advise, "find": self.find}

    def questions(self, asked: Asked) -> Mapping[str, Any]:
        """What is asked before a schedule is advised, the tasks, and the range tests of the store."""
        from lrlab.desk import ranges
        from lrlab.desk.offered import questions

        found = [{"name": each.name, "asks": each.asks, "answers": dict(each.answers)} for each in questions()]
        return {"questions": found, "tasks": list(self.tasks), "ranges": ranges.listing(self.store)}

    def advise(self, asked: Asked) -> Mapping[str, Any]:
        """A schedule to begin with, two runners-up, and what speaks for and against them."""
        from lrlab.desk.advise import advise
        from lrlab.desk.offered import questions
        from lrlab.views.plain import plain

        names = [*(each.name for each in questions()), "optimizer"]
        given = {name: asked.text(name, LONGEST_NAME, "") for name in names}
        found = advise(**{name: answer for name, answer in given.items() if answer})
        record = found.record()
        return {
            "shortlist": [
                {**offer, "points": small(parse(offer["schedule"]), RUN), "weight": offer["points"]}
                for offer in record["shortlist"]
            ],
            "settle": record["settle"],
            "sections": [plain(table) for table in found.tables],
        }

    def find(self, asked: Asked) -> Mapping[str, Any]:
        """Begin a range test on a task, in a process of its own."""
        from lrlab.desk import ranges

        task = asked.text("task", 200)
        if task not in self.tasks:
            allowed = f"{', '.join(self.tasks)}; others by  lrlab studio --task FILE:NAME"
            raise LrlabError(worded("there is no such task here", task, allowed))
        updates = asked.optional("updates", 1, 1e7)
        budget = asked.optional("budget", 1e-6, 100)
        return {"name": ranges.begin(self.store, self.tasks[task], None if updates is None else int(updates), budget)}

    def range(self, asked: Asked) -> Mapping[str, Any]:
        """How a range test stands, and what it has found."""
        from lrlab.desk import ranges

        return ranges.standing(self.store, asked.text("name", LONGEST_NAME))
