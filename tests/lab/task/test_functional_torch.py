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
from lrlab.lab.training.lane import HandedOver, Lane
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
        ({"step": lambda state, batch, control: (state.add_(batch), 0.0)}, "step changes the state in place"),
        ({"step": lambda state, batch, control: (state + 0.0, 0.0)}, "step gives back the state that it was given"),
        ({"step": lambda state, batch, control: ([state], 0.0)}, "of another structure than init"),
        ({"step": lambda state, batch, control: ((state, state), 0.0)}, "of another structure than init"),
        ({"step": lambda state, batch, control: (state.double() + 1, 0.0)}, "of another structure than init"),
        ({"step": lambda state, batch, control: (torch.zeros(3), 0.0)}, "of another structure than init"),
        ({"step": lambda state, batch, control: (torch.zeros(1), 0.0)}, "of another structure than init"),
        ({"step": lambda state, batch, control: ("weights", 0.0)}, "a state is a tree of tensors"),
        ({"evaluate": lambda state: 0.5}, "evaluate gives the metrics by name"),
        ({"init": lambda: "weights"}, "a state is a tree of tensors"),
    ],
)
def test_anything_else_is_a_sentence(functions, said):
    """And names what it should have been."""
    with pytest.raises((LrlabError, LrlabTypeError), match=said):
        trained(**functions)


@pytest.mark.parametrize(
    ("after", "given", "allowed"),
    [
        (lambda state: {"w": state}, "dict", r"\*"),
        (lambda state: state.double() + 1, "torch.float64", "torch.float32"),
        (lambda state: torch.zeros(3), r"torch.Size\(\[3\]\)", r"torch.Size\(\[2\]\)"),
    ],
)
def test_another_structure_is_told_with_the_first_one(after, given, allowed):
    """Both structures, or where these are the same the shapes and types."""
    with pytest.raises(LrlabError, match=rf"given: .*{given}[\s\S]*allowed: .*{allowed}"):
        trained(step=lambda state, batch, control: (after(state), 0.0))


def idle(updates, schedule, first):
    """A training whose step gives an equal state back before update `first`."""
    made = [0]

    def step(state, batch, control):
        made[0] += 1
        return state + (made[0] > first), 0.0

    run = TrainingRun(schedule, updates)
    lr.functional_torch(
        run, init=lambda: torch.zeros(2), step=step, evaluate=lambda s: {"val_loss": s[0]}, batches=[1.0]
    )
    return run


@pytest.mark.parametrize(("updates", "first"), [(10, 9), (20, 9), (3, 2)])
def test_an_idle_step_has_ten_updates_or_all(updates, first):
    """One update that changes the state is enough, up to the tenth."""
    assert idle(updates, lr.constant(), first).score == updates - first
    with pytest.raises(LrlabError, match=f"gives back the state that it was given[\\s\\S]*{first + 1} times"):
        idle(updates, lr.constant(), first + 1)


def test_where_the_lr_is_0_no_step_is_idle():
    """Only the updates with another one count."""
    frozen = 0.0 * lr.constant(15) >> lr.constant()
    assert idle(30, frozen, 24).score == 6.0
    with pytest.raises(LrlabError, match=r"gives back[\s\S]*10 times"):
        idle(30, frozen, 25)


def test_a_state_without_a_model_is_held_as_a_whole():
    """Averaging is for those that have one."""
    for begin in ({"w": torch.zeros(1)}, (torch.zeros(1),)):
        with pytest.raises(LrlabError, match="weight averaging needs the model"):
            trained(averaging=1.0, init=lambda begin=begin: begin)


def test_numbers_that_a_step_gives_become_tensors():
    """As those of the first state do."""
    state, run = trained(init=lambda: 1.5, step=lambda s, b, c: (2.5, 1), evaluate=lambda s: {"val_loss": s})
    assert (state.dtype, state.item(), run.score) == (torch.get_default_dtype(), 2.5, 2.5)


