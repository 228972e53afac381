"""Words that somebody gives to stored runs: STORE/studio/tags.json, {"KEY": ["baseline", "for the paper"]}."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.record.runs.store import Store

FILE = ("studio", "tags.json")
LONGEST = 40  # characters of a word
MOST = 12  # words of a run


def tags(store: str | Path) -> dict[str, list[str]]:
    """The words of each run that has some, by its key. Raises `LrlabError` where the file holds something else."""
    place = Path(store, *FILE)
    try:
        found: Any = json.loads(place.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise LrlabError(worded(f"the tags cannot be read: {error}", str(place))) from None
    if not isinstance(found, dict) or not all(
        isinstance(words, list) and all(isinstance(word, str) for word in words) for words in found.values()
    ):
        raise LrlabError(worded("this file does not hold tags", str(place)))
    return found


def tag(store: str | Path, keys: Iterable[str], word: str, *, on: bool) -> dict[str, list[str]]:
    """Give runs a word, or take it away; all words of the store. Raises `LrlabError` for runs that are not there."""
    word = " ".join(word.split())
    if not word or len(word) > LONGEST or "," in word:
        raise LrlabError(worded("a tag is a short word or a few, without a comma", word, f"1 to {LONGEST} characters"))
    wanted = list(keys)
    if missing := sorted(set(wanted) - Store(store).find(wanted).keys()):
        raise LrlabError(worded("there are no such runs", missing[:3]))
    found = tags(store)
    for key in wanted:
        words = [each for each in found.get(key, []) if each != word] + ([word] if on else [])
        if len(words) > MOST:
            raise LrlabError(worded("a run has few tags", words, f"at most {MOST}"))
        found[key] = words
    found = {key: words for key, words in found.items() if words}
    place = Path(store, *FILE)
    half = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(found, indent=1), encoding="utf-8")
        os.replace(half, place)
    except OSError as error:
        raise LrlabError(worded(f"the tags cannot be kept: {error.strerror}", str(place))) from None
    return found
