"""Serves the page Forecast: reads and fits dropped logs, and predicts schedules with the law."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from lrlab.core.text.parse import parse
from lrlab.desk import VERSION
from lrlab.errors import LrlabError, worded
from lrlab.studio.asked import Asked
from lrlab.studio.packed import packed

LRS = (1e-12, 1e6)
LONGEST_FILE = 1_000_000  # characters
SCHEDULES = 7


def fit(asked: Asked) -> Mapping[str, Any]:
    """Read logs and fit a law to them."""
    from lrlab.desk import foresee

    files = []
    for each in asked.each("files", foresee.MOST):
        try:
            files.append((each.text("name", 200), b64decode(each.text("bytes", LONGEST_FILE), validate=True)))
        except ValueError as error:
            raise (
                error if isinstance(error, LrlabError) else LrlabError("a file did not arrive as it was sent")
            ) from None
    return foresee.foreseen(files)


def predict(asked: Asked) -> Mapping[str, Any]:
    """The predictions of a law for schedules over a run."""
    from lrlab.desk import foresee

    schedules = [each.text("schedule") for each in asked.each("schedules", SCHEDULES)]
    updates = asked.whole("updates", 1, 10_000_000)
    optimise = asked.flag("optimise")
    if not schedules and not optimise:
        raise LrlabError(worded("no schedule is given", hint='warmup("2%") >> cosine()'))
    lr = asked.optional("lr", *LRS)
    return foresee.predicted(asked.text("law", LONGEST_FILE), schedules, updates, lr, optimise=optimise)


def branch(asked: Asked) -> Mapping[str, Any]:
    """Whether to decay now, or to train on and decay at the end."""
    from lrlab.desk import foresee

    updates, at, decay = (asked.whole(name, 1, 10_000_000) for name in ("updates", "at", "decay"))
    law, trunk = asked.text("law", LONGEST_FILE), asked.text("trunk")
    return foresee.branched(law, trunk, updates, asked.optional("lr", *LRS), at, decay)


def beside(asked: Asked) -> bytes:
    """The loss that a law foresees for the schedule of Compose, and for the pinned one."""
    from lrlab.desk import foresee

    pinned = asked.text("pinned", default="")
    found = foresee.beside(
        asked.text("law", LONGEST_FILE),
        parse(asked.text("text")),
        parse(pinned) if pinned else None,
        asked.horizon(),
        asked.number("lr", *LRS),
        differ=not asked.flag("quick"),
    )
    document = {
        "version": VERSION,
        "finals": found.finals,
        "difference": found.difference,
        "sentence": found.sentence,
        "warnings": found.warnings,
    }
    return packed(document, *found.columns)


POSTS: dict[str, Callable[[Asked], Mapping[str, Any] | bytes]] = {
    "fit": fit,
    "predict": predict,
    "branch": branch,
    "beside": beside,
}
