"""The file of records beside Keras' own backup."""

import pytest

from lrlab.adapters.keras.backup import KEPT, Backup
from lrlab.errors import LrlabError


def test_the_record_of_then_is_found(tmp_path):
    """The last one up to a count; a run that went back writes over those of later updates."""
    backup = Backup(tmp_path / "folder" / "schedule.json")
    for made in (3, 6, 9):
        backup.keep(made, {"update": made})
    assert [backup.at(made) for made in (2, 3, 8)] == [None, (3, {"update": 3}), (6, {"update": 6})]
    backup.keep(6, {"update": "again"})
    assert backup.at(9) == (6, {"update": "again"})
    backup.clear(), backup.clear()
    assert backup.at(9) is None


def test_it_does_not_grow_without_end(tmp_path):
    backup = Backup(tmp_path / "schedule.json")
    for made in range(KEPT + 5):
        backup.keep(made, {})
    assert (backup.at(4), backup.at(5)) == (None, (5, {}))


@pytest.mark.parametrize("text", ["", "{}[", '[{"made": 1}]', "[3]"])
def test_a_damaged_file_is_said(text, tmp_path):
    (tmp_path / "schedule.json").write_text(text)
    with pytest.raises(LrlabError, match="cannot be read"):
        Backup(tmp_path / "schedule.json").at(3)
