"""What a log counts in, and the updates of it."""

import numpy as np
import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.clock import Clock, clock_of, suspicion
from lrlab.record.logs.columns import collect
from lrlab.record.logs.rows import Config
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
    with pytest.raises(LrlabError, match=r"(?s)step begins again in each epoch.*'step up to 150'"):
        counted(sparse)
    with pytest.raises(LrlabError, match="begins again in each epoch"):
        counted([{"epoch": e, "step": 50, "loss": 1} for e in range(3)])
    assert counted([{"epoch": e, "batch": b, "loss": 1} for e in range(3) for b in (1, 2)])[1] == [1, 2, 3, 4, 5, 6]
    assert counted(sparse, updates_per_epoch=160)[1] == [50, 100, 150, 210, 260, 310, 370, 420, 470]


def test_each_column_is_counted_by_what_its_rows_have():
    """Lines of training count iterations, lines of validation steps; a tracker's own records are no steps."""
    rows = [{"iter": 5, "loss": 1}, {"step": 10, "val_loss": 2}, {"iter": 15, "loss": 1}]
    assert counted(rows, "val_loss")[1] == [10]
    rows = [{"global_step": 5, "_step": 1, "loss": 1}, {"_step": 2, "val_loss": 2}]
    assert counted(rows, "val_loss")[1] == [5]
    rows = [{"step": 5, "loss": 1}, {"epoch": 0, "val_loss": 2}, {"epoch": 1, "val_loss": 2}]
    assert counted(rows, "val_loss", updates_per_epoch=8)[1] == [8, 16]
    assert counted(rows, "val_loss")[1] == [5, 5]
    rows = [Config({"updates_per_epoch": 8}), {"step": 5, "loss": 1}, {"tokens": 9, "val_loss": 2}]
    assert counted(rows, "val_loss")[1] == [5]


def test_a_named_step_is_the_only_one():
    """Whatever else counts."""
    assert counted([{"step": k, "tick": 7 * k, "loss": k} for k in (1, 2)], step="tick")[1] == [7, 14]
    assert np.isnan(counted([{"step": 1, "tick": 2, "loss": 1}, {"step": 2, "loss": 1}], step="step")[1]).sum() == 0


def test_a_hundred_million_steps_are_no_updates():
    """What to type is said."""
    clock, _ = counted([{"step": k, "loss": k} for k in (1, 2)])
    assert suspicion(clock, 100_000_000) == ""
    assert suspicion(clock, 100_000_001) == (
        "does step count tokens? tokens_per_update=524288, or samples? samples_per_update=256"
    )
    assert suspicion(Clock("batch", "batches"), 1e9) != ""
    assert suspicion(Clock("tokens", "tokens"), 1e9) == ""
    assert suspicion(Clock("step", "updates", per_update=2.0), 1e9) == ""


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
    assert held([{"epoch": k, "loss": k, "lr": 0.1} for k in range(3)], updates_per_epoch=2)
    assert not held([{"epoch": k, "loss": k, "lr": 0.1} for k in range(3)], updates_per_epoch=1)
    assert not held([{"epoch": k, "loss": k, "lr": 0.1} for k in range(3)])
    assert not held([{"step": k, "loss": k, "lr": 0.1} for k in (10, 20, 30)])


def test_a_clock_counts_updates_from_nothing():
    """Unless it is told otherwise."""
    assert Clock("step", "updates") == Clock(
        "step", "updates", per_update=1.0, within="", first=0, whole=False, per_epoch=None, epochs=False, said=()
    )


@pytest.mark.parametrize(("of_ten", "counter"), [(2, "iteration"), (1, "global_step")])
def test_a_counter_that_few_rows_have_is_not_believed(of_ten, counter):
    """One that a fifth of the points of losses have is, where it is the most telling."""
    rows = [{"iteration" if k < of_ten else "global_step": k + 1, "loss": 1.0} for k in range(10)]
    assert counted(rows)[0].counter == counter
    assert counted([{"iteration": 1, "loss": "none"}, {"epoch": 1, "loss": "none"}])[0].counter == "iteration"


@pytest.mark.parametrize(
    ("rates", "counter"),
    [
        ({}, "step"),
        ({"tokens_per_update": 10}, "tokens"),
        ({"samples_per_update": 10}, "samples"),
        ({"accumulate": 2}, "batch"),
        ({"tokens_per_update": 10, "samples_per_update": 10, "accumulate": 2}, "tokens"),
    ],
)
def test_what_a_rate_is_given_for_counts_before_a_step(rates, counter):
    """The rate would be of no use otherwise."""
    rows = [{"step": k, "tokens": 10 * k, "samples": 10 * k, "batch": 2 * k, "epoch": k, "loss": 1} for k in (1, 2)]
    clock, at = counted(rows, **rates)
    assert (clock.counter, at) == (counter, [1, 2])


def test_a_batch_size_in_the_log_lets_samples_count_before_epochs():
    """Where it is one and the same, above 0, and not that of a micro-batch; what is given comes first."""
    rows = [{"samples": 80 * k, "epoch": k, "batch_size": 8, "loss": 1} for k in (1, 2)]
    clock, at = counted(rows)
    assert (clock.counter, at, clock.said) == ("samples", [10, 20], ("samples counts samples: 8 make an update",))
    assert counted(rows, samples_per_update=16)[1] == [5, 10]
    for sizes in ({"batch_size": 0}, {"batch_size": -8}, {"micro_batch_size": 8, "batch_size": None}):
        assert counted([{**row, **sizes} for row in rows])[0].counter == "epoch"
    rows[1]["batch_size"] = 16
    assert counted(rows)[0].counter == "epoch"


