"""Many runs by one vectorised step: the same bits whatever shares it, close to the loop, and never under its key."""

import dataclasses
import math
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.errors import LrlabError, LrlabTypeError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.executors.named import opened
from lrlab.lab.stages.audit import audited
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import jobs_of
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import load_task
from lrlab.lab.training.bounds import Diverged
from lrlab.lab.training.lane import HandedOver, Lane
from lrlab.lab.training.together import train_together
from lrlab.record.runs.store import Store

torch = pytest.importorskip("torch")
PURE = Path(__file__).parents[1] / "torch_pure.py"

ARMS = (
    Arm("fixed", lr.constant()),
    Arm("late", lr.wsd(warmup=0, decay="20%")),
    Arm("early", lr.wsd(warmup=0, decay="60%")),
    Arm("cosine", lr.cosine()),
    Arm("plateau", lr.plateau(patience=1, factor=0.5)),
    Arm("ema", lr.constant(), 0.2),
    Arm("far too much", 4.0 * lr.constant() >> 4000.0 * lr.constant()),
)


def trained(place, vectorise, arms=ARMS, name="train", **how):
    """All runs, in this process."""
    task = load_task(f"{PURE}:{name}")
    jobs = jobs_of(arms, task.settings, vectorise=vectorise)
    return run_jobs(task, jobs, Store(place), Here(task), **how)


def bits(runs):
    """All but how long each took."""
    return [dataclasses.replace(run, seconds=0.0) for run in runs]


@pytest.fixture(scope="module")
def by_fours(tmp_path_factory):
    """Forked, and four at once."""
    return trained(tmp_path_factory.mktemp("fours"), 4)


@pytest.mark.parametrize(("vectorise", "fork_every"), [(1, 1), (2, 1), (64, 1), (5, 0)])
def test_the_same_bits_whatever_shares_the_step(tmp_path, by_fours, vectorise, fork_every):
    """One alone, two, all; forked and each from its beginning: losses, metrics, decisions and the last state."""
    runs, effort = trained(tmp_path, vectorise, fork_every=fork_every)
    assert bits(runs) == bits(by_fours[0])
    assert effort.trained == by_fours[1].trained if fork_every else effort.trained > by_fours[1].trained


def test_the_loop_of_the_same_functions_agrees(tmp_path, by_fours):
    """To the rounding of float32 and what forty updates make of it; and its runs have keys of their own."""
    runs, _ = trained(tmp_path, 0)
    for one, other in zip(runs, by_fours[0], strict=True):
        assert one.key != other.key
        assert (one.outcome, one.arm) == (other.outcome, other.arm)
        assert one.loss.updates == other.loss.updates
        assert one.loss.values[:20] == pytest.approx(other.loss.values[:20], rel=1e-4)
        if one.outcome == "finished":
            assert one.score == pytest.approx(other.score, rel=1e-3)
    assert {run.outcome for run in runs} == {"finished", "diverged"}


def guarded(tries):
    """Cuts at a report that is above the first one, and at the last of the tries gives up."""
    return lr.constant() * lr.guard(after=1, patience=1, cooldown=0, tries=tries)


@pytest.mark.parametrize("averaging", [None, 0.2])
@pytest.mark.parametrize(("vectorise", "fork_every"), [(0, 1), (4, 0), (4, 1), (1, 1)])
def test_a_run_whose_controller_gives_up_ends_there(tmp_path, vectorise, fork_every, averaging):
    """With the report at which it did, as in a loop: also where it parts there from one that goes on, or is averaged.

    By hand: reports every 5 updates, each above the one before; a model is 10 at the first cut, to 0.5, then 12.5.
    """
    arms = [Arm(f"{tries}", guarded(tries), averaging) for tries in (1, 2)]
    runs, _ = trained(tmp_path, vectorise, arms, "rising", fork_every=fork_every)
    assert [(run.outcome, run.updates) for run in runs] == [("diverged", 40)] * 4
    for run, events in zip(runs, [["spike", "stop"], ["spike", "spike", "stop"]] * 2, strict=True):
        at = 5 + 5 * len(events)
        assert [each.event for each in run.decisions] == events
        assert run.loss.updates == tuple(range(at))
        assert run.evals["val_loss"].updates == tuple(range(5, at + 1, 5))
        if averaging is None:
            assert run.evals["val_loss"].values == (6.0, 11.0, 13.5, 14.75)[: 1 + len(events)]


def test_workers_train_them_too(tmp_path, by_fours):
    """A stage of many is sent as any other."""
    task = load_task(f"{PURE}:train")
    with opened(Resources(1, vectorise=4), task) as executor:
        runs, _ = run_jobs(task, jobs_of(ARMS, task.settings, vectorise=4), Store(tmp_path), executor)
    assert bits(runs) == bits(by_fours[0])


def test_the_audit_trains_them_alone(tmp_path):
    """In the company of nobody, from the beginning."""
    task = load_task(f"{PURE}:train")
    jobs = jobs_of(ARMS[:3], task.settings, vectorise=6)
    run_jobs(task, jobs, Store(tmp_path), Here(task), fork_every=0)
    audit = audited(task, jobs, Store(tmp_path), 2, Here(task))
    assert audit.passed
    assert str(audit) == "2 runs of 6 that shared a vectorised step trained again alone: identical to the last bit"


