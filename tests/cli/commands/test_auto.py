"""`lrlab auto`: the choice in sentences with code, one document with --json, and a sentence for a slip."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lrlab.cli.main import main

QUADRATIC = str(Path(__file__).parents[2] / "lab" / "quadratic.py") + ":train"


def ask(folder, *arguments):
    given = ["auto", QUADRATIC, "--store", str(folder), "--workers", "0", "--updates", "160", *arguments]
    return CliRunner().invoke(main, given)


def test_it_answers(tmp_path):
    """And with --json the document alone, from what is stored, with the code of another framework."""
    answer = ask(tmp_path, "--budget", "12")
    assert answer.exit_code == 0, answer.output
    assert "Complete runs, on what was searched" in answer.stdout
    assert "runs of the budget" in answer.stdout
    document = json.loads(ask(tmp_path, "--budget", "12", "--framework", "optax", "--json").stdout)
    assert document["trained"] == 0
    assert len(document["gain"]) == 3
    assert "optax" in document["code"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--budget", "2"), "budget is too small"),
        (("--budget", "12", "--framework", "torchy"), "torch"),
        ((), "--budget"),
    ],
)
def test_a_slip_is_answered_in_a_sentence(tmp_path, arguments, said):
    answer = ask(tmp_path, *arguments)
    assert answer.exit_code in (1, 2)
    assert said in answer.stderr
    assert "Traceback" not in answer.output


def test_an_interruption_says_how_to_go_on(tmp_path, monkeypatch):
    def interrupted(*given, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr("lrlab.desk.trainer.run_jobs", interrupted)
    answer = ask(tmp_path, "--budget", "12")
    assert answer.exit_code == 130
    assert "the same command goes on" in answer.stderr
