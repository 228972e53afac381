"""Records with a digest: JSON that shows if it was changed after it was written.

    text = sealed({"version": 3, "score": 0.25})        {"version": 3, "score": 0.25, "digest": "4c1f..."}
    record = unsealed(text, "a stored run", version=3, since=3)

The version says which fields a record has, and whether it must have a digest: records of a version before `since` have
none and are read as they are. The digest detects damage and parts of other records; it is not a signature.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from lrlab.errors import LrlabError, worded

_DIGEST = "digest"


class Torn(LrlabError):
    """A stored record is not what was written; it does not count, because it can be made again."""


def digest(record: Mapping[str, Any]) -> str:
    """The SHA-256 (hex) of a record's JSON; the order of its names does not matter.

    >>> digest({"a": 1, "b": [0.5]}) == digest({"b": [0.5], "a": 1})
    True
    """
    canonical = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def sealed(record: Mapping[str, Any], indent: int | None = None) -> str:
    """The record as JSON, with its digest."""
    return json.dumps({**record, _DIGEST: digest(record)}, indent=indent)


def parsed(text: str | bytes, what: str) -> dict[str, Any]:
    """One JSON object, with its digest if it has one. Raises `Torn` for anything else, also for deep or long texts.

    >>> parsed("[" * 100_000, "a stored run")
    Traceback (most recent call last):
    lrlab.record.sealed.Torn: not a stored run: torn, or not JSON ...
    """
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Torn(f"not {what}: torn, or not JSON ({error})") from None
    if not isinstance(record, dict):
        raise Torn(f"not {what}: JSON of something else")
    return record


def opened(record: Mapping[str, Any], what: str) -> dict[str, Any]:
    """A record without its digest. Raises `Torn` if the digest is missing or does not fit."""
    rest = {name: value for name, value in record.items() if name != _DIGEST}
    with suppress(ValueError, RecursionError):  # nested deeper than a record that was read
        if record.get(_DIGEST) == digest(rest):
            return rest
    raise Torn(f"not {what} as it was written: its digest does not fit its contents")


def unsealed(text: str | bytes, what: str, version: int, since: int) -> dict[str, Any]:
    """The record of a text, of any version up to this one; "version" holds its own.

    Raises `Torn` if it is not what was written, and `LrlabError` if a later lrlab wrote it.

    >>> unsealed(sealed({"version": 3, "score": 0.25}), "a stored run", version=3, since=3)
    {'version': 3, 'score': 0.25}
    >>> unsealed(sealed({"version": 3, "score": 0.25}).replace("5", "6"), "a stored run", version=3, since=3)
    Traceback (most recent call last):
    lrlab.record.sealed.Torn: not a stored run as it was written: its digest does not fit its contents
    """
    record = parsed(text, what)
    found = record.get("version")
    if type(found) is not int or found < 0:
        raise Torn(f"not {what}: JSON of something else, without a version")
    if found >= since:
        record = opened(record, what)
        if found > version:
            allowed, hint = f"at most {version}", "pip install -U lrlab"
            raise LrlabError(worded(f"{what} in format {found}, of a later lrlab", allowed=allowed, hint=hint))
        return record
    if _DIGEST in record:
        raise Torn(f"not {what} as it was written: format {found} had no digest")
    return record