def add(state, batch, control):
    """The state is the sum of what it was given, and the loss is the batch."""
    return state + batch * control["lr"], 1.0 * batch


class Watched:
    """Arrays that note what each vectorised step is given: the states, and the numbers of its updates."""

    def __init__(self, inner, noted):
        self._inner, self._noted = inner, noted

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def vectorised(self, step):
        stepped = self._inner.vectorised(step)

        def noting(states, batches, keys, updates, controls):
            self._noted.append((states.tolist(), [*updates]))
            return stepped(states, batches, keys, updates, controls)

        return noting


def entered(noted, batches, start, evals, updates=6):
    """A lane with these batches from this state on."""
    lane = Lane(lr.linear(), updates, evals=evals)
    with pytest.raises(HandedOver):
        lr.functional_torch(
            lane,
            init=lambda: torch.tensor(start),
            step=add,
            evaluate=lambda state: {"val_loss": state},
            batches=batches,
        )
    lane.training = dataclasses.replace(lane.training, arrays=Watched(lane.training.arrays, noted))
    lane.enter()
    return lane


def test_who_has_ended_goes_along_until_half_have():
    """Then it is left out; the last one goes beside itself. The others notice nothing: their states are sums by hand.

    A lane of index k ends by a loss that is not finite, in its update k + 1; the last one is finished.
    """
    noted, good = [], [6.0] * 6
    lanes = [entered(noted, [*good[:k], math.inf], 10.0 * k, 6) for k in range(4)]
    lanes.append(entered(noted, good, 40.0, 6))
    train_together(lanes)
    assert [type(lane.ended) for lane in lanes] == [Diverged] * 4 + [bool]
    assert [lane.completed for lane in lanes] == [1, 2, 3, 4, 6]
    assert [lane.loss.updates for lane in lanes] == [(*range(k),) for k in (1, 2, 3, 4)] + [(*range(6),)]
    assert [len(states) for states, _ in noted] == [5, 5, 5, 2, 2, 2]
    last = [40.0, 46.0, 51.0, 55.0, 58.0, 60.0]  # what is added: 6, 5, 4, 3, 2, 1
    assert [states[-1] for states, _ in noted] == pytest.approx(last)
    assert [states for states, _ in noted[4:]] == [pytest.approx([each] * 2) for each in last[4:]]
    assert lanes[-1].score == pytest.approx(61.0)


def test_a_block_goes_to_the_nearest_evaluation_of_all():
    """Each lane is given its own batches, rows and numbers of updates, also within a block."""
    noted = []
    lanes = [entered(noted, [6.0, 12.0], 0.0, 2), entered(noted, [60.0], 1.0, 3)]
    train_together(lanes)
    assert [updates for _, updates in noted] == [[u, u] for u in range(6)]
    first = [0.0, 6.0, 16.0, 20.0, 26.0, 28.0, 30.0]  # 6 and 12 in turn, times 1, 5/6, 4/6, ...
    other = [1.0, 61.0, 111.0, 151.0, 181.0, 201.0, 211.0]
    assert [states for states, _ in noted] == [pytest.approx(pair) for pair in zip(first[:6], other[:6], strict=True)]
    assert lanes[0].evals["val_loss"].updates == (3, 6)
    assert lanes[1].evals["val_loss"].updates == (2, 4, 6)
    assert lanes[0].evals["val_loss"].values == pytest.approx((20.0, 30.0))
    assert lanes[1].evals["val_loss"].values == pytest.approx((111.0, 181.0, 211.0))
    assert lanes[0].loss.values == (6.0, 12.0) * 3


@pytest.mark.parametrize(
    ("batches", "starts", "what"),
    [
        ([torch.zeros(4), torch.zeros(3)], (0.0, 0.0), "batches"),
        ([0.0], ([0.0], [0.0, 0.0]), "states"),
    ],
)
def test_what_is_not_alike_cannot_be_put_side_by_side(batches, starts, what):
    """An incomplete last batch, or a model that is larger in one of the runs."""
    lanes = [entered([], batches, start, 1) for start in starts]
    with pytest.raises(LrlabError, match=rf"the {what} of all runs[\s\S]*\[\d\] torch.float32 and "):
        train_together(lanes)


def test_a_batch_of_no_numbers_is_told_as_in_a_loop():
    """It is not that they differ."""
    with pytest.raises(LrlabTypeError, match="a state is a tree of tensors"):
        train_together([entered([], ["text"], 0.0, 6)])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("loop", "vectorise trains many runs by one step, and this task is a loop of its own"),
        ("closure", "vectorise needs one step for all runs, and this task makes another one for each"),
        ("drawing", "step draws random numbers, which vectorise would give to all runs alike"),
    ],
)
def test_what_cannot_be_vectorised_is_a_sentence(tmp_path, name, said):
    """With the way out."""
    with pytest.raises(LrlabError, match=said) as raised:
        trained(tmp_path, 2, ARMS[:2], name)
    assert "try:" in str(raised.value)


@pytest.mark.parametrize("wrong", [-1, 1.5, "8", True])
def test_the_number_is_a_number(wrong):
    """Said before anything is trained."""
    with pytest.raises(LrlabError, match="vectorise"):
        Resources(vectorise=wrong)
