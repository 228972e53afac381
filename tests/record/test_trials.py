"""Tables of trials as people have them: names guessed, numbers written with letters, and what cannot be meant said."""

import json
import math

import pytest

from lrlab.errors import LrlabError
from lrlab.record.runs.run import Series, StoredRun
from lrlab.record.trials import _guess, amount, of_runs, read_trials

ROWS = [{"size": 1e6, "batch": 8, "horizon": 100, "lr": 0.1 * 2**k, "loss": 3.0 + k} for k in range(3)]


def refused(match, table, columns=None):
    with pytest.raises(LrlabError, match=match):
        read_trials(table, columns)


@pytest.mark.parametrize(
    ("names", "loss"),
    [
        (("size", "batch", "horizon", "lr", "loss"), "loss"),
        (("n_params", "batch_size", "max_steps", "learning_rate", "eval_loss"), "eval_loss"),
        (("Params", "Global Batch Size", "Updates", "optimizer/lr", "val/loss"), "val/loss"),
    ],
)
def test_columns_go_by_many_names(names, loss, tmp_path):
    """The same table in a CSV and in JSON lines, whatever its columns are called."""
    text = ",".join(names) + "\n" + "".join(",".join(str(v) for v in row.values()) + "\n" for row in ROWS)
    (tmp_path / "t.csv").write_text(text)
    lines = [json.dumps(dict(zip(names, row.values(), strict=True))) for row in ROWS]
    (tmp_path / "t.jsonl").write_text("\n".join(lines) + "\n")
    for file in ("t.csv", "t.jsonl"):
        assert read_trials(tmp_path / file) == read_trials(ROWS)


def test_columns_in_memory_are_rows():
    """A mapping of columns, as a data frame gives it."""
    assert read_trials({name: [row[name] for row in ROWS] for name in ROWS[0]}) == read_trials(ROWS)
    refused("differ in length", {"size": [1], "batch": [1, 2]})


def test_the_validation_loss_is_taken():
    """Also where there is a column that is plainly called loss."""
    rows = [{**row, "val_loss": 9.0, "train_loss": 1.0} for row in ROWS]
    assert {trial.loss for trial in read_trials(rows)} == {9.0}


@pytest.mark.parametrize(("name", "values"), [("optimizer", ("adamw", "sgd")), ("Schedule", ("wsd()", "cosine()"))])
def test_trials_of_several_kinds_are_no_transfer(name, values):
    """Their best LRs follow no one law; a column with one value, or with the names of runs, tells nothing apart."""
    refused(f"share their {name}", [{**row, name: value} for value in values for row in ROWS])
    assert len(read_trials([{**row, name: values[0], "run": str(k)} for k, row in enumerate(ROWS)])) == 3


def test_the_curve_of_a_run_is_not_its_end():
    """Rows of one run that another counter tells apart; a counter with one value for each run is no curve."""
    refused("a run has several rows", [{**row, "step": step} for row in ROWS for step in (50, 100)])
    assert len(read_trials([{**row, "step": 100} for row in ROWS])) == 3
    assert len(read_trials([{**row, "seed": seed, "epoch": 3 + seed} for row in ROWS for seed in (0, 1)])) == 6


def test_a_row_that_stands_twice_counts_once():
    """The same trial to the last digit; another loss at the same LR is another trial."""
    assert read_trials(ROWS + ROWS) == read_trials(ROWS)
    assert len(read_trials([*ROWS, {**ROWS[0], "loss": 3.01}])) == 4


def test_a_list_of_one_lr_is_that_lr():
    """As a scheduler's `get_last_lr()` gives it."""
    assert read_trials([{**ROWS[0], "lr": [0.1]}, {**ROWS[1], "lr": "[0.2]"}])[1].lr == 0.2


@pytest.mark.parametrize("word", ["nan", "inf", "", None, "diverged", math.nan])
def test_a_loss_that_is_no_number_diverged(word):
    """However a table says it."""
    assert math.isnan(read_trials([{**ROWS[0], "loss": word}])[0].loss)


