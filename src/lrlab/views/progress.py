"""How far a comparison is: a bar with the remaining time on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol

EVERY = 10.0  # seconds between two plain lines


class Step(Protocol):
    """What a runner tells of its progress."""

    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def seconds_left(self) -> float | None: ...


@contextmanager
def progress(
    text: str, total: int, stream: IO[str], *, quiet: bool = False
) -> Iterator[tuple[Callable[[Step], None], Callable[[], int]]]:
    """Give a function to call at each step, and one that tells how many are done."""
    last = 0

    def count(step: Step) -> None:
        nonlocal last
        last = step.done

    if quiet:
        yield count, lambda: last
        return
    draw = _bar(text, total, stream) if stream.isatty() else _lines(text, stream)
    with draw as moved:

        def both(step: Step) -> None:
            count(step)
            moved(step)

        yield both, lambda: last


@contextmanager
def _bar(text: str, total: int, stream: IO[str]) -> Iterator[Callable[[Step], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns: tuple[Any, ...] = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
    )
    console = Console(file=stream)
    with Progress(*columns, console=console, transient=True, refresh_per_second=10) as bars:
        bar = bars.add_task(text, total=total, left="")
        yield lambda step: bars.update(bar, completed=step.done, total=step.total, left=_left(step.seconds_left))


@contextmanager
def _lines(text: str, stream: IO[str]) -> Iterator[Callable[[Step], None]]:
    said = time.monotonic()

    def moved(step: Step) -> None:
        nonlocal said
        if time.monotonic() - said >= EVERY:
            said = time.monotonic()
            left = _left(step.seconds_left)
            print(f"{text}: {step.done} of {step.total} runs{', ' + left if left else ''}", file=stream, flush=True)

    yield moved


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} left" if minutes else f"{rest} s left"
