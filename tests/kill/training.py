"""A training that is killed: `python training.py FOLDER SCHEDULE UPDATES KILLS SEED` prints what went wrong.

One process meets PyTorch and forks every life from itself. A life counts the lines that it executes, of this file and
of lrlab, and sends itself SIGKILL at the one that was drawn; the next life resumes from the last checkpoint.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import torch

import lrlab
from lrlab.adapters.torch.scheduler import Scheduler

OURS = (__file__, str(Path(lrlab.__file__).parent))
SAMPLES, BATCH = 40, 8


def train(folder: Path, text: str, updates: int, death: Death) -> None:
    """Train to the end, or go on from the checkpoint in the folder; lines are counted from the first of the loop."""
    torch.manual_seed(0)
    x = torch.randn(SAMPLES, 3, dtype=torch.float64)
    y = x @ torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64) + torch.randn(SAMPLES, dtype=torch.float64)
    weights = torch.nn.Parameter(torch.zeros(3, dtype=torch.float64))
    bias = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    optimizer = torch.optim.AdamW([{"params": [weights], "lr": 0.1}, {"params": [bias], "lr": 0.3}], weight_decay=0.1)
    scheduler = Scheduler(optimizer, text, updates)
    file = folder / "checkpoint.pt"
    if file.exists():
        state = torch.load(file, weights_only=True)
        optimizer.load_state_dict(state["optimizer"])
        scheduler.load_state_dict(state["scheduler"])
        with torch.no_grad():
            weights.copy_(state["weights"])
            bias.copy_(state["bias"])
    sys.settrace(death)
    loop(folder, updates, x, y, weights, bias, optimizer, scheduler)
    sys.settrace(None)
    end = {"weights": [*weights.tolist(), *bias.tolist()], "decisions": len(scheduler.decisions), "lines": death.lines}
    (folder / "end.json").write_text(json.dumps(end))


def loop(
    folder: Path,
    updates: int,
    x: torch.Tensor,
    y: torch.Tensor,
    weights: torch.nn.Parameter,
    bias: torch.nn.Parameter,
    optimizer: torch.optim.Optimizer,
    scheduler: Scheduler,
) -> None:
    """The loop that is killed anywhere."""
    while (i := scheduler.update) < updates:
        chosen = batch(i)
        loss = ((x[chosen] @ weights + bias - y[chosen]) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        note(folder, {"update": i, "lrs": [group["lr"] for group in optimizer.param_groups], "batch": chosen})
        optimizer.step()
        scheduler.step()
        if i % 3 == 2:
            scheduler.observe(float(loss.detach()))
        if i % 4 == 3:
            parts = {"weights": weights, "bias": bias, "optimizer": optimizer.state_dict()}
            torch.save({**parts, "scheduler": scheduler.state_dict()}, folder / "new.pt")
            os.replace(folder / "new.pt", folder / "checkpoint.pt")


def batch(update: int) -> list[int]:
    """The samples of an update: a function of its number alone."""
    per_epoch = SAMPLES // BATCH
    order = random.Random(update // per_epoch).sample(range(SAMPLES), SAMPLES)
    return order[update % per_epoch * BATCH :][:BATCH]


def note(folder: Path, row: dict[str, Any]) -> None:
    with (folder / "trace.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")


class Death:
    """Counts executed lines; at number `at` the process is no more."""

    def __init__(self, at: int | None) -> None:
        self.at, self.lines = at, 0

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(OURS):
            return None
        if event == "line":
            self.lines += 1
            if self.lines == self.at:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def life(folder: Path, text: str, updates: int, kill_at: int | None) -> bool:
    """One process, from birth to the end or the kill; whether it reached the end."""
    child = os.fork()
    if child == 0:
        train(folder, text, updates, Death(kill_at))
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False
    if status != 0:
        raise RuntimeError(f"a life ended with {status}")
    return True


def warm_up() -> None:
    """Meet in the parent what PyTorch imports only when an optimizer makes its first step."""
    parameter = torch.nn.Parameter(torch.zeros(1))
    parameter.grad = torch.zeros(1)
    optimizer = torch.optim.AdamW([parameter])
    scheduler = Scheduler(optimizer, "linear() * plateau()", 2)
    optimizer.step()
    scheduler.step()
    scheduler.state_dict()


def trace(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "trace.jsonl").read_text().splitlines()]


def main(folder: Path, text: str, updates: int, kills: int, seed: int) -> dict[str, Any]:
    """The uninterrupted run, and the killed one beside it."""
    warm_up()
    whole, torn = folder / "whole", folder / "torn"
    whole.mkdir()
    torn.mkdir()
    assert life(whole, text, updates, None)
    lines, rng = json.loads((whole / "end.json").read_text())["lines"], random.Random(seed)
    killed = 0
    while killed < kills:
        killed += 1
        if life(torn, text, updates, rng.randint(1, 3 * lines // kills)):
            (torn / "checkpoint.pt").unlink()  # it got to the end early: once more from the beginning
            killed -= 1
    assert life(torn, text, updates, None)
    expected = {row["update"]: row for row in trace(whole)}
    rows = trace(torn)
    ends = [{**json.loads((each / "end.json").read_text()), "lines": 0} for each in (whole, torn)]
    return {
        "kills": killed,
        "decisions": ends[0]["decisions"],
        "updates": sorted({row["update"] for row in rows}) == list(range(updates)),
        "repeated": len(rows) - updates,
        "wrong": [row for row in rows if row != expected[row["update"]]],
        "same end": ends[0] == ends[1],
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))))