@pytest.mark.parametrize("name", ["lr", "size", "batch", "horizon"])
@pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf, "x", None, True])
def test_what_must_be_positive(name, value):
    """The row and the column are named."""
    refused(rf"row 2: {name} must be a positive number", [ROWS[0], {**ROWS[1], name: value}])


@pytest.mark.parametrize("name", ["lr_x1000", "lr (x1e-3)", "lr*1000", "-log10_lr", "log_learning_rate", "LR 10^-3"])
def test_an_lr_in_another_unit_is_refused(name):
    """A tenth of a percent would be an LR of 1, and an exponent of -3 one of 3; a run's name is no unit."""
    rows = [{"size": 1e6, "batch": 32, "horizon": 100, name: 3.0, "loss": 2.5}]
    with pytest.raises(LrlabError, match="says a unit"):
        read_trials(rows)
    with pytest.raises(LrlabError, match="says a unit"):
        read_trials(rows, {"lr": name})
    for plain in ("lr-AdamW", "logs/lr", "sweep 1e-3 - lr", "exp10_lr", "box_lr0"):
        assert read_trials([{"size": 1e6, "batch": 32, "horizon": 100, plain: 3.0, "loss": 2.5}])[0].lr == 3.0


def test_a_loss_that_cannot_be_one():
    """0 and below has no shares; a word is no loss."""
    refused("row 1: the loss must be positive", [{**ROWS[0], "loss": 0}])
    refused("row 1: the loss must be a number", [{**ROWS[0], "loss": "low"}])


def test_a_missing_column_is_answered_with_the_nearest():
    """What is missing, what there is, and what to type."""
    table = [{"size": 1, "batch": 1, "horizon": 1, "lrate": 1, "loss": 1}]
    refused(r"does not say the peak LR[\s\S]*did you mean 'lrate'\?", table)
    assert read_trials(table, {"lr": "lrate"})[0].lr == 1
    refused("no such column", table, {"lr": "lrat"})
    refused("no such value", table, {"rate": "lrate"})
    refused("the number of parameters", [{"batch": 1, "horizon": 1, "lr": 1, "loss": 1}])


def test_what_is_no_table(tmp_path):
    """No rows, no file, no table."""
    refused("no rows", [])
    refused("no such table of trials", tmp_path / "none.csv")
    refused("not a table of trials", 7)


def test_amounts():
    """As people write them."""
    assert [amount(text) for text in ("7e6", "1.3B", "2k", "125 M", "1_000", "1,000")] == [
        7e6,
        1.3e9,
        2e3,
        125e6,
        1e3,
        1e3,
    ]
    assert [amount(text) for text in ("", "1.2.3", "M", [1, 2], True)] == [None] * 5


def stored(arm="a", lr=1.0, score=2.0, task="t", metric="loss", mode=None, schedule="linear()"):
    return StoredRun(
        "k", task, arm, schedule, lr, 3, 0, 500, metric, score, "finished", 1.0, Series(), {}, (), {}, mode=mode
    )  # fmt: skip


def test_runs_of_a_store_lack_size_and_batch():
    """They are given; several arms or tasks are not mixed."""
    (trial,) = of_runs([stored()], {"size": "2M", "batch": "8", "width": "64"}, "runs")
    assert (trial.size, trial.batch, trial.horizon, trial.lr, trial.loss, trial.width) == (2e6, 8, 500, 1, 2, 64)
    assert math.isnan(of_runs([stored(score=math.inf)], {"size": "1", "batch": "1"}, "runs")[0].loss)
    given = {"size": "1", "batch": "1"}
    for runs, more, match in (
        ([stored()], {"batch": ""}, "does not know"),
        ([stored("a"), stored("b")], given, r"share their arm[\s\S]*arm=a"),
        ([stored(task="t"), stored(task="u")], given, r"share their task[\s\S]*task=t"),
        ([stored("a")], {**given, "arm": "c"}, "no such runs"),
        ([stored("a")], {**given, "wdth": "1"}, r"unknown setting[\s\S]*width=\.\.\."),
    ):
        with pytest.raises(LrlabError, match=match):
            of_runs(runs, more, "runs")
    assert len(of_runs([stored("a"), stored("b")], {**given, "arm": "b"}, "runs")) == 1


