"""The command as a shell runs it, and a folder in which every example of the help runs as it is typed."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import lrlab as lr
from lrlab.analysis.forecast.law import Law
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.record.process.journal import Journal
from lrlab.record.process.orders import ManualOrders

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def lrlab() -> Command:
    """Run the command in a process of its own."""

    def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-W", "error", "-m", "lrlab", *arguments]
        return subprocess.run(line, cwd=cwd, capture_output=True, text=True, timeout=120)

    return run


QUADRATIC = Path(__file__).parents[1] / "lab" / "quadratic.py"
MOMENTUM = {"alpha": 0.5, "log_memory": 6.2, "floor": 2.5, "progress": 0.5, "noise": 0.4}
DEEPSPEED = {"scheduler": {"type": "WarmupDecayLR", "params": {"warmup_num_steps": "auto", "total_num_steps": 1000}}}


STUDY = """
[compare]
task = "mine.py:train"
lrs = [0.5, 1]
[compare.arm]
early = 'wsd(decay="40%")'
late = "wsd()"
[tune]
task = "mine.py:train"
budget = 40
updates = 60
[tune.arm]
WSD = 'wsd(decay="{decay: 10..50 by 10}%")'
[plan]
lr = 'warmup("2%") >> cosine(to=0.1)'
weight_decay = "linear(to=2)"
"""


@pytest.fixture(scope="module")
def furnished(tmp_path_factory) -> Path:
    """The files that the examples name: a task, logs of runs, sweeps, a DeepSpeed file, norms, a run, checkpoints."""
    folder: Path = tmp_path_factory.mktemp("examples")
    shutil.copy(QUADRATIC, folder / "mine.py")
    (folder / "ds_config.json").write_text(json.dumps(DEEPSPEED), encoding="utf-8")
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    law = Law.from_parameters("momentum", MOMENTUM, peak=3e-4, horizon=4000)
    for name, schedule in (("run1", lr.warmup(200) >> lr.constant()), ("run2", lr.warmup(200) >> lr.cosine(to=0.1))):
        lrs, noise = schedule.over(4000).lr(3e-4), random.Random(name)
        losses = law.predict(lrs).loss
        rows = [f"{k + 1},{float(lrs[k])!r},{float(losses[k]) + noise.gauss(0, 0.005)!r}" for k in range(9, 4000, 10)]
        (folder / f"{name}.csv").write_text("\n".join(["step,lr,loss", *rows]), encoding="utf-8")
    (folder / "sweeps.csv").write_text("\n".join(["size,batch,horizon,lr,loss", *_sweeps()]), encoding="utf-8")
    norms = [f"{k},{1e-3 * (1 - k / 400)!r},{1 + 0.5 * noise.random()!r}" for k in range(1, 401)]
    (folder / "norms.csv").write_text("\n".join(["step,lr,grad_norm", *norms]), encoding="utf-8")
    run = folder / "runs" / "x"
    run.mkdir(parents=True)
    ManualOrders(run)
    pacer = lr.Pacer((lr.constant() * lr.manual()).over(100))
    journal = Journal(run)
    journal.began("start", Checkpoint.of(pacer, [0.1]).record())
    (folder / "checkpoints").mkdir()
    for update in (100, 200, 300):
        tensors = {"w": np.full(3, update, np.float32)}
        save_file(tensors, folder / "checkpoints" / f"step-{update}.safetensors")
    return folder


def _sweeps() -> Iterator[str]:
    """Trials at two sizes, batches and horizons, whose best LR falls with the size."""
    for size, batch, horizon, octave in product((1e6, 4e6), (16, 64), (1000, 4000), range(5)):
        yield f"{size},{batch},{horizon},{1e-3 * 2**octave},{3 + 0.02 * (octave - 3 + size / 4e6) ** 2}"
