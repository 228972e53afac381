"""`lr.RangeTest`: a range test in a training loop of one's own, which afterwards stands where it stood before."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

from lrlab.analysis.find.answer import answer
from lrlab.analysis.find.policy import Asked, Policy, Told, allowed_of, swept
from lrlab.analysis.find.scale import NOTHING, Scale
from lrlab.core.expression.node import Schedule
from lrlab.core.plan.param_group import read, write
from lrlab.core.text.parse import parse
from lrlab.desk.found import Found
from lrlab.errors import LrlabError, LrlabTypeError, worded
from lrlab.lab.search.space import BASELINE, refuse_another, refuse_scaled
from lrlab.lab.training.batches import batch_source, generators_of
from lrlab.lab.training.held import can_be_tracked, give_back, hold
from lrlab.lab.training.log import TrainingLog
from lrlab.lab.training.ranks import mean_of_ranks
from lrlab.lab.training.snapshot import TrainingSnapshot, random_state, restored, set_random_state, taken

_Batch = TypeVar("_Batch")

_END = 0.25  # of a run: its last training losses are its score where nothing evaluates


class RangeTest:
    """A range test in any loop: it sets the LR of each update, and hears its loss.

        test = lr.RangeTest(optimizer, model, updates=5000)     # the length of the training that is planned
        for rate in test:                                       # or: for rate, batch in test.over(loader)
            loss = ...; optimizer.zero_grad(); loss.backward(); optimizer.step()
            test.report(loss)
        test.result                                             # a range, a point in it; .apply(optimizer)

    Args:
        optimizer: its groups keep the ratios of their LRs.
        held: everything else that the loop changes: the model with its buffers, a scaler, an average of the weights.
        updates: the length of the training that is planned.
        budget: what may be trained, in runs of that length; half of one by default, or 80 updates where that is more.
        evaluate: gives the validation loss, once at the end of each short run; without it the last quarter of its
            training losses counts.
        schedule: what the short runs train with.
        level: how sure the range is.

    An iteration is one update, however many batches it accumulates. Each short run begins again from the state and the
    random numbers that the loop had before; at the end, or after a `break`, all of it is put back: weights, buffers,
    gradients, the optimizer's state and LRs, and the random numbers of Python, NumPy and PyTorch. An iterator of your
    own cannot be put back: `over(loader)` goes through a loader itself. In several processes each tells its own loss,
    and their mean counts. Raises `LrlabError` where a weight of the optimizer is in nothing that is held, where a
    group's LR is 0, and where the loop changes the LR or trains no weight.

    >>> import torch, lrlab as lr
    >>> _ = torch.manual_seed(0)
    >>> weight = torch.nn.Parameter(torch.ones(3))
    >>> opt = torch.optim.SGD([weight], lr=0.5)
    >>> test = lr.RangeTest(opt, weight, updates=256)
    >>> for rate in test:
    ...     loss = (weight * torch.randn(3)).square().mean() + 1
    ...     opt.zero_grad(); loss.backward(); opt.step()
    ...     test.report(loss)
    >>> test.result.verdict, weight.tolist(), opt.param_groups[0]["lr"]
    ('range', [1.0, 1.0, 1.0], 0.5)
    """

    def __init__(
        self,
        optimizer: Any,
        *held: Any,
        updates: int,
        budget: float | None = None,
        evaluate: Callable[[], Any] | None = None,
        schedule: str | Schedule = BASELINE.text,
        level: float = 0.9,
    ) -> None:
        if type(updates) is not int or updates < 1:
            raise LrlabTypeError(worded("updates is the length of the training that is planned", updates, "1, 2, ..."))
        if not getattr(optimizer, "param_groups", None):
            raise LrlabTypeError(worded("a range test needs an optimizer with parameter groups", optimizer))
        self._optimizer, self._evaluate, self._level = optimizer, evaluate, level
        self._held = {"optimizer": optimizer, **{f"held {k}": thing for k, thing in enumerate(held)}}
        self._policy = Policy(updates, allowed_of(updates, budget))
        self._schedule = parse(schedule) if isinstance(schedule, str) else schedule
        refuse_another("the schedule", self._schedule, (self._policy.lengths.half, self._policy.lengths.run, updates))
        refuse_scaled(self._schedule, updates)
        self._own = tuple(read(group, "lr") for group in optimizer.param_groups)
        still = [number for number, own in enumerate(self._own) if own == 0]
        if still:
            groups = ", ".join(map(str, still))
            raise LrlabError(
                worded(
                    f"a multiple of an LR of 0 is 0, and the LR of parameter group {groups} is 0",
                    self._own,
                    "an LR above 0 in every group",
                    "build the scheduler after the range test, and leave out groups that are not trained",
                )
            )
        if evaluate is not None and not callable(evaluate):
            raise LrlabTypeError(
                worded("evaluate is a function that gives the loss", evaluate, hint="evaluate=lambda: 0.3")
            )
        self._scores: list[float] = []
        self._loss: float | None = None
        self._set: tuple[float, ...] = self._own
        self._result: Found | None = None
        self._begun = False
        self._refuse_unheld(held)

    def __iter__(self) -> Iterator[float]:
        """The LR of the first group for each update; each must be answered with `report`."""
        for rate, _ in self._updates(None):
            yield rate

    def over(self, loader: Iterable[_Batch]) -> Iterator[tuple[float, _Batch]]:
        """The same with the batches of a loader, which is gone through as often as needed, from its beginning each
        time."""
        if isinstance(loader, Iterator):
            raise LrlabTypeError(
                worded(
                    "an iterator cannot begin again for each short run",
                    type(loader).__name__,
                    "a DataLoader, a list",
                    "for rate in test: batch = next(batches)",
                )
            )
        return self._updates(loader)

    def report(self, loss: Any) -> None:
        """Tell the training loss of this update: a number, or an array of one."""
        for group, rate in zip(self._optimizer.param_groups, self._set, strict=True):
            if read(group, "lr") != rate:
                raise LrlabError(
                    worded(
                        "the loop changed the LR that the range test had set",
                        read(group, "lr"),
                        f"{rate}",
                        "no scheduler and no other LR in the loop of a range test",
                    )
                )
        try:
            told = float(loss.detach().item() if hasattr(loss, "detach") else loss)
        except (TypeError, ValueError):
            raise LrlabTypeError(
                worded("the loss of an update is one number", loss, hint="test.report(loss)")
            ) from None
        self._loss = mean_of_ranks(told)

    @property
    def result(self) -> Found:
        """What was found. Raises `LrlabError` before the loop has come to its end."""
        if self._result is None:
            raise LrlabError(worded("the range test has not come to its end", hint="for rate in test: ..."))
        return self._result

    # -- internal --------------------------------------------------------------------------------------------

    def _updates(self, loader: Any) -> Iterator[tuple[float, Any]]:
        if self._begun:
            raise LrlabError(worded("a range test is gone through once", hint="test = lr.RangeTest(...)"))
        self._begun = True
        self._generators = [] if loader is None else generators_of(loader)
        begin = self._taken()
        scale = Scale.of_metric("loss", "min")
        try:
            asked = self._policy.first()
            while asked:
                told = []
                for each in asked:
                    self._restore(begin)
                    if each.kind == "untrained":
                        told.append(Told(math.inf))  # known after the sweep, which begins there
                        continue
                    losses: list[float] = []
                    yield from self._part(each, loader, losses)
                    told.append(self._told(each, losses, scale))
                if asked[0].kind == "untrained":
                    told[0] = Told(self._untrained(begin, told[1].losses, scale))
                asked = self._policy.told(told)
        finally:
            self._restore(begin)
        self._result = Found(
            answer(self._policy, self._level, self._own[0]),
            self._policy,
            tuple(_loss(told.score) for _, told in self._policy.done),
            "your loop",
            "loss",
            "loss",
            str(self._schedule),
            self._own,
            sum(asked.updates for asked, _ in self._policy.done),
        )

    def _part(self, asked: Asked, loader: Any, losses: list[float]) -> Iterator[tuple[float, Any]]:
        """The updates of a sweep or a run, until they diverge."""
        sweeps = asked.kind == "sweep"
        values = swept(asked.updates) if sweeps else asked.multiple * self._schedule.over(asked.updates).values()
        source = None if loader is None else batch_source(loader)
        if source is not None:
            source.start(0, lambda: None)
        ledger = TrainingLog(asked.updates)
        before = self._weights()
        for update, value in enumerate(values.tolist()):
            batch = None if source is None else source.next()
            for group, own in zip(self._optimizer.param_groups, self._own, strict=True):
                write(group, "lr", own * value)
            self._set = tuple(read(group, "lr") for group in self._optimizer.param_groups)
            self._loss = None
            yield self._own[0] * value, batch
            if self._loss is None:
                raise LrlabError(worded("test.report was not told the loss of this update", hint="test.report(loss)"))
            losses.append(self._loss)
            ledger.add_loss(update, self._loss)
            if ledger.exploded(self._loss):
                losses[-1] = math.inf
                return
        if before and mean_of_ranks(float(self._weights() != before)) == 0:
            raise LrlabError(
                worded(
                    "no weight of the optimizer changed in a whole part of the range test",
                    f"{asked.updates} updates",
                    "a loop that trains",
                    "loss.backward(), then optimizer.step()",
                )
            )

    def _weights(self) -> list[float]:
        """The sum of the squares of each weight: what an update changes."""
        weights = [weight for group in self._optimizer.param_groups for weight in group.get("params", ())]
        return [float(abs(weight.detach()).double().square().sum()) for weight in weights]

    def _told(self, asked: Asked, losses: list[float], scale: Scale) -> Told:
        if losses[-1] == math.inf or asked.kind == "sweep":
            return Told(math.inf, tuple(losses))
        last = losses[-max(1, round(_END * len(losses))) :]
        value = self._evaluated() if self._evaluate else float(np.mean(last))
        return Told(scale.log(value), tuple(losses))

    def _untrained(self, begin: TrainingSnapshot, losses: tuple[float, ...], scale: Scale) -> float:
        if self._evaluate:
            self._restore(begin)
            return scale.log(self._evaluated())
        first = [loss for loss in losses[: max(3, len(losses) // 4)] if math.isfinite(loss)]
        return scale.log(float(np.median(first))) if first else math.inf

    def _evaluated(self) -> float:
        assert self._evaluate is not None
        found = self._evaluate()
        return mean_of_ranks(float(found.item() if hasattr(found, "item") else found))

    def _taken(self) -> TrainingSnapshot:
        state = {
            "held": [hold(thing, name, {}) for name, thing in self._held.items()],
            "lr": list(self._own),
            "generators": [generator.get_state() for generator in self._generators],
            "random": random_state(),
        }
        return taken(state, "the training")

    def _restore(self, begin: TrainingSnapshot) -> None:
        state = restored(begin)
        for thing, kept in zip(self._held.values(), state["held"], strict=True):
            give_back(thing, kept)
        for group, own in zip(self._optimizer.param_groups, state["lr"], strict=True):
            write(group, "lr", own)
        for generator, kept in zip(self._generators, state["generators"], strict=True):
            generator.set_state(kept)
        set_random_state(state["random"])

    def _refuse_unheld(self, held: tuple[Any, ...]) -> None:
        for thing in held:
            if not can_be_tracked(thing):
                raise LrlabTypeError(
                    worded(
                        "this holds no state that could be put back",
                        type(thing).__name__,
                        "a model, an optimizer, or what has state_dict and load_state_dict",
                        "lr.RangeTest(optimizer, model, updates=...)",
                    )
                )
        known = {id(thing) for thing in held}
        for thing in held:
            for names in ("parameters", "buffers"):
                known |= {id(each) for each in getattr(thing, names, tuple)()}
            known |= {id(each) for each in thing} if isinstance(thing, list | tuple) else set()
        weights = [weight for group in self._optimizer.param_groups for weight in group.get("params", ())]
        if any(id(weight) not in known for weight in weights):
            raise LrlabError(
                worded(
                    "the optimizer trains weights that nothing holds, so that they could not be put back",
                    [type(thing).__name__ for thing in held],
                    "the models whose parameters it was given",
                    "lr.RangeTest(optimizer, model, updates=...)",
                )
            )


def _loss(log: float) -> float:
    """The loss of which this is the logarithm."""
    return math.inf if log == math.inf else 0.0 if log <= NOTHING else math.exp(log)
