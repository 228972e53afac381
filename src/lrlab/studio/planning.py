"""Serves the plan of Compose: several schedules, for hyper-parameters and groups, of which one is shaped at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from lrlab.core.edit import tracks
from lrlab.core.edit.tracks import Track
from lrlab.core.expression.node import Schedule
from lrlab.core.plan.plan import Plan
from lrlab.core.plan.plan import plan as plan_of
from lrlab.core.plan.rules import KINDS
from lrlab.core.plan.text import plan_text
from lrlab.core.text.parse import parse
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError
from lrlab.studio.asked import Asked
from lrlab.studio.small import small
from lrlab.views.model import Figure
from lrlab.views.plain import plain
from lrlab.views.seen import drawn_plan

OPERATIONS = ("set", "add", "remove")
LRS = (1e-12, 1e6)


def plan(asked: Asked) -> Mapping[str, Any]:
    """A plan with the schedule that is shaped in its place; or with one schedule more or less."""
    number = asked.whole("track", 0, tracks.MOST)
    shaped = parse(asked.text("text"))
    given = asked.text("plan", default="")
    found = tracks.changed(plan_text(given), number, shaped) if given else plan_of(lr=shaped)
    match asked.one_of("operation", OPERATIONS, "set"):
        case "add":
            groups, hyper = asked.text("groups", 200, "*").strip() or "*", asked.one_of("hyper", list(KINDS))
            found = tracks.added(found, groups, hyper)
            known = tracks.tracks(found)
            number = next(k for k, each in enumerate(known) if (each.groups, each.hyper) == (groups, hyper))
        case "remove":
            found = tracks.removed(found, asked.whole("which", 0, tracks.MOST))
            number = min(number, len(tracks.tracks(found)) - 1)
    return shown(found, number, asked.horizon(), absolute=asked.optional("lr", *LRS) is not None)


def shown(found: Plan, number: int, horizon: Horizon, *, absolute: bool) -> Mapping[str, Any]:
    """A plan: its text, which is empty for one schedule alone, its schedules with small pictures, what it does, and a
    picture of each hyper-parameter."""
    known = tracks.tracks(found)
    figures: tuple[Figure, ...] = ()
    wrong = ""
    try:
        found.over(horizon, absolute=absolute)
    except LrlabError as error:  # it can be shaped on
        wrong = str(error)
    with suppress(LrlabError):  # one of its schedules does not fit the run
        figures = drawn_plan(found, horizon)
    return {
        "plan": "" if isinstance(found.bare, Schedule) else str(found),
        "track": number,
        "text": str(known[number].schedule),
        "tracks": [_small(each, horizon) for each in known],
        "words": found.describe(),
        "wrong": wrong,
        "figures": [plain(figure) for figure in figures],
    }


def _small(track: Track, horizon: Horizon) -> dict[str, Any]:
    document = {"groups": track.groups, "hyper": track.hyper, "multiple": track.multiple}
    return {**document, "text": str(track.schedule), "points": small(track.schedule, horizon)}


POSTS: dict[str, Callable[[Asked], Mapping[str, Any] | bytes]] = {"plan": plan}