@pytest.mark.parametrize(
    ("metric", "mode", "said"),
    [
        ("val_acc", None, "more of it is better"),
        ("val_acc", "max", "more of it is better"),
        ("val_loss", "max", "more of it is better"),
        ("q", "max", "more of it is better"),
        ("q", None, "its name does not say"),
    ],
)
def test_of_a_metric_of_which_more_is_better_the_worst_lr_would_be_the_best(metric, mode, said):
    """As its task has said, or else its name."""
    with pytest.raises(LrlabError, match=rf"of which less is better[\s\S]*{metric}: {said}"):
        of_runs([stored(metric=metric, mode=mode)], {"size": "1", "batch": "1"}, "runs")


@pytest.mark.parametrize(("metric", "mode"), [("q", "min"), ("brier_score", "min"), ("val_loss", None)])
def test_what_a_task_has_said_counts_for_more_than_a_name(metric, mode):
    assert of_runs([stored(metric=metric, mode=mode)], {"size": "1", "batch": "1"}, "runs")[0].loss == 2


@pytest.mark.parametrize("other", [{"score": 9.0}, {"lr": 2.0, "schedule": "cosine()"}, {"lr": 2.0, "metric": "mse"}])
def test_runs_of_several_recipes_are_no_sweep(other):
    """Of an edited task, of another configuration, of two schedules under one name: two valleys in one."""
    with pytest.raises(LrlabError, match=r"runs has runs of t from several recipes[\s\S]*2 runs of a"):
        of_runs([stored(), stored(**other)], {"size": "1", "batch": "1"}, "runs")
    assert len(of_runs([stored(), stored(lr=2.0)], {"size": "1", "batch": "1"}, "runs")) == 2


def test_a_score_is_no_loss_whoever_names_it():
    """As in a log."""
    table = [{**row, "val_acc": row["loss"]} for row in ROWS]
    refused("val_acc is a score, of which more is better, not a loss", table, {"loss": "val_acc"})
    assert read_trials(table, {"loss": "loss"}) == read_trials(ROWS)


@pytest.mark.parametrize(
    ("text", "value"), [("1k", 1e3), ("1K", 1e3), ("1m", 1e6), ("1M", 1e6), ("1b", 1e9), ("1G", 1e9), ("1.5T", 1.5e12)]
)
def test_the_thousands_of_an_amount(text, value):
    """In either case."""
    assert amount(text) == value


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        (["fit_train_loss"], "fit_train_loss"),
        (["fit_train_loss", "fit_val_loss"], "fit_val_loss"),
        (["fit_train_loss", "fit_val_loss", "fit_test_loss"], None),
        (["fit_train_loss", "other_train_loss"], None),
        (["acc"], None),
    ],
)
def test_the_loss_of_a_table_is_the_only_one_that_it_can_be(columns, found):
    """That of a validation, where there is one."""
    assert _guess("loss", columns) == found


def test_a_column_that_is_not_there_is_answered_with_one_that_is():
    """The nearest by its name, or the first; where none was named, one that has the word in its own."""
    rows = [{"n_" + name: value for name, value in row.items()} for row in ROWS]
    refused(r"no such column[\s\S]*--column lr=n_lr", rows, {"lr": "n_lrs"})
    refused(r"no such column[\s\S]*--column lr=n_size", rows, {"lr": "xyzzy"})
    of_it = [{("the batch of it" if name == "batch" else name): value for name, value in row.items()} for row in ROWS]
    refused(r"did you mean 'the batch of it'\?", of_it)
