"""A folder of this machine: nothing half is left there, and only what is a file is read."""

import os

import pytest

from lrlab.record.runs.disk import Disk


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_a_full_disk_leaves_a_file_as_it_was(tmp_path, monkeypatch, moment):
    """And nothing temporary."""
    files = Disk(tmp_path)
    files.write("x", b"old")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, moment, full)
        with pytest.raises(OSError, match="No space left"):
            files.write("x", b"new", durable=True)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x", b"old")]


@pytest.mark.skipif(os.name != "posix", reason="umask is of POSIX")
def test_files_may_be_read_by_whom_the_umask_lets(tmp_path):
    """A shared store has readers beside the one who writes."""
    before = os.umask(0o022)
    try:
        Disk(tmp_path).write("x", b"1")
    finally:
        os.umask(before)
    assert (tmp_path / "x").stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_only_regular_files_are_read(tmp_path):
    """A pipe is not waited for, and a folder, a device and a link that leads nowhere are no files; each is said."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "link").symlink_to("nowhere")
    (tmp_path / "file").write_bytes(b"1")
    (tmp_path / "linked").symlink_to("file")
    found = dict(Disk(tmp_path).read(["pipe", "folder", "device", "link", "file", "linked"]))
    assert [name for name, content in found.items() if content == b"1"] == ["file", "linked"]
    assert all(isinstance(found[name], OSError) for name in ("pipe", "folder", "device", "link"))


def test_what_stands_in_the_way_gives_way(tmp_path):
    """A folder where a file should be, and a file where a group should be."""
    disk = Disk(tmp_path)
    (tmp_path / "x" / "below").mkdir(parents=True)
    (tmp_path / "group").write_bytes(b"1")
    disk.write("x", b"new")
    disk.write_group("group", {"a": b"1"})
    assert dict(disk.read(["x"])) == {"x": b"new"}
    assert disk.read_group("group") == {"a": b"1"}
    assert disk.names() == ["group", "x"]


def test_an_interrupt_behind_the_last_moment_is_that_interrupt(tmp_path, monkeypatch):
    """The file is there, and nothing is left to be taken away."""
    replace = os.replace

    def interrupted(*names):
        replace(*names)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Disk(tmp_path).write("x", b"1")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("x", b"1")]


def test_only_what_is_durable_is_waited_for(tmp_path, monkeypatch):
    """The file, and on POSIX its name in the folder."""
    waited = []
    monkeypatch.setattr(os, "fsync", waited.append)
    Disk(tmp_path).write("x", b"1")
    assert waited == []
    Disk(tmp_path).write("x", b"1", durable=True)
    assert len(waited) == 1 + hasattr(os, "O_DIRECTORY")
