"""Runs that no LR makes a difference to are told, not judged alone."""

import dataclasses

import pytest

from lrlab.analysis.comparison.document import document
from lrlab.analysis.comparison.evidence import evidence_of
from lrlab.analysis.comparison.unmoved import unmoved
from lrlab.core.text.parse import parse
from lrlab.record.runs.run import Series
from stored import stored

SCHEDULES = {"cosine": parse("cosine()"), "linear": parse("linear()")}


def runs(score=lambda arm, lr, fold: 0.5 + fold, loss=lambda arm, lr, fold: 1.0 + fold):
    """Two arms at two LRs on three folds; score and losses of each as they are given."""
    return [
        stored(
            arm,
            SCHEDULES[arm],
            fold,
            score(arm, lr, fold),
            lr=lr,
            loss=Series((0, 5), (2.0, loss(arm, lr, fold))),
            evals={"val_loss": Series((10,), (score(arm, lr, fold),))},
        )
        for arm in SCHEDULES
        for lr in (0.5, 1.0)
        for fold in range(3)
    ]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (runs(), "the updates change nothing"),  # no backward pass, or gradients cleared before the step
        (runs(loss=lambda arm, lr, fold: lr), "val_loss is the same in every run"),  # a metric that is always the same
        (runs(score=lambda arm, lr, fold: lr), ""),
        (runs(score=lambda arm, lr, fold: 0.5 + (arm == "linear" and fold == 2)), ""),  # one run is enough
    ],
)
def test_scores_that_no_lr_changes_are_told(found, said):
    """First of all in the advice, which the table, the page and the document give."""
    assert said in unmoved(found)
    assert bool(said) == bool(unmoved(found))
    assert evidence_of(found, SCHEDULES).advice.startswith(unmoved(found))
    assert document(evidence_of(found, SCHEDULES))["advice"].startswith(unmoved(found))


def test_a_difference_of_the_lr_is_needed():
    """One schedule under two names at one LR is one training; a run that diverged has no score."""
    same = [dataclasses.replace(run, schedule="cosine()") for run in runs() if run.lr == 1.0]
    assert unmoved(same) == ""
    assert unmoved([dataclasses.replace(run, outcome="diverged") for run in runs()]) == ""


def test_two_runs_are_enough():
    """Of each seed and fold: one schedule beside another, at one LR."""
    found = [run for run in runs() if run.lr == 1.0]
    assert "the updates change nothing" in unmoved(found)
    assert unmoved([run for run in found if run.arm == "cosine"]) == ""
