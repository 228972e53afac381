"""Logs that were dropped: what is read of them, a law, and what it predicts; as a report, and in a process of its own.

python -m lrlab.desk.foresee < REQUEST      {"files": ["log.csv", ...]}, the answer as JSON

A fit takes seconds, and a log is somebody else's: so it is read apart, and for a bounded time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lrlab.core.expression.node import Schedule
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, worded

if TYPE_CHECKING:
    from lrlab.analysis.forecast.law import Law

PATIENCE = 120  # seconds
MOST = 8  # logs
LONGEST = 500_000  # updates of a run that is foreseen while somebody waits


@dataclass(frozen=True)
class Beside:
    """The loss foreseen for a schedule and a pinned one: curves with intervals, their ends, and what is said of them.

    `columns` are the updates, and for each of the two the loss, and the low and the high end of its interval.
    """

    columns: tuple[NDArray[np.float64], ...]
    finals: tuple[tuple[float, float, float], ...]
    difference: tuple[float, float, float] | None
    sentence: str
    warnings: list[str]


def foreseen(files: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
    """What is read of these logs, each by its name and content, and the law that was fitted to them; see `answer`.

    Raises `LrlabError` for what cannot be read, and where it takes too long.
    """
    if not files or len(files) > MOST:
        raise LrlabError(worded("logs are dropped one or a few at a time", len(files), f"1 to {MOST}"))
    with tempfile.TemporaryDirectory() as folder:
        places = []
        for k, (name, content) in enumerate(files):
            place = Path(folder) / str(k) / _plain(name)
            place.parent.mkdir()
            place.write_bytes(content)
            places.append(str(place))
        command = [sys.executable, "-m", "lrlab.desk.foresee"]
        try:
            done = subprocess.run(
                command, input=json.dumps({"files": places}), capture_output=True, text=True, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired:
            raise LrlabError(
                worded(f"this takes longer than {PATIENCE} s", hint="lrlab forecast fit LOG ...")
            ) from None
    said = done.stdout
    for path in places:  # they are called as somebody called them
        said = said.replace(path, Path(path).name)
    try:
        found: dict[str, Any] = json.loads(said)
    except ValueError:
        *_, cause = ["the process ended", *done.stderr.strip().splitlines()]
        raise LrlabError(f"the logs could not be read: {cause}") from None
    if "error" in found:
        raise LrlabError(found["error"])
    return found


def answer(places: Sequence[str]) -> dict[str, Any]:
    """The report on these files, and the law as plain values; None where a log does not say enough for one."""
    from lrlab.desk import forecast, read
    from lrlab.views import reading
    from lrlab.views.model import Report, Text
    from lrlab.views.plain import plain_report

    readings = [read.read([place]) for place in places]
    told = [section for found in readings for section in (
        Text("\n\n".join(reading.sentences(found)), "What was read"), reading.columns(found)
    )]  # fmt: skip
    missing = [found.missing for found in readings if found.run is None]
    if missing:
        drawn = [figure for found in readings for figure in reading.figures(found)]
        return {"report": plain_report(Report("What was read", missing[0], (*told, *drawn), {})), "law": None}
    fitted = forecast.fit(places)
    page = forecast.report(fitted, (), None, None, "lrlab studio")
    page = Report(page.title, page.lead, (*page.sections, *told), page.facts)
    known = fitted.law.known
    peak = max(float(run.lrs.max()) for run in fitted.runs)
    return {"report": plain_report(page), "law": _saved(fitted.law), "updates": known.longest, "lr": peak}


def predicted(
    law: str, schedules: Sequence[str], updates: int, base_lr: float | None, *, optimise: bool = False
) -> dict[str, Any]:
    """What a law predicts for schedules, the lowest final loss first; with `optimise` also the best schedule it knows.

    `best` is that schedule and the nearest named form, as multiples of `lr`; None without `optimise`.

    Raises `LrlabError` where the law is none, or does not reach so far.
    """
    from lrlab.desk import forecast
    from lrlab.views import forecast as views
    from lrlab.views.plain import plain

    kept = _law(law)
    sections: list[dict[str, Any]] = []
    warnings: list[str] = []
    best = kept.optimise(updates) if optimise else None
    if schedules:
        found = forecast.predict(kept, schedules, updates, base_lr, 0.9)
        sections += [plain(views.ranked(found)), plain(views.predicted(found))]
        warnings += views.warnings(found)
    if best:
        sections.insert(0, plain(views.optimum(best)))
        warnings += best.warnings
    texts = best and {"schedule": str(best.schedule), "named": str(best.named), "lr": best.base_lr}
    return {"sections": sections, "warnings": list(dict.fromkeys(warnings)), "best": texts}


def branched(law: str, trunk: str, updates: int, base_lr: float | None, at: int, decay: int) -> dict[str, Any]:
    """What a law says of decaying after `at` updates, or training on and decaying at the end.

    Raises `LrlabError` where the law is none, or the decay does not fit into the run.
    """
    from lrlab.views import forecast as views
    from lrlab.views.plain import plain

    found = _law(law).branch(trunk, at=at, decay=decay, base_lr=base_lr, horizon=updates)
    sections = [plain(views.branches(found)), plain(views.branched(found))]
    return {"sections": sections, "sentence": found.sentence, "warnings": views.warnings([found.now, found.later])}


def beside(
    law: str,
    schedule: Schedule,
    pinned: Schedule | None,
    horizon: Horizon,
    base_lr: float,
    *,
    differ: bool,
) -> Beside:
    """What a law says of a schedule and of a pinned one, and with `differ` of their difference, over the same run.

    Raises `LrlabError` where the law is none or does not reach so far, and where the run is too long to be foreseen at
    once.
    """
    from lrlab.desk.compose import LOOKED, cost
    from lrlab.views import forecast as views

    kept, n = _law(law), horizon.total or 0
    both = [each for each in (schedule, pinned) if each is not None]
    if n > LONGEST or any(n * cost(each) > LOOKED for each in both):
        raise LrlabError(worded("this run is too long to be foreseen at once", f"{n:,} updates", f"up to {LONGEST:,}"))
    if fed := next((each for each in both if each.over(horizon).controllers), None):
        raise LrlabError(worded("its LR depends on losses that are not there yet", str(fed), "no feedback"))
    lrs = [base_lr * each.over(horizon).values() for each in both]
    found = [kept.predict(each) for each in lrs]
    gain = kept.difference(lrs[0], lrs[1]) if differ and len(both) > 1 else None
    return Beside(
        views.drawn(found), tuple(p.final for p in found), gain, views.told(found, gain), views.warnings(found)
    )


def _saved(law: Law) -> str:
    """A law as the text of its file."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "law.json"
        law.save(place)
        return place.read_text(encoding="utf-8")


@lru_cache(maxsize=4)
def _law(text: str) -> Law:
    """The law of such a text. Raises `LrlabError` where it is none."""
    from lrlab.analysis.forecast.law import Law

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "law.json"
        place.write_text(text, encoding="utf-8")
        try:
            return Law.load(place)
        except LrlabError as error:
            raise LrlabError(str(error).replace(str(place), "this")) from None


def _plain(name: str) -> str:
    """A file name without a way to elsewhere."""
    kept = "".join(c if c.isalnum() or c in "._- " else "_" for c in Path(name).name)[-80:].lstrip(".")
    return kept or "log"


def main() -> None:
    """Answer the request on standard input."""
    try:
        found = answer(json.load(sys.stdin)["files"])
    except LrlabError as error:
        found = {"error": str(error)}
    json.dump(found, sys.stdout, allow_nan=False)


if __name__ == "__main__":
    main()
