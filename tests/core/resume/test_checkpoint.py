"""The record of a position: what is written reads back, and nothing else does."""

import copy
import dataclasses
import json
import random
from pathlib import Path

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.plan.rules import KINDS
from lrlab.core.resume.checkpoint import Checkpoint, Held, digest, functions_of
from lrlab.core.run.pacer import VERSION

TEXT = '(warmup("5%") >> cosine(to=0.1)) * plateau(patience=1, factor=0.5)'
HORIZON = lr.Horizon(epochs=5, updates_per_epoch=20)
OLD = json.loads((Path(__file__).parents[2] / "compat" / "checkpoint_1.json").read_text(encoding="utf-8"))


def halves(t):
    return 0.5**t


def paced(text=TEXT, horizon=HORIZON):
    """A run with a past: a position, a decision and a change."""
    pacer = lr.Pacer(lr.parse(text).over(horizon))
    pacer.advance(30)
    for loss in (1.0, 2.0):
        pacer.observe(loss)
    pacer.rescale(0.5)
    return pacer


def record():
    return Checkpoint.of(paced(), [0.1, 0.01], [0.05, 0.005]).record()


def test_a_record_reads_back_as_the_position_it_is_of():
    """Through JSON: position, states, log, scale and the curve itself."""
    pacer = paced()
    there = Checkpoint.read(json.loads(json.dumps(record(), allow_nan=False)))
    again = there.pacer(there.curve())
    assert again.state() == pacer.state()
    assert again.value == pacer.value
    assert (again.curve.schedule, again.curve.horizon) == (pacer.curve.schedule, HORIZON)
    assert (there.base_lrs, there.lrs, there.absolute) == ((0.1, 0.01), (0.05, 0.005), False)
    assert there.record() == record()


def test_a_record_is_not_shared_with_the_run_it_is_of():
    """The run goes on, the record stays."""
    pacer = paced()
    state = Checkpoint.of(pacer, [0.1]).record()
    kept = copy.deepcopy(state)
    pacer.advance()
    pacer.observe(3.0)
    assert state == kept


def test_without_lrs_they_are_those_of_the_next_update():
    """What an optimizer that is not there would have."""
    pacer = paced()
    assert Checkpoint.of(pacer, [0.1]).lrs == (0.1 * pacer.value,)
    assert Checkpoint.of(pacer, [0.1], absolute=True).lrs == (pacer.value,)


def leaves(value, path=()):
    """Every number, text and flag in a document, by its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list):
        for key, item in enumerate(value):
            yield from leaves(item, (*path, key))
    else:
        yield path, value


def with_leaf(document, path, value):
    changed = copy.deepcopy(document)
    at = changed
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return changed


def other(value):
    """The same kind of value, one bit or one letter off."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, (int, float)):
        return value + 1
    if isinstance(value, str):
        return chr(ord(value[0]) ^ 1) + value[1:] if value else "x"
    return 1.0


@pytest.mark.parametrize("path", [path for path, _ in leaves(record())], ids=str)
def test_a_change_of_any_value_is_refused(path):
    """Whatever was changed after it was written, by a disk, a hand or a merge."""
    value = dict(leaves(record()))[path]
    with pytest.raises(lr.LrlabError):
        Checkpoint.read(with_leaf(record(), path, other(value)))


@pytest.mark.parametrize("name", record())
def test_a_missing_part_is_refused(name):
    state = record()
    del state[name]
    with pytest.raises(lr.LrlabError):
        Checkpoint.read(state)


@pytest.mark.parametrize("name", [n for n in record() if n not in ("version", "absolute", "forgotten", "lost")])
def test_a_part_of_another_checkpoint_is_refused(name):
    """Two checkpoints of one run, of which a part was swapped."""
    later = paced(TEXT.replace("0.1", "0.2"), 200)
    later.advance(7)
    later.observe(3.0)
    later.rescale(0.25)
    swapped = Checkpoint.of(later, [0.2, 0.02]).record()
    with pytest.raises(lr.LrlabError, match=r"not as it was written|not a state of"):
        Checkpoint.read({**record(), name: swapped[name]})


def test_a_torn_file_is_refused_at_every_length():
    """A checkpoint cut off anywhere is not JSON, and what still is JSON is not a checkpoint."""
    text = json.dumps(record())
    for length in range(0, len(text), 7):
        try:
            state = json.loads(text[:length])
        except ValueError:
            continue
        with pytest.raises(lr.LrlabError):
            Checkpoint.read(state)


