"""The text of an arm: its schedule, and behind each @ what it has besides: its optimizer, the average of its weights.

linear() @ torch.optim.SGD(lr=0.1)
constant() @ ema 10%
warmup("5%") >> constant() @ adamw @ swa 25%
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from lrlab.errors import LrlabError, worded
from lrlab.lab.arms.average import TYPED

_QUOTED_OR_SIGN = re.compile(r""" "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | @ """, re.VERBOSE)


class Parts(NamedTuple):
    """The parts of a text, which nothing has read yet; None for what is not there."""

    schedule: str
    optimizer: str | None = None
    average: str | None = None

    def __str__(self) -> str:
        """The text.

        >>> str(Parts("constant()", average="ema 10%"))
        'constant() @ ema 10%'
        """
        return " @ ".join(part for part in self if part is not None)


def apart(text: str) -> Parts:
    """The parts of an arm's text. Raises `LrlabError` where it has two optimizers, or two averages.

    >>> apart("constant() @ prodigyopt.Prodigy(lr=1.0) @ swa 25%")
    Parts(schedule='constant()', optimizer='prodigyopt.Prodigy(lr=1.0)', average='swa 25%')
    >>> apart('plateau(metric="a@b")')
    Parts(schedule='plateau(metric="a@b")', optimizer=None, average=None)
    """
    signs = [found.start() for found in _QUOTED_OR_SIGN.finditer(text) if found[0] == "@"]
    schedule, *behind = (text[a:b].lstrip("@").strip() for a, b in zip([0, *signs], [*signs, None], strict=True))
    averages = [part for part in behind if part.partition(" ")[0] in TYPED]
    others = [part for part in behind if part not in averages]
    return Parts(schedule, _one(others, "optimizer"), _one(averages, "average of its weights"))


def _one(found: Sequence[str], what: str) -> str | None:
    if len(found) > 1:
        allowed = f"an optimizer, and one of the averages: {', '.join(TYPED.values())}"
        raise LrlabError(worded(f"an arm has one {what}", " @ ".join(found), allowed))
    return found[0] if found else None
