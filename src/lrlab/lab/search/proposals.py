"""What to try next: an Optuna sampler, asked and told; seeded, so that a repeated search proposes the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lrlab.core.expression.node import Schedule
from lrlab.errors import missing
from lrlab.lab.arms.arms import Arm
from lrlab.lab.search.space import Slot, Strategy

if TYPE_CHECKING:
    from optuna import Study, Trial

REPEATS, TRIES = 5, 1000  # in a row: then proposals are drawn at random, and then the space has no more to offer


@dataclass(frozen=True)
class Candidate:
    """A strategy with its slots filled, at one LR."""

    strategy: Strategy
    values: tuple[tuple[str, str], ...]
    lr: float

    @cached_property
    def arm(self) -> Arm:
        """What is trained."""
        return self.strategy.filled(dict(self.values))

    @property
    def schedule(self) -> Schedule:
        """Its schedule."""
        return self.arm.schedule

    @property
    def name(self) -> str:
        """The name of its strategy."""
        return self.strategy.name


class Proposals:
    """Candidates from strategies and LRs; the first ones are the baseline (the first strategy) at every LR.

    Raises `MissingExtra` if Optuna is not installed.
    """

    def __init__(self, strategies: Sequence[Strategy], lrs: Sequence[float], seed: int) -> None:
        try:
            import optuna
        except ModuleNotFoundError:
            raise missing("optuna", "tune", "lrlab tune") from None
        self._strategies: Mapping[str, Strategy] = {strategy.name: strategy for strategy in strategies}
        self._lrs = tuple(lrs)
        self._trials: dict[Candidate, Trial] = {}
        self._size = len(lrs) * sum(strategy.size for strategy in strategies)
        self._repeat = optuna.trial.TrialState.FAIL  # which the sampler does not learn from
        self._samplers = optuna.samplers.TPESampler(seed=seed), optuna.samplers.RandomSampler(seed=seed)
        with _silence(optuna):
            self._study: Study = optuna.create_study()
        for k in range(len(lrs)):
            self._study.enqueue_trial({"strategy": strategies[0].name, "lr": k})

    def ask(self, count: int) -> list[Candidate]:
        """Up to `count` new candidates; fewer if the space has no more."""
        found: list[Candidate] = []
        repeated = 0
        while len(found) < count and len(self._trials) < self._size and repeated < TRIES:
            self._study.sampler = self._samplers[repeated >= REPEATS]
            trial = self._study.ask()
            candidate = self._candidate(trial)
            if candidate in self._trials:
                self._study.tell(trial, state=self._repeat)
                repeated += 1
            else:
                self._trials[candidate] = trial
                found.append(candidate)
                repeated = 0
        return found

    def tell(self, candidate: Candidate, score: float) -> None:
        """Report the result of a candidate; lower is better, inf if it diverged."""
        self._study.tell(self._trials[candidate], score)

    def _candidate(self, trial: Trial) -> Candidate:
        strategy = self._strategies[trial.suggest_categorical("strategy", tuple(self._strategies))]
        lr = self._lrs[trial.suggest_int("lr", 0, len(self._lrs) - 1)]
        values = tuple((slot.name, self._value(trial, strategy, slot)) for slot in strategy.slots)
        return Candidate(strategy, values, lr)

    @staticmethod
    def _value(trial: Trial, strategy: Strategy, slot: Slot) -> str:
        name = f"{strategy.name}: {slot.name}"
        if not slot.ordered:
            return str(trial.suggest_categorical(name, slot.values))
        return slot.values[trial.suggest_int(name, 0, len(slot.values) - 1)]


@contextmanager
def _silence(optuna: Any) -> Iterator[None]:
    """Without Optuna's line about a new study; the user's settings are restored."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)
