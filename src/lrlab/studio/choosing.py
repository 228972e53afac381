"""Serves the page Choose: a schedule to begin with, with graded reasons; the LRs that suit a training; or both, found
within a budget."""

from __future__ import annotations

import re
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
MINUTES = re.compile(r"[0-9.]{1,8} *(s|min|h)")  # of a budget


class Choosing:
    """Advice from the rules and from the runs of a store; choices by training on the tasks of the command line."""

    def __init__(self, store: Path, tasks: Mapping[str, str]) -> None:
        self.store, self.tasks = store, tasks

    @property
    def gets(self) -> dict[str, Callable[[Asked], Mapping[str, Any]]]:
        """The requests by GET."""
        return {"questions": self.questions, "choices": self.choices, "choice": self.choice}

    @property
    def posts(self) -> dict[str, Callable[[Asked], Mapping[str, Any]]]:
        """The requests by POST."""
        return {"advise": self.advise, "find": self.find, "auto": self.auto, "halt": self.halt, "resume": self.resume}

    def questions(self, asked: Asked) -> Mapping[str, Any]:
        """What is asked before a schedule is advised, the tasks that can be trained, and the frameworks of the code."""
        from lrlab.desk.coded import FRAMEWORKS
        from lrlab.desk.offered import questions

        found = [{"name": each.name, "asks": each.asks, "answers": dict(each.answers)} for each in questions()]
        return {"questions": found, "tasks": list(self.tasks), "frameworks": list(FRAMEWORKS)}

    def advise(self, asked: Asked) -> Mapping[str, Any]:
        """A schedule to begin with, two runners-up, and what speaks for and against them."""
        from lrlab.desk.advise import advise
        from lrlab.views.plain import plain

        found = advise(**_answers(asked))
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
        from lrlab.desk.choices import Choice, begin

        budget = _budget(asked) if asked.text("budget", 20, "").strip() else None
        if isinstance(budget, str):
            raise LrlabError(worded("the budget of a range test is in runs", budget, hint="0.5"))
        return {"name": begin(self.store, Choice("find", asked.task(self.tasks), _updates(asked), budget))}

    def auto(self, asked: Asked) -> Mapping[str, Any]:
        """Begin to choose a schedule and its LR for a task within a budget, in a process of its own."""
        from lrlab.desk.choices import Choice, begin
        from lrlab.desk.coded import FRAMEWORKS

        answers = _answers(asked.within("answers"))
        framework = asked.one_of("framework", FRAMEWORKS, "torch")
        choice = Choice("auto", asked.task(self.tasks), _updates(asked), _budget(asked), framework, answers)
        return {"name": begin(self.store, choice)}

    def choices(self, asked: Asked) -> Mapping[str, Any]:
        """What was begun here, the latest first."""
        from lrlab.desk import choices

        return {"choices": choices.listing(self.store)}

    def choice(self, asked: Asked) -> Mapping[str, Any]:
        """How one stands, and what it has found."""
        from lrlab.desk import choices

        return choices.standing(self.store, asked.text("name", LONGEST_NAME))

    def halt(self, asked: Asked) -> Mapping[str, Any]:
        """Stop one; finished runs are kept."""
        from lrlab.desk import choices

        choices.stop(self.store, asked.text("name", LONGEST_NAME))
        return {}

    def resume(self, asked: Asked) -> Mapping[str, Any]:
        """Let one that has stopped go on."""
        from lrlab.desk import choices

        choices.go_on(self.store, asked.text("name", LONGEST_NAME))
        return {}


def _answers(asked: Asked) -> dict[str, str]:
    """The answers to the questions but the open ones. Raises `LrlabError` for one that is not known."""
    from lrlab.desk.advise import advise
    from lrlab.desk.offered import questions

    names = [*(each.name for each in questions()), "optimizer"]
    given = {name: asked.text(name, LONGEST_NAME, "") for name in names}
    found = {name: answer for name, answer in given.items() if answer}
    advise(**found)
    return found


def _updates(asked: Asked) -> int | None:
    updates = asked.optional("updates", 1, 1e7)
    return None if updates is None else int(updates)


def _budget(asked: Asked) -> float | str:
    """A number of runs, or a time such as 30min."""
    given = asked.text("budget", 20).strip()
    if MINUTES.fullmatch(given):
        return given
    try:
        return Asked({"budget": float(given)}).number("budget", 1e-6, 1e5)
    except ValueError as error:
        wrong = worded("a budget is in runs or in minutes", given, '20, or "30min"')
        raise (error if isinstance(error, LrlabError) else LrlabError(wrong)) from None
