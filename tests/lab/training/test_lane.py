"""A lane: how far it goes before it is asked for more than its loss, and what it refuses."""

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.training.bounds import Diverged, StageBounds
from lrlab.lab.training.lane import LONGEST, HandedOver, Lane

torch = pytest.importorskip("torch")


def step(state, batch, control):
    return state + batch, state


def lane(schedule, updates, **settings):
    """A lane that has entered a training of adding ones."""
    made = Lane(schedule, updates, **settings)
    with pytest.raises(HandedOver):
        lr.functional_torch(
            made,
            init=lambda: torch.zeros(()),
            step=step,
            evaluate=lambda state: {"val_loss": 1.0 + state},
            batches=[1.0],
        )
    made.enter()
    return made


def test_room():
    """To the next evaluation, the end of the stage, and never more than a block."""
    assert lane(lr.constant(), 12, evals=3).room == 4
    assert lane(lr.constant(), 12, evals=1, stretch=StageBounds(7)).room == 7
    assert lane(lr.constant(), 10 * LONGEST).room == LONGEST


def test_it_is_given_losses_and_reports_where_it_is_due():
    """The batches and rows that it gives are those of its updates."""
    made = lane(lr.linear(), 4, evals=2)
    batches, rows = made.take(made.room)
    assert (batches, rows[:, 0].tolist()) == ([1.0, 1.0], [1.0, 0.75])
    made.give(torch.tensor(2.0), [0.5, 0.25])
    assert (made.completed, made.ended, made.ledger.reports) == (2, None, [(2, {"val_loss": 3.0})])
    made.take(made.room)
    made.give(torch.tensor(4.0), [0.2, 0.1])
    assert (made.ended, made.score, made.loss.values) == (True, 5.0, (0.5, 0.25, 0.2, 0.1))


def test_it_ends_at_the_update_that_diverged():
    """What was computed beyond is not heard."""
    made = lane(lr.constant(), 8)
    made.take(made.room)
    made.give(torch.tensor(8.0), [1.0, 2.0, float("nan"), 1.0, 1.0, 1.0, 1.0, 1.0])
    assert isinstance(made.ended, Diverged)
    assert (made.completed, made.evals) == (3, {})


def test_a_loop_is_refused():
    """With what to write instead."""
    with pytest.raises(LrlabError, match="functional_torch"):
        Lane(lr.constant(), 4).steps([1])
