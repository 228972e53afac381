"""A log as it is shown."""

from pathlib import Path

from lrlab.desk.read import read
from lrlab.views.model import Mark
from lrlab.views.reading import columns, figures, sentences

LOGS = Path(__file__).parents[1] / "record" / "logs" / "corpus" / "logs"


def test_the_loss_one_of_the_other_kind_and_the_lr_are_drawn():
    """Both sides of a jump are."""
    loss, rate = figures(read([LOGS / "lightning_csv" / "metrics.csv"]))
    assert [line.name for line in loss.lines] == ["val_loss", "train_loss_epoch"]
    (line,) = rate.lines
    assert max(line.y) > 0.0029
    assert (line.x[0], line.x[-1]) == (0, 318)


def test_an_epoch_is_named_where_it_is_the_unit():
    """On the axis, too."""
    found = read([LOGS / "keras_csv" / "training.log"])
    assert {figure.x_label for figure in figures(found)} == {"epochs"}
    assert any("15 epochs" in sentence for sentence in sentences(found))
    assert any("updates_per_epoch=" in sentence for sentence in sentences(found))


def test_every_column_says_what_it_is_taken_for(tmp_path):
    """Those that are used first; of very many the first are shown."""
    table = columns(read([LOGS / "detectron_json" / "metrics.json"]))
    assert table.rows[0][:3] == (Mark("used", "good"), "total_loss", "a training loss")
    assert {row[1]: row[2] for row in table.rows}["eta_seconds"] == "a time or a speed"
    names = ",".join(f"c{k}" for k in range(50))
    (tmp_path / "log.csv").write_text(f"step,loss,{names}\n1,2{',3' * 50}\n2,1{',3' * 50}\n")
    found = read([tmp_path / "log.csv"], lr="cosine()")
    assert columns(found).note == "and 28 more"
    assert len(figures(found)) == 2


def test_a_log_without_any_curve_has_no_picture(tmp_path):
    """The sentences say what there is."""
    (tmp_path / "log.csv").write_text("step,accuracy\n1,0.5\n")
    found = read([tmp_path / "log.csv"])
    assert figures(found) == []
    assert len(sentences(found)) == 1
    assert "no loss column" in found.missing
