"""What was understood of a log."""

import json

import pytest

from lrlab.record.logs.log import LogRun
from lrlab.record.logs.reading import Asked, read_log
from lrlab.record.logs.units import Rates


def log(tmp_path, text, name="log.csv"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def test_everything_is_told_before_anything_is_fitted(tmp_path):
    """The columns, what was used, all losses, and what was repaired."""
    rows = "".join(f"{k},{k}.5,{5 - k / 9},{4 - k / 9},0.1,0.5\n" for k in range(1, 10))
    found = read_log([log(tmp_path, "step,time,train_loss,val_loss,lr,acc\n" + rows)], Asked())
    assert (found.formats, found.rows, found.counter, found.unit, found.missing) == (
        ("table",),
        9,
        "step",
        "updates",
        "",
    )
    assert [(each.name, each.what, each.used) for each in found.columns] == [
        ("val_loss", "a validation loss", True),
        ("lr", "an LR", True),
        ("step", "what counts the rows", True),
        ("train_loss", "a training loss", False),
        ("time", "a time or a speed", False),
        ("acc", "a score, of which more is better", False),
    ]
    assert [curve.name for curve in found.curves] == ["val_loss", "train_loss"]
    assert found.run is not None
    assert found.run.lrs.tolist() == [0.1] * 9
    assert [curve.name for curve in found.run.other_losses] == ["train_loss"]


def test_what_is_missing_is_a_sentence_and_the_rest_is_told(tmp_path):
    """A log without an LR has losses."""
    found = read_log([log(tmp_path, "step,val_loss\n1,3\n2,2\n")], Asked())
    assert found.run is None
    assert "no lr column" in found.missing
    assert found.curves[0].loss.tolist() == [3, 2]


def test_several_files_are_one_run_in_the_order_of_its_steps(tmp_path):
    """Whichever is named first; what was trained again counts as it was trained last."""
    first = log(tmp_path, "step,val_loss,lr\n" + "".join(f"{10 * k},{90 - k},0.1\n" for k in range(1, 7)), "a.csv")
    then = log(tmp_path, "step,val_loss,lr\n" + "".join(f"{10 * k},{50 - k},0.1\n" for k in range(4, 9)), "b.csv")
    for files in ([first, then], [then, first]):
        found = read_log(files, Asked())
        assert found.curves[0].loss.tolist() == [89, 88, 87, 46, 45, 44, 43, 42]
        assert any("a resume" in note for note in found.notes)


def test_a_file_for_each_metric_is_one_run(tmp_path):
    """As trackers export them."""
    files = [
        log(tmp_path, f"Step,big - {name}\n1,0.5\n2,0.25\n", f"{k}.csv") for k, name in enumerate(("val/loss", "lr"))
    ]
    run = read_log(files, Asked()).run
    assert run.loss.tolist() == [0.5, 0.25]


def test_a_run_in_epochs_says_so(tmp_path):
    """And is one in updates when their number is given; each LR holds for its epoch."""
    file = log(tmp_path, "epoch,loss,val_loss,learning_rate\n0,3,4,0.2\n1,2,3,0.1\n2,1,2,0.05\n")
    found = read_log([file], Asked())
    assert (found.unit, found.run.unit, found.run.horizon) == ("epochs", "epoch", 3)
    assert any("not in updates" in note for note in found.run.notes)
    run = read_log([file], Asked(rates=Rates(updates_per_epoch=4))).run
    assert (run.unit, run.updates.tolist()) == ("update", [4, 8, 12])
    assert run.lrs.tolist() == [0.2] * 4 + [0.1] * 4 + [0.05] * 4


def rows_of(name, *rows):
    return f"step,val_loss,{name}\n" + "".join(f"{row}\n" for row in rows)


@pytest.mark.parametrize(("first", "told"), [(2, False), (3, True)])
def test_an_lr_that_is_not_logged_from_the_beginning_is_said(tmp_path, first, told):
    """Where a fiftieth of the run is missing, and no warmup is known."""
    file = log(tmp_path, rows_of("lr", f"{first},3,0.1", "50,2,0.1", "100,1,0.1"))
    said = f"the LR before update {first} is not in the log; taken as 0.1"
    assert (said in read_log([file], Asked()).run.notes) is told
    assert said not in read_log([file], Asked(warmup=1)).run.notes


@pytest.mark.parametrize(
    ("warmup", "first", "begin"), [(5, 5, 1 / 60), (6, 5, 0.1), (1, 5, 0.05), (0, 5, 0.1), (-1, 5, 0.1), (5, 8, 1 / 60)]
)
def test_a_warmup_of_the_configuration_is_one_where_the_log_begins_behind_it(tmp_path, warmup, first, begin):
    """In the LR of the first update: 1 / (warmup + 1) of that at its end."""
    rows = [{"step": k, "val_loss": 3, "lr": 0.1} for k in (first, 50, 100)]
    text = json.dumps({"config": {"warmup_steps": warmup}, "history": rows})
    assert read_log([log(tmp_path, text, "log.json")], Asked()).run.lrs[0] == pytest.approx(begin)


def test_what_could_not_be_used_of_the_lr_is_said(tmp_path):
    """Of that column; what is said of the loss is said once."""
    file = log(tmp_path, rows_of("lr", "1,3,0.1", "2,oops,0.1", "3,1,none"))
    notes = read_log([file], Asked()).run.notes
    assert [note for note in notes if "entries" in note] == [
        "1 entries of val_loss are not numbers (the first: 'oops'); left out",
        "1 entries of lr are not numbers (the first: 'none'); left out",
    ]


def test_several_files_have_a_name_together(tmp_path):
    """The first, and how many more."""
    files = [log(tmp_path, rows_of("lr", f"{k},3,0.1", f"{k + 1},2,0.1"), f"{k}.csv") for k in (1, 3, 5)]
    assert read_log(files, Asked()).name == f"{files[0]} and 2 more"
    assert read_log(files[:1], Asked()).name == str(files[0])


def test_a_column_that_is_not_kept_has_no_points(tmp_path):
    """Nor has a counter; the others have theirs, and their first and last values."""
    found = read_log([log(tmp_path, rows_of("acc", "1,3,0.1", "2,2,0.2"))], Asked())
    assert [(each.name, each.points, str(each.first), str(each.last)) for each in found.columns] == [
        ("val_loss", 2, "3.0", "2.0"), ("step", 0, "nan", "nan"), ("acc", 0, "nan", "nan")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("points", "smooth", "kept"),
    [(4, 2, 2), (3, 2, 3), (5, 2, 2), (4, 1, 4), (1000, None, 1000), (1001, None, 166), (2000, None, 200)],
)
def test_a_training_loss_is_smoothed_where_two_means_are_left(tmp_path, points, smooth, kept):
    """By itself above a thousand points, to 200 at most."""
    text = "step,loss,lr\n" + "".join(f"{k},{k},0.1\n" for k in range(1, points + 1))
    run = read_log([log(tmp_path, text)], Asked(smooth=smooth)).run
    assert len(run.loss) == kept
    assert run.loss[-1] == points - (0 if kept == points else ((smooth or -(-points // 200)) - 1) / 2)


def test_a_loss_before_the_first_update_is_no_point(tmp_path):
    """Nor enough to choose its column by; one after the first update is."""
    rows = "step,val_loss,train_loss,lr\n0,9,,0.1\n1,,3,0.1\n2,,2,0.1\n"
    found = read_log([log(tmp_path, rows)], Asked())
    assert found.curves[0].name == "train_loss"
    assert found.run.loss.tolist() == [3, 2]
    found = read_log([log(tmp_path, "step,val_loss,lr\n1,3,0.1\n")], Asked())
    assert found.missing.startswith("too few points")


def test_a_column_that_is_no_loss_by_its_name_is_taken_where_it_is_asked_for(tmp_path):
    """By its own name, without that of the run before it."""
    found = read_log([log(tmp_path, "step,big - thing,lr\n1,3,0.1\n2,2,0.1\n")], Asked(loss="thing"))
    assert found.curves[0].name == "big - thing"
    assert found.run.loss.tolist() == [3, 2]


def test_two_epochs_hold_their_lr_each(tmp_path):
    """The fewest there can be."""
    file = log(tmp_path, "epoch,val_loss,lr\n0,4,0.2\n1,3,0.1\n")
    assert read_log([file], Asked(rates=Rates(updates_per_epoch=3))).run.lrs.tolist() == [0.2] * 3 + [0.1] * 3


@pytest.mark.parametrize(("name", "asked"), [("val_loss", None), ("thing", "thing")])
def test_only_a_training_loss_is_smoothed(tmp_path, name, asked):
    """Not one that was measured on other data, nor what is none."""
    text = f"step,{name},lr\n" + "".join(f"{k},{k},0.1\n" for k in range(1, 1002))
    assert len(read_log([log(tmp_path, text)], Asked(loss=asked)).run.loss) == 1001


@pytest.mark.parametrize(("sizes", "changes"), [((32, 32), False), ((32, 64), True)])
def test_a_batch_size_that_changes_is_noted(tmp_path, sizes, changes):
    """No law takes it into account."""
    text = "step,val_loss,lr,batch_size\n" + "".join(f"{k},3,0.1,{size}\n" for k, size in enumerate(sizes, 1))
    assert read_log([log(tmp_path, text)], Asked()).run.batch_changes is changes


@pytest.mark.parametrize(
    ("rows", "lrs"),
    [
        ("4,3,0.5\n8,2,0.25", [1.0, 0.9, 0.8, 0.7, 0.5, 0.4375, 0.375, 0.3125]),
        ("4,3,\n6,2,0.5\n8,2,0.25", [1.0, 0.9, 0.8, 0.7, 0.7, 0.6, 0.5, 0.375]),
        ("1,3,0.8\n8,2,0.1", [1.0, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]),
        ("0,3,\n6,2,0.5\n8,2,0.25", [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.375]),
    ],
)
def test_the_lr_of_the_parent_holds_up_to_where_the_run_begins(tmp_path, rows, lrs):
    """To a first LR that was logged later a line leads from its last one; a run from 0 on has nothing of it."""
    parent = LogRun.from_arrays([5, 10], [4.0, 3.0], [1.0 - k / 10 for k in range(10)])
    run = read_log([log(tmp_path, f"step,val_loss,lr\n{rows}\n")], Asked(parent=parent)).run
    assert run.lrs.tolist() == pytest.approx(lrs)
