"""The stored comparisons, and what two strategies of one differ by."""

import dataclasses
import importlib
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from lrlab.analysis.advice.studies import Paired, Study, paired, read, studies
from lrlab.analysis.comparison.paired import t_test
from lrlab.cli.commands.compare import command
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError
from lrlab.lab.task.declaration import load_task

SMALL = Study("t", "loss", "min", 10, False, (2.5,), "lrlab compare t", {}, {"a": "linear()", "b": "step(3)"}, {})
SCORES = {"a": (1.0, 2.0, 3.0), "b": (1.5, 2.25, 3.75)}
WHOLE = {
    **dataclasses.asdict(SMALL),
    "critical": [2.5],
    "scores": {arm: [*scores] for arm, scores in SCORES.items()},
}


@pytest.mark.parametrize("overlapping", [False, True])
@pytest.mark.parametrize("mode", ["min", "max"])
def test_the_interval_is_that_of_a_comparison(overlapping, mode):
    """The paired t test of two arms."""
    study = dataclasses.replace(
        SMALL, scores=SCORES, critical=(0.0, float(stats.t.ppf(0.975, 2))), overlapping=overlapping, mode=mode
    )
    found = paired("t", study, *(("a", "b") if mode == "min" else ("b", "a")), 2)
    peer = t_test(np.array([SCORES["a"], SCORES["b"]]), 0, 0.95, overlapping)
    assert (found.difference, found.low, found.high) == pytest.approx((peer.difference[1], peer.low[1], peer.high[1]))


def test_the_sign_says_who_is_behind():
    """Neither where the interval holds zero."""
    study = dataclasses.replace(SMALL, scores={"a": (1.0, 1.1, 1.2), "b": (2.0, 2.2, 2.1)})
    assert (paired("t", study, "a", "b").sign, paired("t", study, "b", "a").sign) == (1, -1)
    assert paired("t", dataclasses.replace(study, critical=(1e3,)), "a", "b").sign == 0
    with pytest.raises(LrlabError, match="1 to 1"):
        paired("t", study, "a", "b", 2)


@pytest.mark.parametrize("name", studies())
def test_a_stored_study_can_be_made_again(name):
    """Its command is understood, its task and metric are ours, its schedules read, its t is Student's."""
    study = studies()[name]
    program, verb, *typed = shlex.split(study.command)
    assert (program, verb) == ("lrlab", "compare")
    context = command.make_context("compare", typed)
    assert context.params["task"] == study.task
    assert context.params["overlapping"] == study.overlapping
    task = load_task(study.task)
    assert (study.metric, study.mode) == (task.metric, task.mode)
    usual = (task.quick if context.params["quick"] else task.settings).updates
    assert study.updates == (context.params["updates"] or usual)
    folds = context.params["folds"]
    assert {len(scores) for scores in study.scores.values()} == {folds}
    counts = np.arange(1, len(study.critical) + 1)
    assert study.critical == pytest.approx(stats.t.ppf(1 - 0.025 / counts, folds - 1), rel=1e-5)
    for text in study.schedules.values():
        parse(text)


@pytest.mark.parametrize(
    "broken",
    [{"mode": "less"}, {"scores": {"a": [1.0, 2.0], "b": [1.0]}}, {"scores": {"a": [1.0, 2.0]}}, {"critical": "high"}],
)
def test_what_is_no_study_is_refused(broken):
    """By its name."""
    with pytest.raises(LrlabError, match=r"\bt\b"):
        read({"t": {**WHOLE, **broken}})
    assert read({"t": WHOLE})["t"].scores == SCORES


def test_an_unknown_strategy_is_answered():
    """With the nearest."""
    study = dataclasses.replace(SMALL, scores={"linear": (1.0, 2.0), "b": (1.0, 2.0)})
    with pytest.raises(LrlabError, match=r"try: +linear"):
        paired("t", study, "linea", "b")


@pytest.mark.parametrize(("low", "high", "sign"), [(0.0, 1.0, 0), (-1.0, 0.0, 0), (0.1, 1.0, 1), (-1.0, -0.1, -1)])
def test_an_interval_that_ends_at_zero_holds_it(low, high, sign):
    assert Paired("t", 0.0, low, high).sign == sign


def test_two_folds_are_enough_for_a_study():
    scores = {arm: [*each[:2]] for arm, each in SCORES.items()}
    assert {*map(len, read({"t": {**WHOLE, "scores": scores}})["t"].scores.values())} == {2}
    with pytest.raises(LrlabError, match="every fold"):
        read({"t": {**WHOLE, "scores": {arm: [*each[:1]] for arm, each in SCORES.items()}}})


def test_what_is_condensed_is_what_the_evidence_says(monkeypatch):
    """By `python benchmarks/advice_studies.py --write`: a score that was changed by hand is found."""
    monkeypatch.syspath_prepend(Path(__file__).parents[3] / "benchmarks")
    condense = importlib.import_module("advice_studies")
    evidence = importlib.import_module("evidence_study")
    looked = 0
    for name in {*evidence.kept()} & {*studies()}:
        told, kept = condense.of_evidence(name), studies()[name]
        scores = {arm: tuple(each) for arm, each in told["scores"].items()}
        folds = [{len(each) for each in those.values()} for those in (scores, kept.scores)]
        if told["updates"] == kept.updates and folds[0] == folds[1]:  # else it was trained anew, on more
            assert scores == kept.scores
            looked += 1
    assert looked
    for module in ("advice_studies", "evidence_study", "sizes"):
        sys.modules.pop(module)
