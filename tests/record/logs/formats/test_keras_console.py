"""What Keras prints."""

from lrlab.record.logs.formats.keras_console import claims, rows
from lrlab.record.logs.formats.registry import of
from lrlab.record.logs.rows import Config

BAR = "\r 1/40 ━ 3s 9ms/step - loss: 9.0\r20/40 ━━━ 1s 9ms/step - loss: 5.0"
BAR += "\r40/40 ━━━━ 1s 9ms/step - loss: {} - val_loss: 2.0\n"


def test_the_end_of_each_epoch_counts(tmp_path):
    """Whether the bar is drawn or not; how many batches there are is told."""
    plain = "Epoch 1/2\n40/40 - 2s - 9ms/step - accuracy: 0.5 - loss: 3.0 - val_loss: 2.5\n"
    (tmp_path / "log").write_text(plain + "Epoch 2/2\n" + BAR.format("2.5"))
    assert of(tmp_path / "log").NAME == "Keras, as printed"
    first, said, second, _ = rows(tmp_path / "log")
    assert said == Config({"updates_per_epoch": 40})
    assert first == {"epoch": 1, "accuracy": "0.5", "loss": "3.0", "val_loss": "2.5"}
    assert second == {"epoch": 2, "loss": "2.5", "val_loss": "2.0"}


def test_bars_alone_are_no_end_of_an_epoch(tmp_path):
    """Nor is an end before any epoch; each printed loss is counted where an epoch ended."""
    (tmp_path / "log").write_text("Epoch 1/2\n 1/40 ━ 3s 9ms/step - loss: 9.0\n")
    assert claims(tmp_path / "log") == 0
    (tmp_path / "log").write_text("40/40 - 2s - loss: 3.0\n")
    assert claims(tmp_path / "log") == 0
    (tmp_path / "log").write_text("Epoch 1/2\n" + BAR.format("2.5"))
    assert claims(tmp_path / "log") == 3


def test_numbers_of_fifteen_digits_are_read(tmp_path):
    """And what is longer by its first fifteen; a line is searched in its last 20 000 characters."""
    head, end = "Epoch {}\n", "{}/{} - 2s - loss: 3.0\n"
    (tmp_path / "log").write_text(head.format("1" * 16) + end.format("2" * 16, "2" * 16))
    row, said = rows(tmp_path / "log")
    assert (row["epoch"], said.values["updates_per_epoch"]) == (int("1" * 15), int("2" * 15))
    start, stop = "4/4 - ", " - loss: 3.0\n"
    for length, count in ((20_000, 1), (20_001, 0)):
        (tmp_path / "log").write_text(head.format(1) + start + "x" * (length - len(start + stop)) + stop)
        assert claims(tmp_path / "log") == count
