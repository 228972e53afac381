"""A schedule in a run: a curve, a position and the states of its controllers; it gives what the next update uses.

    pacer = Pacer(schedule.over(10_000))
    pacer.value            the multiplier that the next update uses
    pacer.advance()        one more update is completed
    pacer.observe(2.31)    feeds the controllers

Its state is plain JSON: the position, the controllers' records, and the log of what was decided and changed. An
observation or a change takes effect by one assignment, so that an interrupt never leaves it half done.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from lrlab.core.expression.fields import not_negative_count, positive
from lrlab.core.feedback.active import ActiveController
from lrlab.core.feedback.base import Controller, State
from lrlab.core.feedback.direction import told
from lrlab.core.run.curve import Curve
from lrlab.core.run.log import Change as Change
from lrlab.core.run.log import Decision as Decision
from lrlab.core.run.log import Log
from lrlab.core.run.meter import Meter, ReadClock, wall
from lrlab.core.run.recorded import VERSION as VERSION
from lrlab.core.run.recorded import checked as checked
from lrlab.core.run.track import Track, apart
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, LrlabTypeError, Stopped, worded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Now(NamedTuple):
    """The part of a run that observations and changes affect: the tracks of its curves, its scale, and its log."""

    tracks: tuple[Track, ...]
    scale: float = 1.0
    log: Log = Log()


class Ahead(NamedTuple):
    """What the updates start ... stop-1 use while the run stays as it is `now`: a list of values for each curve.

    `scaled` are those of an LR, which the scale multiplies; `plain` those of other hyper-parameters.
    """

    now: Now
    start: int
    stop: int
    plain: Sequence[list[float]]
    scaled: Sequence[list[float]]


class Pacer:
    """The position of a run on its curve, and what its controllers have decided.

    >>> import lrlab as lr
    >>> p = Pacer((lr.constant() * lr.plateau(patience=1, factor=0.5)).over(100))
    >>> p.observe(1.0); p.observe(2.0)
    >>> p.value, p.decisions[0].cause
    (0.5, '1 observations without improvement on 1')
    """

    def __init__(self, curve: Curve, clock: ReadClock | None = wall) -> None:
        self._begin([curve], [""], clock)

    def _begin(self, curves: Sequence[Curve], labels: Sequence[str], clock: ReadClock | None) -> None:
        """At update 0 of some curves."""
        self.update = 0
        self.now = Now(self._tracks(curves, labels, {}))
        self.meter = Meter(frozenset().union(*(track.units for track in self.now.tracks)), clock)
        self._ahead = Ahead(self.now, 0, 0, (), ())

    def _tracks(self, curves: Sequence[Curve], labels: Sequence[str], records: Mapping[str, Any]) -> tuple[Track, ...]:
        names = apart(curves, labels)
        return tuple(self._track(curve, own, records) for curve, own in zip(curves, names, strict=True))

    def _track(self, curve: Curve, names: Mapping[str, str], records: Mapping[str, Any]) -> Track:
        return Track.of(curve, names, records)

    # -- reading ------------------------------------------------------------------------------------------------

    @property
    def curve(self) -> Curve:
        """The curve in force; of several, the first."""
        return self.now.tracks[0].curve

    @property
    def schedule(self) -> Any:
        """The schedule in force; for several curves their plan."""
        return self.curve.schedule

    @property
    def horizon(self) -> Horizon:
        """The horizon in force."""
        return self.curve.horizon

    @property
    def controllers(self) -> dict[str, Controller]:
        """The controllers of its curves, by name."""
        return {name: one for track in self.now.tracks for name, one in track.controllers.items()}

    @property
    def states(self) -> dict[str, State]:
        """The state of each controller, by its name."""
        return {name: state for track in self.now.tracks for name, state in track.states.items()}

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What the controllers did, in order."""
        return self.now.log.decisions

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed during the run, in order."""
        return self.now.log.changes

    @property
    def factors(self) -> list[float]:
        """The present factor of each controller, in the order of `curve.controllers`."""
        return self.now.tracks[0].factors

    @property
    def factor_of(self) -> dict[str, float]:
        """The present factor of each controller, by its name."""
        return {name: factor for track in self.now.tracks for name, factor in track.factor_of.items()}

    @property
    def scale(self) -> float:
        """What every LR is multiplied by: 1, or what `rescale` has set."""
        return self.now.scale

    @property
    def ahead(self) -> Ahead:
        """The values that are known around the present update."""
        ahead = self._ahead
        if ahead.now is not self.now or not ahead.start <= self.update < ahead.stop:
            ahead = self._ahead = self._looked_ahead()
        return ahead

    def _looked_ahead(self) -> Ahead:
        now = self._moved()
        known = [track.ahead(self.update, self.meter) for track in now.tracks]
        start, stop = max(begin for begin, _ in known), min(begin + len(values) for begin, values in known)
        arrays = [values[start - begin : stop - begin] for begin, values in known]
        scaled = [(now.scale * values).tolist() for values in arrays]
        plain = scaled if now.scale == 1 else [values.tolist() for values in arrays]
        return Ahead(now, start, stop, plain, scaled)

    def _moved(self) -> Now:
        """The run at the present position, also on curves measured in what it consumed."""
        self.meter.settle(self.update)
        tracks = tuple(track.moved(self.meter) for track in self.now.tracks)
        if any(there is not here for there, here in zip(tracks, self.now.tracks, strict=True)):
            self.now = self.now._replace(tracks=tracks)
        return self.now

    @property
    def value(self) -> float:
        """The multiplier that the next update uses. Raises `LrlabError` if an update has not reported what it
        consumed."""
        ahead = self.ahead
        return ahead.scaled[0][self.update - ahead.start]

    def between(self, start: int, stop: int) -> NDArray[np.float64]:
        """The multipliers of the updates start ... stop-1 with the present factors and scale: shape (stop-start,)."""
        return self.now.scale * self.now.tracks[0].between(start, stop)

    def acting(self) -> list[ActiveController]:
        """The controllers that listen now, each with its window."""
        now = self._moved()
        return [placed for track in now.tracks for placed in track.acting(self.update, self.meter)]

    # -- the run --------------------------------------------------------------------------------------------------

    def advance(self, updates: int = 1) -> None:
        """This many more updates are completed."""
        self.update += not_negative_count(updates, "advance: updates")

    def consume(self, **amounts: float) -> None:
        """Report what the current update consumes, in all processes together: `consume(tokens=524_288)`.

        It has no effect on a schedule measured in updates, so a loop may report it under any schedule.
        """
        self.meter.consume(**amounts)

    def observe(self, value: float | None = None, /, **metrics: float) -> None:
        """Feed the controllers: `value` reaches every one that acts now, `acc=0.9` those with metric="acc".

        A controller whose metric is given by name receives only that. Raises `LrlabError` if nothing is given, if
        something is not a number, or if only names are given and no controller listens to a name; and `Stopped`, with
        the decision in the log, if a controller decides on "stop".
        """
        if value is None and not metrics:
            raise LrlabError(worded("observe needs a number", hint="observe(2.31), observe(val_loss=2.31)"))
        reading = None if value is None else _number(value, "value")
        named = {name: _number(given, name) for name, given in metrics.items()}
        if reading is None:
            self._refuse_unheard(named)
            self._refuse_misspelt(named)
        now = self._moved()
        heard = [track.heard(self.update, self.meter, reading, named) for track in now.tracks]
        fresh = [decision for _, decisions in heard for decision in decisions]
        self.now = now._replace(tracks=tuple(track for track, _ in heard), log=now.log.plus(fresh))
        for decision in fresh:
            if decision.event == "stop":
                raise Stopped(worded(f"{decision.controller} stops the run: {decision.cause}"))

    def _refuse_unheard(self, named: Mapping[str, float]) -> None:
        """Refuse names if no controller listens to any name."""
        controllers = list(self.controllers.values())
        if controllers and not any(controller.metric for controller in controllers):
            name, value = next(iter(named.items()))
            mode = ', mode="max"' if told(name) == "max" else ""
            raise LrlabError(
                worded(
                    f"no controller of the schedule listens to {name}",
                    dict(named),
                    ", ".join(map(str, controllers)) + ": what is given without a name",
                    f'observe({value:g}), or {type(controllers[0]).__name__}(metric="{name}"{mode}) in the schedule',
                )
            )

    def _refuse_misspelt(self, named: Mapping[str, float]) -> None:
        """Refuse a name that reaches no controller, and is almost the one that a controller waits for."""
        waiting = {
            str(one.metric) for name, one in self.controllers.items() if one.metric and not self.states[name].observed
        }
        for name in named:
            left = {_bare(one): one for one in waiting - named.keys()}
            meant = [left[key] for key in get_close_matches(_bare(name), left, 1, cutoff=0.8)]
            if meant and name not in {one.metric for one in self.controllers.values()}:
                raise LrlabError(
                    worded(
                        f"no controller of the schedule listens to {name}",
                        dict(named),
                        ", ".join(sorted(waiting)),
                        f"observe({meant[0]}={named[name]:g})",
                    )
                )

    # -- changes ------------------------------------------------------------------------------------------------

    def rescale(self, scale: float) -> None:
        """Multiply every LR from the next update on by `scale`, replacing the scale before; recorded in `changes`.

        Setting the same scale again changes nothing, so a script may set it at every start.
        """
        scale = positive(scale, "scale")
        if scale != self.now.scale:
            self.now = self._noted("scale", {"scale": self.now.scale}, {"scale": scale})._replace(scale=scale)

    def go_on(self, curve: Curve, how: str, toward: Pacer | None = None) -> None:
        """Go on with another curve from the next update on; recorded in `changes`, as going `toward` that of a pacer.

        A controller keeps the state under its name if it is a state of its kind.
        """
        made = self._on([curve], [""], how)
        made.now = made._noted(how, self.configuration(), (toward or made).configuration())
        self.__dict__ = made.__dict__

    def _on(self, curves: Sequence[Curve], labels: Sequence[str], how: str) -> Self:
        """A pacer at this position on other curves. Raises `LrlabError` if the position is not a number of updates."""
        for track in self.now.tracks:
            track.refuse_change(how)
        made = copy.copy(self)
        made.now = self.now._replace(tracks=self._tracks(curves, labels, self._records()))
        return made

    def _records(self) -> dict[str, dict[str, Any]]:
        return {name: state._asdict() for name, state in self.states.items()}

    def note(self, how: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Record in `changes` what was changed at the present update."""
        self.now = self._noted(how, before, after)

    def _noted(self, how: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Now:
        return self.now._replace(log=self.now.log.noted(Change(self.update, how, before, after)))

    def configuration(self) -> dict[str, Any]:
        """What it was made of, as plain JSON."""
        return {"schedule": str(self.schedule), "horizon": self.horizon.record()}

    # -- state --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Position, controllers' records, what was consumed, decisions and changes, as plain JSON.

        Its size is bounded: it holds the latest decisions and changes, and the update before which the log has gaps.
        """
        now = self._moved()
        return {
            "version": VERSION,
            "update": self.update,
            "scale": now.scale,
            "controllers": self._records(),
            **now.log.record(),
            "consumed": {**self.meter.state(), "starts": [[list(start) for start in t.starts] for t in now.tracks]},
        }

    def restored(self, state: Mapping[str, Any]) -> Self:
        """A pacer of the same curves in a recorded state. Raises `LrlabError` if it does not fit them."""
        found = checked(state)
        if found.controllers.keys() != self.states.keys() or len(found.starts) != len(self.now.tracks):
            raise LrlabError(
                worded(
                    "the recorded controllers are not those of this schedule",
                    sorted(found.controllers),
                    ", ".join(self.states) or "none",
                    "the schedule that the run was started with, or name= on the controllers",
                )
            )
        made = copy.copy(self)
        made.update, made.meter = found.update, self.meter.restored(found.consumed)
        tracks = zip(self.now.tracks, found.starts, strict=True)
        made.now = Now(
            tuple(track.restored(found.controllers, starts) for track, starts in tracks), found.scale, found.log
        )
        return made

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go to a recorded state. Raises `LrlabError`, and changes nothing, if it does not fit this curve."""
        self.__dict__ = self.restored(state).__dict__


def _number(given: Any, name: str) -> float:
    try:
        if isinstance(given, str):  # float() would read it
            raise TypeError
        return float(given)
    except OverflowError:  # a whole number beyond every float
        return math.inf
    except (TypeError, ValueError):
        raise LrlabTypeError(worded(f"observe: {name} is not a number", given, hint="observe(float(loss))")) from None


def _bare(name: str) -> str:
    """A name without what people write in different ways: "val_loss" for "Val-Loss" and "val/loss"."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower())
