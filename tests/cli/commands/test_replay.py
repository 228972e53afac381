"""`lrlab replay`: what a person types when a run is over."""

import json

from click.testing import CliRunner

import lrlab as lr
from lrlab.cli.main import main
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.record.process.journal import Journal, rows
from lrlab.record.process.lines import append


def typed(*words):
    """A command line, and what came of it."""
    return CliRunner().invoke(main, list(map(str, words)))


def journal(folder):
    """Ten updates, two losses, one cut."""
    pacer = lr.Pacer((lr.constant() * lr.plateau(patience=1, factor=0.5)).over(100))
    written = Journal(folder)
    written.began("start", Checkpoint.of(pacer, [0.1]).record())
    for loss in (3.0, 3.0):
        pacer.advance(5)
        pacer.observe(loss)
        written.observed(pacer.update, loss, {}, pacer.decisions, [0.1 * pacer.value])


def test_replay(tmp_path):
    """The decisions with their causes, who saw what, and the LR of every update as CSV."""
    journal(tmp_path)
    found = typed("replay", tmp_path, "--updates", 12, "--out", tmp_path / "lr.csv")
    assert found.exit_code == 0
    assert "plateau1 saw 2 of 2 observations" in found.output
    assert "plateau1: cut, 1 -> 0.5: 1 observations without improvement on 3" in found.output
    assert found.output.endswith("All agree.\n")
    lines = (tmp_path / "lr.csv").read_text(encoding="utf-8").splitlines()
    assert [lines[0], lines[10], lines[11], len(lines)] == ["update,lr", "9,0.1", "10,0.05", 13]


def test_replay_says_what_differs(tmp_path):
    """Exit code 1; as JSON too."""
    journal(tmp_path)
    path = tmp_path / "journal.jsonl"
    *first, last = rows(path)
    path.unlink()
    for row in (*first, {**last, "lrs": [0.1]}):
        append(path, row, chained=True)
    found = typed("replay", path)
    assert found.exit_code == 1
    assert "! update 10: the LR of group 0 was 0.1, replayed 0.05" in found.output
    document = json.loads(typed("replay", path, "--json").output)
    assert (document["updates"], document["observations"], len(document["differences"])) == (10, 2, 1)
    assert document["heard"] == {"plateau1": 2}


def test_a_changed_journal_is_a_sentence(tmp_path):
    """Exit code 1, and which line it is."""
    journal(tmp_path)
    path = tmp_path / "journal.jsonl"
    path.write_text(path.read_text(encoding="utf-8").replace('"lrs": [0.05]', '"lrs": [0.1]'), encoding="utf-8")
    found = typed("replay", path)
    assert found.exit_code == 1
    assert "line 3 of journal.jsonl is not a line of a journal" in found.output


def test_a_folder_without_a_run():
    """Exit code 1, and a sentence."""
    found = typed("replay", "nowhere")
    assert found.exit_code == 1
    assert "nowhere" in found.output


def test_a_file_that_cannot_be_written_is_said_first(tmp_path):
    """Before the journal is read."""
    found = typed("replay", "nowhere", "--out", tmp_path / "no" / "lr.csv")
    assert found.exit_code == 2
    assert "there is no folder" in found.output
