"""Hugging Face Trainer: an lrlab schedule for each training, and a metric for its controllers.

    class ScheduledTrainer(Scheduled, Trainer):
        schedule = "warmup('5%') >> cosine()"

    ScheduledTrainer(model, args, ..., callbacks=[Observe("eval_loss")]).train()

`Observe` is for a schedule with controllers. `Trainer(..., optimizers=(optimizer, scheduler))` takes your own
`lrlab.adapters.torch.scheduler.Scheduler`, which is for one training.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import fields
from numbers import Real
from typing import Any

from lrlab.adapters.ending import say_ending
from lrlab.adapters.hearing import absent, feed, say_silence
from lrlab.core.expression.node import Schedule
from lrlab.errors import LrlabError, LrlabTypeError, missing, nearest, worded

try:
    from transformers import Trainer, TrainerCallback
except ModuleNotFoundError:
    raise missing("transformers", "transformers", "lrlab.adapters.transformers") from None

from lrlab.adapters.torch.scheduler import Scheduler

log = logging.getLogger(__name__)

WAY = "class MyTrainer(Scheduled, Trainer) begins a new schedule with each train()"
_OF_ANOTHER = ("lr_scheduler_type", "lr_scheduler_kwargs", "warmup_steps", "warmup_ratio")


class Watch(TrainerCallback):  # type: ignore[misc]  # transformers is not followed
    """Logs that training ends before its schedule, or goes on after its end at an LR of 0; or that a controller
    received nothing."""

    def __init__(self) -> None:
        self._since = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, *, lr_scheduler: Any = None, **_: Any) -> None:
        """Called by the Trainer."""
        self._since = lr_scheduler.update if hasattr(lr_scheduler, "pacer") else 0

    def on_train_end(self, args: Any, state: Any, control: Any, *, lr_scheduler: Any = None, **_: Any) -> None:
        """Called by the Trainer."""
        if hasattr(lr_scheduler, "pacer"):
            say_ending(lr_scheduler, self._since, f"max_steps was {state.max_steps}; {WAY}")
            say_silence(lr_scheduler, 'Trainer(callbacks=[Observe("eval_loss")]), with an eval_strategy')


class Scheduled:
    """A mixin, inherited before `Trainer`: makes a new `Scheduler` for each training, over all its updates.

    It does so when the Trainer would make its own: for each `train()`, and again when `auto_find_batch_size` starts
    over. `schedule` is an attribute of the class, or an argument. Resuming goes on from the checkpoint.

    Raises `LrlabError` if no schedule is given, and `LrlabTypeError` if it is not inherited first.

    >>> class ScheduledTrainer(Scheduled, Trainer):
    ...     schedule = "warmup('5%') >> cosine()"
    >>> ScheduledTrainer.schedule
    "warmup('5%') >> cosine()"
    """

    schedule: Schedule | str | None = None
    lr_scheduler: Any
    optimizer: Any

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        if issubclass(cls, Trainer) and cls.mro().index(Trainer) < cls.mro().index(Scheduled):
            raise LrlabTypeError(
                worded(
                    "the Trainer's own schedule would be used", cls, hint=f"class {cls.__name__}(Scheduled, Trainer)"
                )
            )

    def __init__(self, *arguments: Any, schedule: Schedule | str | None = None, **named: Any) -> None:
        self.schedule = self.schedule if schedule is None else schedule
        if self.schedule is None:
            hint = f'{type(self).__name__}(..., schedule="warmup(0.05) >> cosine()")'
            raise LrlabError(worded("Scheduled needs a schedule", hint=hint))
        super().__init__(*arguments, **named)
        self.add_callback(Watch())  # type: ignore[attr-defined]  # the Trainer has it
        if unused := _unused(self.args):  # type: ignore[attr-defined]
            log.warning("%s does nothing under Scheduled: its schedule is %s.", unused, self.schedule)

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """Called by the Trainer. It makes a new scheduler for each training, even if the Trainer still has the last
        one."""
        if self.lr_scheduler is None:
            self.lr_scheduler = Scheduler(optimizer or self.optimizer, self.schedule, num_training_steps)  # type: ignore[arg-type]
            self._created_lr_scheduler = True
        return self.lr_scheduler


def _unused(args: Any) -> str:
    """The arguments of the Trainer's own schedule that are not as they come, as they were given."""
    own = [each for each in fields(args) if each.name in _OF_ANOTHER]
    given = {each.name: getattr(args, each.name) for each in own if getattr(args, each.name) not in (each.default, {})}
    return ", ".join(f"{name}={getattr(value, 'value', value)}" for name, value in given.items())


class Observe(Watch):
    """After each evaluation, feeds its metric `monitor` to the Trainer's scheduler, before a checkpoint is saved.

    A controller with a `metric=` receives that one, from whichever evaluation set has it, and never another. With
    several evaluation sets, name the metric of one of them ("eval_german_loss"). Raises `LrlabError` if no evaluation
    between two updates had it, or had what a controller names, and `LrlabTypeError` if the Trainer's scheduler is not
    one of lrlab.

    >>> Observe("eval_loss").monitor
    'eval_loss'
    """

    def __init__(self, monitor: str) -> None:
        super().__init__()
        self.monitor = monitor
        self._seen: dict[str, Any] = {}  # the metrics that were evaluated since the last update
        self._lacking: set[str] = set()  # names that a controller waits for and that none of these evaluations had

    def on_evaluate(
        self, args: Any, state: Any, control: Any, *, metrics: Mapping[str, Any], lr_scheduler: Any, **_: Any
    ) -> None:
        """Called by the Trainer for each evaluation set."""
        if not hasattr(lr_scheduler, "pacer"):
            raise LrlabTypeError(
                worded(
                    "Observe feeds a Scheduler of lrlab",
                    lr_scheduler,
                    hint="class MyTrainer(Scheduled, Trainer), or Trainer(..., optimizers=(optimizer, Scheduler(...)))",
                )
            )
        numbers = {name: value for name, value in metrics.items() if isinstance(value, Real)}
        lacking = feed(lr_scheduler, self.monitor, numbers)
        self._lacking = set(lacking) if not self._seen else self._lacking & set(lacking)
        self._seen |= numbers

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Called by the Trainer before each update: by then every evaluation set has had its turn."""
        seen, lacking = self._seen, sorted(self._lacking)
        self._seen, self._lacking = {}, set()
        if seen and self.monitor not in seen:
            near = nearest(self.monitor, seen)
            raise LrlabError(
                worded(
                    "no evaluation has the metric that Observe was given",
                    self.monitor,
                    ", ".join(sorted(seen)),
                    f'Observe("{near}")' if near else "",
                )
            )
        if lacking:
            raise LrlabError(absent(lacking[0], seen))
