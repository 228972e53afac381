"""The store of states: whole or not there, whatever is killed and however full the disk is."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from lrlab.errors import LrlabError
from lrlab.record.runs.opened import opened
from lrlab.record.runs.states import StateAddress, States, StoredState, fingerprint
from lrlab.record.sealed import Torn, sealed

PLACE = StateAddress(12, "ab" * 16)


def state(at=12, tensors=b"12345678", outcome=None, plain=0.5):
    """A state after so many updates; one with an outcome is an end."""
    ledger = {"loss": [(0, 0.1, 1), (1, float("inf"), 1)], "first": [0.1], "reports": [(9, {"x": 0.5})], "seconds": 0.5}
    record = {"at": at, "outcome": outcome, "every": 1, "fingerprint": fingerprint(plain, tensors), "ledger": ledger}
    return StoredState(record if outcome else {**record, "plain": plain, "next": None}, b"" if outcome else tensors)


STATE = state()


def put(states, place, cell="cell"):
    """A state that belongs there."""
    states.put(cell, place, state(place.at, outcome="finished" if place.end else None))


def test_what_is_put_is_got(place):
    """The furthest first, ends before what one could go on from; an unknown cell is empty."""
    states = States(place)
    end = StateAddress(12, "cd" * 16, end=True)
    for each in (StateAddress(3, "ef" * 16), PLACE, end):
        put(states, each)
    assert states.get("cell", PLACE) == STATE
    assert states.get("cell", end) == state(outcome="finished")
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
    states.put("cell", PLACE, state(plain="late"))
    assert states.get("cell", PLACE) == STATE
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
    """It is no damage, and is not made again in its place."""
    opened(tmp_path).write_group(f"states/cell/{PLACE.name}", {"state.json": sealed({"version": 99}).encode()})
    with pytest.raises(LrlabError, match="later lrlab") as raised:
        States(tmp_path).get("cell", PLACE)
    assert not isinstance(raised.value, Torn)


@pytest.mark.parametrize("file", ["state.json", "tensors.safetensors"])
def test_every_other_byte_is_refused(tmp_path, file):
    """Whichever it is: of the record, of its digest, of the tensors."""
    states = States(tmp_path)
    states.put("cell", PLACE, STATE)
    path = tmp_path / "states" / "cell" / PLACE.name / file
    whole = path.read_bytes()
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Torn):
            states.get("cell", PLACE)


def test_what_belongs_elsewhere_is_refused(tmp_path):
    """A state, its record or its tensors under the name of another; an end as what could be gone on from."""
    states, there = States(tmp_path), StateAddress(12, "cd" * 16)
    states.put("cell", PLACE, STATE)
    states.put("other", PLACE, state(tensors=b"87654321", plain=0.25))
    folders = tmp_path / "states"
    for source in (folders / "cell" / PLACE.name, folders / "other" / PLACE.name):
        for target in (folders / "cell" / there.name, folders / "cell" / f"{there.name}.end"):
            shutil.copytree(source, target)
            with pytest.raises(Torn, match=r"of another|not those"):
                states.get("cell", StateAddress.of(target.name))
            shutil.rmtree(target)
    for file in ("state.json", "tensors.safetensors"):
        shutil.copy(folders / "other" / PLACE.name / file, folders / "cell" / PLACE.name / file)
        with pytest.raises(Torn, match=r"of another|not those"):
            states.get("cell", PLACE)


def first(record, **changes):
    """The files of a state as format 1 wrote them."""
    record = {"version": 1, "size": 0, **record, **changes}
    return {"state.json": json.dumps(record).encode()}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ledger": None}, "ledger is None"),
        ({"ledger": {"loss": [[0, "x", 1]], "first": [], "reports": [], "seconds": 1}}, "should be a number"),
        ({"at": 13}, "of another state"),
        ({"outcome": "bored"}, "should be"),
        ({"outcome": None}, "of another state"),
        ({"size": 3}, "0 bytes"),
        ({"digest": "0"}, "had no digest"),
        ({"more": 1}, "unknown 'more'"),
        ({"plain": 0}, "of another state"),
    ],
)
def test_a_state_of_format_1_is_held_against_its_shape(tmp_path, changes, said):
    """It had no digest: what is not believable is refused in a sentence, and what it was reads."""
    place = StateAddress(12, "ab" * 16, end=True)
    record = state(outcome="finished").record
    opened(tmp_path).write_group(f"states/cell/{place.name}", first(record))
    opened(tmp_path).write_group(f"states/odd/{place.name}", first(record, **changes))
    assert States(tmp_path).get("cell", place).record == record
    with pytest.raises(Torn, match=said):
        States(tmp_path).get("odd", place)


@pytest.mark.parametrize("content", [b"", b"[]", b"[" * 100_000, b"{}", b'{"version": true}', b"\xff", b"1" * 5000])
def test_whatever_stands_in_a_record_is_a_sentence(tmp_path, content):
    """And counts as none."""
    opened(tmp_path).write_group(f"states/cell/{PLACE.name}", {"state.json": content})
    with pytest.raises(Torn, match=PLACE.name):
        States(tmp_path).get("cell", PLACE)


@pytest.mark.parametrize("moment", ["fsync", "rename", "mkdir"])
def test_a_full_disk_leaves_nothing_behind(tmp_path, monkeypatch, moment):
    """At any step of a commit: a sentence, no state, nothing temporary."""
    states = States(tmp_path)
    put(states, StateAddress(1, "0" * 32))

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
        states.put("cell", each, state(k, bytes(1000)))
        if place.startswith("memory"):
            time.sleep(0.002)
        else:
            os.utime(tmp_path / "store" / "states" / "cell" / each.name, (k, k))
    end = StateAddress(9, "9" * 32, True)
    put(states, end)
    freed = states.sweep(2 * states.size("cell", places[0]), needed=[("cell", places[0])])
    assert freed == 3 * states.size("cell", places[0])
    assert set(states.places("cell")) == {end, places[0], places[4]}


def test_recipes_are_noted_once(place):
    """What a cell has in common; a damaged one counts as none, and is noted again; format 1 had no digest."""
    states, name = States(place), "states/cell/recipe.json"
    assert states.recipes() == ()
    states.note_recipe("cell", {"seed": 1})
    states.note_recipe("cell", {"seed": 2})
    put(states, PLACE, "another")
    assert states.recipes() == ({"seed": 1},)
    ((_, whole),) = opened(place).read([name])
    for damaged in (b"{", b"[1]", b"\xff", b"[" * 100_000, whole.replace(b"1", b"3", 1), whole.replace(b"ver", b"wer")):
        opened(place).write(name, damaged)
        assert states.recipes() == ()
        states.note_recipe("cell", {"seed": 2})
        assert states.recipes() == ({"seed": 2},)
    opened(place).write(name, b'{"seed": 4}')
    assert states.recipes() == ({"seed": 4},)


# A state after k updates, in the code of another process.
IN_TEXT = (
    "StoredState({'at': k, 'outcome': None, 'every': 1, 'plain': sys.argv[-1], 'next': None, "
    "'fingerprint': fingerprint(sys.argv[-1], bytes(20000)), "
    "'ledger': {'loss': [(0, 0.5, 1)] * 500, 'first': [], 'reports': [], 'seconds': 0.0}}, bytes(20000))"
)


def test_two_may_write_the_same_states_at_once(shared_place):
    """Each is whole, and is that of one of them; nothing temporary is left."""
    code = (
        "import sys; from lrlab.record.runs.states import *; states = States(sys.argv[1]); print('go', flush=True)\n"
        "sys.stdin.readline()\n"
        "for k in range(100):\n"
        f"    states.put('cell', StateAddress(k, f'{{k:032}}'), {IN_TEXT})\n"
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
    assert {states.get("cell", each).record["plain"] for each in states.places("cell")} <= {"a", "b"}
    assert len(opened(shared_place).names("states/cell")) == 100


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_writer_leaves_whole_states_only(shared_place):
    """Killed at a random moment, also between write and rename: every state that is listed is whole; where a put may be
    cut short, the last one may be torn, and is refused."""
    code = (
        "import sys; from lrlab.record.runs.states import *; states = States(sys.argv[1]); print('go', flush=True)\n"
        "for k in range(10**6):\n"
        f"    states.put('cell', StateAddress(k, f'{{k:032}}'), {IN_TEXT})\n"
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
                assert states.get("cell", each).record["at"] == each.at
            except Torn:
                torn += 1
        assert torn <= ("://" in shared_place)


def test_a_fingerprint_is_of_what_is_there_in_any_order():
    """And of nothing else."""
    assert fingerprint({"a": 1, "b": [2]}, b"t") == fingerprint({"b": [2], "a": 1}, b"t")
    others = [({"a": 1, "b": [3]}, b"t"), ({"a": 1, "b": [2]}, b"u"), ({"a": 1}, b"t")]
    assert len({fingerprint(*each) for each in [({"a": 1, "b": [2]}, b"t"), *others]}) == 4
