"""The log of llm.c."""

from lrlab.record.logs.formats.llm_c import rows
from lrlab.record.logs.formats.registry import of


def test_its_short_names_are_made_plain(tmp_path):
    """Test and training loss, LR and norm."""
    (tmp_path / "main.log").write_text("s:0 tel:11.0123\ns:1 trl:10.9 lr:0.0001 norm:15.2\ns:250 eval:0.28\nnoise\n")
    assert of(tmp_path / "main.log").NAME == "llm.c main.log"
    assert list(rows(tmp_path / "main.log")) == [
        {"step": "0", "val_loss": "11.0123"},
        {"step": "1", "train_loss": "10.9", "lr": "0.0001", "norm": "15.2"},
        {"step": "250", "eval_accuracy": "0.28"},
    ]


def test_five_hundred_characters_of_a_line_are_looked_at(tmp_path):
    """A longer one is no line of llm.c."""
    line = "s:1 trl:10.9"
    for blanks, found in ((500 - len(line), "10.9"), (501 - len(line), "10."), (500, None)):
        (tmp_path / "log").write_text(" " * blanks + line + "\n")
        assert [row.get("train_loss") for row in rows(tmp_path / "log")] == ([found] if found else [])
