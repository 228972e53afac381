"""A fork: the stored state that it continues from, and the checks that everything else is as it was.

Sharing is correct only if a fork, which calls the training function again, finds everything as it was. What is tracked
is restored. Everything else that the function can see is compared before and after: its live variables, the batches,
the next batch, the variables outside it, the switches of the process. If anything differs or cannot be seen, training
is `Alone`: every arm is trained from its beginning, with the same results, but without saving any updates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import FrameType, MappingProxyType
from typing import Any

from lrlab.errors import LrlabError, worded
from lrlab.lab.training import values
from lrlab.lab.training.cached import drawing
from lrlab.lab.training.frames import (
    asked_of,
    counters_around,
    frames_between,
    gathering,
    live,
    position,
    within_a_loop,
)
from lrlab.lab.training.out_of_reach import hidden_random_numbers
from lrlab.lab.training.own import outside
from lrlab.lab.training.process import switches
from lrlab.lab.training.seen import Seen, clocks
from lrlab.lab.training.snapshot import TrainingSnapshot, digest
from lrlab.lab.training.telling import tells
from lrlab.lab.training.tracked import Tracked

_PLAIN = (bool, int, float, str, type(None))
_SWITCH = "the switch "
_TEXTS = ("'", '"', "str ", "a time")
_REMEMBERED = 64
_BEGUN: dict[tuple[str, Any], dict[str, str]] = {}  # how the runs of this process began, by cell and function


class Alone(BaseException):
    """Ends a training function that cannot be shared; not an `Exception`, so `except Exception` does not catch it."""


@dataclass(frozen=True)
class Standing:
    """The position of a training between two updates: its state, and what it sees there."""

    snapshot: TrainingSnapshot
    seen: Mapping[str, str]


class Lookout:
    """Looks at what a training function can see: before the call, and from its loop over the steps."""

    def __init__(self, function: Any, cell: str = "") -> None:
        self._function, self._cell = function, cell
        self._began = clocks()
        self._drawn: str | None = None
        self._called = False
        self._outside = self._look_outside({})

    def note_random_numbers(self, state: Mapping[str, Any]) -> None:
        """Note the random numbers at the beginning of the loop: every call of the function must reach the same."""
        self._drawn = digest(state)

    def look(
        self, steps: Any, tracked: Tracked, loader: Any, batch: Any, added: Mapping[str, Any] = MappingProxyType({})
    ) -> dict[str, str]:
        """What is seen now, by name; raises `Alone` if a part cannot be seen. This includes the next `batch`, and the
        attributes `added` to the run."""
        seen = self._inner(tracked, batch)
        seen.look("the batches", getattr(loader, "looked_at", loader))
        for name, value in added.items():
            seen.look(f"run.{name}", value)
        self._look_around(seen, steps, getattr(loader, "driven_by", ""))
        for name, (_, _, value) in outside(self._function).items() if self._function else ():
            if isinstance(value, _PLAIN):
                seen.look(name, value)
        for name, value in switches().items():
            seen.look(f"{_SWITCH}{name}", value)
        for name, cache in drawing(self._function).items() if self._function else ():
            seen.look(f"how much {name} has cached", cache.cache_info().currsize)
        seen.unseen += hidden_random_numbers(self._function) if self._function else ()
        if seen.unseen:
            raise Alone(f"nobody can see how far it is: {_some([*dict.fromkeys(seen.unseen)])}")
        return seen.found

    def watch_outside(self, tracked: Tracked) -> None:
        """Raise `LrlabError` if something outside the function has changed since the last call.

        Plain variables are restored at the end of a stage (see `lrlab.lab.training.process`); others cannot be.
        Before the loop, an empty object may be filled, because an expensive result may be made once and kept.
        """
        before, self._outside = self._outside, self._look_outside(tracked.beside)
        changed = _names(before, self._outside)
        if not self._called:
            changed = [name for name in changed if _is_other(before, self._outside, name)]
        self._called = True
        if changed:
            raise LrlabError(
                worded(
                    "training changes something outside the training function, and the next run would begin with it",
                    _some(changed),
                    "what is made anew in every call of the training function, and tracked",
                    "make it within train(run), and run.track it; what only tells belongs in run.log and run.report",
                )
            )

    def watch_beginning(self, tracked: Tracked, batch: Any) -> None:
        """Raise `LrlabError` if a run begins differently from an earlier run of the same cell in this process."""
        if not self._cell:
            return
        found = {name: text for name, text in self.inner(tracked, batch).items() if not text.startswith(_TEXTS)}
        if differ := _names(_BEGUN.setdefault((self._cell, self._function), found), found):
            raise LrlabError(
                worded(
                    "a run does not begin the same way when the training function is called again",
                    _some(differ),
                    "the same weights and random numbers in every call: a function of run.seed, run.fold, run.config",
                    "make within train(run) what it draws, and keep nothing from call to call",
                )
            )
        if len(_BEGUN) > _REMEMBERED:
            _BEGUN.pop(next(iter(_BEGUN)))

    def inner(self, tracked: Tracked, batch: Any) -> dict[str, str]:
        """What a training by pure functions goes on from, by name: what is tracked, and the next batch."""
        return self._inner(tracked, batch).found

    def _inner(self, tracked: Tracked, batch: Any) -> Seen:
        seen = self._seen(tracked.beside)
        for name in tracked.names:
            seen.look(name, tracked[name])
        seen.look("the next batch", batch)
        seen.look("the random numbers drawn before the loop", self._drawn)
        return seen

    def _seen(self, beside: Mapping[int, Iterable[str]]) -> Seen:
        return Seen(self._began, beside)

    def _look_outside(self, beside: Mapping[int, Iterable[str]]) -> dict[str, str]:
        seen = self._seen(beside)
        for name, (_, _, value) in outside(self._function).items() if self._function else ():
            if not isinstance(value, _PLAIN):
                seen.look(name, value)
        return seen.found

    def _look_around(self, seen: Seen, steps: Any, library: str) -> None:
        """Look at the frames from the loop over the steps to the training function."""
        frames = self._frames(steps.gi_frame, library)
        inner = [steps.gi_frame] if steps.gi_frame else []
        seen.unseen += [f"what {name} around run.steps has come to" for name in gathering([*inner, *frames])]
        for frame in frames:
            if within_a_loop(frame):
                seen.unseen.append(f"how far the loop around run.steps in {frame.f_code.co_name} is")
            for name, value in live(frame).items():
                seen.look(name, value)
                if tells(type(value)) and not type(value).__module__.startswith("lrlab."):
                    held = values.attributes_of(value) or {}
                    for asked in asked_of(frame.f_code, name) & held.keys():
                        seen.look(f"{name}.{asked}", held[asked])
        seen.unseen += _counters(frames, steps)
        seen.found["the place of run.steps"] = " ".join(map(position, frames))

    def _frames(self, inner: FrameType | None, library: str) -> list[FrameType]:
        """The frames from the loop over the steps to the training function, without those of a loader's `library`."""
        frames = [*frames_between(inner.f_back if inner else None, getattr(self._function, "__code__", None))]
        frames = [f for f in frames if not (library and str(f.f_globals.get("__name__")).startswith(f"{library}."))]
        return frames if self._function else frames[:1]


