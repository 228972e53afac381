"""Writes the LR of every update, by name of the parameter group, to the logs that a run keeps.

    log = RateLog(scheduler, csv_log("run.csv"), wandb_log(run))
    for batch in loader:
        ...; optimizer.step(); scheduler.step()
        log({"loss": loss.item()})       # at every update, or less often: no update is left out

Nothing is collected while training: the LRs are computed from the schedule, the base LRs and the decisions of the
controllers, so a log begun after the run has the same rows. Groups keep the ratio of their base LRs, so one curve and
the ratios are enough.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lrlab.core.resume.checkpoint import Held, unnamed
from lrlab.core.run.pacer import Change, Pacer
from lrlab.core.text.parse import parse
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.record.logs.sinks import Row, Sink
from lrlab.record.runs.realised import factored

LR = "lr"


class RateLog:
    """Writes a row for each completed update, with the LR that the update used, to each sink.

    `scheduler` is a scheduler of any adapter, or a `Pacer` together with `base_lrs`. Row `step` = i has the LR of
    update i, which is the LR after i completed updates. With several groups, `lr` is that of the group with the
    greatest base LR. The first row of the log, and the first row after a change of base LRs, has the ratio of each
    group to it as `lr_ratio/NAME`. Names are `names`, else those of the optimizer's groups, else numbers.

    The log begins at the scheduler's position, or at update `since` (0: the whole run). If the position goes back (a
    checkpoint, a roll-back), the log does, too: of rows with the same step the last one counts. Only the present base
    LRs are known: write before you change them. Of several processes only one writes.

    If a plan gives the groups several curves, or if groups joined with their own warmup, each row has `lr/NAME` for
    each group. If the run is measured in tokens, samples or time, the past cannot be computed: each call writes the LR
    of the next update, so call at every update. In a run with very many decisions, or after a plan was replaced by
    another, the known past begins later: an earlier `since` is refused.

    >>> import lrlab as lr
    >>> rows = []
    >>> pacer = lr.Pacer(lr.linear().over(4))
    >>> log = RateLog(pacer, rows.extend, base_lrs=[0.1, 0.2], names=["body", "head"])
    >>> pacer.advance(2)
    >>> log({"val_loss": 2.5})
    >>> rows[0]
    (0, {'lr': 0.2, 'lr_ratio/body': 0.5, 'lr_ratio/head': 1.0})
    >>> rows[1:]
    [(1, {'lr': 0.15000000000000002}), (2, {'val_loss': 2.5})]
    """

    def __init__(
        self,
        scheduler: Any,
        *sinks: Sink,
        base_lrs: Sequence[float] | None = None,
        names: Sequence[str] | None = None,
        since: int | None = None,
    ) -> None:
        self._scheduler = scheduler
        if not (isinstance(scheduler, Pacer) or hasattr(scheduler, "pacer")):
            raise LrlabTypeError(worded("RateLog takes a scheduler of lrlab, or a Pacer", scheduler))
        self._sinks = sinks
        self._given = base_lrs
        self._names = names
        self._written = self._pacer.update if since is None else since
        self._decided = len(self._pacer.decisions)  # the number of decisions at the last call
        self._ratios: dict[str, float] = {}
        self._groups()  # report errors now
        if since is not None and since < (least := _known_from(self._pacer)):
            raise LrlabError(
                worded("the past is known from a later update on", since, f"{least} or later", f"since={least}")
            )

    def __call__(self, metrics: Mapping[str, float] | None = None, /) -> None:
        """Write the updates completed since the last call, and `metrics` as measured after the last of them."""
        pacer = self._pacer
        rows = [(pacer.update, self._present(pacer))] if pacer.meter.needed else self._past(pacer)
        if metrics:
            rows.append((pacer.update, _measured(metrics)))
        self._written, self._decided = pacer.update, len(pacer.decisions)
        if rows:
            for sink in self._sinks:
                sink(rows)

    @property
    def _pacer(self) -> Any:
        """The current pacer: a scheduler gets another one when a checkpoint is loaded."""
        return self._scheduler if isinstance(self._scheduler, Pacer) else self._scheduler.pacer

    def _past(self, pacer: Pacer) -> list[Row]:
        """The LR of each update completed since the last call; also the ratios if they have changed."""
        since = min(self._written, pacer.update, *(decision.update for decision in pacer.decisions[self._decided :]))
        start = max(since, _known_from(pacer))
        names, groups, absolute = self._groups()
        values = _multipliers(pacer, start)
        driven = [group.driven.get("lr") for group in groups]
        curves = {one[0] for one in driven if one is not None}
        if len(curves) != 1 or None in driven or (_joining(pacer) and any(group.joined for group in groups)):
            lrs = [group.lrs(pacer, values, start, absolute) for group in groups]  # type: ignore[arg-type]  # of a plan
            columns = np.array(lrs).T.tolist()
            return [(k, _told(names, row)) for k, row in enumerate(columns, start)]
        factors = [(1.0 if absolute else group.own["lr"]) * group.driven["lr"][1] for group in groups]
        reference = max(factors)
        rows: list[Row] = [(k, {LR: reference * value}) for k, value in enumerate(values[curves.pop()].tolist(), start)]
        ratios = {f"lr_ratio/{name}": factor / (reference or 1.0) for name, factor in zip(names, factors, strict=True)}
        if rows and len(names) > 1 and ratios != self._ratios:
            self._ratios, rows[0] = ratios, (rows[0][0], {**rows[0][1], **ratios})
        return rows

    def _present(self, pacer: Any) -> dict[str, float]:
        """The LR of each group for the next update."""
        names, groups, absolute = self._groups()
        told = getattr(self._scheduler, "get_last_lr", None)
        lrs = told() if told else [(1.0 if absolute else group.own["lr"]) * pacer.value for group in groups]
        return {LR: lrs[0]} if len(lrs) == 1 else _told(names, lrs)

    def _groups(self) -> tuple[list[str], tuple[Held, ...], bool]:
        """The name of each group, what drives it, and whether the values are the LR itself."""
        scheduler = self._scheduler
        absolute = bool(getattr(scheduler, "absolute", False))
        if self._given is None and hasattr(scheduler, "checkpoint"):
            groups = scheduler.checkpoint().groups
        else:
            given = self._given if self._given is not None else getattr(scheduler, "base_lrs", None)
            if given is None:
                hint = "RateLog(pacer, sink, base_lrs=[3e-4])"
                raise LrlabError(worded("a Pacer does not know the base LR", hint=hint))
            groups = unnamed(given, given)
        names = self._names or getattr(scheduler, "group_names", None) or [group.name for group in groups]
        if len(names) != len(groups):
            raise LrlabError(worded("a name is needed for each group", list(names), f"{len(groups)} names"))
        return list(names), groups, absolute


def _measured(metrics: Mapping[str, float]) -> dict[str, float]:
    """Metrics as numbers. Raises `LrlabError` for any other value, and for a name that the log itself writes."""
    for name in metrics:
        if name in ("step", LR) or str(name).startswith((f"{LR}/", f"{LR}_ratio/")):
            raise LrlabError(worded("the log writes this column itself", name, "other names", f"my_{name}"))
    try:
        return {str(name): float(value) for name, value in metrics.items()}
    except (TypeError, ValueError) as error:
        hint = 'log({"loss": loss.item()})'
        raise LrlabTypeError(worded(f"a metric is a number: {error}", dict(metrics), hint=hint)) from None


def _told(names: Sequence[str], lrs: Sequence[float]) -> dict[str, float]:
    """The LR of each group that exists."""
    return {f"{LR}/{name}": lr for name, lr in zip(names, lrs, strict=True) if not math.isnan(lr)}


def _joining(pacer: Pacer) -> bool:
    return getattr(pacer, "joining", None) is not None


def _taken(pacer: Pacer) -> list[Change]:
    """The changes that replaced the schedule with one that does not know the old one."""
    return [change for change in pacer.changes if change.how == "take"]


def _known_from(pacer: Pacer) -> int:
    """The first update whose LR can still be computed."""
    plans = [change.update for change in _taken(pacer) if "plan" in change.before or "plan" in change.after]
    return max([pacer.now.log.forgotten, *plans])


def _multipliers(pacer: Pacer, start: int) -> list[NDArray[np.float64]]:
    """The multiplier that each curve of a pacer gave in each completed update from `start` on."""
    scaled = [change for change in pacer.changes if "scale" in change.after]
    scales = np.full(pacer.update - start, scaled[0].before["scale"] if scaled else pacer.scale)
    for change in scaled:
        scales[max(change.update - start, 0) :] = change.after["scale"]
    first = {**pacer.factor_of, **{decision.controller: decision.old for decision in reversed(pacer.decisions)}}
    found = []
    for track in pacer.now.tracks:
        own = {name: placed for placed, name in track.names.items()}  # under the names used in decisions
        told = [replace(d, controller=own[d.controller]) for d in pacer.decisions if d.controller in own]
        began = {own[name]: factor for name, factor in first.items() if name in own}
        values = factored(track.curve, told, start, pacer.update, began)
        for change in reversed(_taken(pacer)):
            if change.update > start:
                curve = parse(change.before["schedule"]).over(Horizon(**change.before["horizon"]))
                values[: change.update - start] = factored(curve, pacer.decisions, start, change.update, first)
        found.append(scales * values)
    return found
