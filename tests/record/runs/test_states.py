"""The store of states: whole or not there, whatever is killed and however full the disk is."""

import os
import signal
import subprocess
import sys
import time

import pytest

from lrlab.errors import LrlabError
from lrlab.record.runs.opened import opened
from lrlab.record.runs.states import UPGRADES, VERSION, StateAddress, States, StoredState, Torn

PLACE = StateAddress(12, "ab" * 16)
STATE = StoredState({"at": 12, "ledger": {"loss": [0.1, float("inf")]}}, b"12345678")


def test_what_is_put_is_got(place):
    """The furthest first, ends before what one could go on from; an unknown cell is empty."""
    states = States(place)
    end = StateAddress(12, "cd" * 16, end=True)
    for each in (StateAddress(3, "ef" * 16), PLACE, end):
        states.put("cell", each, STATE)
    assert states.get("cell", PLACE).record["ledger"] == STATE.record["ledger"]
    assert states.get("cell", PLACE).tensors == STATE.tensors
    assert states.places("cell") == (end, PLACE, StateAddress(3, "ef" * 16))
    assert states.places("other") == ()
    assert set(states.stored()) == {("cell", each) for each in states.places("cell")}
    assert states.stored()["cell", PLACE].size == states.size("cell", PLACE) > 8
    states.drop("cell", PLACE)
    states.drop("cell", PLACE)
    assert PLACE not in states.places("cell")
    assert states.size("cell", PLACE) == 0
    states.clear()
    assert states.stored() == {}


def test_names_are_read_back(tmp_path):
    """And whatever else lies there is none."""
    for place in (PLACE, StateAddress(0, "0" * 32, True)):
        assert StateAddress.of(place.name) == place
    for name in ("recipe.json", ".part-x", "12-xyz", "12-" + "a" * 31, "-1-" + "a" * 32):
        assert StateAddress.of(name) is None
    (tmp_path / "states" / "cell" / ".part-half").mkdir(parents=True)
    assert States(tmp_path).places("cell") == ()


def test_putting_again_changes_nothing(place):
    """The same state from two at once: the first stays, nothing temporary is left."""
    states = States(place)
    states.put("cell", PLACE, STATE)
    states.put("cell", PLACE, StoredState({"at": 12, "late": True}, b""))
    assert "late" not in states.get("cell", PLACE).record
    assert opened(place).names("states/cell") == [PLACE.name]


@pytest.mark.parametrize("file", ["state.json", "tensors.safetensors"])
def test_every_cut_is_refused(tmp_path, file):
    """Torn at any byte, or gone."""
    states = States(tmp_path)
    states.put("cell", PLACE, STATE)
    path = tmp_path / "states" / "cell" / PLACE.name / file
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(Torn):
            states.get("cell", PLACE)
    path.unlink()
    with pytest.raises(Torn):
        states.get("cell", PLACE)


def test_every_cut_of_an_object_is_refused():
    """Where a state is one object."""
    pytest.importorskip("fsspec")
    states, files, name = States("memory://cut"), opened("memory://cut"), f"states/cell/{PLACE.name}"
    states.put("cell", PLACE, STATE)
    ((_, whole),) = files.read([name])
    for length in range(len(whole)):
        files.write(name, whole[:length])
        with pytest.raises(Torn):
            states.get("cell", PLACE)
    files.drop(name)
    with pytest.raises(Torn):
        states.get("cell", PLACE)


def test_a_folder_that_was_copied_to_an_object_store_is_made_again():
    """There a state is one object: what came as a folder of files is none, and does not stand in its way."""
    pytest.importorskip("fsspec")
    states, files, name = States("memory://copied"), opened("memory://copied"), f"states/cell/{PLACE.name}"
    files.write(f"{name}/state.json", b"{}")
    with pytest.raises(Torn):
        states.get("cell", PLACE)
    states.put("cell", PLACE, STATE)
    assert states.get("cell", PLACE).tensors == STATE.tensors
    assert states.places("cell") == (PLACE,)
    states.clear()


def test_a_state_that_cannot_be_reached_is_not_torn(url, monkeypatch):
    """It must not be forgotten for a lost connection."""
    states = States(url)
    states.put("cell", PLACE, STATE)

    def fail(*_, **__):
        raise TimeoutError("nobody answers")

    with monkeypatch.context() as patched:
        patched.setattr("fsspec.AbstractFileSystem.cat", fail)
        with pytest.raises(LrlabError, match=r"(?s)states of training cannot be read: TimeoutError.*given") as raised:
            states.get("cell", PLACE)
    assert not isinstance(raised.value, Torn)
    assert states.get("cell", PLACE).tensors == STATE.tensors


