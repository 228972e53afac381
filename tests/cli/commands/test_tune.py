"""`lrlab tune`: a table, the answer in sentences, one document with --json, and a sentence for a slip."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lrlab.cli.main import main

QUADRATIC = str(Path(__file__).parents[2] / "lab" / "quadratic.py") + ":train"
SMALL = ("--updates", "40", "--lrs", "0.5,1", "--workers", "0", "--arm", "fixed=constant()", "--budget")


def ask(folder, *arguments):
    return CliRunner().invoke(main, ["tune", QUADRATIC, "--store", str(folder), *SMALL, *arguments])


def test_it_answers(tmp_path):
    """The rungs, the winner, against what, and what it took."""
    answer = ask(tmp_path, "31")
    assert answer.exit_code == 0, answer.output
    assert "each alone" in answer.stdout
    assert "times the LR of quadratic:train" in answer.stdout
    assert "runs' worth of updates of 31.0" in answer.stdout


@pytest.mark.parametrize("scheme", ["", "memory://"])
def test_json_is_the_document_alone(tmp_path, scheme):
    """And the same command goes on from the store, a folder or a URL."""
    first, again = (json.loads(ask(f"{scheme}{tmp_path}", "31", "--json").stdout) for _ in range(2))
    assert again.pop("trained") == 0 < first.pop("trained")
    assert first == again


def test_a_seed_proposes_others(tmp_path):
    """An arm with slots, on another seed, within the same budget."""
    arm = ("--arm", 'WSD=wsd(warmup="5%", decay="{decay: 10..90 by 20}%")')
    found = [json.loads(ask(tmp_path, "31", "--seed", seed, *arm, "--json").stdout) for seed in ("1", "2")]
    assert all(each["spent"] <= 31 * 40 for each in found)
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("2",), "too small"),
        (("lots",), "not a duration"),
        (("31", "--arm", "x=warmup(30) >> linear()"), "add up to 30 of 10"),
        (("31", "--arm", "x=linear(to={floor})"), "slot cannot be read"),
        (("31", "--lrs", "a"), "list of numbers"),
    ],
)
def test_a_slip_is_answered_in_a_sentence(tmp_path, arguments, said):
    """Without a traceback."""
    answer = ask(tmp_path, *arguments)
    assert answer.exit_code in (1, 2)
    assert said in answer.stderr
    assert "Traceback" not in answer.output


def test_an_interruption_says_how_to_go_on(tmp_path, monkeypatch):
    """With its own exit code."""

    def interrupted(*given, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr("lrlab.desk.trainer.run_jobs", interrupted)
    answer = ask(tmp_path, "31")
    assert answer.exit_code == 130
    assert "the same command goes on" in answer.stderr
    document = ask(tmp_path, "31", "--json")
    assert "the same command goes on" in json.loads(document.stdout)["error"]
