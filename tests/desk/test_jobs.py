"""Comparisons that go on by themselves."""

import json
import os
import signal

import pytest

from lrlab.desk import jobs
from lrlab.desk.alone import ALIVE, ASKED
from lrlab.desk.wanted import EVENTS, RESULT, Wanted
from lrlab.errors import LrlabError
from waiting import training, until

ARMS = {"a": "cosine()", "b": "constant()"}


@pytest.fixture
def wanted(tmp_path):
    """Two strategies on a training of 20 updates, which takes as long as is asked for."""

    def made(seconds=0.0, **more):
        place = tmp_path / "mine.py"
        place.write_text(training(20, seconds))
        return Wanted(f"{place}:train", quick=False, schedules=ARMS, workers=1, **more)

    return made


def events(store, name):
    return [row for _, row in jobs.read(jobs.place(store, name) / EVENTS, 0)]


def test_a_comparison_comes_to_its_end_by_itself(tmp_path, wanted):
    """Every run is told once, with its loss; the report is there, with the difference to the baseline."""
    store = tmp_path / "runs"
    name = jobs.begin(store, wanted(baseline="b"))
    until(lambda: jobs.job(store, name).status != "running")
    found = jobs.job(store, name)
    assert (found.status, found.done, found.total) == ("finished", 16, 16), found
    told = events(store, name)
    runs, stages = ([row for row in told if row["kind"] == kind] for kind in ("run", "stage"))
    assert (told[0]["kind"], told[-1]["kind"], len(runs), len(told)) == ("began", "finished", 16, 18 + len(stages))
    assert len({(row["arm"], row["lr"], row["fold"]) for row in runs}) == 16
    report = jobs.result(store, name)
    assert report["sections"][0]["kind"] == "table"
    assert "val_loss: difference to b" in [section["title"] for section in report["sections"]]
    assert [job.name for job in jobs.listing(store)] == [name]


def test_a_long_comparison_is_known_to_its_end(tmp_path):
    """Its events take more than what is read of them at once."""
    folder = tmp_path / jobs.FOLDER / "0123456789ab"
    folder.mkdir(parents=True)
    (folder / ASKED).write_text(json.dumps({"task": "digits", "lrs": None}))
    (folder / RESULT).write_text("{}")
    (folder / ALIVE).touch()  # its process is about to end
    loss = [[u, 0.125] for u in range(80)]
    runs = [{"kind": "run", "arm": "a", "lr": 1.0, "seed": 0, "fold": fold, "loss": loss} for fold in range(400)]
    rows = [{"kind": "began", "title": "t", "total": 400}, *runs, {"kind": "finished"}]
    (folder / EVENTS).write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert (folder / EVENTS).stat().st_size > jobs.PIECE
    found = jobs.job(tmp_path, folder.name)
    assert (found.status, found.done, found.total) == ("finished", 400, 400)
    runs[-1]["total"] = 402  # the LRs of an arm were widened
    (folder / EVENTS).write_text("".join(json.dumps(row) + "\n" for row in [rows[0], *runs]))
    assert jobs.job(tmp_path, folder.name).total == 402


def test_it_is_stopped_and_goes_on_where_it_was(tmp_path, wanted):
    """Also where it is begun by a background job of a shell, which does not hear Ctrl-C."""
    store = tmp_path / "runs"
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        name = jobs.begin(store, wanted(0.5))
    finally:
        signal.signal(signal.SIGINT, heard)
    until(lambda: jobs.job(store, name).done >= 1)
    jobs.stop(store, name)
    until(lambda: jobs.job(store, name).status == "stopped")
    before = jobs.job(store, name).done
    assert 1 <= before < 16
    jobs.go_on(store, name)
    until(lambda: jobs.job(store, name).status == "finished")
    reused = sum(row.get("reused", False) for row in events(store, name))
    assert reused >= before


def test_a_task_that_fails_says_why(tmp_path, wanted):
    store, asked = tmp_path / "runs", wanted()
    (tmp_path / "mine.py").write_text(
        (tmp_path / "mine.py").read_text().replace("run.log", "raise KeyError('cheese'); run.log")
    )
    name = jobs.begin(store, asked)
    until(lambda: jobs.job(store, name).status != "running")
    assert jobs.job(store, name).status == "failed"
    assert "cheese" in jobs.job(store, name).said


def test_what_cannot_be_compared_is_said_before_it_begins(tmp_path, wanted):
    with pytest.raises(LrlabError, match="not known"):
        jobs.begin(tmp_path, Wanted("digits", schedules={"a": "cosin()", "b": "cosine()"}))
    assert not (tmp_path / jobs.FOLDER).exists()


@pytest.mark.parametrize("name", ["", "..", "../../etc", "a" * 12, "A" * 12, "0" * 12 + "/..", "\x00", "0123456789ab"])
def test_a_name_is_no_way_to_a_file(tmp_path, name):
    with pytest.raises(LrlabError, match="no comparison of this name"):
        jobs.place(tmp_path, name)


def test_a_link_out_of_the_store_is_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / ASKED).write_text("{}")
    root = tmp_path / "store" / jobs.FOLDER
    root.mkdir(parents=True)
    os.symlink(elsewhere, root / "0123456789ab")
    with pytest.raises(LrlabError, match="no comparison of this name"):
        jobs.place(tmp_path / "store", "0123456789ab")
    assert jobs.listing(tmp_path / "store") == ()


def test_lines_are_read_once_each_however_they_were_cut_off(tmp_path):
    """From the byte after the last one; half a line waits for its rest, and a torn one is left out."""
    place = tmp_path / "events.jsonl"
    assert jobs.read(place, 0) == []
    rows = [{"kind": "run", "n": n, "text": "ä" * n} for n in range(50)]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    found, at = [], 0
    for size in (*range(1, len(text), 97), len(text)):
        place.write_bytes(text[:size])
        for after, row in jobs.read(place, at):
            found.append(row)
            at = after
    assert found == rows
    place.write_bytes(text + b'{"kind": "torn\n' + b'{"kind": "run"}\n')
    assert [row for _, row in jobs.read(place, at)] == [{"kind": "run"}]
