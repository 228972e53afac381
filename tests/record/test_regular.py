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
