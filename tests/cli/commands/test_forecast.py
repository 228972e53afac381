"""`lrlab forecast` from logs to answers, on real curves, in text and in JSON."""

import json
import random
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from lrlab.cli.main import main
from lrlab.core.text.parse import parse
from lrlab.desk import experiment as desk
from lrlab.lab.stages.recipe import job_key
from lrlab.record.runs.run import Series, StoredRun
from lrlab.record.runs.store import Store

DATA = Path(__file__).parents[2] / "data" / "multi-power-law"
LOGS = [str(DATA / f"{name}.csv") for name in ("constant_24000", "cosine_24000")]
LOG = ["--warmup", "2160", "--weight-decay", "0.1"]
RUN = ["--steps", "24000", "--base-lr", "3e-4"]


def ask(*arguments):
    answer = CliRunner().invoke(main, ["forecast", *arguments], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


def refused(*arguments):
    answer = CliRunner().invoke(main, ["forecast", *arguments], catch_exceptions=False)
    assert answer.exit_code in (1, 2), answer.output
    return answer.stderr


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
    document = json.loads(ask("rank", law, "warmup(2160) >> constant()", "wsd()", *RUN, "--json"))
    assert [p["schedule"] for p in document["predictions"]] == ["wsd()", "warmup(2160) >> constant()"]
    best, other = document["gaps"]
    assert best == {"gap": 0, "low": 0, "high": 0}
    assert other["gap"] == document["predictions"][1]["loss"][-1] - document["predictions"][0]["loss"][-1]
    assert 0 < other["low"] < other["gap"] < other["high"]


def test_rank_says_what_the_law_cannot_tell_apart(law):
    """Two decays that differ by an update are named, a constant is not."""
    flat, *near = "warmup(2160) >> constant()", 'wsd(decay="20%")', 'wsd(decay="20.01%")'
    said = " ".join(ask("rank", law, flat, *near, *RUN).split())
    (sentence,) = re.findall(r"The law cannot tell from (\S+), the best: (\S+)\.$", said)
    assert set(sentence) == set(near)


@pytest.mark.parametrize("words", [("predict",), ("rank",), ("branch", "--at", "8000", "--decay", "2000")])
def test_a_forgotten_base_lr_is_asked_for_by_its_option(law, words):
    """Without it the LR is 1, far from every log; what to type is the option, not the argument of a function."""
    command, *more = words
    said = refused(command, law, "constant()", "--steps", "24000", *more)
    assert "try:     --base-lr 0.0003" in said


def test_what_optimise_refuses_is_said_by_its_options(law):
    """A peak far above the logs, a warmup longer than the run."""
    assert "try:     --peak 0.0003" in refused("optimise", law, "--steps", "5000", "--peak", "1")
    assert "try:     --warmup 500" in refused("optimise", law, "--steps", "5000", "--warmup", "6000")


def test_optimise_names_the_nearest_form(law):
    """Both schedules as text that parses; the words of a row may be on several lines."""
    document = json.loads(ask("optimise", law, "--steps", "5000", "--peak", "3e-4", "--json"))
    assert document["schedule"].startswith("warmup(100)")
    assert str(parse(document["named"])) == document["named"]
    assert document["low"] < document["loss"] <= document["named_loss"] + 1e-3
    assert {"nearest", "named", "form", "best", "found"} <= {
        *ask("optimise", law, "--steps", "5000", "--peak", "3e-4").split()
    }


def test_report_writes_a_page(tmp_path):
    """Fit, residual figures, predictions, and what the logs cannot tell."""
    page = tmp_path / "page.html"
    ask("report", LOGS[0], *LOG, "--schedule", "wsd()", "--base-lr", "3e-4", "-o", str(page))
    text = page.read_text()
    assert "constant_24000" in text
    assert "no logged run lowers its LR" in text


def test_branch_states_the_trade_off(law):
    """Both ends, the price and the gain; as a document with the advice."""
    plan = ["branch", law, "warmup(2160) >> constant()", *RUN, "--at", "10000", "--decay", "4000"]
    assert "10000 further updates lower the final loss" in ask(*plan)
    document = json.loads(ask(*plan, "--json"))
    assert (document["now"]["updates"], document["later"]["updates"]) == (14000, 24000)
    assert document["advice"] == "train on"
    assert document["gain_per_update"] == pytest.approx(document["gain"] / 10000)


@pytest.fixture(params=["", "file://"])
def interrupted(request, tmp_path):
    """A store with all runs of a comparison but one arm's, as if it had been stopped there."""
    arms = {name: f"{name}()" for name in ("constant", "cosine", "linear", "wsd")}
    experiment = desk.set_up("digits", schedules=arms, updates=400, folds=2, seeds=1, lrs=(1.0,))
    for job in experiment.jobs(desk.Resources()):
        if job.arm.name != "linear":
            fall = job.arm.schedule.over(400).values().cumsum()
            loss = Series(tuple(range(400)), tuple((0.3 + 2 * (1 + fall) ** -0.5).tolist()))
            run = StoredRun(
                job_key(experiment.task, job), "digits", job.arm.name, str(job.arm.schedule), 1.0, 0, job.fold, 400,
                "val_loss", 0.5, "finished", 1.0, loss, {}, (), {},
            )  # fmt: skip
            Store(f"{request.param}{tmp_path}").put(run)
    options = [f"--arm={name}={text}" for name, text in arms.items()]
    return [
        "study",
        "digits",
        *options,
        "--updates=400",
        "--folds=2",
        "--seeds=1",
        "--lrs=1",
        f"--store={request.param}{tmp_path}",
    ]


def test_study_forecasts_what_an_interrupted_comparison_lacks(interrupted):
    """The arm without runs is predicted, the others are judged, and nobody wins."""
    text = ask(*interrupted)
    assert "1 still without a finished run are forecast; 3 with one" in text
    assert "No winner is declared" in text
    document = json.loads(ask(*interrupted, "--json"))
    (missing,) = (f for f in document["forecasts"] if f["measured"] is None)
    assert missing["arm"] == "linear"
    assert missing["low"] < missing["loss"] < missing["high"]
    assert document["winner"] is None


def test_a_law_that_does_not_hold_is_no_answer(tmp_path):
    """What speaks against it comes first, and the exit code is 1; the document has it too."""
    noise = random.Random(0)
    rows = [f"{step},{noise.uniform(0.1, 4.0) * 3000 / (step + 1000)},0.001" for step in range(10, 2001, 10)]
    log, law = tmp_path / "log.csv", tmp_path / "law.json"
    log.write_text("\n".join(["step,loss,lr", *rows]))
    assert CliRunner().invoke(main, ["forecast", "fit", str(log), "-o", str(law)]).exit_code == 0
    for asked in (["rank", law, "linear()"], ["predict", law, "linear()"]):
        given = [*map(str, asked), "--steps", "2000", "--base-lr", "0.001"]
        done = CliRunner().invoke(main, ["forecast", *given])
        assert done.exit_code == 1
        assert "the law misses the logs by" in done.stdout.partition("final loss")[0]
        assert "trust none of this" in done.stderr
        document = json.loads(CliRunner().invoke(main, ["forecast", *given, "--json"]).stdout)
        assert "misses the logs" in str(document["predictions"][0]["warnings"])


def test_study_of_nothing_is_a_sentence(interrupted, tmp_path):
    """With the way on."""
    assert "too little is finished" in refused(*interrupted[:-1], f"--store={tmp_path / 'elsewhere'}")


def test_files_that_cannot_be_written_are_a_sentence(tmp_path):
    """The law and the page alike, before a log is read."""
    nowhere = str(tmp_path / "no" / "such" / "file")
    for command in (["fit", "no such log"], ["report", "no such log"]):
        said = refused(*command, "-o", nowhere)
        assert "cannot be written: there is no folder" in said


@pytest.fixture
def sweeps(tmp_path):
    """A table of sweeps at two sizes and two batches, with a run that diverged; its optimum falls with the size."""
    rows = [
        f"{n},{b},1000,{0.01 * 2**k:g},{3 + 0.05 * (k - 3 + n / 4000 - b / 16) ** 2:.4f}"
        for n in (1000, 4000)
        for b in (8, 16)
        for k in range(6)
    ]
    file = tmp_path / "sweeps.csv"
    file.write_text("\n".join(["size,batch,horizon,lr,loss", *rows, "1000,8,1000,2.0,nan"]) + "\n")
    return str(file)


def test_transfer_answers_for_another_size(sweeps):
    """A table with the rules of the field, a figure, and the same as a document."""
    text = ask("transfer", sweeps, "--size", "16k", "--batch", "8")
    for said in ("from all sweeps", "linear in batch", "square root of batch", "Step Law", "muP", "1 trial diverged"):
        assert said in text
    found = json.loads(ask("transfer", sweeps, "--size", "16k", "--batch", "8", "--json"))
    assert found["low"] < found["lr"] < found["high"]
    assert (found["size"], found["batch"], found["horizon"]) == (16000, 8, 1000)
    none = json.loads(ask("transfer", sweeps, "--size", "16k", "--batch", "8", "--prior", "none", "--json"))
    assert none["prior"] == "none"
    assert none["high"] / none["low"] > found["high"] / found["low"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--batch", "8"], "for which size is the LR?"),
        (["--size", "9e9", "--batch", "8", "--horizon", "5"], "all trials have one horizon"),
        (["--size", "many", "--batch", "8"], "not a positive number such as"),
        (["--size", "1e4", "--batch", "8", "--column", "lr=lrs"], "no such column"),
        (["--size", "1e4", "--batch", "8", "--column", "lr"], "NAME=VALUE"),
    ],
)
def test_transfer_refuses_in_words(sweeps, arguments, said):
    """What the table cannot say."""
    assert said in refused("transfer", sweeps, *arguments)
    assert "give a table of trials" in refused("transfer")
