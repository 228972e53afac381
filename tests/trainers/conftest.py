"""A model whose weight tells the LR: its gradient is 1, so that under SGD each update lowers it by the LR."""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import lrlab as lr

TEXT = 'warmup("20%") >> cosine(to=0.1)'


class Line(torch.nn.Module):
    """loss = weight * mean(x). `seen` keeps the weight of every forward pass in training mode."""

    def __init__(self, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(1, dtype=dtype))
        self.seen: list[float] = []

    def forward(self, x: torch.Tensor, labels: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
        if self.training:
            self.seen.append(float(self.weight.detach()))
        return {"loss": (self.weight * x.to(self.weight.dtype)).sum(1).mean(), "logits": self.weight * x}

    def realised(self) -> list[float]:
        """The LR of each update, from the weights: what does not change them is not an update."""
        steps = -np.diff([*self.seen, float(self.weight.detach())])
        return [float(step) for step in steps if step != 0]


def declared(updates: int, base_lr: float = 0.1, text: str = TEXT) -> list[float]:
    """The LR of each update according to the schedule."""
    return (base_lr * lr.parse(text).over(updates).values()).tolist()


class Overflowing(torch.nn.Module):
    """A `Line` whose loss is infinite at the given forward passes."""

    def __init__(self, at: list[int]) -> None:
        super().__init__()
        self.line, self.at, self.passes = Line(torch.float32), at, 0

    def forward(self, x: torch.Tensor, labels: torch.Tensor | None = None) -> dict[str, torch.Tensor]:
        out = self.line(x)
        out["loss"] = out["loss"] * (math.inf if self.passes in self.at else 1.0)
        self.passes += 1
        return out


@pytest.fixture
def line() -> type[Line]:
    return Line


@pytest.fixture
def overflowing() -> type[Overflowing]:
    return Overflowing


@pytest.fixture(name="declared")
def _declared():
    return declared


@pytest.fixture
def processes():
    """A script run by several processes at once: what each prints last, as JSON. It is to be silent about lrlab."""

    def run(count: int, script: Path, argument: object) -> list[Any]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        started = []
        for rank in range(count):
            place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "MASTER_PORT": port}
            place |= {"MASTER_ADDR": "127.0.0.1", "OMP_NUM_THREADS": 1}
            environment = {**os.environ, **{name: str(value) for name, value in place.items()}}
            command = [sys.executable, str(script), json.dumps(argument)]
            started.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        try:
            said = [process.communicate(timeout=120) for process in started]
        finally:
            for process in started:
                process.kill()
        assert all(process.returncode == 0 for process in started), said
        assert not any(b"lrlab" in errors for _, errors in said), said
        return [json.loads(out.decode().splitlines()[-1]) for out, _ in said]

    return run
