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
        (("cosine()", "--steps", "10", "--to", "optax"), 1, "--lr 0.001"),  # else the LRs are 1, 0.98 ...
        (("cosine()", "--steps", "10", "--to", "keras"), 1, "--lr 0.001"),
        (("nowhere.json",), 1, "cannot be read"),
    ],
)
def test_slips(arguments, code, message):
    """A slip is answered in a sentence, with 1 where it cannot be done and 2 where it was not understood."""
    answer = ask(*arguments)
    assert (answer.exit_code, answer.stdout) == (code, "")
    assert message in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("torch.optim.lr_scheduler.StepLR(optimizer, step_size=10)",), "step(10)"),
        (("StepLR(optimizer, step_size=10)",), "step(10)"),
        (("tf.keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)",), "exponential(decay=0.9, every=10)"),
        (("lambda e: 0.95 ** e",), "exponential(gamma=0.95)"),
        (("StepLR(optimizer, step_size=N)", "N=30"), "step(30)"),
        (
            ("--lr-decay-style", "cosine", "--lr", "1e-4", "--train-iters", "100", "--lr-warmup-iters", "10"),
            "linear(10, start=0, to=1) >> cosine(90)",
        ),
        (("timm:", "--sched", "cosine", "--epochs", "20", "--lr", "0.1", "--warmup-epochs", "0"), "cosine(20)"),
    ],
)
def test_as_it_stands_in_a_script(arguments, text):
    """Pasted calls, functions and launch lines, in one argument or as the shell has split them."""
    answer = ask(*arguments)
    assert (answer.exit_code, answer.stdout) == (0, text + "\n"), answer.stderr


def test_the_unit_of_a_call_is_said():
    """PyTorch counts calls, which are epochs in most scripts."""
    assert "one step is one call of step(), which is an epoch in most scripts" in ask("StepLR(opt, 10)").stderr


def test_words_beside_a_file(tmp_path):
    """They fill in what the file leaves open."""
    file = tmp_path / "ds.json"
    file.write_text('{"scheduler": {"type": "WarmupLR", "params": {"warmup_num_steps": "auto", "warmup_max_lr": 0.1}}}')
    assert "warmup_num_steps=... beside the file" in ask(str(file)).stderr
    assert "logarithmic(100" in ask(str(file), "warmup_num_steps=100").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cosine()", "--stpes", "100"), "Did you mean '--steps'?"),
        (("cosine()", "--foo", "100"), "words beside a schedule of ours"),
        (("step('10ep')", "--to", "torch"), "--updates-per-epoch 391"),
        (("wsd()", "--to", "torch"), "--steps 10000"),
    ],
)
def test_remedies_are_options(arguments, message):
    """An option with a slip in it is not part of the source, and a remedy is an option."""
    answer = ask(*arguments)
    assert answer.exit_code in (1, 2)
    assert message in answer.stderr
    assert "Horizon(..." not in answer.stderr


def test_what_is_given_and_not_used_is_said():
    """A source with its own LR and length keeps them, and that is said."""
    said = ask("optax:cosine_decay_schedule(0.1, 100)", "--lr", "1", "--steps", "50").stderr
    assert "an LR of its own, 0.1: the 1 that is given is not used" in said
    assert "the run has 100 updates: the 50 that are given are not used" in said


def test_the_help_lists_every_library():
    """The folder is the list."""
    from lrlab.dialects.libraries import names

    said = " ".join(ask("--help").stdout.split())
    assert f"Libraries: {', '.join(names())}." in said
