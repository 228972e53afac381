"""What a log counts in, and the updates of it."""

import numpy as np
import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.clock import clock_of, suspicion
from lrlab.record.logs.columns import collect
from lrlab.record.logs.units import Rates


def counted(rows, name="loss", step=None, **rates):
    table = collect([rows], step, ())
    clock = clock_of(table, Rates(**rates), step)
    return clock, clock.updates(table.series[name]).tolist()


def test_updates_before_anything_else():
    """And of several the most telling."""
    clock, at = counted([{"_step": k, "global_step": 10 * k, "epoch": k / 9, "loss": k} for k in (1, 2)])
    assert (clock.counter, clock.unit, at, clock.said) == ("global_step", "updates", [10, 20], ())


@pytest.mark.parametrize(("first", "found"), [(0, [40, 80, 120]), (1, [40, 80, 120])])
def test_a_whole_epoch_ends_where_the_next_begins(first, found):
    """Whether the first is 0 or 1; its LR is that of its beginning."""
    rows = [{"epoch": first + k, "loss": k, "lr": 0.1} for k in range(3)]
    clock, at = counted(rows, updates_per_epoch=40)
    assert at == found
    table = collect([rows], None, ())
    assert clock.updates(table.series["lr"], began=True).tolist() == [0, 40, 80]
    assert clock.held(table.series["lr"])
    assert "each has 40 updates" in clock.said[0]


def test_epochs_of_unknown_length_stay_epochs():
    """That is said, with what to type; parts of epochs are refused."""
    clock, at = counted([{"epoch": k, "loss": k} for k in range(3)])
    assert (clock.epochs, at) == (True, [1, 2, 3])
    assert "not in updates; updates_per_epoch=" in clock.said[0]
    parts = [{"epoch": k / 8, "loss": k} for k in range(1, 9)]
    with pytest.raises(LrlabError, match=r"(?s)parts of epochs.*updates_per_epoch=391"):
        counted(parts)
    assert counted(parts, updates_per_epoch=80)[1] == [10, 20, 30, 40, 50, 60, 70, 80]


def test_a_step_that_is_an_epoch_is_one_where_it_is_said():
    """There is no other counter of epochs."""
    _, at = counted([{"step": k, "loss": k} for k in range(3)], updates_per_epoch=40)
    assert at == [40, 80, 120]
    assert counted([{"step": k, "epoch": 1, "loss": k} for k in (7, 8)], updates_per_epoch=40)[1] == [7, 8]


@pytest.mark.parametrize("unit", ["tokens", "samples"])
def test_tokens_and_samples_ask_for_a_rate(unit):
    """A step beside them is believed; otherwise the sentence says what to type."""
    rows = [{f"{unit}_seen": 1000 * k, "loss": k} for k in (1, 2)]
    with pytest.raises(LrlabError, match=rf"(?s){unit}_seen counts {unit}.*{unit}_per_update="):
        counted(rows)
    assert counted(rows, **{f"{unit}_per_update": 100})[1] == [10, 20]
    assert counted([{"step": k, **row} for k, row in enumerate(rows)])[1] == [0, 1]
    plain = [{"step": 1000 * k, "loss": k} for k in (1, 2)]
    assert counted(plain, **{f"{unit}_per_update": 100})[1] == [10, 20]


def test_samples_with_one_batch_size_need_no_rate():
    """Megatron logs both."""
    clock, at = counted([{"consumed samples": 80 * k, "global batch size": 8, "loss": k} for k in (1, 2)])
    assert (at, clock.unit) == ([10, 20], "samples")


def test_micro_batches_ask_how_many_make_an_update():
    """A step is one where it is said; what is called batch is taken for an update, and said."""
    assert counted([{"step": 8 * k, "loss": k} for k in (1, 2)], accumulate=4)[1] == [2, 4]
    with pytest.raises(LrlabError, match="accumulate=4"):
        counted([{"micro_step": k, "loss": k} for k in (1, 2)])
    clock, at = counted([{"batch": k, "loss": k} for k in (1, 2)])
    assert at == [1, 2]
    assert "taken for updates" in clock.said[0]


def test_steps_that_begin_again_in_each_epoch():
    """Their length is seen where every one is logged; else it is asked for."""
    rows = [{"epoch": e, "batch": b, "loss": 1} for e in range(3) for b in range(5)]
    clock, at = counted(rows)
    assert at == list(range(15))
    assert "an epoch has 5 updates" in clock.said[-1]
    sparse = [{"epoch": e, "step": s, "loss": 1} for e in (1, 2, 3) for s in (50, 100, 150)]
    with pytest.raises(LrlabError, match="begins again in each epoch"):
        counted(sparse)
    assert counted(sparse, updates_per_epoch=160)[1] == [50, 100, 150, 210, 260, 310, 370, 420, 470]


def test_each_column_is_counted_by_what_its_rows_have():
    """Lines of training count iterations, lines of validation steps; a tracker's own records are no steps."""
    rows = [{"iter": 5, "loss": 1}, {"step": 10, "val_loss": 2}, {"iter": 15, "loss": 1}]
    assert counted(rows, "val_loss")[1] == [10]
    rows = [{"global_step": 5, "_step": 1, "loss": 1}, {"_step": 2, "val_loss": 2}]
    assert counted(rows, "val_loss")[1] == [5]
    rows = [{"step": 5, "loss": 1}, {"epoch": 0, "val_loss": 2}, {"epoch": 1, "val_loss": 2}]
    assert counted(rows, "val_loss", updates_per_epoch=8)[1] == [8, 16]


def test_a_named_step_is_the_only_one():
    """Whatever else counts."""
    assert counted([{"step": k, "tick": 7 * k, "loss": k} for k in (1, 2)], step="tick")[1] == [7, 14]
    assert np.isnan(counted([{"step": 1, "tick": 2, "loss": 1}, {"step": 2, "loss": 1}], step="step")[1]).sum() == 0


def test_a_hundred_million_steps_are_no_updates():
    """What to type is said."""
    clock, _ = counted([{"step": k, "loss": k} for k in (1, 2)])
    assert suspicion(clock, 1e6) == ""
    assert "tokens_per_update=" in suspicion(clock, 1e10)


def test_a_rate_that_is_given_says_what_is_counted():
    """Before all else; without one, epochs before samples and tokens where nothing tells how many make an update."""
    row = {"epoch": 1, "samples_seen": 640, "tokens_seen": 6400, "loss": 1.0}
    rows = [{name: k * value for name, value in row.items()} for k in (1, 2)]
    assert counted(rows, tokens_per_update=100)[0].counter == "tokens_seen"
    assert counted(rows, samples_per_update=10)[0].counter == "samples_seen"
    assert counted(rows)[0].counter == "epoch"
    assert counted(rows, updates_per_epoch=10)[1] == [10, 20]


def test_an_lr_holds_until_the_next_row_where_each_is_an_epoch():
    """Of more than one update, and counted by it alone."""

    def held(rows, **rates):
        table = collect([rows], None, ())
        return clock_of(table, Rates(**rates), None).held(table.series["lr"])

    assert held([{"epoch": k, "loss": k, "lr": 0.1} for k in range(3)], updates_per_epoch=40)
    assert not held([{"epoch": k, "loss": k, "lr": 0.1} for k in range(3)], updates_per_epoch=1)
    assert not held([{"step": k, "loss": k, "lr": 0.1} for k in (10, 20, 30)])
