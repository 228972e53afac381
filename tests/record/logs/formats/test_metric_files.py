"""MLflow's folder of metrics."""

from lrlab.record.logs import text
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


def test_a_file_is_a_metric_where_all_its_whole_lines_are(tmp_path):
    """A value, and a step that counts; one line that is none, and it is another file."""
    for written, found in (
        ("17 2.5 10\n", 1), ("17 2.5 10 9\n", 0), ("17 2.5\n", 0), ("17 2.5 x\n", 0), ("17 x 10\n", 0),
        ("17 2.5 10\n\n", 0), ("17 2.5 10", 0), ("17 2.5 10\n17", 1),
    ):  # fmt: skip
        (tmp_path / "loss").write_text(written)
        assert claims(tmp_path) == found, written


def test_two_thousand_files_are_looked_at(tmp_path):
    """A folder of a million is not walked to its end; a link is not followed."""
    for k in range(2001):
        (tmp_path / f"m{k}").write_text("17 2.5 10\n")
    assert claims(tmp_path) == 2000
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "link").symlink_to(tmp_path / "m1")
    assert claims(tmp_path) == 0


def test_a_file_that_is_not_text_is_no_metric(tmp_path, monkeypatch):
    """A line of it has no end."""
    monkeypatch.setattr(text, "LONGEST", 20)
    monkeypatch.setattr(text, "_ENDLESS", 1)
    (tmp_path / "loss").write_text("17 2.5 10\n")
    (tmp_path / "weights").write_bytes(b"x" * 100)
    assert claims(tmp_path) == 1
