"""MLflow's folder of metrics."""

from lrlab.record.logs.formats.metric_files import claims, rows
from lrlab.record.logs.rows import Unreadable


def test_a_file_for_each_metric(tmp_path):
    """Lines of time, value and step; the last may be cut off. Other files are not looked at."""
    folder = tmp_path / "metrics"
    (folder / "train").mkdir(parents=True)
    (folder / "train" / "loss").write_text("17 2.5 10\n18 2.25 20\n")
    (folder / "lr").write_text("17 0.1 10\n18 0.0")
    (folder / "notes").write_text("17 two 10\n")
    (folder / "empty").write_text("")
    for place in (tmp_path, folder):
        assert claims(place) == 2
        assert list(rows(place)) == [
            {"step": "10", "lr": "0.1"},
            Unreadable("lr, line 2", "it has 2 fields, not 3"),
            {"step": "10", "train/loss": "2.5"},
            {"step": "20", "train/loss": "2.25"},
        ]


def test_a_step_that_is_cut_off_is_no_step(tmp_path):
    """20 may have been 200."""
    (tmp_path / "loss").write_text("17 2.5 10\n18 2.25 20")
    assert list(rows(tmp_path))[1] == Unreadable("loss, line 2", "it is cut off")
