"""Going back: the state of a pacer at an earlier position, keeping what led to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lrlab.core.run.log import Decision
from lrlab.core.run.pacer import Pacer
from lrlab.core.run.recorded import checked, upgraded

EVENT = "rollback"


def rolled_back(pacer: Pacer, then: Mapping[str, Any]) -> dict[str, Any]:
    """The state to restore so that a run goes on from an earlier state `then` (`Pacer.state()`).

    Position and controllers are those of `then`. A controller that survives (a guard, which counts its rescues; a live
    factor, which may have been set since) keeps its state, and the log of decisions and changes goes on: each
    controller gets a decision 'rollback' at the position it goes back to. Raises `LrlabError` for anything but a state.

    >>> import lrlab as lr
    >>> pacer = lr.Pacer((lr.constant() * lr.guard(after=1, patience=1, cooldown=0)).over(100))
    >>> then = pacer.state()
    >>> pacer.advance(7); pacer.observe(1.0); pacer.observe(float("nan"))
    >>> pacer.restore(rolled_back(pacer, then))
    >>> pacer.update, pacer.value, pacer.decisions[1].cause
    (0, 0.5, 'from update 7 back to 0')
    """
    there, now = checked(then), pacer.state()
    records, decisions = dict(now["controllers"]), list(now["decisions"])
    for name, controller in pacer.controllers.items():
        if not controller.survives and name in there.controllers:
            records[name] = dict(there.controllers[name])
        old, new = controller.factor(pacer.states[name]), controller.factor(controller.restore(records[name]))
        cause = f"from update {pacer.update} back to {there.update}"
        decisions.append(asdict(Decision(there.update, name, EVENT, old, new, cause)))
    gone = {"lost": now["lost"] + pacer.update - there.update}
    kept = {name: now[name] for name in ("scale", "changes", "forgotten")}
    return {**upgraded(then), **kept, **gone, "controllers": records, "decisions": decisions}


def lost(pacer: Pacer) -> int:
    """How many updates were made and rolled back in all: their batches were already used.

    >>> import lrlab as lr
    >>> lost(lr.Pacer(lr.cosine().over(100)))
    0
    """
    return pacer.now.log.lost
