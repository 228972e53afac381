"""What somebody has pasted or dropped: a schedule of ours or of any library, a file of one, or a picture of one.

No file is opened by a name in it, and no code is run: what is dropped has a place of its own while it is read.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from lrlab.core.expression.node import Schedule
from lrlab.core.plan.plan import Plan
from lrlab.core.plan.text import plan_text
from lrlab.core.text.lint import Finding
from lrlab.core.text.parse import parse
from lrlab.core.time.horizon import Horizon
from lrlab.dialects.conversion import with_doubts
from lrlab.dialects.parts.imported import Imported
from lrlab.dialects.reader import SCRIPTS, read
from lrlab.dialects.source.documents import FILES
from lrlab.errors import LrlabError, worded
from lrlab.views.inside import of_picture


@dataclass(frozen=True)
class Taken:
    """A schedule with what came with it: its run, its LR, the library's own rule in words, what looks unintended."""

    schedule: Schedule
    updates: int | None
    base_lr: float | None
    convention: str
    findings: tuple[Finding, ...]
    plan: Plan | None = None  # of which the schedule is the first


def pasted(text: str, run: Horizon, lr: float | None = None) -> Taken:
    """The schedule of a text: the text form, a call, a script, a command line, or a whole configuration.

    >>> str(pasted("torch.optim.lr_scheduler.StepLR(optimizer, 30)", Horizon(updates=90)).schedule)
    'step(30)'
    """
    try:
        return _taken(read(text, horizon=run, lr=lr, files=False), run, lr)
    except LrlabError as error:
        for suffix in (".json", ".toml", ".yaml") if "\n" in text or text.lstrip().startswith("{") else ():
            try:
                return dropped(f"pasted{suffix}", text.encode(), run, lr)
            except LrlabError:
                continue
        raise error from None


def dropped(name: str, content: bytes, run: Horizon, lr: float | None = None) -> Taken:
    """The schedule in a file. Raises `LrlabError` where there is none."""
    if (held := of_picture(content)) is not None:
        horizon = held.get("horizon")
        updates = horizon.get("updates") if isinstance(horizon, dict) else None
        base = held.get("base_lr")
        return Taken(
            parse(held["schedule"]),
            updates if type(updates) is int and updates > 0 else None,
            float(base) if isinstance(base, int | float) and 0 < base < 1e6 else None,
            "from a picture of it",
            (),
            plan_text(held["plan"]) if isinstance(held.get("plan"), str) else None,
        )
    suffix = Path(name).suffix.lower()
    if suffix not in (*FILES, *SCRIPTS):
        try:
            return pasted(content.decode("utf-8"), run, lr)
        except UnicodeDecodeError:
            allowed = f"a text, {', '.join((*FILES, *SCRIPTS))}, or a picture that was saved here"
            raise LrlabError(worded("this file holds no schedule that can be read", name, allowed)) from None
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / f"dropped{suffix}"
        place.write_bytes(content)
        try:
            return _taken(read(str(place), horizon=run, lr=lr), run, lr)
        except LrlabError as error:
            raise type(error)(str(error).replace(str(place), Path(name).name)) from None


def _taken(found: Imported, run: Horizon, lr: float | None) -> Taken:
    found = with_doubts(found, run, lr)
    own = found.convention.startswith("lrlab:")
    updates = None if own or found.horizon is None else found.horizon.total
    said = "" if own else found.convention
    return Taken(found.schedule, updates, found.base_lr, said, found.findings if said else ())
