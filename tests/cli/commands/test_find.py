"""`lrlab find`: a range in figures, tables and sentences, one document with --json, and a sentence for a slip."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lrlab.cli.main import main

QUADRATIC = str(Path(__file__).parents[2] / "lab" / "quadratic.py") + ":train"


def ask(folder, *arguments, task=QUADRATIC):
    given = ["find", task, "--store", str(folder), "--workers", "0", "--updates", "200", *arguments]
    return CliRunner().invoke(main, given)


def test_it_answers(tmp_path):
    """What was run, what others would say, and the answer."""
    answer = ask(tmp_path)
    assert answer.exit_code == 0, answer.output
    assert "Complete short runs" in answer.stdout
    assert "minimum / 10" in answer.stdout
    assert "within" in answer.stdout or "No usable range" in answer.stdout
    assert "of a run" in answer.stdout


def test_json_is_the_document_alone(tmp_path):
    """And the same command goes on from the store."""
    first, again = (json.loads(ask(tmp_path, "--json").stdout) for _ in range(2))
    assert again.pop("trained") == 0 < first.pop("trained")
    assert first == again
    assert {"version", "verdict", "low", "lr", "high", "unstable_above", "why"} <= set(first)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--budget", "0.01"), "budget is too small"),
        (("--budget", "x"), "x"),
        (("--level", "2"), "level"),
        (("--schedule", "cosin()"), "cosine"),
        (("--config", "nonsense=1"), "nonsense"),
    ],
)
def test_a_slip_is_answered_in_a_sentence(tmp_path, arguments, said):
    """Without a traceback; as a document where one was asked for."""
    answer = ask(tmp_path, *arguments)
    assert answer.exit_code in (1, 2)
    assert said in answer.stderr
    assert "Traceback" not in answer.output
    assert said in json.loads(ask(tmp_path, *arguments, "--json").stdout)["error"]


def test_an_unknown_task_names_the_nearest(tmp_path):
    answer = ask(tmp_path, task="digit")
    assert answer.exit_code == 1
    assert "digits" in answer.stderr


def test_an_interruption_says_how_to_go_on(tmp_path, monkeypatch):
    """With its own exit code."""

    def interrupted(*given, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr("lrlab.desk.trainer.run_jobs", interrupted)
    answer = ask(tmp_path)
    assert answer.exit_code == 130
    assert "the same command goes on" in answer.stderr
