"""A lane: how far it goes before it is asked for more than its loss, where it ends, and what it refuses."""

import math
import random

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.controls import ControlSpec
from lrlab.lab.training import lane as lane_module
from lrlab.lab.training.bounds import Diverged, Forked, StageBounds
from lrlab.lab.training.fork import Alone
from lrlab.lab.training.lane import HandedOver, Lane
from lrlab.record.runs.states import StoredState

torch = pytest.importorskip("torch")


def step(state, batch, control):
    return state + batch, state


def lane(schedule, updates, batches=(1.0,), **settings):
    """A lane that has entered a training of adding its batches."""
    made = Lane(schedule, updates, **settings)
    with pytest.raises(HandedOver):
        lr.functional_torch(
            made,
            init=lambda: {"model": torch.zeros(())},
            step=step,
            evaluate=lambda state: {"val_loss": 1.0 + state["model"]},
            batches=batches,
        )
    made.enter()
    return made


def state(model):
    """A state as it comes out of the step."""
    return {"model": torch.tensor(model)}


def gone_on(made):
    """One block further, every batch added to the state; the number of its updates."""
    batches, rows = made.take(made.room)
    assert len(batches) == len(rows)
    made.give(state(made.training.held.state["model"].item() + sum(batches)), [1.0] * len(batches))
    return len(batches)


@pytest.mark.parametrize(
    ("updates", "settings", "blocks"),
    [
        (12, {"evals": 3}, [4, 4, 4]),
        (12, {"evals": 1, "stretch": StageBounds(7)}, [7]),
        (12, {"evals": 2, "stretch": StageBounds(7)}, [6, 1]),
        (64, {}, [64]),
        (130, {}, [64, 64, 2]),
        (130, {"evals": 2}, [64, 1, 64, 1]),
        (3, {"averaging": 0.5}, [1, 1, 1]),
    ],
)
def test_room(updates, settings, blocks):
    """To the next evaluation, the end of the stage, and never more than 64; an average takes in every state."""
    made, found = lane(lr.constant(), updates, **settings), []
    while made.ended is None:
        found.append(gone_on(made))
    assert found == blocks
    assert made.completed == sum(blocks)
    assert made.training.held.state["model"].item() == sum(blocks)


def test_it_has_room_up_to_where_a_controller_gives_up():
    """Known in the middle of a block only of what was begun elsewhere; there it ends, as a loop does."""
    schedule = lr.constant() * lr.guard(after=1, patience=1, tries=1, cooldown=0)
    made = lane(schedule, 12, evals=1)
    for completed in (1, 2, 5):
        made.controls[0].hear(completed, {"val_loss": math.nan}, "val_loss")
    assert gone_on(made) == 2
    assert isinstance(made.ended, Diverged)
    assert (made.completed, made.loss.updates) == (3, (0, 1))


@pytest.mark.parametrize(
    ("seconds", "every", "blocks", "kept"),
    [
        (100, 1, 12, [3, 6, 9]),
        (299, 1, 12, [2, 4, 6, 8, 10]),
        (300, 1, 12, [*range(1, 12)]),
        (100, 2, 12, [4, 8]),
        (900, 4, 12, [4, 8]),
        (900, 4, 6, [4, 8]),
        (900, 5, 6, [10]),
        (900, 1, 4, [3, 6, 9]),
    ],
)
def test_a_state_is_kept_every_five_minutes_where_training_may_fork(monkeypatch, seconds, every, blocks, kept):
    """Counted from the last one that was kept, between two blocks, where each update takes so many seconds."""
    now, found = [0.0], []
    monkeypatch.setattr(lane_module.time, "monotonic", lambda: now[0])
    stretch = StageBounds(12, keep=lambda run: found.append((run.completed, run.standing)))
    made = lane(lr.constant(), 12, dict.fromkeys(map(float, range(1, every + 1))), evals=blocks, stretch=stretch)
    while made.ended is None:
        now[0] += seconds * made.room
        gone_on(made)
    assert [completed for completed, _ in found] == kept
    assert all(standing.seen for _, standing in found)


OTHER = (ControlSpec(lr.constant() >> 0.5 * lr.constant()),)


@pytest.mark.parametrize("bounds", [{"stop": 5}, {"others": OTHER}])
def test_it_forks_and_is_gone_on_with(bounds):
    """At the update where the stage ends or the arms part; the batches go on, and so do losses and reports."""
    loader = [1.0, 2.0, 4.0]
    before = lane(lr.constant(), 10, loader, evals=10, stretch=StageBounds(**{"stop": 10, **bounds}))
    for _ in range(5):
        assert before.ended is None
        gone_on(before)
    assert isinstance(before.ended, Forked)
    kept, seen = before.standing.snapshot, before.standing.seen
    record = {"at": 5, "ledger": before.ledger.record(), "plain": kept.plain, "seen": seen}
    after = lane(lr.constant(), 10, loader, stretch=StageBounds(10, StoredState(record, kept.tensors)))
    assert (after.completed, after.training.held.state["model"].item()) == (5, 10.0)
    assert after.take(3)[0] == [4.0, 1.0, 2.0]
    other = {**record, "seen": {**seen, "the next batch": "3.0"}}
    with pytest.raises(Alone, match="the next batch is not as"):
        lane(lr.constant(), 10, loader, stretch=StageBounds(10, StoredState(other, kept.tensors)))


def drawn():
    """Batches that are drawn from the random numbers of the process."""
    while True:
        yield random.random()


def test_its_random_numbers_are_its_own():
    """What is drawn beside it between its blocks changes no batch."""
    random.seed(1)
    wanted = [random.random() for _ in range(8)]
    random.seed(1)
    made, batches = lane(lr.constant(), 8, drawn(), evals=4), []
    while made.ended is None:
        random.seed(2)
        batches += made.take(made.room)[0]
        random.seed(3)
        made.give(state(float(len(batches))), [1.0, 1.0])
    assert batches == wanted


def test_it_is_given_losses_and_reports_where_it_is_due():
    """The batches and rows that it gives are those of its updates."""
    made = lane(lr.linear(), 4, evals=2)
    batches, rows = made.take(made.room)
    assert (batches, rows[:, 0].tolist()) == ([1.0, 1.0], [1.0, 0.75])
    made.give(state(2.0), [0.5, 0.25])
    assert (made.completed, made.ended, made.ledger.reports) == (2, None, [(2, {"val_loss": 3.0})])
    made.take(made.room)
    made.give(state(4.0), [0.2, 0.1])
    assert (made.ended, made.score, made.loss.values) == (True, 5.0, (0.5, 0.25, 0.2, 0.1))


def test_it_ends_at_the_update_that_diverged():
    """What was computed beyond is not heard."""
    made = lane(lr.constant(), 8)
    made.take(made.room)
    made.give(state(8.0), [1.0, 2.0, float("nan"), 1.0, 1.0, 1.0, 1.0, 1.0])
    assert isinstance(made.ended, Diverged)
    assert (made.completed, made.evals) == (3, {})


def test_a_loop_is_refused():
    """With what to write instead."""
    with pytest.raises(LrlabError, match="functional_torch"):
        Lane(lr.constant(), 4).steps([1])
