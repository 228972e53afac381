"""`lrlab advise` as a person types it: flags, questions, the table, and what is refused."""

import json

import pytest
from click.testing import CliRunner

import lrlab as lr
from lrlab.cli.commands import advise
from lrlab.cli.main import main


def typed(*words, answers=None):
    return CliRunner().invoke(main, ["advise", *words], input=answers)


def test_it_advises_with_reasons_and_a_way_on():
    """A schedule, runners-up, graded reasons, what would change it, and a command."""
    shown = typed("--task", "classification", "--data", "small").output
    for said in ("to begin with", "measured", "literature", "folklore", "What would change this", "lrlab compare"):
        assert said in shown
    assert "warmup" in shown


@pytest.mark.parametrize(
    ("flags", "asked"),
    [
        (["--sensitive"], {"sensitivity": "sensitive"}),
        (["--insensitive"], {"sensitivity": "insensitive"}),
        (["--then-finetune"], {"afterwards": "finetune"}),
        (["--unknown-length"], {"length": "unknown"}),
        (["--optimizer", "AdamW"], {"optimizer": "adam"}),
        (["--validation", "smooth", "--batch", "changed"], {"validation": "smooth", "batch": "changed"}),
        (["--checkpoints", "kept", "--tuning", "none"], {"checkpoints": "kept", "tuning": "none"}),
        (["--model", "lora", "--data", "large"], {"model": "lora", "data": "large"}),
    ],
)
def test_every_flag_is_an_answer(flags, asked):
    """With --json one document and nothing else."""
    document = json.loads(typed(*flags, "--json").stdout)
    assert document["version"] == 1
    assert document["asked"] == asked
    assert lr.parse(document["schedule"])
    assert document["code"] is None


def test_code_for_the_framework():
    """Below the advice, and in the document."""
    flags = ("--for", "torch", "--steps", "1000")
    code = json.loads(typed(*flags, "--json").stdout)["code"]
    assert "SequentialLR" in code
    assert code.rstrip() in typed(*flags).output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--sensitive", "--insensitive"], 1, "exclude each other"),
        (["--unknown-length", "--steps", "100", "--for", "torch"], 1, "unknown length"),
        (["--steps", "100"], 1, "--for torch"),
        (["--for", "torch"], 1, "--steps 10000"),
        (["--model", "pretraned"], 2, "did you mean 'pretrained'"),
        (["--for", "pytorch"], 2, "did you mean 'torch'"),
        (["--optimizer", "adamv"], 1, "try:     adam"),
        (["--store-task", "digits"], 1, "--store lrlab-runs"),
        (["--table", "--data", "small"], 1, "lrlab advise --table"),
        (["--sensitiv"], 2, "--sensitive"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(words, code, said):
    """Also as a document."""
    done = typed(*words)
    assert done.exit_code == code
    assert said in done.output
    document = json.loads(typed(*words, "--json").stdout)
    assert document.keys() == {"version", "error"}


def test_the_questions_are_asked_on_a_terminal(monkeypatch):
    """Enter leaves one open; a slip is answered, and asked again."""
    monkeypatch.setattr(advise, "_at_a_terminal", lambda: True)
    done = typed(answers="smal\nsmall\n\nclassification\n" + "\n" * 7 + "sgdd\nsgd\n")
    assert done.exit_code == 0, done.output
    assert "did you mean 'small'" in done.output
    assert "'sgdd'" in done.output
    assert "little data, or few epochs" in done.output
    assert "Articles: Little data" in " ".join(done.output.split())


def test_without_a_terminal_nothing_is_asked():
    """The advice is that for every case."""
    assert "may stay open" not in typed().output
    assert json.loads(typed("--json").stdout)["asked"] == {}


def test_the_table_of_the_articles():
    """A verdict on each row."""
    shown = typed("--table").output
    for said in ("data: small", "one-cycle", "contradicted", "supported", "not shown"):
        assert said in shown
    assert len(json.loads(typed("--table", "--json").stdout)["table"]) >= 35
