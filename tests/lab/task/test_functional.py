"""Training by pure functions: forks at any update, to the same bits as alone."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

import lrlab as lr
from jax_precision import in_64_bits
from lrlab.errors import LrlabError, LrlabTypeError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.named import opened
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import load_task
from lrlab.lab.task.functional import _Held
from lrlab.lab.training.lane import HandedOver, Lane
from lrlab.lab.training.run import TrainingRun
from lrlab.lab.training.snapshot import restored, taken
from lrlab.lab.training.together import train_together
from lrlab.lab.training.values import as_numpy
from lrlab.record.runs.store import Store

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")
NETWORK = Path(__file__).parents[1] / "jax_network.py"

ARMS = (
    Arm("fixed", lr.constant()),
    *(Arm(f"decay {p}", lr.wsd(warmup=0, decay=f"{p}%")) for p in (15, 35, 55, 75)),
    Arm("straight", lr.wsd(warmup=0, decay="35%", shape="linear")),
    Arm("steps", lr.multistep(["30%", "70%"], gamma=0.3)),
    Arm("one step", lr.multistep(["30%"], gamma=0.3)),
    Arm("cosine", lr.cosine()),
    Arm("plateau", lr.plateau(patience=1, factor=0.5)),
)


def pooled(task, jobs, store, workers, **how):
    """Train in worker processes, or with none in this one."""
    with opened(Resources(workers), task) as executor:
        return run_jobs(task, jobs, store, executor, **how)


def same(run, other):
    """Equal to the last bit; how long it took aside."""
    return dataclasses.replace(run, seconds=other.seconds) == other


def test_ten_arms_that_share_are_the_same_as_alone(tmp_path):
    """In a process that forks, and in this one, which trains each arm alone: metrics, losses and all leaves."""
    task = load_task(f"{NETWORK}:train")
    jobs = jobs_of(ARMS, task.settings)
    shared, effort = pooled(task, jobs, Store(tmp_path / "shared"), 1)
    alone, naive = run_jobs(task, jobs, Store(tmp_path / "alone"), Here(task), fork_every=0)
    assert [same(*pair) for pair in zip(shared, alone, strict=True)] == [True] * 10
    assert len({run.fingerprint for run in shared}) == 10
    assert effort.trained < 0.75 * naive.trained == 0.75 * 400


def lane(start, batches, step=None):
    """One of several runs, which adds its batches to this state."""
    made = Lane(lr.constant(), 2)
    with pytest.raises(HandedOver):
        lr.functional(
            made,
            init=lambda key: start,
            step=step or add,
            evaluate=lambda state: {"val_loss": state.sum()},
            batches=batches,
        )
    made.enter()
    return made


def add(state, batch, key, control):
    return state + batch, 0.0


@pytest.mark.parametrize(
    ("other", "batches", "what"),
    [
        (jnp.zeros(2, jnp.float16), [1.0], r"the states of all runs[\s\S]*\[2\] float16 and \[2\] float32"),
        (jnp.zeros(3), [1.0], r"the states of all runs[\s\S]*\[2\] float32 and \[3\] float32"),
        (jnp.zeros(2), [np.float32(1.0)], r"the batches of all runs[\s\S]*\[\] float32 and \[\] float64"),
        (jnp.zeros(2), [1], r"the batches of all runs[\s\S]*\[\] float64 and \[\] int64"),
        (jnp.zeros(2), [[1.0]], r"the batches of all runs"),
    ],
)
def test_what_is_not_alike_cannot_be_put_side_by_side(other, batches, what):
    """Stacked, the narrower type would silently become the wider one."""
    with pytest.raises(LrlabError, match=what):
        train_together([lane(jnp.zeros(2), [1.0]), lane(other, batches)])


def test_what_is_alike_can():
    """Arrays of JAX and of NumPy, and keys."""
    lanes = [lane(jnp.zeros(2), [np.ones(2, np.float32)]), lane(jnp.ones(2), [jnp.ones(2)])]
    train_together(lanes)
    assert [each.score for each in lanes] == [4.0, 6.0]


def drawn(state, batch, key, control):
    return state + batch * np.random.random(), 0.0


def counted(state, batch, key, control):
    COUNT.append(1)
    return state + batch * len(COUNT), 0.0


COUNT = []


@pytest.mark.parametrize("step", [drawn, counted])
def test_what_python_draws_or_counts_is_refused(step):
    """Compiled, the first number would be that of every update."""
    lanes = [lane(jnp.zeros(2), [1.0], step) for _ in range(2)]
    with pytest.raises(LrlabError, match="step draws random numbers, or counts, in Python"):
        train_together(lanes)


def test_many_at_once(tmp_path):
    """By one vectorised step: close to what other company gives, and to the loop."""
    task = load_task(f"{NETWORK}:train")
    jobs = jobs_of(ARMS, task.settings, vectorise=4)
    fours, _ = run_jobs(task, jobs, Store(tmp_path / "fours"), Here(task))
    twos, _ = run_jobs(
        task,
        [dataclasses.replace(job, vectorise=2) for job in jobs],
        Store(tmp_path / "twos"),
        Here(task),
        fork_every=0,
    )
    loop, _ = run_jobs(task, [dataclasses.replace(job, vectorise=0) for job in jobs], Store(tmp_path), Here(task))
    for one, other, looped in zip(fours, twos, loop, strict=True):
        assert one.score == pytest.approx(other.score, rel=1e-5)
        assert one.score == pytest.approx(looped.score, rel=1e-3)
        assert one.loss.values == pytest.approx(looped.loss.values, rel=1e-2)


@pytest.mark.exhaustive
@pytest.mark.parametrize("threads", [1, 2])
def test_every_arm_in_a_process_of_its_own_is_the_same(tmp_path, threads):
    """With one thread and with two."""
    task = load_task(f"{NETWORK}:train")
    jobs = jobs_of(ARMS, task.settings, threads=threads)
    shared, _ = pooled(task, jobs, Store(tmp_path / "shared"), 2)
    for k, job in enumerate(jobs):
        (alone,), _ = pooled(task, [job], Store(tmp_path / str(k)), 1)
        assert same(shared[k], alone), job.title


def trained(updates=2, **functions):
    run = TrainingRun(lr.constant(), updates)
    given = {
        "init": lambda key: 0.0,
        "step": lambda state, batch, key, control: (state + 1.0, 0.0),
        "evaluate": lambda state: {"val_loss": state},
        "batches": [1.0],
    }
    return lr.functional(run, **{**given, **functions})


def test_keys_come_from_seed_fold_and_update():
    """Each update has another; a fork has the same without having drawn those before."""
    seen = []

    def step(state, batch, key, control):
        seen.append(tuple(jax.random.key_data(key).tolist()))
        return state + 1.0, 0.0

    for _ in range(2):
        trained(3, step=step)
    assert seen[:3] == seen[3:]
    assert len(set(seen)) == 3


@pytest.mark.parametrize(
    ("functions", "error", "said"),
    [
        ({"init": lambda key: {"w": "text"}}, LrlabTypeError, "a state is a pytree of arrays"),
        ({"step": lambda *given: None}, LrlabTypeError, "step gives the next state and the loss"),
        ({"step": lambda *given: ((1.0, 2.0), 0.0)}, LrlabError, "another structure than init"),
        ({"step": lambda state, *given: ((state, 2.0), 0.0)}, LrlabError, "another structure than init"),
        ({"step": lambda state, *given: (state, 0.0)}, LrlabError, "step gives back the state that it was given"),
        ({"step": lambda state, *given: (state + 0.0, 0.0)}, LrlabError, "gives back the state that it was given"),
        ({"evaluate": lambda state: 0.5}, LrlabTypeError, "the metrics by name"),
    ],
)
def test_misuse_is_named(functions, error, said):
    """At the first update, not when a state is first read."""
    with pytest.raises(error, match=said):
        trained(**functions)


def idle(updates, until, schedule=None):
    """Train with a step that gives its state back in all updates before `until`."""
    made = iter(range(updates))
    return lr.functional(
        TrainingRun(schedule or lr.constant(), updates),
        init=lambda key: 0.0,
        step=lambda state, *given: (state if next(made) < until else state + 1.0, 0.0),
        evaluate=lambda state: {"val_loss": state},
        batches=[1.0],
    )


def test_a_step_that_changes_nothing_is_refused_after_ten_updates():
    """Or at the end of a shorter training; one change before is enough, and what comes later is let be."""
    with pytest.raises(LrlabError, match=r"(?s)gives back the state.*10 updates"):
        idle(20, 20)
    with pytest.raises(LrlabError, match=r"(?s)gives back the state.*3 updates"):
        idle(3, 3)
    assert idle(20, 9) == 11
    made = iter(range(30))
    assert trained(30, step=lambda state, *given: (state + 1.0 if next(made) < 1 else state, 0.0)) == 1


def test_updates_at_an_lr_of_0_may_change_nothing():
    """They are not counted: ten of an LR above 0 must be without a change."""
    warm = lr.constant(12, level=0.0) >> lr.constant()
    assert idle(30, 21, warm) == 9
    with pytest.raises(LrlabError, match=r"(?s)gives back the state.*10 updates"):
        idle(30, 22, warm)


def test_a_state_comes_back_from_the_store_as_it_was():
    """Every type: half precision, 8 bits, 64 bits beside a context that has none, complex, keys, numbers, NumPy's own;
    nothing gives way to another type later."""
    with in_64_bits():
        wide = jnp.asarray(1 / 3, jnp.float64)
    eight = jnp.asarray([0.5, 2.0], jnp.float8_e4m3fn)
    numbers = [jnp.ones((2, 3), jnp.bfloat16), jnp.asarray(1j), jax.random.key(3), 1.5, 2, np.arange(3.0), True]
    held = _Held([*numbers, wide, eight, jnp.asarray([1, 2], jnp.int4)])
    other = _Held(jax.tree.map(lambda leaf: jnp.zeros(7), held.state))
    other.load_state_dict(restored(taken(held.state_dict(), "the test")))
    for mine, its in zip(held.state, other.state, strict=True):
        assert (type(mine), mine.dtype, getattr(its, "weak_type", False)) == (type(its), its.dtype, False)
        assert np.array_equal(as_numpy(mine), as_numpy(its))


def test_the_state_of_another_training_is_refused():
    """With more leaves than there are, or with fewer."""
    held = _Held([jnp.ones(2), 1.5])
    for leaves in (held.state_dict()["leaves"][:1], [*held.state_dict()["leaves"], 2]):
        with pytest.raises(ValueError, match="zip"):
            held.load_state_dict({"leaves": leaves})
