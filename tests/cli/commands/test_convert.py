"""`lrlab convert`: the result alone on the standard output, what is to be said beside it, and what a slip gets."""

import json

import pytest
from click.testing import CliRunner

from lrlab.cli.main import main

COSINE = ("transformers:cosine", "warmup_steps=10", "max_steps=100")


def ask(*arguments):
    return CliRunner().invoke(main, ["convert", *arguments])


def test_output_is_the_result_alone():
    """Code that can be redirected into a file; the convention and the findings on the standard error."""
    answer = ask(*COSINE, "--to", "transformers")
    assert answer.exit_code == 0
    compile(answer.stdout, "schedule.py", "exec")
    assert answer.stdout.startswith("from transformers import get_scheduler")
    assert "lrlab" not in answer.stdout
    assert "climbs back" in answer.stderr
    assert "! the first update has LR 0" in answer.stderr
    assert "! rises again" in answer.stderr


def test_text_is_the_default():
    """What it means, in our words; in one argument or in several."""
    text = "linear(10, start=0, to=1) >> cosine_cycle(180).repeat()\n"
    assert ask(*COSINE).stdout == ask(" ".join(COSINE)).stdout == text
    assert ask("torch:StepLR(optimizer, 30)").stdout == "step(30)\n"


def test_lists_survive_the_shell():
    """An argument that the shell has taken out of its quotes already."""
    answer = ask("timm:multistep", "lr=0.1", "decay_milestones=[10, 20]", "num_epochs=30")
    assert answer.stdout == "multistep([9, 19])\n"


def test_json_is_one_document():
    """Everything in one document, errors too."""
    document = json.loads(ask(*COSINE, "--to", "python", "--json").stdout)
    assert document["version"] == 1
    assert document["target"] == "python"
    assert document["output"].startswith("import math")
    assert {"zero-first", "rises-again"} == {finding["code"] for finding in document["findings"]}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "Missing argument"),
        (("cosine()", "--to", "mxnet"), 2, "'mxnet' is not one of"),
        (("transformers:cosine",), 1, "num_training_steps"),
        (("timm:cosine",), 1, "argument: 'lr'"),
        (("torch:CosineAnnealingLR(optimizer, 100, eta_min=1e-5)",), 1, "--lr"),
        ((*COSINE, "--to", "optax"), 1, "cosine(90): the same up to"),
        (("nowhere.json",), 1, "cannot be read"),
    ],
)
def test_slips(arguments, code, message):
    """A slip is answered in a sentence, with 1 where it cannot be done and 2 where it was not understood."""
    answer = ask(*arguments)
    assert (answer.exit_code, answer.stdout) == (code, "")
    assert message in answer.stderr
