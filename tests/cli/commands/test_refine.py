"""`lrlab refine` as a person types it."""

import json

import pytest
from click.testing import CliRunner

import lrlab as lr
from lrlab.cli.main import main


def typed(*words):
    return CliRunner().invoke(main, ["refine", *words])


@pytest.fixture
def log(tmp_path):
    rows = [f"{k},{2e-3 * (1 - k / 4000)},{1 + k / 4000}" for k in range(1, 4001, 10)]
    (tmp_path / "log.csv").write_text("\n".join(["step,lr,size", *rows]))
    return str(tmp_path / "log.csv")


def test_it_draws_the_schedule_and_says_it(log):
    """And what was taken out of the norms."""
    shown = typed(log, "--norms", "size", "--weight-decay", "0.3").output
    for said in ("What the gradient norms ask for", "Gradient norm", "Refined: piecewise_linear", "taken out"):
        assert said in shown
    assert "taken out" not in typed(log, "--norms", "size", "--weight-decay", "0.3", "--as-measured").output


def test_a_task_is_trained_once():
    """With --json one document, and nothing else."""
    flags = ("--updates", "40", "--at", "0.5", "--seed", "1", "--schedule", "cosine()", "--config", "optimizer=sgd")
    document = json.loads(typed("control", *flags, "--json").stdout)
    assert (document["source"], document["power"]) == ("control", 1.0)
    assert lr.parse(document["schedule"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["contrl"], "control"),
        (["control", "--updates", "10"], "20 or more"),
        (["control", "--updates", "30", "--at", "0"], "above 0"),
        (["control", "--updates", "30", "--at", "nan"], "above 0"),
        (["control", "--updates", "30", "--lr", "3"], "--at"),
        (["control", "--updates", "30", "--norms", "size"], "norms"),
        (["control", "--updates", "30", "--optimizer", "sgd"], "--config optimizer=sgd"),
        (["control", "--norms", "size", "--loss", "other"], "two columns"),
        (["control", "--updates", "30", "--width", "0.7"], "width"),
        (["control", "--updates", "30", "--schedule", "linaer()"], "linear"),
    ],
)
def test_what_cannot_be_refined_is_a_sentence(words, said):
    """Also as a document."""
    done = typed(*words)
    assert done.exit_code == 1
    assert said in done.output
    assert json.loads(typed(*words, "--json").stdout).keys() == {"version", "error"}


def test_a_log_says_that_its_optimizer_is_not_known(log):
    """The power hangs on it; and it takes no option that is for a task."""
    assert "The optimizer is not known" in typed(log, "--norms", "size").output
    assert "The optimizer is not known" not in typed(log, "--norms", "size", "--optimizer", "sgd").output
    done = typed(log, "--norms", "size", "--at", "2", "--updates", "50", "--seed", "3")
    assert done.exit_code == 1
    assert "a log has no use for lr (--at), updates, seed" in done.output


def test_a_log_without_norms_is_refused(log):
    """With the line that logs them."""
    done = typed(log)
    assert done.exit_code == 1
    assert "no gradient norms" in done.output
    assert "grad_norm" in done.output
