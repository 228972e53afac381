"""`lr.advise`, and what commands and programs make of it."""

import json
import shlex

import jsonschema
import pytest
from click.testing import CliRunner

import lrlab as lr
from lrlab.cli.commands.compare import command
from lrlab.cli.main import main
from lrlab.desk import advise as desk
from lrlab.desk.experiment import Resources, set_up
from lrlab.desk.schemas import of_command
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm, arm_of, default_arms

CASES = [
    {},
    {"data": "small", "task": "classification"},
    {"model": "pretrained", "data": "small"},
    {"length": "unknown", "afterwards": "finetune"},
    {"checkpoints": "kept", "task": "language"},
    {"optimizer": "schedulefree"},
    {"optimizer": "AdamW", "batch": "changed", "tuning": "few"},
]


@pytest.mark.parametrize("given", CASES, ids=str)
def test_advice_is_whole(given):
    """A schedule that reads back, two runners-up, graded reasons with a number and a source, and a document."""
    advice = lr.advise(**given)
    document = advice.record()
    jsonschema.validate(document, of_command("advise", "lrlab.desk.advise:Document", closed=True))
    json.dumps(document, allow_nan=False)
    assert lr.parse(document["schedule"]) == advice.schedule
    assert [lr.parse(text) for text in document["alternatives"]] == [*advice.alternatives]
    assert len(advice.shortlist) == 3
    assert [arm.schedule for arm in advice.shortlist.values()] == [advice.schedule, *advice.alternatives]
    assert all(each["source"] and each["number"] for each in document["reasons"])
    assert all(each["contradicted"] is False for each in document["reasons"] if each["grade"] != "folklore")
    assert document["asked"].keys() == given.keys()


@pytest.mark.parametrize("given", CASES, ids=str)
def test_the_command_that_settles_it_compares_what_is_offered(given):
    """As `lrlab compare` reads it: exactly those arms, with all that they have besides their schedules."""
    advice = lr.advise(**given)
    assert compared(advice.settle) == {**advice.shortlist}
    for offer in advice.record()["shortlist"]:
        assert arm_of(offer["name"], offer["arm"]) == advice.shortlist[offer["name"]]


def compared(settle):
    """The arms of a command, by name."""
    program, verb, *typed = shlex.split(settle)
    assert (program, verb) == ("lrlab", "compare")
    asked = command.make_context("compare", typed).params
    experiment = set_up(asked["task"], schedules=asked["schedules"], arms=asked["arms"], lrs=asked["lrs"], updates=400)
    assert experiment.jobs(Resources())
    return {arm.name: arm for arm in experiment.arms}


@pytest.mark.parametrize("given", [{"task": "regression"}, {"optimizer": "schedulefree"}], ids=str)
def test_the_command_that_settles_it_runs_as_typed(tmp_path, monkeypatch, given):
    """To its end; the task is the smallest, and a few updates long."""
    monkeypatch.chdir(tmp_path)
    advice = lr.advise(**given)
    _, _, _, *typed = shlex.split(advice.settle)
    few = ["--updates", "20", "--folds", "2", "--config", "size=tiny", "--workers", "0", "--json"]
    done = CliRunner().invoke(main, ["compare", "control", *typed, *few])
    assert done.exit_code == 0, done.output
    found = {arm["name"]: (arm["schedule"], arm["beside"]) for arm in json.loads(done.stdout)["arms"]}
    assert found == {name: (str(arm.schedule), arm.beside) for name, arm in advice.shortlist.items()}
    assert any(beside for _, beside in found.values())


