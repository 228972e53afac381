"""Pure functions over tensors: what they may return, and that their loop is that of an optimizer."""

from pathlib import Path

import numpy as np
import pytest

import lrlab as lr
from lrlab.errors import LrlabError, LrlabTypeError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.task.declaration import load_task
from lrlab.lab.task.functional_torch import tensor_of
from lrlab.lab.training.run import TrainingRun
from lrlab.record.runs.store import Store

torch = pytest.importorskip("torch")
PURE = Path(__file__).parents[1] / "torch_pure.py"


def trained(updates=2, averaging=None, **functions):
    run = TrainingRun(lr.constant(), updates, averaging=averaging)
    given = {
        "init": lambda: torch.zeros(2),
        "step": lambda state, batch, control: (state + batch, 0.0),
        "evaluate": lambda state: {"val_loss": state[0]},
        "batches": [1.0],
    }
    return lr.functional_torch(run, **(given | functions)), run


def test_the_last_state_is_returned():
    """The batches and numbers of a state become tensors."""
    state, run = trained(
        init=lambda: {"w": np.zeros(2, np.float32), "n": 0},
        step=lambda s, b, c: ({"w": s["w"] + b * c["lr"], "n": s["n"] + 1}, s["w"].sum()),
        evaluate=lambda s: {"val_loss": s["n"]},
    )
    assert (state["w"].tolist(), state["n"].item(), run.loss.values) == ([2.0, 2.0], 2, (0.0, 2.0))


def test_forks_are_the_same_as_alone(tmp_path):
    """The loop of it, with random numbers in its batches."""
    task = load_task(f"{PURE}:train")
    arms = [Arm(f"{p}", lr.wsd(warmup=0, decay=f"{p}%")) for p in (20, 50)] + [Arm("ema", lr.constant(), 0.1)]
    jobs = jobs_of(arms, task.settings)
    shared, effort = run_jobs(task, jobs, Store(tmp_path / "shared"), Here(task))
    alone, _ = run_jobs(task, jobs, Store(tmp_path / "alone"), Here(task), fork_every=0)
    assert effort.saved > 0.1
    assert [run.fingerprint for run in shared] == [run.fingerprint for run in alone]
    assert [run.evals for run in shared] == [run.evals for run in alone]


def test_a_model_in_the_state_is_averaged():
    """And nothing else of the state."""
    state, run = trained(
        3,
        averaging=1.0,
        init=lambda: {"model": {"w": torch.zeros(1)}, "n": torch.zeros(())},
        step=lambda s, b, c: ({"model": {"w": s["model"]["w"] + 1}, "n": s["n"] + 1}, 0.0),
        evaluate=lambda s: {"val_loss": s["model"]["w"], "n": s["n"]},
    )
    assert (state["model"]["w"].item(), run.evals["n"].values) == (3.0, (3.0,))
    assert 1.0 < run.score < 3.0


@pytest.mark.parametrize(
    ("functions", "said"),
    [
        ({"step": lambda state, batch, control: state}, "step gives the next state and the loss"),
        ({"step": lambda state, batch, control: (state, 0.0)}, "step gives back the state that it was given"),
        ({"step": lambda state, batch, control: ([state], 0.0)}, "of another structure than init"),
        ({"step": lambda state, batch, control: (state.double() + 1, 0.0)}, "of another structure than init"),
        ({"evaluate": lambda state: 0.5}, "evaluate gives the metrics by name"),
        ({"init": lambda: "weights"}, "a state is a tree of tensors"),
    ],
)
def test_anything_else_is_a_sentence(functions, said):
    """And names what it should have been."""
    with pytest.raises((LrlabError, LrlabTypeError), match=said):
        trained(**functions)


def test_numbers():
    """Arrays keep their type."""
    assert tensor_of(np.arange(2)).dtype == torch.int64
    assert tensor_of(0.5).dtype == torch.get_default_dtype()
