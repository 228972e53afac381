"""One event file of TensorBoard, whatever it is called."""

from lrlab.record.logs.formats.events_file import claims, rows
from lrlab.record.logs.formats.registry import of
from lrlab.record.logs.sinks import tensorboard_log


def test_it_is_known_by_its_first_frame(tmp_path):
    """And by its name, where the beginning is damaged."""
    tensorboard_log(tmp_path)([(1, {"loss": 3.0})])
    (file,) = tmp_path.iterdir()
    other = file.rename(tmp_path / "board.bin")
    assert of(other).NAME == "TensorBoard events"
    assert list(rows(other)) == [{"step": 1, "loss": 3.0}]
    (tmp_path / "a.tfevents.1").write_bytes(b"\0" * 20)
    (tmp_path / "text").write_text("step,loss\n1,2\n")
    assert claims(tmp_path / "a.tfevents.1") == 20
    assert claims(tmp_path / "text") == 0
