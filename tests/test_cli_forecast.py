"""`lrlab forecast` from logs to answers, on real curves, in text and in JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lrlab.cli_forecast import forecast

DATA = Path(__file__).parent / "data" / "multi-power-law"
LOGS = [str(DATA / f"{name}.csv") for name in ("constant_24000", "cosine_24000")]
LOG = ["--warmup", "2160", "--weight-decay", "0.1"]
RUN = ["--steps", "24000", "--base-lr", "3e-4"]


def ask(*arguments):
    answer = CliRunner().invoke(forecast, [*arguments], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


@pytest.fixture
def law(tmp_path):
    file = tmp_path / "law.json"
    ask("fit", *LOGS, *LOG, "-o", str(file))
    return str(file)


def test_fit_says_how_well_each_run_is_met():
    """The table in text, the whole law as a document."""
    assert "cosine_24000" in ask("fit", *LOGS, *LOG)
    document = json.loads(ask("fit", *LOGS, *LOG, "--json"))
    assert document["law"] == "elr"
    assert all(run["mean_error"] < 2e-3 for run in document["runs"])


def test_predict_draws_and_gives_every_update(law):
    """A figure and the final loss; with --json one value per update."""
    assert "final loss" in ask("predict", law, "wsd()", *RUN)
    (found,) = json.loads(ask("predict", law, "wsd()", *RUN, "--json"))["predictions"]
    assert len(found["loss"]) == 24000
    assert found["final"]["low"] < found["final"]["loss"] == found["loss"][-1] < found["final"]["high"]


def test_rank_puts_the_best_first(law):
    """Annealed before constant."""
    document = json.loads(ask("rank", law, "constant()", "wsd()", *RUN, "--json"))
    assert [p["schedule"] for p in document["predictions"]] == ["wsd()", "constant()"]


def test_optimise_names_the_nearest_form(law):
    """Both schedules as text that parses."""
    document = json.loads(ask("optimise", law, "--steps", "5000", "--peak", "3e-4", "--json"))
    assert document["schedule"].startswith("warmup(100)")
    assert document["low"] < document["loss"] <= document["named_loss"] + 1e-3
    assert "nearest named form" in ask("optimise", law, "--steps", "5000", "--peak", "3e-4")


def test_report_writes_a_page(tmp_path):
    """Fit, residual figures, predictions, and what the logs cannot tell."""
    page = tmp_path / "page.html"
    ask("report", LOGS[0], *LOG, "--schedule", "wsd()", "--base-lr", "3e-4", "-o", str(page))
    text = page.read_text()
    assert "constant_24000" in text
    assert "no logged run lowers its LR" in text
