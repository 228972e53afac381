"""What Keras prints."""

from lrlab.record.logs.formats.keras_console import rows
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