def flipped(text, rng):
    """A text with one bit flipped, where that is still JSON."""
    at, bit = rng.randrange(len(text)), 1 << rng.randrange(7)
    try:
        return json.loads(text[:at] + chr(ord(text[at]) ^ bit) + text[at + 1 :])
    except ValueError:
        return None


def mistakes(count):
    """How many of so many bit flips were read without a word, as something else than what was written."""
    rng, text = random.Random(0), json.dumps(record())
    read = 0
    for _ in range(count):
        state = flipped(text, rng)
        if state is None or state == record():
            continue
        try:
            Checkpoint.read(state)
            read += 1
        except lr.LrlabError:
            pass
    return read


def test_a_flipped_bit_is_refused():
    assert mistakes(400) == 0


@pytest.mark.parametrize("version", [1, 2, 4])
def test_another_version_does_not_open_a_record(version):
    """Also that of a format that had no digest: the record has one."""
    with pytest.raises(lr.LrlabError):
        Checkpoint.read({**record(), "version": version})


@pytest.mark.exhaustive
def test_a_flipped_bit_is_refused_exhaustively():
    assert mistakes(20_000) == 0


@pytest.mark.parametrize(
    "forged",
    [
        {"horizon": {"updates": -1}},
        {"horizon": {"steps": 5}},
        {"horizon": {"updates": "many"}},
        {"document": {"lrlab": 1, "schedule": {"kind": "no"}}},
        {"document": {}},
        {"document": {"lrlab": 1, "schedule": {"kind": "linear"}}},
    ],
)
def test_a_forged_schedule_or_horizon_is_refused_where_it_is_used(forged):
    """A digest is no signature: what is made again with a digest that fits is still held against what it says."""
    state = {name: value for name, value in {**record(), **forged}.items() if name != "digest"}
    there = Checkpoint.read({**state, "digest": digest(state)})
    with pytest.raises(lr.LrlabError):
        there.curve()


@pytest.mark.parametrize(
    "forged",
    [{"base_lrs": None}, {"base_lrs": ["x"]}, {"lrs": 5}, {"horizon": 7}, {"document": None}, {"document": "text"}],
)
def test_a_forged_field_is_refused(forged):
    state = {name: value for name, value in {**record(), **forged}.items() if name != "digest"}
    with pytest.raises(lr.LrlabError):
        Checkpoint.read({**state, "digest": digest(state)})


@pytest.mark.parametrize("state", [None, 5, [], "x", {}, {"version": 1}, {"version": VERSION + 1, "update": 0}])
def test_what_is_no_checkpoint(state):
    with pytest.raises(lr.LrlabError):
        Checkpoint.read(state)


def test_what_cannot_be_json_is_refused():
    """Nothing is pickled, and nothing unpickled."""
    with pytest.raises(lr.LrlabError, match="not a state of"):
        Checkpoint.read({**record(), "base_lrs": [object()]})


@pytest.mark.parametrize("row", OLD, ids=lambda row: row["state"]["schedule"])
def test_a_checkpoint_of_version_1_reads(row):
    """It had no document, no log of changes and no digest; the file was written by that version."""
    there = Checkpoint.read(row["state"])
    pacer = there.pacer(there.curve())
    assert (pacer.update, pacer.value) == (row["state"]["update"], row["value"])
    assert pacer.changes == ()
    assert there.differences(pacer.curve) == []
    assert Checkpoint.read(there.record()) == there
    pacer.advance()
    if not pacer.decisions:
        assert pacer.value == pytest.approx(row["next"], rel=1e-15)


def test_differences_are_field_by_field():
    """What a reader of the code can compare: the schedule, the horizon, what the values are."""
    there = Checkpoint.read(record())
    assert there.differences(paced().curve) == []
    found = there.differences(lr.cosine().over(7), absolute=True)
    assert [row.field for row in found] == ["schedule", "horizon", "absolute"]
    assert str(found[1]) == f"horizon: in the checkpoint {HORIZON.record()}, in the code {{'updates': 7}}"


def test_where_either_is_a_plan_the_plans_differ():
    """The one in the checkpoint or the one in the code."""
    plan = PlanPacer(lr.plan(lr=lr.cosine(), momentum=0.9), HORIZON)
    of_schedule, of_plan = Checkpoint.read(record()), Checkpoint.of(plan, [0.1])
    assert [row.field for row in of_schedule.differences(plan)] == ["plan"]
    assert [row.field for row in of_plan.differences(paced().curve)] == ["plan"]
    other = PlanPacer(lr.plan(lr=lr.linear(), momentum=0.9), HORIZON)
    assert [row.field for row in of_plan.differences(other)] == ["plan"]


