"""The progress of a comparison: a bar with the remaining time on a terminal or in a notebook, otherwise plain lines.

A program that shows it itself is told of it instead (`hearing`).

A failed run is reported at once, as the others may take hours: the first of each cause; all are named at the end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from html import escape
from typing import IO, TYPE_CHECKING, Any, Protocol

from lrlab.errors import printable

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

EVERY, OFTEN = 10.0, 0.25  # seconds between two plain lines, and between two pictures of a bar in a cell

Hearer = Callable[[str, int, int, float | None], object]  # what is trained, how many of how many runs, seconds left
_hearer: ContextVar[Hearer | None] = ContextVar("hearer", default=None)


class Step(Protocol):
    """What a runner reports of its progress."""

    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def seconds_left(self) -> float | None: ...


class Watch:
    """Follows training without showing anything: for programs.

    >>> watch = Watch()
    >>> watch.failed("arm a, lr 1", "RuntimeError: out of cheese")
    >>> watch.done
    0
    """

    def __init__(self) -> None:
        self.done = 0
        self._causes: set[str] = set()

    def moved(self, step: Step) -> None:
        """A run has finished."""
        self.done = step.done

    def failed(self, what: str, cause: str) -> None:
        """A run has failed; the cause may have several lines."""
        first = cause.partition("\n")[0]
        if first not in self._causes:
            self._causes.add(first)
            self._say(printable(f"failed: {what}: {first}", lines=False))

    def _say(self, text: str) -> None:
        pass


class _Lines(Watch):
    def __init__(self, text: str, stream: IO[str]) -> None:
        super().__init__()
        self._text, self._stream, self._said = text, stream, time.monotonic()

    def moved(self, step: Step) -> None:
        super().moved(step)
        if time.monotonic() - self._said >= EVERY:
            self._said = time.monotonic()
            left = _left(step.seconds_left)
            self._say(f"{self._text}: {step.done} of {step.total} runs{', ' + left if left else ''}")

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class _Bar(Watch):
    def __init__(self, text: str, total: int, bars: RichProgress) -> None:
        super().__init__()
        self._bars, self._bar = bars, bars.add_task(text, total=total, left="")

    def moved(self, step: Step) -> None:
        super().moved(step)
        self._bars.update(self._bar, completed=step.done, total=step.total, left=_left(step.seconds_left))

    def _say(self, text: str) -> None:
        self._bars.console.print(text, markup=False, highlight=False)


class _Cell(Watch):
    """A bar below the cell of a notebook, drawn a few times a second; what fails goes to standard error."""

    def __init__(self, text: str, total: int, display: Callable[..., Any], stream: IO[str]) -> None:
        super().__init__()
        self._text, self._stream, self._drawn, self._total = text, stream, time.monotonic(), total
        self._shown = display(self._bundle(0, total, ""), raw=True, display_id=True)

    def moved(self, step: Step) -> None:
        super().moved(step)
        if time.monotonic() - self._drawn >= OFTEN:
            self._drawn, self._total = time.monotonic(), step.total
            self._shown.update(self._bundle(step.done, step.total, _left(step.seconds_left)), raw=True)

    def ended(self) -> None:
        """Show how far it has come, also after an interrupt."""
        self._shown.update(self._bundle(self.done, self._total, ""), raw=True)

    def _bundle(self, done: int, total: int, left: str) -> dict[str, str]:
        said = f"{self._text}: {done} of {total} runs{', ' + left if left else ''}"
        bar = f'<progress value="{done}" max="{total}" style="width:24em"></progress>'
        return {"text/plain": said, "text/html": f"{bar} {escape(said)}"}

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class _Told(Watch):
    def __init__(self, text: str, total: int, hearer: Hearer) -> None:
        super().__init__()
        self._text, self._hearer = text, hearer
        hearer(text, 0, total, None)

    def moved(self, step: Step) -> None:
        super().moved(step)
        self._hearer(self._text, step.done, step.total, step.seconds_left)


def _display() -> Callable[..., Any] | None:
    """What shows something below a cell, where this is the kernel of a notebook."""
    python = sys.modules.get("IPython")
    shell = python.get_ipython() if python is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    from IPython.display import display

    found: Callable[..., Any] = display
    return found


@contextmanager
def hearing(hearer: Hearer) -> Iterator[None]:
    """All progress in the meantime is told to the hearer, and not shown."""
    before = _hearer.set(hearer)
    try:
        yield
    finally:
        _hearer.reset(before)


@contextmanager
def progress(text: str, total: int, stream: IO[str], *, quiet: bool = False) -> Iterator[Watch]:
    """Show the progress of `total` runs on the stream, unless `quiet`."""
    text = printable(text, lines=False)
    if hearer := _hearer.get():
        yield _Told(text, total, hearer)
    elif quiet:
        yield Watch()
    elif display := _display():
        cell = _Cell(text, total, display, stream)
        try:
            yield cell
        finally:
            cell.ended()
    elif not stream.isatty():
        yield _Lines(text, stream)
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        columns: tuple[Any, ...] = (
            TextColumn("{task.description}", markup=False),  # a task may be called [red]
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}", markup=False),
        )
        with Progress(*columns, console=Console(file=stream), transient=True, refresh_per_second=10) as bars:
            yield _Bar(text, total, bars)


def _left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} left" if minutes else f"{rest} s left"
