"""Serves the page Forecast: reads and fits dropped logs, and predicts schedules with the law."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.studio.asked import Asked

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
    lr = asked.optional("lr", 1e-12, 1e6)
    return foresee.predicted(asked.text("law", LONGEST_FILE), schedules, updates, lr, optimise=optimise)


POSTS: dict[str, Callable[[Asked], Mapping[str, Any]]] = {"fit": fit, "predict": predict}