def vectorised(step):
    """The step for many that a lane gets, and its arrays."""
    lane = Lane(lr.constant(), 2)
    with pytest.raises(HandedOver):
        lr.functional_torch(
            lane, init=lambda: torch.zeros(()), step=step, evaluate=lambda s: {"val_loss": s}, batches=[1.0]
        )
    arrays = lane.training.arrays
    return arrays.vectorised(step), arrays


def test_a_vectorised_step_is_the_step_of_each():
    """By hand, for three runs at once and then for two; a constant loss is one for each."""
    step, arrays = vectorised(lambda state, batch, control: (state + batch * control["lr"], 0.5))
    states = arrays.stacked([0, 10, 20], (3,))
    batches = arrays.stacked([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (2, 3))
    assert batches.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    controls = arrays.controls({"lr": np.array([1.0, 0.5, 0.0])})
    after, loss = step(states, arrays.at(batches, 1), (), [0, 0, 0], controls)
    assert (after.tolist(), loss.tolist()) == ([4.0, 12.5, 20.0], [0.5] * 3)
    after, loss = step(states[:2], batches[0, :2], (), [0, 0], {"lr": controls["lr"][:2]})
    assert arrays.numbers([after, loss]).tolist() == [[1.0, 11.0], [0.5, 0.5]]


def test_the_part_of_one_is_a_copy_and_a_tree_without_tensors_has_parts():
    """A step may overwrite the states, and a batch may be nothing."""
    _, arrays = vectorised(lambda state, batch, control: (state + batch, state))
    states = arrays.stacked([1.0, 2.0], (2,))
    one = arrays.at(states, 1)
    states.zero_()
    assert one.item() == 2.0
    assert arrays.each((), 3) == [()] * 3
    assert [each["x"].tolist() for each in arrays.each({"x": torch.eye(2)}, 2)] == [[1.0, 0.0], [0.0, 1.0]]


@pytest.mark.parametrize("other", [torch.zeros(3), torch.zeros(2).double(), [torch.zeros(2)], {"x": torch.zeros(2)}])
def test_only_what_is_alike_is_stacked(other):
    """Structure, shape and type; dictionaries by their names, in any order."""
    _, arrays = vectorised(lambda state, batch, control: (state + batch, state))
    with pytest.raises(ValueError, match=r"\[2\] torch.float|mismatch"):
        arrays.stacked([torch.zeros(2), other] if isinstance(other, torch.Tensor) else [{"y": 0.0}, other], (2,))
    both = arrays.stacked([{"x": 1, "y": 2}, {"y": 4, "x": 3}], (2,))
    assert {name: each.tolist() for name, each in both.items()} == {"x": [1, 3], "y": [2, 4]}


@pytest.mark.parametrize(
    ("step", "said", "hint"),
    [
        (lambda s, b, c: (s + torch.rand(()), s), "step draws random numbers", "draw them in batches"),
        (lambda s, b, c: (s + b if s.item() else s, s), "step asks for the value of a tensor", "torch.where"),
        (lambda s, b, c: (s + b if s > 0 else s, s), "step asks for the value of a tensor", "torch.where"),
        (lambda s, b, c: (s.view(7), s), "step cannot be vectorised: ", "see torch.func.vmap"),
    ],
)
def test_what_cannot_be_vectorised_says_what_to_write(step, said, hint):
    """In a few lines, whatever the library says."""
    many, _ = vectorised(step)
    with pytest.raises(LrlabError, match=rf"^{said}.+\n.*\n.*\n.*{hint}[^\n]*$"):
        many(torch.zeros(2), torch.ones(2), (), [0, 0], {"lr": torch.ones(2)})


@pytest.mark.parametrize("leaf", [np.array([1j]), np.array(["a"]), "a", None, 1j, np.datetime64("2020")])
def test_what_is_no_number_is_no_tensor(leaf):
    """Also within an array."""
    with pytest.raises(LrlabTypeError, match="a state is a tree of tensors"):
        tensor_of(leaf)


def test_numbers():
    """Arrays keep their type."""
    assert tensor_of(np.arange(2)).dtype == torch.int64
    assert tensor_of(0.5).dtype == torch.get_default_dtype()
