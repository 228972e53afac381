"""The LR of every update, by name of the parameter group, into the logs that a run keeps.

    log = RateLog(scheduler, csv_log("run.csv"), wandb_log(run))
    for batch in loader:
        ...; optimizer.step(); scheduler.step()
        log({"loss": loss.item()})       # at every update, or seldom: no update is left out

Nothing is collected while training: the LRs are computed from the schedule, the base LRs and what the controllers
decided, so that a log begun after the run has the same rows. Groups keep the ratio of their base LRs; one curve and
the ratios say it all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lrlab.core.run.metered import MeteredPacer
from lrlab.core.run.pacer import Pacer
from lrlab.core.text.parse import parse
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.record.logs.sinks import Row, Sink
from lrlab.record.runs.realised import factored

LR = "lr"


class RateLog:
    """Writes one row for each completed update, with the LR that it used, to each of its sinks.

    `scheduler` is a scheduler of any adapter, or a `Pacer` together with `base_lrs`. Row `step` = i has the LR of
    update i, which is the LR after i completed updates. With several groups `lr` is that of the group with the
    greatest base LR; the row in which the log begins, and any after which base LRs were changed, has the ratio of
    each group to it under `lr_ratio/NAME`. Names are `names`, else those of the optimizer's groups, else numbers.

    The log begins at the scheduler's position, or at update `since`: 0 for the whole run. Where the position goes
    back (a checkpoint, a roll-back), so does the log: of rows with one step the last one counts. Of base LRs the
    present ones are known alone: write before you change them. Of several processes one writes.

    Under a plan, or where the run is measured in tokens, samples or time, the past cannot be computed: there each
    call writes the LR of the update to come, `lr/NAME` for each group; call at every update.

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
        self._decided = len(self._pacer.decisions)  # how many of them were known at the last call
        self._ratios: dict[str, float] = {}
        self._groups()  # what is wrong is said now

    def __call__(self, metrics: Mapping[str, float] | None = None, /) -> None:
        """Write the updates completed since the last call; and `metrics`, as measured after the latest of them."""
        pacer = self._pacer
        computable = isinstance(pacer, Pacer) and not isinstance(pacer, MeteredPacer)
        rows = self._past(pacer) if computable else [(pacer.update, self._present(pacer))]
        if metrics:
            rows.append((pacer.update, _measured(metrics)))
        self._written, self._decided = pacer.update, len(pacer.decisions)
        if rows:
            for sink in self._sinks:
                sink(rows)

    @property
    def _pacer(self) -> Any:
        """A scheduler takes another one when a checkpoint is loaded."""
        return self._scheduler if isinstance(self._scheduler, Pacer) else self._scheduler.pacer

    def _past(self, pacer: Pacer) -> list[Row]:
        """The LR of each update completed since the last call; where they are others than last, the ratios too."""
        start = min(self._written, pacer.update, *(decision.update for decision in pacer.decisions[self._decided :]))
        names, base_lrs = self._groups()
        reference = max(base_lrs)
        rows: list[Row] = [(update, {LR: reference * value}) for update, value in _multipliers(pacer, start)]
        ratios = {f"lr_ratio/{name}": base / (reference or 1.0) for name, base in zip(names, base_lrs, strict=True)}
        if rows and len(names) > 1 and ratios != self._ratios:
            self._ratios, rows[0] = ratios, (rows[0][0], {**rows[0][1], **ratios})
        return rows

    def _present(self, pacer: Any) -> dict[str, float]:
        """The LR of each group that the next update uses."""
        names, base_lrs = self._groups()
        told = getattr(self._scheduler, "get_last_lr", None)
        lrs = told() if told else [base * pacer.value for base in base_lrs]
        keys = [LR] if len(lrs) == 1 else [f"{LR}/{name}" for name in names]
        return dict(zip(keys, lrs, strict=True))

    def _groups(self) -> tuple[list[str], list[float]]:
        """The name and the base LR of each group; a schedule of absolute values is one LR for all."""
        scheduler = self._scheduler
        given = self._given if self._given is not None else getattr(scheduler, "base_lrs", None)
        if given is None:
            raise LrlabError(worded("a Pacer does not know the base LR", hint="RateLog(pacer, sink, base_lrs=[3e-4])"))
        base_lrs = [1.0 if getattr(scheduler, "absolute", False) else float(base) for base in given]
        names = self._names or getattr(scheduler, "group_names", None) or _numbered(scheduler, len(base_lrs))
        if len(names) != len(base_lrs):
            raise LrlabError(worded("a name is needed for each group", list(names), f"{len(base_lrs)} names"))
        return list(names), base_lrs


def _measured(metrics: Mapping[str, float]) -> dict[str, float]:
    """Metrics as numbers. Raises `LrlabError` for one that is none, and for a name that the log itself writes."""
    for name in metrics:
        if name in ("step", LR) or str(name).startswith((f"{LR}/", f"{LR}_ratio/")):
            raise LrlabError(worded("the log writes this column itself", name, "other names", f"my_{name}"))
    try:
        return {str(name): float(value) for name, value in metrics.items()}
    except (TypeError, ValueError) as error:
        hint = 'log({"loss": loss.item()})'
        raise LrlabTypeError(worded(f"a metric is a number: {error}", dict(metrics), hint=hint)) from None


def _multipliers(pacer: Pacer, start: int) -> list[tuple[int, float]]:
    """What each completed update from `start` on was multiplied by."""
    scales = np.ones(pacer.update - start)
    for change in pacer.changes:
        if "scale" in change.after:
            scales[max(change.update - start, 0) :] = change.after["scale"]
    values = factored(pacer.curve, pacer.decisions, start, pacer.update)
    for change in reversed(pacer.changes):
        if change.how == "take" and change.update > start:  # the curve in force knows nothing of what was before
            curve = parse(change.before["schedule"]).over(Horizon(**change.before["horizon"]))
            values[: change.update - start] = factored(curve, pacer.decisions, start, change.update)
    return list(enumerate((scales * values).tolist(), start))


def _numbered(scheduler: Any, count: int) -> list[str]:
    """The names that PyTorch keeps in the optimizer's groups under "name"; numbers for those without one."""
    groups = getattr(getattr(scheduler, "optimizer", None), "param_groups", [{}] * count)
    return [str(group.get("name", number)) for number, group in enumerate(groups)]