def held_to(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raise `Alone` if a fork sees something else than the training before it saw.

    Switches of a library that one of the two processes has not loaded are of none that the training uses.
    """
    both = before.keys() & now.keys()
    if differ := [name for name in _names(before, now) if name in both or not name.startswith(_SWITCH)]:
        raise Alone(
            f"{_some(differ)} {'is' if len(differ) == 1 else 'are'} not as the training before the fork left "
            f"{'it' if len(differ) == 1 else 'them'}"
        )


def _names(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted({name for name in {*before, *now} if before.get(name) != now.get(name)})


def _is_other(before: Mapping[str, str], now: Mapping[str, str], name: str) -> bool:
    """Whether it existed and has changed; not if it was empty, or a random generator, which may be seeded."""
    return name in before and name in now and not before[name].startswith("empty") and not name.endswith(".state")


def _some(names: list[str]) -> str:
    return ", ".join([*names[:3], *(["..."] if len(names) > 3 else [])])


_COUNTERS: dict[Any, list[str]] = {}  # by the place in the code, because the search is slow


def _counters(frames: list[FrameType], steps: Any) -> list[str]:
    place = tuple((frame.f_code, frame.f_lasti) for frame in frames)
    if place not in _COUNTERS:
        _COUNTERS[place] = [f"what the {name} around run.steps has counted" for name in counters_around(frames, steps)]
    return _COUNTERS[place]
