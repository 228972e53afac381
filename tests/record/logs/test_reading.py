"""What was understood of a log."""

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
