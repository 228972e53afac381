"""The store: what is put is got, nothing half is ever taken for whole, and a listing survives anything."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from lrlab.errors import LrlabError
from lrlab.record.runs.opened import opened
from lrlab.record.runs.run import Series, StoredRun, plain, to_json
from lrlab.record.runs.store import Listing, Store
from lrlab.record.sealed import sealed


def run(key="a" * 64, **changes):
    fields = {
        "key": key, "task": "digits", "arm": "cosine", "schedule": "cosine()", "lr": 0.5, "seed": 1, "fold": 2,
        "updates": 3, "metric": "val_loss", "score": 0.25, "outcome": "finished", "seconds": 1.5,
        "loss": Series((0, 1, 2), (2.0, 1.0, 0.5)), "evals": {"val_loss": Series((3,), (0.25,))},
        "decisions": (), "versions": {"python": "3.11"},
    }  # fmt: skip
    return StoredRun(**{**fields, **changes})


def before(**changes):
    """A run as format 2 had it, without a digest, and with something odd in it."""
    return json.dumps(plain({**dataclasses.asdict(run()), "version": 2, **changes})).encode()


def test_what_is_put_is_got(place):
    """In a place that did not exist, by key and in the listing; an unknown key is None."""
    store = Store(f"{place}/deep/runs")
    assert store.get("a" * 64) is None
    store.put(run())
    store.put(run("b" * 64, seed=7))
    assert store.get("a" * 64) == run()
    assert store.find(["b" * 64, "c" * 64, "a" * 64]) == {"b" * 64: run("b" * 64, seed=7), "a" * 64: run()}
    assert Store(store.address).listing() == Listing((run(), run("b" * 64, seed=7)), ())
    assert sorted(store.files()) == ["a" * 64 + ".json", "b" * 64 + ".json"]
    store.forget("a" * 64 + ".json")
    assert store.listing().runs == (run("b" * 64, seed=7),)


def test_putting_again_changes_nothing(place):
    """The same run trained by two at once: the file is whole at every moment."""
    store = Store(place)
    store.put(run())
    store.put(run())
    assert store.listing().runs == (run(),)


def test_many_runs_are_got_at_once_and_in_order(place):
    """More than are asked for beside each other; a torn one is passed over."""
    store, keys = Store(place), [f"{k:064}" for k in range(110)]
    for key in keys:
        store.put(run(key))
    opened(place).write(f"{keys[7]}.json", b"{")
    assert list(store.find([*keys, "none"])) == [*keys[:7], *keys[8:]]
    listing = store.listing()
    assert [r.key for r in listing.runs] == [*keys[:7], *keys[8:]]
    assert len(listing.skipped) == 1


def test_a_probe_leaves_nothing(place):
    """Where it can write."""
    Store(place).probe()
    assert opened(place).names() == []


def test_every_cut_of_a_file_is_skipped_with_a_sentence(place):
    """Torn at any byte: no run, no exception, and get() says that there is none."""
    store, files = Store(place), opened(place)
    store.put(run())
    ((name, whole),) = files.read(files.names())
    for length in range(len(whole) - 2):  # without the newline, or the last brace's newline, it is still whole
        files.write(name, whole[:length])
        assert store.get("a" * 64) is None
        listing = store.listing()
        assert listing.runs == ()
        assert listing.skipped[0].startswith("a" * 64 + ".json: not a stored run")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notes.json", b"{}", "without a version"),
        ("list.json", b"[1, 2]", "JSON of something else"),
        ("bytes.json", b"\xff\xfe\x00", "torn, or not JSON"),
        ("deep.json", b"[" * 100_000, "not"),
        ("later.json", sealed({"version": 99}).encode(), "later lrlab"),
        ("true.json", b'{"version": true}', "without a version"),
        ("negative.json", b'{"version": -1}', "not"),
        ("empty.json", b'{"version": 1}', "not a stored run"),
        ("other.json", to_json(run()).encode(), "is not that of its run"),
        ("changed.json", to_json(run("changed")).replace("0.25", "0.26").encode(), "its digest does not fit"),
        ("text.json", before(score="a quarter"), "score is 'a quarter', and should be a number"),
        ("huge.json", before(score=10**400), "score is a whole number, and should be a number"),
        ("uneven.json", before(loss={"updates": [0], "values": []}), "1 updates, 0 values"),
        ("outcome.json", before(outcome="bored"), "bored"),
        ("seed.json", before(seed=True), "seed is True"),
        ("more.json", before(more=1), "an unknown 'more'"),
        ("digest.json", before(digest="0" * 64), "had no digest"),
    ],
)
def test_a_foreign_file_is_skipped_with_a_sentence(place, name, content, said):
    """Whatever lies in the folder; the good run beside it is listed."""
    store = Store(place)
    store.put(run())
    opened(place).write(name, content)
    opened(place).write("README", b"not looked at")
    listing = store.listing()
    assert listing.runs == (run(),)
    assert len(listing.skipped) == 1
    assert name in listing.skipped[0]
    assert said in listing.skipped[0]


def test_a_directory_in_the_place_of_a_file_is_skipped(tmp_path):
    """No crash there either."""
    (tmp_path / "x.json").mkdir()
    assert "x.json" in Store(tmp_path).listing().skipped[0]


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_store_that_cannot_be_written_is_said(tmp_path, scheme):
    """A file where the folder should be; the probe finds it, too."""
    (tmp_path / "runs").write_text("I am a file")
    store = Store(f"{scheme}{tmp_path}/runs")
    with pytest.raises(LrlabError, match=r"(?s)a finished run cannot be stored.*runs"):
        store.put(run())
    with pytest.raises(LrlabError, match=r"(?s)nothing can be stored.*runs"):
        store.probe()
    with pytest.raises(LrlabError, match=r"(?s)the store cannot be read: .*[Nn]ot a directory.*runs"):
        store.find(["a" * 64])


def test_a_store_that_cannot_be_reached_has_not_no_runs(monkeypatch):
    """A lost connection is said; nothing is trained again for it."""
    memory = pytest.importorskip("fsspec.implementations.memory").MemoryFileSystem
    store = Store("memory://runs")

    def fail(*_, **__):
        raise TimeoutError("nobody answers")

    monkeypatch.setattr(memory, "cat_file", fail)
    with pytest.raises(LrlabError, match=r"(?s)the store cannot be read: TimeoutError: nobody answers.*memory://runs"):
        store.get("a" * 64)
    monkeypatch.setattr(memory, "ls", fail)
    with pytest.raises(LrlabError, match="nobody answers"):
        store.listing()


def test_a_failing_disk_leaves_no_half_run(tmp_path, monkeypatch):
    """Full between write and rename: an error that says so, no .json, nothing temporary."""

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LrlabError, match=r"No space left"):
        Store(tmp_path).put(run())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_writer_leaves_whole_runs_only(shared_place, tmp_path):
    """Killed at a random moment of writing one run after the other: every .json is a run, and none is torn; where a
    put may be cut short it is at most the last one, and is named."""
    code = (
        "import dataclasses, sys; from lrlab.record.runs.store import Store\n"
        "from lrlab.record.runs.run import from_json\n"
        "run = from_json(open(sys.argv[1]).read()); store = Store(sys.argv[2]); print('go', flush=True)\n"
        "for k in range(10**6): store.put(dataclasses.replace(run, key=f'{k:064}'))"
    )
    big = dataclasses.replace(run(), loss=Series(tuple(range(5000)), (0.123456789,) * 5000))
    (tmp_path / "run").write_text(to_json(big))
    for attempt in range(4):
        folder = f"{shared_place}/{attempt}"
        command = [sys.executable, "-c", code, str(tmp_path / "run"), folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(0.05 + 0.03 * attempt)
            writer.kill()
        listing = Store(folder).listing()
        assert len(listing.skipped) <= ("://" in shared_place)
        assert all(stored.loss == big.loss for stored in listing.runs)