def test_a_name_for_two_is_told_apart(tmp_path):
    """The user's own warmup + linear is another one than that of the rules: both are compared, under their names."""
    place = str(tmp_path / "runs")
    arms = {"warmup + linear": 'warmup("20%") >> linear()', "a = b (c)": "constant() @ lawa 3"}
    lr.compare("control", arms, horizon=20, folds=4, lrs=(1.0,), workers=0, store=place).run(quiet=True)
    advice = lr.advise(store=place)
    assert len(advice.shortlist) == 3
    texts = {arm.text for arm in advice.shortlist.values()}
    assert {'warmup("20%") >> linear()', 'warmup("5%") >> linear()'} <= texts
    assert {arm.text for arm in compared(advice.settle).values()} == texts
    names = [offer.name for offer in advice.ranking]
    assert len({*names}) == len(names)


def test_own_runs_are_heard_first(tmp_path):
    """The best of a comparison in a store is advised, as evidence of the first grade, and its task settles the rest."""
    arms = {"short": 'warmup("5%") >> linear("40%")', "none": "constant()"}
    place = str(tmp_path / "runs")
    study = lr.compare("control", arms, horizon=20, folds=4, lrs=(1.0,), workers=0, store=place)
    best = study.run(quiet=True).evidence.comparison.best
    advice = lr.advise(data="large", store=place)
    assert advice.ranking[0].name == best
    assert advice.schedule == lr.parse(arms[best])
    first = advice.reasons[0]
    assert (first.rule, first.grade) == ("your own runs", "measured")
    assert place in first.source
    assert shlex.split(advice.settle)[2] == "control"


def test_what_an_arm_has_besides_its_schedule_is_not_lost(tmp_path):
    """The default arm of averaged weights has the schedule of a fixed LR, and is not advised as one."""
    place = str(tmp_path / "runs")
    arms = {arm.name: arm for arm in default_arms() if arm.name in ("averaging", "exponential")}
    lr.compare("control", arms, horizon=20, folds=4, lrs=(1.0,), workers=0, store=place).run(quiet=True)
    advice = lr.advise(store=place)
    assert [offer.beside for offer in advice.ranking if offer.name == "averaging"] == [arms["averaging"].beside] != [""]
    assert "not stored" in advice.reasons[0].condition


def test_an_average_of_ones_own_is_advised_with_it(tmp_path):
    """Beside a bare run of the same schedule, as an offer with its words, and in the code."""
    place = str(tmp_path / "runs")
    arms = {"mine": Arm("mine", lr.constant(), averaging=0.2), "bare": "constant()"}
    lr.compare("control", arms, horizon=20, folds=4, lrs=(1.0,), workers=0, store=place).run(quiet=True)
    advice = lr.advise(store=place)
    found = {offer.name: (offer.beside, offer.averaging) for offer in advice.ranking}
    assert found["mine"] == ("weights averaged over 20% of the run (ema 20%)", 0.2)
    assert found["bare"] == ("", None)


def test_a_store_that_says_nothing_is_refused(tmp_path):
    """As is a task of runs without their place."""
    with pytest.raises(LrlabError, match="no two strategies"):
        lr.advise(store=str(tmp_path))
    with pytest.raises(LrlabError, match="--store lrlab-runs"):
        lr.advise(store_task="digits")


def test_code_needs_the_length():
    """A share of a run whose length is not known is refused."""
    with pytest.raises(LrlabError, match="length"):
        lr.advise().code("torch")
    assert "scheduler" in lr.advise(length="unknown").code("torch")


def test_the_table_has_every_saying():
    """As a document and as a table."""
    document, shown = desk.table()
    jsonschema.validate(document, of_command("advise", "lrlab.desk.advise:Document", closed=True))
    assert len(document["table"]) == len(shown.rows) >= 35
    assert {each["grade"] for each in document["table"]} == {"folklore"}
    assert any(each["contradicted"] for each in document["table"])


def test_it_shows_itself():
    """In a notebook, as text, and as columns."""
    advice = lr.advise(task="language")
    assert {"text/html", "text/plain"} <= {*advice._repr_mimebundle_()}
    assert 'warmup("5%") >> linear()' in repr(advice)
    assert "lrlab compare charlm" in repr(advice)
    assert len(advice.to_dataframe("pandas")) == len(advice.reasons)