@pytest.mark.parametrize(
    ("rates", "other"),
    [
        ({"tokens_per_update": 100}, "tokens"),
        ({"samples_per_update": 100}, "samples"),
        ({"updates_per_epoch": 0.01}, "epoch"),
    ],
)
def test_a_named_step_counts_what_the_rate_says_unless_another_column_does(rates, other):
    """A named batch, too; a named epoch is one."""
    for step in ("step", "batch"):
        assert counted([{step: 100 * k, "loss": 1} for k in (2, 3)], step=step, **rates)[0].unit[:4] == other[:4]
        rows = [{step: 100 * k, other: k, "loss": 1} for k in (2, 3)]
        assert counted(rows, step=step, **rates)[1] == [200, 300]
    assert counted([{"epoch": k, "loss": 1} for k in (2, 3)], step="epoch", tokens_per_update=2)[1] == [2, 3]


def test_the_length_of_an_epoch_may_stand_in_the_log():
    """What is given comes before it; neither 0 nor what is below, nor endless, is one."""
    rows = [{"epoch": k, "loss": 1} for k in (1, 2)]
    assert counted([Config({"updates_per_epoch": 30}), *rows])[1] == [30, 60]
    assert counted([Config({"updates_per_epoch": 30}), *rows], updates_per_epoch=40)[1] == [40, 80]
    for none in (0, -1, float("inf"), "many"):
        assert counted([Config({"updates_per_epoch": none}), *rows])[0].epochs
    assert counted([Config({"updates_per_epoch": 0.5}), *rows])[1] == [0.5, 1]


def test_steps_that_begin_again_are_divided_as_others():
    """Two micro-batches make an update: of 6 in an epoch come 3 updates."""
    rows = [{"epoch": e, "batch": b, "loss": 1} for e in range(2) for b in range(6)]
    clock, at = counted(rows, accumulate=2)
    assert at == [k / 2 for k in range(12)]
    assert clock.said == (
        "2 of its steps (batch) make an update",
        "batch begins again in each epoch: an epoch has 3 updates",
    )
    sparse = [{"epoch": e, "batch": b, "loss": 1} for e in (1, 2) for b in (50, 100)]
    assert counted([Config({"steps_of": 160}), *sparse], accumulate=2)[1] == [25, 50, 105, 130]
    assert not counted(rows, accumulate=2)[0].whole
    assert not counted([{"step": 1, "loss": 1}])[0].whole


@pytest.mark.parametrize(("backs", "again"), [(4, False), (5, True)])
def test_steps_begin_again_where_they_go_back_at_more_than_four_in_five_epochs(backs, again):
    """Of five epochs that begin; a step that stays goes back."""
    starts = [10, 10, 10, 10, 10, 10 if backs == 5 else 11]
    rows = [{"epoch": e, "step": s, "loss": 1} for e, s in enumerate(starts)]
    assert bool(counted(rows, updates_per_epoch=20)[0].within) is again


@pytest.mark.parametrize(("unit", "rate"), [("tokens", 524288), ("samples", 256)])
def test_what_is_missing_is_asked_for_with_what_to_type(unit, rate):
    """And with how far it counts."""
    with pytest.raises(LrlabError) as refused:
        counted([{unit: 1000 * k, "loss": k} for k in (1, 2)])
    assert f"{unit} up to 2000; counters: {unit}" in str(refused.value)
    assert f"{unit}_per_update={rate}" in str(refused.value)


def test_the_number_of_the_first_epoch_is_0_or_1():
    """A log that begins later begins with the second or a later epoch; nothing counts without an epoch."""
    for first, ends in ((0, [10, 20]), (1, [10, 20]), (3, [30, 40])):
        assert counted([{"epoch": first + k, "loss": 1} for k in (0, 1)], updates_per_epoch=10)[1] == ends
    halves = [{"epoch": k / 2, "loss": 1} for k in (2, 3)]
    assert counted(halves, updates_per_epoch=10)[1] == [10, 15]


def test_rows_of_an_epoch_hold_only_where_no_step_counts_them():
    """The LR of a row with a step is that of its update."""
    rows = [{"step": 40 * k, "epoch": k, "loss": 1, "lr": 0.1} for k in (1, 2)]
    table = collect([rows], None, ())
    assert not clock_of(table, Rates(updates_per_epoch=40)).held(table.series["lr"])
    rows = [{"step": 40 * k, "epoch": k / 2, "loss": 1} for k in (1, 2)]
    table = collect([[*rows, {"epoch": 1, "lr": 0.1}]], None, ())
    assert not clock_of(table, Rates(updates_per_epoch=40)).held(table.series["lr"])


def test_what_counts_is_asked_of_whole_losses():
    """Neither of LRs nor of parts of a loss, which may be logged far more often; where there is no loss, of all."""
    often = [{"iteration": k, "lr": 0.1, "d_loss": 1.0} for k in range(10)]
    assert counted([*often, *({"global_step": k, "loss": 1.0} for k in range(5))])[0].counter == "global_step"
    assert counted([*often, {"global_step": 1, "val_d_loss": 1.0}], "lr")[0].counter == "iteration"
