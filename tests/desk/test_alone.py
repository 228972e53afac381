"""A process in a folder of its own: it gives signs of life, and heeds the wish that it stop."""

import os
import signal
import time

import pytest

from lrlab.desk import alone
from lrlab.errors import LrlabError
from waiting import until


def test_it_lives_until_somebody_wants_it_to_stop(tmp_path, monkeypatch):
    """Then it is interrupted as by Ctrl-C, and nothing of either is left."""
    monkeypatch.setattr(alone, "BEAT", 0.01)
    folder = alone.made(tmp_path / "jobs", "job", "{}")
    assert not alone.is_alive(folder)

    def stopped():
        with alone.living(folder):
            until(lambda: alone.is_alive(folder))
            (folder / alone.STOP).touch()
            time.sleep(60)

    before = signal.getsignal(signal.SIGINT)
    assert alone.folder_of(["alone", str(folder)]) == folder
    try:
        with pytest.raises(KeyboardInterrupt):
            stopped()
    finally:
        signal.signal(signal.SIGINT, before)
    assert [place.name for place in folder.iterdir()] == [alone.ASKED]


def test_without_a_sign_of_life_it_is_taken_for_gone(tmp_path):
    folder = alone.made(tmp_path, "job", "{}")
    (folder / alone.ALIVE).touch()
    assert alone.is_alive(folder)
    os.utime(folder / alone.ALIVE, (0, time.time() - 2 * alone.SILENT))
    assert not alone.is_alive(folder)


def test_what_it_says_is_kept(tmp_path):
    folder = alone.made(tmp_path, "job", "{}")
    alone.launch("lrlab.desk.nothing", folder)
    until(lambda: "No module named" in (folder / alone.SAID).read_text())


def test_names_are_those_of_folders_that_were_made(tmp_path):
    folder = alone.made(tmp_path / "jobs", "job", "{}")
    (tmp_path / "jobs" / "other").mkdir()
    assert alone.names(tmp_path / "jobs") == [folder.name]
    assert alone.place(tmp_path / "jobs", folder.name, "job") == folder
    (tmp_path / "jobs" / "0123456789ab").symlink_to(folder)
    for name in ("..", "other", "0123456789ab", ""):
        with pytest.raises(LrlabError, match="no job of this name"):
            alone.place(tmp_path / "jobs", name, "job")


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LrlabError, match="the job cannot be kept"):
        alone.made(tmp_path / "file", "job", "{}")
