"""A picture that holds what it shows: the text of a schedule and its run, in an SVG or a PNG, read back from either.

An SVG holds it in an element `metadata`, a PNG in a chunk `iTXt` with the keyword `lrlab` (PNG, third edition,
11.3.3.4).
"""

from __future__ import annotations

import json
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from html import escape, unescape
from typing import Any

from lrlab.errors import LrlabError, worded

KEYWORD = b"lrlab"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ELEMENT = re.compile(r'<metadata id="lrlab">(.*?)</metadata>', re.DOTALL)
LARGEST = 100_000  # characters of what a picture holds


def in_svg(picture: str, held: Mapping[str, Any]) -> str:
    """The SVG with this inside.

    >>> of_picture(in_svg("<svg></svg>", {"schedule": "cosine()"}).encode())
    {'schedule': 'cosine()'}
    """
    element = f'<metadata id="lrlab">{escape(json.dumps(held), quote=False)}</metadata>'
    return re.sub(r"</svg>\s*$", lambda end: f"{element}\n{end[0]}", picture)


def in_png(picture: bytes, held: Mapping[str, Any]) -> bytes:
    """The PNG with this inside, in front of its end. Raises `LrlabError` where it is none."""
    text = b"%s\0\0\0\0\0%s" % (KEYWORD, json.dumps(held).encode())
    chunk = struct.pack(">I", len(text)) + b"iTXt" + text + struct.pack(">I", zlib.crc32(b"iTXt" + text))
    for kind, start, _ in _chunks(picture):
        if kind == b"IEND":
            return picture[: start - 8] + chunk + picture[start - 8 :]
    raise LrlabError(worded("this PNG has no end"))


def of_picture(picture: bytes) -> dict[str, Any] | None:
    """What a picture holds; None where it is a picture of something else, or no picture.

    Raises `LrlabError` where it is broken.
    """
    if picture.startswith(SIGNATURE):
        for kind, start, stop in _chunks(picture):
            if kind == b"iTXt" and picture[start:stop].startswith(KEYWORD + b"\0"):
                return _held(picture[start + len(KEYWORD) + 5 : stop].decode("utf-8", "replace"))
        return None
    found = _ELEMENT.search(picture.decode("utf-8", "replace")) if b"<svg" in picture else None
    return _held(unescape(found[1])) if found else None


def _held(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if len(text) <= LARGEST else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("schedule"), str):
        raise LrlabError(worded("this picture holds no schedule that can be read"))
    return found


def _chunks(picture: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each chunk, and where its data begin and end."""
    at = len(SIGNATURE)
    if not picture.startswith(SIGNATURE):
        raise LrlabError(worded("this is not a PNG file", picture[:16]))
    while at + 12 <= len(picture):
        (size,) = struct.unpack_from(">I", picture, at)
        if at + 12 + size > len(picture):
            break
        yield picture[at + 4 : at + 8], at + 8, at + 8 + size
        at += 12 + size
