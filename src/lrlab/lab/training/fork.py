"""A fork: what is stored of the training that it goes on from, and what it is held to when it does.

Sharing rests on one thing: that a fork, which calls the training function anew, finds all as it was. What is tracked
is given back to it. All else that the function can see is looked at, here and there: its variables that will still be
read, the batches, the next batch, what lies outside, the switches of the process. Where anything differs, or cannot be
seen, this training is `Alone`: every arm is trained from its beginning, with the same results, and nothing is saved.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType, GeneratorType
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.lab.training.frames import counters_around, frames_between, live, position, within_a_loop
from lrlab.lab.training.own import outside
from lrlab.lab.training.process import switches
from lrlab.lab.training.seen import Seen
from lrlab.lab.training.snapshot import TrainingSnapshot
from lrlab.lab.training.tracked import Tracked

_PLAIN = (bool, int, float, str, type(None))


class Alone(BaseException):
    """Ends the training function: it cannot be shared. No error, so that `except Exception` does not catch it."""


@dataclass(frozen=True)
class Standing:
    """Where a training stands between two updates: its state, and what it sees there."""

    snapshot: TrainingSnapshot
    seen: Mapping[str, str]


class Lookout:
    """Looks at what a training function can see, from its loop over `steps`."""

    def __init__(self, function: Any) -> None:
        self._function = function
        self._began = time.perf_counter()
        self._outside: dict[str, str] | None = None

    def look(self, steps: GeneratorType[Any, Any, Any], tracked: Tracked, loader: Any, batch: Any) -> dict[str, str]:
        """What is seen now, with the batch that comes next. Raises `Alone` where something cannot be."""
        seen = Seen(time.perf_counter() - self._began, tracked.beside)
        for name in tracked.names:
            seen.look(name, tracked[name])
        seen.look("the next batch", batch)
        seen.look("the batches", getattr(loader, "looked_at", loader))
        frames = self._frames(steps.gi_frame, getattr(loader, "driven_by", ""))
        for frame in frames:
            if within_a_loop(frame):
                seen.unseen.append(f"how far the loop around run.steps in {frame.f_code.co_name} is")
            for name, value in live(frame).items():
                seen.look(name, value)
        seen.unseen += _counters(frames, steps)
        seen.found["the place of run.steps"] = " ".join(map(position, frames))
        for name, (_, _, value) in outside(self._function).items() if self._function else ():
            if isinstance(value, _PLAIN):
                seen.look(name, value)
        for name, value in switches().items():
            seen.look(f"the switch {name}", value)
        if seen.unseen:
            raise Alone(f"nobody can see how far it is: {_some([*dict.fromkeys(seen.unseen)])}")
        return seen.found

    def watch_outside(self, tracked: Tracked) -> None:
        """Raise `LrlabError` where something outside of the function was changed since the last call.

        Plain variables are put back at the end of a stage (see `lrlab.lab.training.process`); of all else nobody could.
        """
        seen = Seen(time.perf_counter() - self._began, tracked.beside)
        for name, (_, _, value) in outside(self._function).items() if self._function else ():
            if not isinstance(value, _PLAIN):
                seen.look(name, value)
        before, self._outside = self._outside, seen.found
        if before is not None and (changed := _names(before, seen.found)):
            raise LrlabError(
                worded(
                    "training changes what lies outside of the training function: the next run would begin with it",
                    _some(changed),
                    "what is made anew in every call of the training function, and tracked",
                    "make it within train(run), and run.track it; what only tells belongs into run.log and run.report",
                )
            )

    def _frames(self, inner: FrameType | None, library: str) -> list[FrameType]:
        """From the loop over the steps to the training function; a loader may name the library whose loop it is in."""
        frames = [*frames_between(inner.f_back if inner else None, getattr(self._function, "__code__", None))]
        frames = [f for f in frames if not (library and str(f.f_globals.get("__name__")).startswith(f"{library}."))]
        return frames if self._function else frames[:1]


def held_to(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raise `Alone` where a fork sees something else than the training before it has seen."""
    if differ := _names(before, now):
        raise Alone(
            f"{_some(differ)} {'is' if len(differ) == 1 else 'are'} not as the training before the fork left "
            f"{'it' if len(differ) == 1 else 'them'}"
        )


def _names(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted({name for name in {*before, *now} if before.get(name) != now.get(name)})


def _some(names: list[str]) -> str:
    return ", ".join([*names[:3], *(["..."] if len(names) > 3 else [])])


_COUNTERS: dict[Any, list[str]] = {}  # by the place in the code, for to look for them takes long


def _counters(frames: list[FrameType], steps: Any) -> list[str]:
    place = tuple((frame.f_code, frame.f_lasti) for frame in frames)
    if place not in _COUNTERS:
        _COUNTERS[place] = [f"what the {name} around run.steps has counted" for name in counters_around(frames, steps)]
    return _COUNTERS[place]
