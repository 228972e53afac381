"""The updates after which checkpoints were made, from their names: checkpoint-1000, epoch=3-step=500-val_loss=2.31."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lrlab.errors import LrlabError, worded

_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([kKmM](?![a-zA-Z]))?")  # 500, 2.31, 1.5k
_SCALES = {"": 1, "k": 1000, "m": 1_000_000}
_WORDS = [  # what stands before the number that is meant, the clearest first
    re.compile(rf"(?<![a-zA-Z])(?:{words})[-_= .:]*+(?=\d)", re.IGNORECASE)
    for words in ("(?:global[-_]?)?steps?|iter(?:ation)?s?|it|updates?|ba(?:tch)?", "checkpoint|ckpt")
]


def updates(names: Sequence[str]) -> list[int]:
    """The update that each name tells: the number after "step" or a word like it, or the only one in which they differ.

    It is empty if no name has a digit. Raises `LrlabError` where several numbers could be meant.

    >>> updates(["epoch=3-step=400-val_loss=2.31", "epoch=4-step=500-val_loss=2.27"])
    [400, 500]
    >>> updates(["run2_500", "run2_1.5k"]), updates(["early", "late"])
    ([500, 1500], [])
    """
    if not any(re.search(r"\d", name) for name in names):
        return []
    for word in _WORDS:
        marks = [word.search(name) for name in names]
        after = [_first(name[mark.end() :]) for name, mark in zip(names, marks, strict=True) if mark]
        told = [number for number in after if number is not None]
        if len(told) == len(names):
            return told
    rows = [[_whole(*found) for found in _NUMBER.findall(name)] for name in names]
    places = list(zip(*rows, strict=True)) if len({len(row) for row in rows}) == 1 else []
    different = [place for place in places if len({*place}) > 1] if len(names) > 1 else places
    told = [number for number in different[0] if number is not None] if len(different) == 1 else []
    if len(told) < len(names):
        what = "the names of the checkpoints do not tell their updates in one way"
        raise LrlabError(
            worded(what, list(names)[:4], "names with one number, or one after the word step", "step_1000")
        )
    return told


def _first(text: str) -> int | None:
    found = _NUMBER.match(text)
    return None if found is None else _whole(found[1], found[2] or "")


def _whole(number: str, unit: str) -> int | None:
    """A number of updates, or None for a loss or another fraction."""
    value = round(float(number) * _SCALES[unit.lower()], 6)
    return int(value) if value.is_integer() and (unit or "." not in number) else None
