"""Logs of every format and with every wart, read into the same run."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.readers import from_record, read_run, understood
from lrlab.record.logs.reading import Asked
from lrlab.record.runs.run import Series, to_json
from stored import stored

SHARED = Path(os.environ.get("LRLAB_DATA", "data"))
AT = np.arange(10, 101, 10)
LOSS = 4.0 - AT / 50.0


def csv(path, head="step,lr,loss", rows=None):
    rows = rows or [f"{a},0.001,{y}" for a, y in zip(AT, LOSS, strict=True)]
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def test_csv_json_lines_and_tracker_files_give_the_same_run(tmp_path):
    """The format is an outer form: columns and values are the same."""
    table = csv(tmp_path / "a.csv")
    lines = tmp_path / "a.jsonl"
    rows = [{"step": int(a), "lr": 1e-3, "loss": y, "epoch": None} for a, y in zip(AT, LOSS, strict=True)]
    lines.write_text("\n".join(json.dumps(row) for row in rows) + "\n\n")
    history = tmp_path / "a.json"
    groups = {
        "train": {"iter": AT.tolist(), "train_lr": [1e-3] * 10},
        "val": {"iter": AT.tolist(), "val_loss": LOSS.tolist()},
    }
    history.write_text(json.dumps({"config": {"weight_decay": 0.1}, "history": groups}, indent=1))
    listed = tmp_path / "b.json"
    listed.write_text(json.dumps(rows, indent=1))
    export = csv(
        tmp_path / "b.csv",
        "Step,big - lr,big - loss,big - loss__MIN",
        [f"{a},0.001,{y},0" for a, y in zip(AT, LOSS, strict=True)],
    )
    runs = [read_run(file) for file in (table, lines, history, listed, export)]
    for run in runs:
        assert run.updates.tolist() == AT.tolist()
        assert run.loss == pytest.approx(LOSS)
        assert run.lrs == pytest.approx(np.full(100, 1e-3))
    assert runs[2].weight_decay == 0.1


def test_a_logged_lr_is_that_of_the_next_update(tmp_path):
    """Schedulers report the LR after their step: a fall seen at 50 is used by update 50, not by 49."""
    rows = [f"{a},{0.001 if a < 50 else 0.0001},{y}" for a, y in zip(AT, LOSS, strict=True)]
    run = read_run(csv(tmp_path / "a.csv", rows=rows))
    assert run.lrs[49] == pytest.approx(1e-3)
    assert run.lrs[50] == pytest.approx(1e-4)


def test_a_sparse_lr_is_interpolated_and_its_rise_continued_to_the_beginning(tmp_path):
    """Warmup logged at two points: the line through them, never negative."""
    rows = [f"{a},{min(a, 40) / 40000},{y}" for a, y in zip(AT, LOSS, strict=True)]
    run = read_run(csv(tmp_path / "a.csv", rows=rows))
    assert run.lrs[25] == pytest.approx(25 / 40000)
    assert 0 < run.lrs[0] < 1e-4
    assert run.warmup == 40


def test_a_missing_lr_is_given_as_text_number_or_warmup(tmp_path):
    """What the log lacks the caller knows."""
    file = csv(tmp_path / "a.csv", "step,loss", [f"{a},{y}" for a, y in zip(AT, LOSS, strict=True)])
    with pytest.raises(LrlabError, match="no lr column"):
        read_run(file)
    assert read_run(file, lr="0.002 * linear(to=0)").lrs[50] == pytest.approx(1e-3)
    assert read_run(file, lr=3e-4).lrs.tolist() == [3e-4] * 100
    late = csv(tmp_path / "b.csv", rows=[f"{a},0.001,1" for a in AT[5:]])
    assert read_run(late, warmup=9).lrs[:10] == pytest.approx(np.arange(1, 11) / 10 * 1e-3)
    assert "not in the log" in read_run(late).notes[0]


def test_a_cooldown_is_joined_to_its_parent(tmp_path):
    """Loss and LR before the branch come from the trunk."""
    trunk = read_run(csv(tmp_path / "trunk.csv"))
    rows = [f"{a},{0.001 * (100 - a) / 50},{1.5}" for a in (60, 70, 80, 90)]
    run = read_run(csv(tmp_path / "cooldown.csv", rows=rows), parent=trunk)
    assert run.updates.tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert run.lrs[:60] == pytest.approx(np.full(60, 1e-3))
    assert run.lrs[80] == pytest.approx(0.4e-3)


def test_a_training_loss_of_single_batches_is_averaged(tmp_path):
    """Above a thousand points neighbours are averaged; the note says so, and smooth=1 keeps them all."""
    rows = [f"{a},0.001,{3.0 + (-1) ** a}" for a in range(1, 2001)]
    file = csv(tmp_path / "a.csv", rows=rows)
    run = read_run(file)
    assert len(run.loss) == 200
    assert run.loss == pytest.approx(np.full(200, 3.0))
    assert "means of 10" in run.notes[0]
    assert len(read_run(file, smooth=1).loss) == 2000


def test_text_among_numbers_is_left_out_with_a_note(tmp_path):
    """One broken entry costs one point and is named."""
    rows = [f"{a},0.001,{'oops' if a == 50 else 3.0}" for a in AT]
    run = read_run(csv(tmp_path / "a.csv", rows=rows))
    assert len(run.loss) == 9
    assert "'oops'" in run.notes[0]
    broken = tmp_path / "a.jsonl"
    broken.write_text('{"step": 1, "lr": 1, "loss": 2}\n{"step": 2, "lr"\n{"step": 3, "lr": 1, "loss": 1}\n')
    assert "1 lines could not be read" in read_run(broken).notes[0]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("step,lr,loss\n10,0.001,a\n20,0.001,b\n", "holds no number"),
        ("step,lr,accuracy\n10,0.001,1\n", "no loss column"),
        ("time,lr,loss\n10,0.001,1\n", "no rows with a step"),
        ("step,lr,loss\n10,0.001,nan\n20,0.001,inf\n", "holds no finite number"),
        ("step,lr,loss\n10,0.001,1\n", "too few points"),
        ("step,lr,loss\n10,0.001,nan\n20,0.001,inf\n30,0.001,2\n", "too few points"),
        ("", "no rows with a step"),
        (
            '{"history": {"val": {"iter": [1, 2], "val_loss": [1.0]}},\n"config": {}}',
            "val_loss.*1 entries for 2 steps",
        ),
        ("{\n broken", "not JSON"),
    ],
)
def test_a_log_that_cannot_be_used_says_why(tmp_path, text, sentence):
    """Each kind of bad log has a sentence of its own."""
    file = tmp_path / "log.csv"
    file.write_text(text)
    with pytest.raises(LrlabError, match=sentence):
        read_run(file)


def test_an_unknown_column_is_answered_with_the_nearest(tmp_path):
    """The error offers the line to type."""
    with pytest.raises(LrlabError, match='loss="loss"'):
        read_run(csv(tmp_path / "a.csv"), loss="los")
    with pytest.raises(LrlabError, match="no such log"):
        read_run(tmp_path / "none.csv")


def test_a_log_of_any_length_is_held_in_bounded_memory(tmp_path, monkeypatch):
    """Beyond the limit every second point goes, again and again; the note says so."""
    monkeypatch.setattr("lrlab.record.logs.columns._MOST", 100)
    run = read_run(csv(tmp_path / "a.csv", rows=[f"{a},0.001,{a}" for a in range(1, 1001)]))
    assert 30 <= len(run.loss) <= 100
    assert run.loss == pytest.approx(run.updates)
    assert any("every 16th" in note for note in run.notes)


def test_a_changing_batch_size_is_remembered(tmp_path):
    """The laws do not know the batch size: a prediction has to say so."""
    rows = [f"{a},0.001,3.0,{32 if a < 50 else 64}" for a in AT]
    assert read_run(csv(tmp_path / "a.csv", "step,lr,loss,batch_size", rows)).batch_changes


def test_a_run_of_our_own_store_has_the_lr_that_it_used(tmp_path):
    """The judged metric, under the schedule's values times the run's LR."""
    run = stored("linear", "linear()", lr=2.0)
    (tmp_path / "k.json").write_text(to_json(run))
    log = from_record(run)
    assert read_run(tmp_path / "k.json").loss.tolist() == log.loss.tolist()
    assert log.updates.tolist() == [5, 10]
    assert log.lrs == pytest.approx(2.0 * (1 - np.arange(10) / 10))


def test_a_stored_run_that_was_never_judged_has_its_training_loss(tmp_path):
    """And is not said to have been judged by it."""
    run = dataclasses.replace(stored("linear", "linear()"), outcome="diverged", evals={})
    (tmp_path / "k.json").write_text(to_json(run))
    found = understood(tmp_path / "k.json", Asked())
    assert (found.columns[0].name, found.columns[0].what) == ("loss", "a training loss")
    assert not found.curves[0].validation
    assert any("before it had a val_loss" in note for note in found.notes)


@pytest.mark.skipif(not (SHARED / "lr-scheduling").is_dir(), reason="the development logs are not here")
def test_every_development_log_is_read():
    """Real exports: merged restarts, columns of other length than their steps, cooldowns that begin late."""
    files = sorted((SHARED / "lr-scheduling").rglob("*.json"))
    for file in files:
        run = read_run(file)
        assert (np.diff(run.updates) > 0).all()
        assert run.weight_decay == 0.1
        assert len(run.lrs) == run.horizon
    assert len(files) > 40


def test_a_step_beyond_all_reason_is_a_sentence(tmp_path):
    """Tokens are no updates, and a stray number asks for terabytes; the way out is said, and works."""
    file = csv(tmp_path / "a.csv", rows=[*(f"{a},0.001,3.0" for a in AT), "1000000000000,0.001,3.0"])
    with pytest.raises(LrlabError, match=r"(?s)too many updates.*1000000000000.*horizon=10_000"):
        read_run(file)
    run = read_run(file, horizon=100)
    assert (run.horizon, len(run.loss)) == (100, len(AT))
    assert any("after the last update" in note for note in run.notes)


@pytest.mark.parametrize(
    "given", [{"horizon": -1}, {"horizon": 1.5}, {"horizon": 10**12}, {"smooth": -2}, {"lr": [[1]]}, {"lr": ["x"]}]
)
def test_an_argument_that_is_none_is_a_sentence(tmp_path, given):
    """Before anything is read for it."""
    with pytest.raises(LrlabError):
        read_run(csv(tmp_path / "a.csv"), **given)


def test_numbers_of_any_size_are_read(tmp_path):
    """An integer of 401 digits is infinite; numbers near the largest make no warning."""
    lines = [{"step": 1, "lr": 1e308, "loss": 10**400}, {"step": 2, "lr": 1e-308, "loss": 1e308}]
    lines += [{"step": k, "lr": 1e308 * (k % 2), "loss": -1e308} for k in range(3, 9)]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    run = read_run(tmp_path / "a.jsonl")
    assert len(run.loss) == 7
    assert any("not finite" in note for note in run.notes)


@pytest.mark.parametrize("path", [None, b"log.csv", 3, [], [3]])
def test_what_is_no_path_is_a_sentence(path):
    """A log is a file."""
    with pytest.raises(LrlabError, match="a log is a file"):
        read_run(path)


def test_tokens_in_the_step_column_are_a_sentence(tmp_path):
    """Ten billion of them, in bounded memory; with the rate they are read."""
    rows = [f"{k * 500_000_000},0.001,{4 - k / 50}" for k in range(1, 21)]
    file = csv(tmp_path / "a.csv", rows=rows)
    with pytest.raises(LrlabError, match=r"(?s)too many updates.*does step count tokens.*tokens_per_update="):
        read_run(file)
    assert read_run(file, tokens_per_update=500_000).updates.tolist() == list(range(1000, 20_001, 1000))


@pytest.mark.parametrize("name", ["lr", "step", "time"])
def test_what_is_no_loss_is_not_fitted(tmp_path, name):
    """Even where it is asked for."""
    with pytest.raises(LrlabError, match=f"{name} is .*, not a loss"):
        read_run(csv(tmp_path / "a.csv"), loss=name)


def test_what_is_understood_of_a_run_of_our_own_store(tmp_path):
    """The judged metric, measured on validation data, or the loss, which was not."""
    file = tmp_path / "k.json"
    file.write_text(to_json(stored("linear", "linear()", loss=Series((1, 2, 3), (3.0, 2.5, 2.0)))))
    found = understood(file, Asked())
    (column,), (curve,) = found.columns, found.curves
    assert (found.rows, found.counter, found.unit, found.missing) == (2, "", "updates", "")
    assert (column.name, column.points, column.first, column.last, column.used) == ("val_loss", 2, 2.0, 1.0, True)
    assert (curve.name, curve.validation, curve.updates.tolist()) == ("val_loss", True, [5, 10])
    (curve,) = understood(file, Asked(loss="loss")).curves
    assert (curve.name, curve.validation, curve.updates.tolist()) == ("loss", False, [1, 2, 3])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"loss": "val_los"}, r"no column 'val_los'(.*\n)+.*'loss', 'val_loss'(.*\n)+.*val_loss"),
        ({"weight_decay": 0.1}, "no use for weight_decay"),
        ({"warmup": 20, "lr": "1e-3 * cosine()"}, "no use for lr, warmup"),
        ({"horizon": 10}, "no use for horizon"),
        ({"step": "iteration"}, "no use for step"),
    ],
)
def test_nothing_that_is_asked_of_a_run_of_our_own_store_is_ignored(tmp_path, given, said):
    """A misspelt metric was the training loss under its name, and a weight decay made no difference."""
    file = tmp_path / "k.json"
    file.write_text(to_json(stored("linear", "linear()")))
    with pytest.raises(LrlabError, match=said):
        read_run(file, **given)
    assert read_run(file).weight_decay is None
    assert read_run(file, warmup=0, weight_decay=0.0).weight_decay == 0


def test_a_log_with_a_column_called_key_is_a_log(tmp_path):
    """A run of our own store has a schedule, too, and both in its first 4000 bytes."""
    rows = [{"step": k, "key": "val_loss", "value": 3.0 - k / 9, "lr": 0.1} for k in (1, 2, 3)]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    assert read_run(tmp_path / "a.json", lr=0.1).updates.tolist() == [1, 2, 3]
    for size, is_read in ((4000, False), (4001, True)):
        text = '{"key": 1, "pad": "' + "x" * (size - len('{"key": 1, "pad": "", "schedule"')) + '", "schedule"'
        assert len(text) == size
        (tmp_path / "b.json").write_text(text + ': 1, "history": ' + json.dumps(rows) + "}")
        if is_read:
            assert read_run(tmp_path / "b.json", lr=0.1).updates.tolist() == [1, 2, 3]
        else:
            with pytest.raises(LrlabError, match="run"):
                read_run(tmp_path / "b.json", lr=0.1)


def test_the_lr_of_a_cooldown_is_its_own_from_its_first_row_on(tmp_path):
    """The first row says what the first update used; between the trunk and a later first LR is a line."""
    trunk = read_run(csv(tmp_path / "trunk.csv"))
    run = read_run(csv(tmp_path / "a.csv", rows=["60,0.0008,1.5", "70,0.0006,1.4"]), parent=trunk)
    assert run.lrs[[59, 60, 65]].tolist() == pytest.approx([1e-3, 8e-4, 7e-4])
    later = csv(tmp_path / "b.csv", rows=["60,,1.5", "70,0.0006,1.4", "80,0.0004,1.4"])
    assert read_run(later, parent=trunk).lrs[[59, 60, 65]].tolist() == pytest.approx([1e-3, 1e-3, 8e-4])


@pytest.mark.parametrize("given", [{"warmup": 0}, {"smooth": 0}, {"horizon": 100}])
def test_0_is_a_number_of_updates(tmp_path, given):
    """As good as none."""
    assert read_run(csv(tmp_path / "a.csv"), **given).lrs.tolist() == [1e-3] * 100
