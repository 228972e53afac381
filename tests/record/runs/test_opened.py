"""Where a store is: a path or a URL, and the same files from everywhere."""

from pathlib import Path

import pytest

from lrlab.errors import LrlabTypeError
from lrlab.record.runs.opened import aside, opened


def test_the_address_leads_to_the_same_files(place, monkeypatch, tmp_path):
    """From another working directory, and with a slash at the end; below it, too."""
    monkeypatch.chdir(tmp_path)
    files = opened(place if "://" in place else "store")
    files.write("x", b"1")
    monkeypatch.chdir("/")
    for address in (files.address, f"{place}/"):
        assert opened(address).names() == ["x"]
    with aside(files.address) as other:
        opened(other).write("1/y", b"2")
        assert opened(f"{other}/1").names() == ["y"]
        assert len(files.names()) == 2
    assert files.names() == ["x"]


@pytest.mark.parametrize("name", ["C:\\runs", "C:/runs", "runs:old", "s3:/bucket", "a//b", Path("s3://collapsed")])
def test_only_a_url_is_a_url(name, tmp_path, monkeypatch):
    """A path with a colon is a path."""
    monkeypatch.chdir(tmp_path)
    opened(name).write("x", b"1")
    assert (tmp_path / name / "x").read_bytes() == b"1"


def test_what_is_no_place_is_refused():
    """Before anything is made."""
    for given in (None, 3, b"runs"):
        with pytest.raises(LrlabTypeError, match="a store is a folder or a URL"):
            opened(given)
