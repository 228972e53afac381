"""The error family, and the one helper that words them: what was given, what is allowed, what to type."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from unicodedata import category

LONGEST = 2000  # characters of one line of a message: a schedule in it may list a million values


class LrlabError(ValueError):
    """Something that cannot be meant: the message says what was given, what is allowed and what to type.

    Whatever is named in it, printing it commands no terminal.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(printable(each) if isinstance(each, str) else each for each in args))


class LrlabTypeError(LrlabError, TypeError):
    """An `LrlabError` about the type of a value."""


class Stopped(LrlabError):
    """A controller has decided to end the run; the decision is in the log."""


class MissingExtra(LrlabError, ImportError):
    """A library is needed that is not installed; the message holds the line to type."""


def printable(text: str, *, lines: bool = True) -> str:
    """A text that can be printed: what would move a cursor, change colours or hide itself is written as its number.

    Every text that comes from elsewhere (names, files, messages) passes here on its way to a terminal, a page or a
    picture. Line ends and tabs stay where `lines` are allowed.

    >>> printable("a\\x1b[31mb"), printable("one\\ntwo", lines=False), printable("ä 漢")
    ('a\\\\x1b[31mb', 'one\\\\ntwo', 'ä 漢')
    """
    if text.isprintable():
        return text
    return "".join(each if _is_shown(each, lines) else each.encode("unicode_escape").decode() for each in text)


def _is_shown(character: str, lines: bool) -> bool:
    """Blanks of any width and the joiners that some scripts need are harmless."""
    if character.isprintable() or character in "\u200c\u200d" or (lines and character in "\n\t"):
        return True
    return category(character) == "Zs"


def worded(what: str, given: object = None, allowed: str = "", hint: str = "") -> str:
    """Word an error in one shape: what is wrong, what was given, what is allowed, what to type.

    >>> print(worded("cosine: span must be positive", -5, "updates, or a share", 'cosine(500)'))
    cosine: span must be positive
      given:   -5
      allowed: updates, or a share
      try:     cosine(500)
    """
    lines = [_short(what, LONGEST)]
    if given is not None:
        lines.append(f"  given:   {_short(_shown(given), 200)}")
    if allowed:
        lines.append(f"  allowed: {_short(allowed, LONGEST)}")
    if hint:
        lines.append(f"  try:     {_short(hint, LONGEST)}")
    return "\n".join(lines)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _shown(given: object) -> str:
    try:
        return repr(given)
    except Exception:  # whatever a value's own repr raises; Python's for a whole number of over 4300 digits
        return f"a {type(given).__name__} that cannot be written out"


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like `word`, or the empty string: for "did you mean" lines.

    >>> nearest("cosin", ["cosine", "linear"])
    'cosine'
    """
    found = get_close_matches(word, list(known), 1)
    return found[0] if found else ""


def missing(library: str, extra: str, purpose: str) -> MissingExtra:
    """The error for a library that is not installed.

    >>> print(missing("torch", "torch", "lrlab.adapters.torch"))
    lrlab.adapters.torch needs torch, which is not installed
      try:     pip install "lrlab[torch]"
    """
    return MissingExtra(
        worded(f"{purpose} needs {library}, which is not installed", hint=f'pip install "lrlab[{extra}]"')
    )
