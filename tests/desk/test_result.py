"""A finished comparison as one value: a document, sentences, a page."""

import json

import pytest

from lrlab.analysis.comparison.evidence import evidence_of
from lrlab.analysis.comparison.looks import Looks
from lrlab.core.text.parse import parse
from lrlab.desk.result import Result
from lrlab.lab.stages.audit import Audit, AuditedRun
from lrlab.lab.stages.progress import Effort
from lrlab.views.model import Mark
from stored import stored

SCHEDULES = {"fixed": parse("constant()"), "decay": parse("linear()")}


def run(arm, fold):
    score = {"fixed": 2.0, "decay": 1.0}[arm] + fold / 100
    return stored(arm, SCHEDULES[arm], fold, score, versions={"python": "3.11", "record": "2"})


EVIDENCE = evidence_of([run(arm, fold) for arm in SCHEDULES for fold in range(5)], SCHEDULES)
AUDIT = Audit((AuditedRun("arm decay", True, 0.0),))
RESULT = Result(EVIDENCE, 4, 12.3, "runs", Effort(100, 60, 3), AUDIT, Looks("fold", (5, 10)))


def test_the_document_is_plain_json():
    """With what it took beside the evidence."""
    found = json.loads(json.dumps(RESULT.record(), allow_nan=False))
    assert (found["best"], found["reused"], found["store"]) == ("decay", 4, "runs")
    assert found["effort"] == {"naive": 100, "trained": 60, "stages": 3, "saved": 0.4, "alone": []}
    assert found["audit"]["passed"] is True
    assert found["looks"] == {"unit": "fold", "units": [5, 10], "level": 0.95}


def test_the_sentences_say_what_it_took():
    """What was looked at, trained and audited, and where the page is."""
    said = "\n".join(RESULT.sentences("page.html"))
    for part in ("decay is best on toy", "after 5 of 10 folds", "4 of them from before", "40% saved", "identical"):
        assert part in said
    assert "Report: page.html" in said


def test_each_strategy_has_its_profile_over_the_lr():
    """The best of each row is marked, what was not tried is empty; of one LR alone there is none."""
    lrs = {"fixed": (0.5, 1.0), "decay": (1.0, 2.0, 4.0)}
    best = {"fixed": 0.5, "decay": 2.0}
    runs = [
        stored(arm, SCHEDULES[arm], fold, abs(lr - best[arm]) + fold / 100, lr=lr)
        for arm in SCHEDULES
        for lr in lrs[arm]
        for fold in range(5)
    ]
    found = Result(evidence_of(runs, SCHEDULES), 0, 1.0, "runs", Effort(100, 60, 3)).profiles()
    assert found.columns == ("strategy", "LR × 0.5", "LR × 1", "LR × 2", "LR × 4")
    rows = {row[0]: row[1:] for row in found.rows}
    assert rows["fixed"] == (Mark("0.02 *", "good"), 0.52, "", "")
    assert rows["decay"] == ("", pytest.approx(1.02), Mark("0.02 *", "good"), pytest.approx(2.02))
    assert RESULT.profiles() is None


def test_it_shows_itself_as_a_table():
    """In a terminal and in a notebook, with the answer below."""
    text, cell = repr(RESULT), RESULT._repr_mimebundle_()["text/html"]
    assert ["1", "decay"] in [line.split()[:2] for line in text.splitlines()]
    assert "To use it: Scheduler(optimizer, 'linear()', horizon=10)" in text
    assert "<td>decay</td>" in cell
    assert "Evidence(" not in text + cell


def test_the_page_lets_somebody_repeat_it():
    """Its facts, the command first."""
    facts = RESULT.report("lrlab compare toy").facts
    assert list(facts)[:2] == ["Command", "Runs"]
    assert (facts["Store"], facts["Audit"]) == ("runs", str(AUDIT))
    assert "python 3.11" in facts["Made with"]
    assert "record" not in facts["Made with"]
