"""A task in plain Python that trains in a millisecond: w follows noisy targets, judged by its squared error.

The larger the LR, the larger the noise that remains: a decay wins, a constant LR with averaged weights too.
`config` may ask for trouble: see `train`.
"""

import os
import random
import time
from pathlib import Path

from lrlab.lab.task.declaration import task


class Model:
    def __init__(self) -> None:
        self.w, self.steps = random.gauss(0.0, 1.0), 0

    def state_dict(self):
        return {"w": self.w, "steps": self.steps}

    def load_state_dict(self, state):
        self.w, self.steps = state["w"], state["steps"]


class SGD:
    def __init__(self, model, lr):
        self.model, self.param_groups = model, [{"lr": lr}]

    def step(self, gradient):
        self.model.w -= self.param_groups[0]["lr"] * gradient
        self.model.steps += 1

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


TROUBLE = ("log", "pids", "slow", "raise", "raise below", "die below", "die", "always die")


@task(metric="val_loss", updates=60, folds=2, seeds=1, lrs=(0.5, 1.0), evals=6, config=dict.fromkeys(TROUBLE))
def train(run):
    """Train; config["die"], ["slow"], ["raise"] make that file's absence kill, delay or stop the run once."""
    model = Model()
    opt = SGD(model, lr=0.3)
    run.track(model=model, opt=opt)
    target = 3.0 + run.fold
    batches = [random.gauss(target, 1.0) for _ in range(10)]
    for _, batch in run.steps(batches):
        _trouble(run.config, run.control["lr"])
        run.log(loss=(model.w - batch) ** 2)
        opt.step(2 * (model.w - batch))
        if run.eval_now:
            run.report(val_loss=(model.w - target) ** 2)


def undeclared(run):
    """The same without a declaration."""
    train(run)


def _trouble(config, lr):
    if config.get("log") is not None:
        with open(config["log"], "a") as log:
            log.write("update\n")
    if config.get("pids") is not None:
        Path(config["pids"], str(os.getpid())).touch()
    if config.get("slow") is not None:
        time.sleep(config["slow"])
    if config.get("raise") is not None:
        raise RuntimeError("out of cheese")
    if config.get("raise below") is not None and lr < float(Path(config["raise below"]).read_text()):
        raise RuntimeError("out of cheese")
    if config.get("die below") is not None and lr < float(Path(config["die below"]).read_text()):
        os._exit(9)
    if config.get("die") is not None and not Path(config["die"]).exists():
        Path(config["die"]).touch()
        os._exit(9)
    if config.get("always die") is not None:
        os._exit(9)
