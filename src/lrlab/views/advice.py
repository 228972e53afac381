"""Advice as tables and sentences: pure records for every drawer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lrlab.analysis.advice.advised import Change, Offer, Reason
from lrlab.views.model import Mark, Table, Tone

_TONES: dict[str, Tone] = {
    "measured": "good",
    "supported": "good",
    "contradicted": "bad",
    "partly contradicted": "bad",
}


def offered(offers: Sequence[Offer]) -> Table:
    """What is advised, and the runners-up."""
    note = "Points: a rule about your case 2, a rule for every case 1, what articles tell 0"
    if any(each.beside for each in offers):
        whole = tuple((each.name, str(each.schedule), each.beside, each.points) for each in offers)
        return Table(("to begin with", "schedule", "besides", "points"), whole, note)
    rows = tuple((each.name, str(each.schedule), each.points) for each in offers)
    return Table(("to begin with", "schedule", "points"), rows, note)


def why(reasons: Sequence[Reason]) -> Table:
    """What is known of the case, with what carries it; below it what articles tell of it."""
    rows = tuple((Mark(each.grade, _TONES.get(each.grade, "quiet")), _said(each), _carried(each)) for each in reasons)
    return Table(("grade", "what is known, or said", "what carries it"), rows)


def changing(changes: Sequence[Change]) -> Table:
    """The answers that would change the advice."""
    rows = tuple(
        (each.question, each.answer, ", ".join(filter(None, (str(each.offer.schedule), each.offer.beside))))
        for each in changes
    )
    return Table(("question", "if", "then"), rows, title="What would change this")


def verdicts(sayings: Sequence[Reason]) -> Table:
    """What articles tell, each with its verdict."""
    rows = tuple((each.rule, each.says, _verdict(each), each.because) for each in sayings)
    return Table(("about", "articles say", "verdict", "because"), rows, "Grade of every row: folklore")


def sentences(settle: str) -> tuple[str, ...]:
    """How to go on; with the fewest updates of a run, where a warmup in the command is a number of them."""
    longest = max(map(int, re.findall(r"warmup\((\d+)\)", settle)), default=0)
    least = f"\nOne of these has a warmup of {longest} updates: it takes runs of more (also with --quick)." * bool(
        longest
    )
    return (
        "First the LR: try some a factor of two or three apart, under the schedule that you mean to use.",
        "What would settle it, on a task that is alike (put path/to/file.py:train there for your own):\n"
        f"  {settle}{least}",
    )


def _said(reason: Reason) -> str:
    if reason.verdict is None:
        return reason.says
    return f"Articles: {reason.says} {reason.verdict.capitalize()}: {reason.because}"


def _carried(reason: Reason) -> str:
    parts = (reason.number, reason.condition, reason.source)
    return ". ".join(part for part in parts if part and reason.verdict is None) or reason.number


def _verdict(reason: Reason) -> Mark:
    return Mark(reason.verdict or "", _TONES.get(reason.verdict or "", "quiet"))
