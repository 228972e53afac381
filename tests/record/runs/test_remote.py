"""Files through fsspec: what is cut short is none, and what cannot be reached is said."""

import contextlib
import io
import sys
import zipfile
from datetime import UTC, datetime

import pytest

from lrlab.errors import LrlabError, MissingExtra
from lrlab.record.runs.files import Stat
from lrlab.record.runs.opened import opened
from lrlab.record.runs.remote import Remote

fsspec = pytest.importorskip("fsspec")
LocalFileSystem = pytest.importorskip("fsspec.implementations.local").LocalFileSystem
MemoryFileSystem = pytest.importorskip("fsspec.implementations.memory").MemoryFileSystem

GROUP = {"state.json": b'{"at": 3}', "tensors": bytes(range(100))}


class BadWeather(Exception):
    """What no family of errors of Python's holds, as the libraries of object stores raise it."""


@pytest.fixture
def url(tmp_path):
    """In the memory of this process."""
    yield f"memory://{tmp_path.name}"
    if MemoryFileSystem().exists(tmp_path.name):
        MemoryFileSystem().rm(tmp_path.name, recursive=True)


def test_every_cut_of_a_group_is_noticed_and_no_changed_byte_is_read(url):
    """The archive has its end at its end, and a checksum of each file."""
    files = Remote(url)
    files.write_group("g", GROUP)
    ((_, whole),) = files.read(["g"])
    for length in range(len(whole)):
        files.write("cut", whole[:length])
        with pytest.raises(ValueError, match="not a whole archive"):
            files.read_group("cut")
    for at in range(len(whole)):
        files.write("changed", whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            found = files.read_group("changed")
        except ValueError:
            continue
        assert set(found.values()) <= set(GROUP.values())  # it was a date, a name, or how many there are


def test_a_put_that_fails_half_way_leaves_no_group(tmp_path, monkeypatch):
    """Where a put is not done as a whole: half an object is there, and is none; the next put takes its place."""
    files = Remote(f"file://{tmp_path}")

    def half(self, path, value, mode="overwrite", **kwargs):
        del mode, kwargs
        with open(path, "wb") as file:
            file.write(value[: len(value) // 2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(LocalFileSystem, "pipe_file", half)
        with pytest.raises(OSError, match="No space left"):
            files.write_group("g", GROUP)
    with pytest.raises(ValueError, match="not a whole archive"):
        files.read_group("g")
    files.write_group("g", GROUP)
    assert files.read_group("g") == GROUP


@pytest.mark.parametrize("method", ["info", "ls", "cat_file", "pipe_file", "rm", "find"])
def test_whatever_is_raised_means_that_nothing_is_known(url, monkeypatch, method):
    """Never that there is nothing: a lost connection must not make anything be trained again."""
    files = Remote(url)
    files.write_group("cell/g", GROUP)

    def fail(*_, **__):
        raise BadWeather("503 Slow Down")

    monkeypatch.setattr(MemoryFileSystem, method, fail)
    calls = {
        "info": lambda: files.stat("cell/g"),
        "ls": lambda: files.names("cell"),
        "cat_file": lambda: files.read_group("cell/g"),
        "pipe_file": lambda: files.write("x", b""),
        "rm": lambda: files.drop("cell"),
        "find": lambda: files.stats("", depth=2),
    }
    with pytest.raises(ConnectionError, match="BadWeather: 503 Slow Down") as raised:
        calls[method]()
    assert method == "cat_file" or isinstance(raised.value.__cause__, BadWeather)  # of many files each is told


class Keeping(MemoryFileSystem):
    """Keeps its listings and answers out of them, as the libraries of object stores do."""

    protocol = "keeping"

    @classmethod
    def _strip_protocol(cls, path):
        return super()._strip_protocol(path.removeprefix("keeping://"))

    def ls(self, path, detail=True, **kwargs):
        path = self._strip_protocol(path)
        if path not in self.dircache:
            found = super().ls(path, detail=True, **kwargs)
            self.dircache[path] = found
        else:
            found = self.dircache[path]
        return found if detail else [info["name"] for info in found]

    def info(self, path, **kwargs):
        return self._ls_from_cache(self._strip_protocol(path)) or super().info(path, **kwargs)

    def cat_file(self, path, start=None, end=None, **kwargs):
        self.info(path)
        return super().cat_file(path, start, end, **kwargs)


def test_what_others_write_is_seen_at_once(url):
    """However lately the place was listed: a state that a worker has just stored must not look like none."""
    fsspec.register_implementation("keeping", Keeping, clobber=True)
    files, other = Remote(url.replace("memory", "keeping")), Remote(url)
    files.write("cell/a", b"1")
    assert files.names("cell") == ["a"]
    other.write("cell/b", b"22")
    assert dict(files.read(["cell/b"])) == {"cell/b": b"22"}
    assert files.stat("cell/b").size == 2
    assert files.names("cell") == ["a", "b"]


def test_folders_are_made_and_buckets_are_not(tmp_path, monkeypatch):
    """A mistyped bucket must not come into being."""
    Remote(f"file://{tmp_path}/deep/down").write("a/b", b"1")
    assert (tmp_path / "deep" / "down" / "a" / "b").read_bytes() == b"1"

    def no_bucket(*_, **__):
        raise FileNotFoundError(2, "The specified bucket does not exist")

    monkeypatch.setattr(MemoryFileSystem, "_strip_protocol", classmethod(lambda cls, path: path.split("://")[-1]))
    monkeypatch.setattr(MemoryFileSystem, "pipe_file", no_bucket)
    monkeypatch.setattr(MemoryFileSystem, "exists", lambda self, path: path != "bucket")
    monkeypatch.setattr(MemoryFileSystem, "makedirs", lambda *_, **__: pytest.fail("a bucket was made"))
    with pytest.raises(FileNotFoundError, match="bucket does not exist"):
        Remote("memory://bucket/runs").write("x", b"1")


def test_a_folder_that_another_process_has_just_made_is_used(tmp_path, monkeypatch):
    """Between the first try and the making of it."""
    exists = LocalFileSystem.exists

    def made_by_another(self, path):
        (tmp_path / "a").mkdir()
        return exists(self, path)

    monkeypatch.setattr(LocalFileSystem, "exists", made_by_another)
    Remote(f"file://{tmp_path}").write("a/b", b"1")
    assert (tmp_path / "a" / "b").read_bytes() == b"1"


@pytest.mark.parametrize(
    "info",
    [
        {"LastModified": datetime(2026, 1, 2, tzinfo=UTC)},
        {"mtime": 1767312000.0, "created": 5.0},
        {"updated": "2026-01-02T00:00:00+00:00"},
        {"last_modified": datetime(2026, 1, 2, tzinfo=UTC), "created": None},
    ],
)
def test_times_are_read_however_they_are_told(url, monkeypatch, info):
    """Each library has its own name and form for them."""
    monkeypatch.setattr(MemoryFileSystem, "info", lambda *_: {"size": 3, **info})
    assert Remote(url).stat("x").modified == 1767312000.0


def test_an_unknown_time_is_no_age(url, monkeypatch):
    """Nothing is forgotten for it."""
    monkeypatch.setattr(MemoryFileSystem, "info", lambda *_: {"size": None})
    assert Remote(url).stat("x") == Stat(0, float("inf"))


def test_a_kind_of_url_that_nobody_knows_is_refused(monkeypatch):
    """With what there is; so is one that cannot be connected to."""
    with pytest.raises(LrlabError, match=r"(?s)no store can be found there: .*nosuch.*allowed: +a folder, s3://"):
        opened("nosuch://bucket/runs")

    def fail(*_):
        raise BadWeather("nobody answers")

    monkeypatch.setattr("fsspec.core.url_to_fs", fail)
    with pytest.raises(LrlabError, match="no store can be found there: nobody answers"):
        opened("memory://runs")


def test_what_is_not_installed_is_said(monkeypatch):
    """fsspec itself, or the library of the kind."""
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingExtra, match=r"(?s)not installed.*s3://bucket/runs.*try: +Install s3fs"):
        opened("s3://bucket/runs")
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtra, match=r'(?s)needs fsspec.*pip install "lrlab\[remote\]"'):
        opened("memory://runs")


def test_no_byte_of_an_archive_can_break_its_reader(url):
    """What still reads is a group; what does not is a ValueError. Only what is stored as it is is read."""
    files = Remote(url)
    files.write_group("cell/1", GROUP)
    ((_, whole),) = files.read(["cell/1"])
    for at in range(len(whole)):
        for bit in (1, 8, 128):
            files.write("cell/1", whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :])
            with contextlib.suppress(ValueError):
                assert files.read_group("cell/1")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(10**6))
    files.write("cell/1", packed.getvalue())
    with pytest.raises(ValueError, match="compressed"):
        files.read_group("cell/1")
