"""When a controller acts: the updates of its place in a schedule."""

from __future__ import annotations

from lrlab.core.feedback.base import Controller
from lrlab.core.time.layout import Window
from lrlab.errors import LrlabError, worded


class ActiveController:
    """A controller and the updates at which it observes and acts: `start` <= update < `stop` (None: forever)."""

    __slots__ = ("controller", "name", "start", "stop")

    def __init__(self, controller: Controller, name: str, start: int, stop: int | None) -> None:
        self.controller, self.name, self.start, self.stop = controller, name, start, stop

    def acts(self, update: int) -> bool:
        """Whether it listens to an observation made after `update` completed updates."""
        return self.start <= update and (self.stop is None or update < self.stop)

    def meets(self, other: ActiveController) -> bool:
        """Whether there are updates at which both act."""
        return (other.stop is None or self.start < other.stop) and (self.stop is None or other.start < self.stop)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ActiveController) and all(
            getattr(self, k) == getattr(other, k) for k in self.__slots__
        )

    def __hash__(self) -> int:
        return hash((self.controller, self.name, self.start, self.stop))


def active(window: Window) -> tuple[ActiveController, ...]:
    """The controllers of a compiled schedule with their windows; those of the last phase have no stop.

    A controller without a name is named by its kind and number. A name may occur again, at other updates, if the
    controllers are equal: they share one state, which goes on there.
    """
    end = None if window.length is None else window.start + window.length
    made: list[ActiveController] = []
    ordinal: dict[str, int] = {}
    for controller, start, stop in window.controllers:
        kind = type(controller).__name__
        ordinal[kind] = ordinal.get(kind, 0) + 1
        name = controller.name or f"{kind}{ordinal[kind]}"  # type: ignore[attr-defined]
        placed = ActiveController(controller, name, start, None if stop == end else stop)  # type: ignore[arg-type]
        if any(name == other.name and (controller != other.controller or placed.meets(other)) for other in made):
            raise LrlabError(worded("two controllers have one name", name, "a name for each", hint=f'name="{name}-2"'))
        made.append(placed)
    return tuple(made)
