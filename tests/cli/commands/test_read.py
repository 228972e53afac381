"""`lrlab read` as somebody with a log uses it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lrlab.cli.main import main

LOGS = Path(__file__).parents[2] / "record" / "logs" / "corpus" / "logs"


def typed(*words):
    return CliRunner().invoke(main, ["read", *map(str, words)], catch_exceptions=False)


def test_what_was_understood_is_shown():
    """Pictures, the columns, and sentences."""
    done = typed(LOGS / "hf_steps" / "trainer_state.json")
    assert done.exit_code == 0, done.output
    assert "⠉" in done.stdout
    assert "used  eval_loss" in done.stdout
    assert "counted by step" in done.stdout
    assert "Loss: eval_loss (validation), 16 points; kept beside it: loss." in done.stdout
    assert "! the LR before update 5 is not in the log" in done.stdout


def test_several_files_are_one_run():
    """A resume."""
    files = sorted((LOGS / "lightning_csv_resumed").glob("*/metrics.csv"))
    document = json.loads(typed(*files, "--json").output)
    assert (document["run"]["updates"], document["losses"][0]["count"]) == (399, 10)


def test_what_is_missing_is_said_below_what_is_known():
    """With exit code 1; in JSON it is a field."""
    file = LOGS / "nanogpt_text_without_lr" / "out.log"
    done = typed(file)
    assert done.exit_code == 1
    assert "Loss: loss (training), 40 points." in done.stdout
    assert 'lr="3e-4 * (warmup(100) >> cosine())"' in done.stderr
    document = json.loads(typed(file, "--json").output)
    assert document["run"] is None
    assert "no lr column" in document["missing"]
    assert typed(file, "--lr", "3e-3 * (warmup(20) >> cosine())").exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.csv"], "no such log"),
        ([LOGS / "tokens_csv" / "run.csv"], "tokens_per_update=524288"),
        ([LOGS / "hf_console" / "train.log"], "updates_per_epoch=391"),
        ([LOGS / "hf_steps" / "trainer_state.json", "--loss", "learning_rate"], "is an LR, not a loss"),
        ([LOGS / "hf_steps" / "trainer_state.json", "--warmup", "-3"], "warmup is a number of updates"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(words, said):
    """Which says what to type."""
    done = typed(*words)
    assert done.exit_code == 1
    assert said in done.stderr
