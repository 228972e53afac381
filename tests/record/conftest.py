"""Where a store may be: its laws hold in each."""

import contextlib

import pytest


@contextlib.contextmanager
def placed(kind, tmp_path):
    """A path; the memory of this process; a folder as it looks through fsspec."""
    if kind == "folder":
        yield f"{tmp_path}/store"
        return
    fsspec = pytest.importorskip("fsspec")
    yield f"file://{tmp_path}/store" if kind == "file" else f"memory://{tmp_path.name}"
    with contextlib.suppress(FileNotFoundError):
        fsspec.filesystem("memory").rm(f"/{tmp_path.name}", recursive=True)


@pytest.fixture(params=["folder", "memory", "file"])
def place(request, tmp_path):
    """Any place of a store."""
    with placed(request.param, tmp_path) as place:
        yield place


@pytest.fixture(params=["folder", "file"])
def shared_place(request, tmp_path):
    """One that other processes see."""
    with placed(request.param, tmp_path) as place:
        yield place


@pytest.fixture(params=["memory", "file"])
def url(request, tmp_path):
    """One that fsspec finds."""
    with placed(request.param, tmp_path) as place:
        yield place