def test_a_user_function_is_bound_by_the_code():
    """A checkpoint knows a function by name and hash; the code brings the function itself."""
    pacer = lr.Pacer((lr.function(halves) >> lr.linear()).over(10))
    there = Checkpoint.read(Checkpoint.of(pacer, [0.1]).record())
    with pytest.raises(lr.LrlabError, match="known by name and hash only"):
        there.curve()
    assert functions_of(pacer.curve.schedule) == {"halves": halves}
    assert there.curve(functions_of(pacer.curve.schedule)).values().tolist() == pacer.curve.values().tolist()


def test_a_position_is_taken_to_another_curve():
    """What fits of the controllers' records is kept, and the log says what was before."""
    there = Checkpoint.read(record())
    pacer = there.taken(lr.Pacer((lr.linear() * lr.plateau(patience=3)).over(60)))
    assert (pacer.update, pacer.factors, pacer.scale) == (30, [0.5], 0.5)
    assert pacer.value == 0.5 * 0.5 * 0.5
    assert pacer.changes[-1].how == "take"
    assert pacer.changes[-1].before["horizon"] == HORIZON.record()
    assert there.taken(lr.Pacer(lr.linear().over(60))).state()["controllers"] == {}


def test_what_is_taken_from_a_plan_says_the_plan():
    """Before and after, as the record has it; of a schedule there is none."""
    plan = lr.plan(lr=lr.cosine(), momentum=0.9)
    there = Checkpoint.of(PlanPacer(plan, HORIZON), [0.1])
    change = there.taken(PlanPacer(lr.plan(lr=lr.linear(), momentum=0.9), HORIZON)).changes[-1]
    assert change.before["plan"] == {name: part for name, part in there.document.items() if name != "lrlab_plan"}
    assert change.before["plan"] != change.after["plan"]
    assert "plan" not in Checkpoint.read(record()).taken(paced()).changes[-1].before


def test_the_record_names_its_version():
    """Two versions must not be mistaken for each other."""
    assert record()["version"] == VERSION
    assert dataclasses.fields(Checkpoint)[0].name == "position"


def test_the_lrs_of_a_group_are_its_own_lr_times_its_factor_times_the_curve():
    """Absolute values are not multiplied by its LR; before it joined there is none; undriven, it keeps what it has."""
    values = [np.array([1.0, 0.5, 0.25]), np.array([2.0, 4.0, 8.0])]
    pacer = PlanPacer(lr.plan(lr="cosine()"), lr.Horizon.of(100))
    group = Held("head", {"lr": 0.1}, {"lr": 0.3}, driven={"lr": (1, 0.5)})
    assert group.lrs(pacer, values, 10, False) == pytest.approx([0.1, 0.2, 0.4])
    assert group.lrs(pacer, values, 10, True) == pytest.approx([1.0, 2.0, 4.0])
    late = dataclasses.replace(group, joined=12).lrs(pacer, values, 10, True)
    assert np.isnan(late).tolist() == [True, True, False]
    assert dataclasses.replace(group, driven={}).lrs(pacer, values, 10, False).tolist() == [0.3] * 3


def test_a_group_follows_the_first_schedule_unless_more_is_said():
    assert Held("0", {"lr": 0.1}, {"lr": 0.05}).driven == {"lr": (0, 1.0)}


def test_a_group_may_have_every_hyper_parameter_and_no_other():
    record = {"name": "0", "own": dict.fromkeys(KINDS, 0.5), "now": {}, "joined": 0, "driven": {}}
    assert Held.read(record).own == record["own"]
    with pytest.raises(lr.LrlabError, match="another hyper-parameter"):
        Held.read({**record, "own": {**record["own"], "width": 1}})


def test_leaves_are_plain_values_that_hold_the_same_record():
    """For libraries that take dictionaries apart and put them together by the keys of others."""
    there = Checkpoint.read(record())
    assert not any(isinstance(value, dict) for value in there.leaves().values())
    assert Checkpoint.read(there.leaves()).record() == there.record()


def test_every_group_has_a_base_lr_and_an_lr():
    for lrs in ([0.1], [0.1, 0.2, 0.3]):
        with pytest.raises(ValueError, match="zip"):
            Checkpoint.of(paced(), [0.1, 0.01], lrs)
