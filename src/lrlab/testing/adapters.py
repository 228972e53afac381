"""The laws of an adapter to a framework, as a class to inherit: six small hooks, and it is held against them."""

from __future__ import annotations

import json
import math
from typing import Any

from lrlab.core.expression.node import Schedule
from lrlab.core.feedback.plateau import plateau
from lrlab.core.shapes.base import warmup
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.presets import wsd
from lrlab.core.shapes.timescales import exponential
from lrlab.core.shapes.transitions import linear
from lrlab.errors import LrlabError
from lrlab.testing.cases import must

UPDATES = 20


class AdapterCase:
    """The laws of an adapter. A run is whatever `start` gives: the hooks alone look into it.

    `tolerance` is the relative error of the framework's LR (0 for one that keeps float64, 1e-6 for float32);
    `feedback` says whether schedules with controllers can be run, `metric` what a controller's metric must be called
    (None: it needs no name).

        class TestMine(AdapterCase):
            def start(self, schedule, updates, base_lr): ...
            def lr(self, run): return run.optimizer.param_groups[0]["lr"]
            def update(self, run): run.optimizer.step(); run.scheduler.step()
            def state(self, run): return run.scheduler.state_dict()
            def load(self, run, state): run.scheduler.load_state_dict(state)
            def observe(self, run, metric): run.scheduler.observe(metric)
    """

    tolerance = 0.0
    feedback = True
    metric: str | None = None

    def start(self, schedule: Schedule, updates: int, base_lr: float) -> Any:
        """Hook: a new run of so many updates, with the schedule attached, before its first update."""
        raise NotImplementedError("def start(self, schedule, updates, base_lr): ...")

    def lr(self, run: Any) -> float:
        """Hook: the LR in the framework, that the next update will use."""
        raise NotImplementedError("def lr(self, run): ...")

    def update(self, run: Any) -> None:
        """Hook: one update, with all calls that a training loop makes for it."""
        raise NotImplementedError("def update(self, run): ...")

    def state(self, run: Any) -> Any:
        """Hook: the state of the adapter, plain JSON."""
        raise NotImplementedError("def state(self, run): ...")

    def load(self, run: Any, state: Any) -> None:
        """Hook: put a run that was just started into a state; raises `LrlabError` where the code says otherwise."""
        raise NotImplementedError("def load(self, run, state): ...")

    def observe(self, run: Any, metric: float) -> None:
        """Hook: tell a metric (where `feedback`)."""
        raise NotImplementedError("def observe(self, run, metric): ...")

    def schedules(self) -> list[Schedule]:
        """Hook: schedules without controllers to run; these have a warmup, a floor, joints and no end."""
        return [
            warmup(3) >> cosine(to=0.1),
            wsd(warmup=2, decay=5),
            linear().repeat(2, gain=0.5) * exponential(gamma=0.9),
            0.5 * linear(to=0.25),
        ]

    def test_every_update_uses_its_value(self) -> None:
        """From the first update to beyond the end: the LR in the framework is base LR times value."""
        for schedule in self.schedules():
            run = self.start(schedule, UPDATES, 0.1)
            expected = 0.1 * schedule.over(UPDATES).between(0, UPDATES + 5)
            for update, lr in enumerate(expected.tolist()):
                self._same(self.lr(run), lr, f"{schedule}: the LR of update {update}")
                self.update(run)

    def test_the_state_is_plain_json_and_asking_changes_nothing(self) -> None:
        """It may be asked for at any time."""
        run = self.start(self.schedules()[0], UPDATES, 0.1)
        for update in range(UPDATES):
            before = self.lr(run)
            text = json.dumps(self.state(run), allow_nan=False)
            must(json.dumps(self.state(run), allow_nan=False) == text, f"two states at update {update}")
            must(self.lr(run) == before, f"asking for the state changed the LR at update {update}")
            self.update(run)

    def test_resume_anywhere(self) -> None:
        """A fresh run that loads the state goes on with the LR of one that never stopped, bit for bit."""
        for schedule in self.schedules():
            whole, states = self._trace(schedule)
            for update in (0, 1, UPDATES // 2, UPDATES - 1):
                run = self.start(schedule, UPDATES, 0.1)
                self.load(run, json.loads(states[update]))
                for later in range(update, UPDATES):
                    must(self.lr(run) == whole[later], f"{schedule}: resumed at {update}, another LR at {later}")
                    self.update(run)

    def test_another_schedule_is_refused(self) -> None:
        """Configuration comes from code: a state of another schedule stops, in words."""
        first, second, *_ = self.schedules()
        run = self.start(first, UPDATES, 0.1)
        self.update(run)
        state = json.loads(json.dumps(self.state(run)))
        other = self.start(second, UPDATES, 0.1)
        try:
            self.load(other, state)
        except LrlabError:
            return
        must(False, f"a state of {first} was loaded into {second} without a word")

    def test_a_decision_acts_at_once(self) -> None:
        """When observe() returns, the LR in the framework is what was decided; it is part of the state."""
        if not self.feedback:
            return
        schedule = linear() * plateau(patience=1, factor=0.5, metric=self.metric)
        run = self.start(schedule, UPDATES, 0.1)
        self.update(run)
        for metric in (1.0, 1.0, math.nan, 1.0):
            self.observe(run, metric)
        expected = 0.25 * 0.1 * schedule.over(UPDATES).values()
        self._same(self.lr(run), float(expected[1]), "the LR after two cuts and a NaN")
        again = self.start(schedule, UPDATES, 0.1)
        self.load(again, json.loads(json.dumps(self.state(run))))
        must(self.lr(again) == self.lr(run), "a resume forgot what was decided")
        self.update(again)
        self._same(self.lr(again), float(expected[2]), "the LR after a resume")

    def _trace(self, schedule: Schedule) -> tuple[list[float], list[str]]:
        """The LR of every update, and the state before it as text."""
        run, lrs, states = self.start(schedule, UPDATES, 0.1), [], []
        for _ in range(UPDATES):
            lrs.append(self.lr(run))
            states.append(json.dumps(self.state(run)))
            self.update(run)
        return lrs, states

    def _same(self, found: float, expected: float, what: str) -> None:
        close = self.tolerance * abs(expected) + (1e-15 if self.tolerance else 0.0)
        must(abs(found - expected) <= close, f"{what} is {found}, not {expected}")