def test_a_put_that_fails_leaves_no_state(url, monkeypatch):
    """The connection is lost in it: a sentence, and nothing is listed."""
    states = States(url)

    def fail(*_, **__):
        raise ConnectionResetError(104, "Connection reset by peer")

    with monkeypatch.context() as patched:
        for system in ("memory.MemoryFileSystem", "local.LocalFileSystem"):
            patched.setattr(f"fsspec.implementations.{system}.pipe_file", fail)
        with pytest.raises(LrlabError, match=r"(?s)states of training cannot be stored: .*Connection reset"):
            states.put("cell", PLACE, STATE)
        with pytest.raises(LrlabError, match="cannot be stored"):
            states.note_recipe("cell", {})
    assert (states.places("cell"), states.stored()) == ((), {})
    states.put("cell", PLACE, STATE)
    assert states.places("cell") == (PLACE,)


def test_a_later_format_is_said(tmp_path):
    """And the chain of upgrades is whole."""
    states = States(tmp_path)
    states.put("cell", PLACE, StoredState({"version": 99}, b""))
    with pytest.raises(LrlabError, match="later lrlab"):
        states.get("cell", PLACE)
    assert sorted(UPGRADES) == list(range(1, VERSION))


@pytest.mark.parametrize("moment", ["fsync", "rename", "mkdir"])
def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch, moment):
    """At any step of a commit: a sentence, no state, nothing temporary."""
    states = States(tmp_path)
    states.put("cell", StateAddress(1, "0" * 32), STATE)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, moment, full)
        with pytest.raises(LrlabError, match=r"(?s)No space left.*disk with room"):
            states.put("cell", PLACE, STATE)
    assert [path.name for path in (tmp_path / "states" / "cell").iterdir()] == ["1-" + "0" * 32]


def test_the_oldest_are_forgotten_beyond_a_budget(place, tmp_path):
    """Ends stay, and what is needed; the rest goes in the order of its age."""
    states = States(place)
    places = [StateAddress(k, f"{k:032}") for k in range(1, 6)]
    for k, each in enumerate(places):
        states.put("cell", each, StoredState({}, bytes(1000)))
        if place.startswith("memory"):
            time.sleep(0.002)
        else:
            os.utime(tmp_path / "store" / "states" / "cell" / each.name, (k, k))
    end = StateAddress(9, "9" * 32, True)
    states.put("cell", end, StoredState({}, b""))
    freed = states.sweep(2 * states.size("cell", places[0]), needed=[("cell", places[0])])
    assert freed == 3 * states.size("cell", places[0])
    assert set(states.places("cell")) == {end, places[0], places[4]}


def test_recipes_are_noted_once(place):
    """What a cell has in common; a damaged one counts as none."""
    states = States(place)
    assert states.recipes() == ()
    states.note_recipe("cell", {"seed": 1})
    states.note_recipe("cell", {"seed": 2})
    states.put("another", PLACE, STATE)
    assert states.recipes() == ({"seed": 1},)
    for damaged in (b"{", b"[1]", b"\xff"):
        opened(place).write("states/cell/recipe.json", damaged)
        assert states.recipes() == ()


def test_two_may_write_the_same_states_at_once(shared_place):
    """Each is whole, and is that of one of them; nothing temporary is left."""
    code = (
        "import sys; from lrlab.record.runs.states import *; states = States(sys.argv[1]); print('go', flush=True)\n"
        "sys.stdin.readline()\n"
        "for k in range(100):\n"
        "    states.put('cell', StateAddress(k, f'{k:032}'), StoredState({'by': sys.argv[2]}, bytes(20000)))"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    writers = [subprocess.Popen([sys.executable, "-c", code, shared_place, by], **pipes) for by in "ab"]
    for writer in writers:
        writer.stdout.readline()
    for writer in writers:
        writer.stdin.write(b"\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
        assert writer.returncode == 0
    states = States(shared_place)
    assert {states.get("cell", each).record["by"] for each in states.places("cell")} <= {"a", "b"}
    assert len(opened(shared_place).names("states/cell")) == 100


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_writer_leaves_whole_states_only(shared_place):
    """Killed at a random moment, also between write and rename: every state that is listed is whole; where a put may be
    cut short, the last one may be torn, and is refused."""
    code = (
        "import sys; from lrlab.record.runs.states import *; states = States(sys.argv[1]); print('go', flush=True)\n"
        "for k in range(10**6):\n"
        "    states.put('cell', StateAddress(k, f'{k:032}'), StoredState({'k': k, 'x': [0.5] * 2000}, bytes(50000)))"
    )
    for attempt in range(4):
        folder = f"{shared_place}/{attempt}"
        with subprocess.Popen([sys.executable, "-c", code, folder], stdout=subprocess.PIPE) as writer:
            writer.stdout.readline()
            time.sleep(0.05 + 0.03 * attempt)
            writer.kill()
        states, torn = States(folder), 0
        for each in states.places("cell"):
            try:
                assert states.get("cell", each).record["k"] == each.at
            except Torn:
                torn += 1
        assert torn <= ("://" in shared_place)
