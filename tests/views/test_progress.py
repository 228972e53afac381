"""Progress: a bar where somebody looks, a line now and then elsewhere, nothing for a program."""

import io
from dataclasses import dataclass

import pytest

from lrlab.views import progress as module
from lrlab.views.progress import hearing, progress


@dataclass
class Step:
    """What a runner tells."""

    done: int
    total: int = 4
    seconds_left: float | None = None


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_lines_come_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log file gets a line every ten seconds, not one per run."""
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    stream = io.StringIO()
    with progress("two on toy", 4, stream) as watch:
        for k in range(1, 5):
            now[0] += 4.0
            watch.moved(Step(k, seconds_left=75.0))
        assert watch.done == 4
    assert stream.getvalue() == "two on toy: 3 of 4 runs, 1:15 left\n"


def test_a_program_gets_nothing() -> None:
    """With --json the only output is the document."""
    stream = io.StringIO()
    with progress("two on toy", 4, stream, quiet=True) as watch:
        watch.moved(Step(2))
        assert watch.done == 2
    assert stream.getvalue() == ""


def test_a_program_that_listens_is_told() -> None:
    """Where it begins and every step, instead of the stream; afterwards no more."""
    heard, stream = [], Terminal()
    with hearing(lambda *told: heard.append(told)), progress("two on toy", 4, stream) as watch:
        watch.moved(Step(1, seconds_left=9.0))
    assert heard == [("two on toy", 0, 4, None), ("two on toy", 1, 4, 9.0)]
    assert stream.getvalue() == ""
    with progress("two on toy", 4, stream, quiet=True):
        pass
    assert len(heard) == 2


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    """The bar shows count and remaining time, and leaves the screen to the answer."""
    stream = Terminal()
    with progress("two on toy", 4, stream) as watch:
        watch.moved(Step(1, seconds_left=9.0))
    shown = stream.getvalue()
    assert "two on toy" in shown
    assert shown.endswith("\x1b[2K"), "the line is cleared at the end"


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_a_failure_is_told_when_it_happens(stream: io.StringIO) -> None:
    """Once for each cause, beside the bar, with brackets as they are; the others go on."""
    with progress("two on toy", 4, stream) as watch:
        watch.failed("arm a, fold 0", "KeyError: [3]\nTraceback ...")
        watch.failed("arm a, fold 1", "KeyError: [3]\nTraceback ...")
        watch.failed("arm b, fold 0", "KeyError: [4]")
    said = stream.getvalue()
    assert said.count("failed: arm a, fold 0: KeyError: [3]") == 1
    assert said.count("failed: arm b, fold 0: KeyError: [4]") == 1
    assert "fold 1" not in said
    assert "Traceback" not in said
