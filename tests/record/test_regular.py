"""Regular files alone are opened; nothing is waited for."""

import os

import pytest

from lrlab.record.regular import content, descriptor, is_regular


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR | os.O_APPEND | os.O_CREAT])
def test_what_is_no_file_is_refused(tmp_path, links, flags):
    """A pipe that nobody writes to or reads from, a folder, a device."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, "/dev/zero"):
        with pytest.raises(OSError, match=r"regular|directory|No such device"):
            os.close(descriptor(path, flags, links=links))


def test_a_link_is_followed_where_it_may_be(tmp_path):
    """And never where others may have laid it."""
    (tmp_path / "file").write_bytes(b"12")
    (tmp_path / "link").symlink_to("file")
    assert content(tmp_path / "link") == b"12"
    with pytest.raises(OSError, match="link"):
        content(tmp_path / "link", links=False)
    with pytest.raises(OSError, match="larger than 1 bytes"):
        content(tmp_path / "file", most=1)
    assert is_regular(tmp_path / "link")


def test_a_name_that_no_file_can_have(tmp_path):
    """Is the name of no file."""
    assert not any(map(is_regular, (tmp_path / "nul\0", tmp_path / ("long" * 1000), tmp_path)))


def test_as_many_bytes_as_may_be(tmp_path):
    """At the bound a file is read; an empty one holds nothing."""
    (tmp_path / "file").write_bytes(b"12")
    assert content(tmp_path / "file", most=2) == b"12"
    (tmp_path / "file").write_bytes(b"")
    assert content(tmp_path / "file", most=0) == b""


def test_a_child_does_not_inherit_it(tmp_path):
    """A descriptor ends with the program that it was opened for."""
    (tmp_path / "file").write_bytes(b"")
    found = descriptor(tmp_path / "file")
    assert not os.get_inheritable(found)
    os.close(found)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_new_file_is_its_owner_s(tmp_path):
    """Others may read it, as far as the mask allows, and not write."""
    before = os.umask(0)
    try:
        os.close(descriptor(tmp_path / "new", os.O_RDWR | os.O_CREAT))
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o644
