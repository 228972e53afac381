"""Random lives of an optimizer and its scheduler, against a model of three lines: LR = base LR x value(position)."""

from __future__ import annotations

import copy
import random

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler

N = 30
TEXT = "warmup(4) >> cosine(to=0.1)"
VALUES = lr.parse(TEXT).over(N).values().tolist() + [0.1] * 1000


class Life:
    """The real things, and beside them what must be true: position, base LRs, and the position last written."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.bases = [0.1, 0.02]
        self.optimizer = self.make(self.bases)
        self.scheduler = Scheduler(self.optimizer, TEXT, N)
        self.position = self.written = 0
        self.trained = False

    def lr(self, base: float) -> float | torch.Tensor:
        return torch.tensor(base, dtype=torch.float64) if self.random.random() < 0.4 else base

    def make(self, bases: list[float]) -> torch.optim.Optimizer:
        groups = [{"params": [torch.nn.Parameter(torch.ones(1))], "lr": self.lr(base)} for base in bases]
        return torch.optim.SGD(groups, lr=0.5, momentum=0.9)

    def update(self) -> None:
        for group in self.optimizer.param_groups:
            group["params"][0].grad = torch.ones(1)
        self.optimizer.step()
        self.position += 1
        self.trained = True

    def step(self) -> None:
        if not self.trained:  # the third call without any update is an error
            return
        self.scheduler.step()
        self.written = self.position

    def add(self) -> None:
        base = self.random.choice([0.5, 0.02, 0.3])
        self.optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))], "lr": self.lr(base)})
        self.bases.append(base)
        self.update()

    def add_default(self) -> None:
        self.optimizer.add_param_group({"params": [torch.nn.Parameter(torch.ones(1))]})
        self.bases.append(0.5)
        self.update()

    def remove(self) -> None:
        if len(self.bases) > 1:
            k = self.random.randrange(len(self.bases))
            self.optimizer.state.pop(self.optimizer.param_groups[k]["params"][0], None)
            del self.optimizer.param_groups[k], self.bases[k]
            assert self.scheduler.base_lrs == self.bases
            self.written = self.position

    def reload(self) -> None:
        """An optimizer state with any LR in it."""
        state = copy.deepcopy(self.optimizer.state_dict())
        for group in state["param_groups"]:
            group["lr"] = self.lr(7.0)
        self.optimizer.load_state_dict(state)
        self.written = self.position

    def rebase(self) -> None:
        self.bases = [self.random.choice([0.25, 0.04]) for _ in self.bases]
        self.scheduler.base_lrs = self.bases
        self.written = self.position

    def resume(self) -> None:
        """In a new process."""
        assert self.scheduler.base_lrs == self.bases
        saved = copy.deepcopy((self.optimizer.state_dict(), self.scheduler.state_dict()))
        self.optimizer = self.make(self.bases)
        for act in self.random.choice(["bos", "obs", "bso"]):
            if act == "b":
                self.scheduler = Scheduler(self.optimizer, TEXT, N)
            elif act == "o":
                self.optimizer.load_state_dict(copy.deepcopy(saved[0]))
            else:
                self.scheduler.load_state_dict(saved[1])
        self.written = self.position
        self.trained = False

    def restart(self) -> None:
        """A second scheduler takes over."""
        self.scheduler = Scheduler(self.optimizer, TEXT, N)
        self.position = self.written = 0
        self.trained = False

    def copy(self) -> None:
        self.scheduler = copy.deepcopy(self.scheduler)
        self.optimizer = self.scheduler.optimizer
        self.written = self.position
        self.trained = False

    def check(self) -> None:
        assert self.scheduler.update == self.position
        assert [float(group["lr"]) for group in self.optimizer.param_groups] == [
            base * VALUES[self.written] for base in self.bases
        ]
        assert self.scheduler.get_last_lr() == [base * VALUES[self.written] for base in self.bases]


USUAL = [Life.update, Life.step]
RARE = [Life.add, Life.add_default, Life.remove, Life.reload, Life.rebase, Life.resume, Life.restart, Life.copy]


def live(seed: int, acts: int) -> None:
    life = Life(seed)
    for _ in range(acts):
        act = life.random.choice(USUAL if life.random.random() < 0.7 else RARE)
        written = life.written
        act(life)
        if act in (Life.add, Life.add_default):
            life.written = life.position - 1  # the new group's first update wrote the LR of its position
            assert written <= life.written
        life.check()


@pytest.mark.parametrize("seed", range(60))
def test_a_random_life(seed):
    live(seed, 60)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(1000, 1400))
def test_a_random_life_exhaustively(seed):
    live(seed, 200)
