"""Time to target: the first evaluation there, the misses, and the median of both."""

import dataclasses
import json

import pytest

from lrlab.analysis.comparison.document import document
from lrlab.analysis.comparison.evidence import evidence_of
from lrlab.analysis.comparison.target import Reached, reached, target_of
from lrlab.core.text.parse import parse
from lrlab.record.runs.run import Series
from lrlab.views.comparison import effort
from stored import stored

SCHEDULES = {"warmup + linear": parse("linear()"), "fixed": parse("constant()"), "lost": parse("cosine()")}


def run(arm, fold, values, lr=1.0, outcome="finished"):
    """A run of 10 updates that was evaluated after 2, 4, ... updates."""
    at = tuple(range(2, 2 * len(values) + 1, 2))
    whole = stored(arm, SCHEDULES[arm], fold, values[-1], lr=lr)
    return dataclasses.replace(whole, evals={"val_loss": Series(at, tuple(values))}, outcome=outcome)


def test_the_first_evaluation_at_the_target_counts():
    """Also where it is worse later; more may be better."""
    runs = [run("fixed", 0, (3.0, 1.0, 2.0)), run("fixed", 1, (3.0, 2.0, 1.0)), run("fixed", 2, (1.0, 1.0, 1.0))]
    assert reached(runs, 1.0, "min") == Reached(4, 0, 3)
    assert reached(runs, 2.5, "max") == Reached(2, 1, 3)
    assert reached(runs, 3.0, "max") == Reached(2, 1, 3)  # at it is enough, either way


def test_a_run_that_diverged_or_never_gets_there_is_a_miss():
    """It counts as infinitely long: of three runs one may miss, of two none."""
    good, bad = run("fixed", 0, (3.0, 1.0)), run("fixed", 1, (3.0, 2.0))
    lost = run("fixed", 2, (0.5, 9.0), outcome="diverged")
    assert reached([good, good, lost], 1.0, "min") == Reached(4, 1, 3)
    assert reached([good, lost], 1.0, "min") == Reached(None, 1, 2)
    assert reached([good, bad, lost], 1.0, "min") == Reached(None, 2, 3)


def test_the_target_is_the_median_of_the_tuned_reference():
    """At the LR that was chosen for it; without warmup + linear there is none, and nothing is said of it."""
    runs = [run("warmup + linear", fold, (3.0, 1.0 + fold / 10), lr) for fold in range(3) for lr in (1.0,)]
    runs += [run("warmup + linear", fold, (9.0, 8.0), 2.0) for fold in range(3)]
    runs += [run("fixed", fold, (1.05, 1.0, 4.0), lr) for fold in range(3) for lr in (1.0, 2.0)]
    runs += [run("lost", fold, (7.0, 6.0), lr) for fold in range(3) for lr in (1.0, 2.0)]
    evidence = evidence_of(runs, SCHEDULES)
    assert evidence.target == pytest.approx(1.1)
    written = json.loads(json.dumps(document(evidence), allow_nan=False))
    found = {arm["name"]: arm["to_target"] for arm in written["arms"]}
    assert written["target"] == pytest.approx(1.1)
    assert found["fixed"] == {"updates": 2, "missed": 0, "runs": 3}
    assert found["lost"] == {"updates": None, "missed": 3, "runs": 3}
    assert found["warmup + linear"] == {"updates": 4, "missed": 1, "runs": 3}
    cells = {row[0]: row[-1] for row in effort(evidence).rows}
    assert cells["lost"] == "not reached, 3 of 3 runs not"
    assert cells["fixed"] == "update 2"
    few = {arm: SCHEDULES[arm] for arm in ("fixed", "lost")}
    others = evidence_of([one for one in runs if one.arm in few], few)
    assert others.target is None
    assert document(others)["arms"][0]["to_target"] is None
    assert effort(others).columns == ("strategy", "1 LR tried", "2 LRs tried")
    assert target_of([]) is None
