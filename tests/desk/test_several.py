"""A comparison on several tasks: each for itself, and the arms over all."""

import dataclasses
import json

import pytest

from lrlab.analysis.comparison.evidence import evidence_of
from lrlab.core.text.parse import parse
from lrlab.desk.experiment import set_up
from lrlab.desk.result import Result
from lrlab.desk.several import Several, fitting
from lrlab.errors import LrlabError
from lrlab.lab.stages.progress import Effort
from lrlab.record.runs.run import Series
from stored import stored

SCHEDULES = {"warmup + linear": parse('warmup("20%") >> linear()'), "fixed": parse("constant()")}


def result(task, reached):
    """The reference reaches 1.0 after 10 updates; the fixed LR after so many, if at all."""
    runs = []
    for arm in SCHEDULES:
        for fold in range(4):
            values = [
                9.0,
                9.0 if arm != "fixed" or reached > 5 else 1.0,
                1.0 if arm != "fixed" or reached <= 10 else 2.0,
            ]
            run = stored(arm, SCHEDULES[arm], fold, values[-1])
            evals = {"val_loss": Series((2, 5, 10), tuple(values))}
            runs.append(dataclasses.replace(run, task=task, evals=evals))
    return Result(evidence_of(runs, SCHEDULES), 0, 1.0, "runs", Effort(10, 10, 1))


def test_the_arms_are_compared_over_all_tasks():
    """By the updates to each target; a task on which one never is there is a miss."""
    found = Several((result("one", 5), result("two", 5)))
    fixed, reference = found.across
    assert (fixed.arm, fixed.speedups, fixed.score) == ("fixed", {"one": 2.0, "two": 2.0}, 1.0)
    assert reference.score == pytest.approx(2 / 3)
    missed = {each.arm: each for each in Several((result("one", 5), result("two", 99))).across}
    assert (missed["fixed"].missed, missed["fixed"].speedup) == (1, None)


def test_the_document_and_the_page_have_each_task_too():
    """Plain JSON; the page begins with all tasks."""
    found = Several((result("one", 5), result("two", 99)))
    document = json.loads(json.dumps(found.record("page.html"), allow_nan=False))
    assert [each["task"] for each in document["tasks"]] == ["one", "two"]
    assert {each["arm"] for each in document["across"]} == set(SCHEDULES)
    page = found.report("lrlab compare one two")
    titles = [section.title for section in page.sections]
    assert titles == ["Over all tasks", "Performance profile", "On one", "On two"]
    assert page.lead == found.lead
    assert [table.title for table in found.tables()] == ["On one", "On two", "Over all tasks"]


def test_what_cannot_be_compared_is_said_before_anything_is_trained():
    """The same task twice; no arm that sets the target."""
    arms = {"warmup + linear": 'warmup("5%") >> linear()', "b": "constant()"}
    digits, control = (set_up(task, schedules=arms) for task in ("digits", "control"))
    fitting([digits, control])
    with pytest.raises(LrlabError, match="named twice"):
        fitting([digits, digits])
    others = [set_up(task, schedules={"a": "linear()", "b": "constant()"}) for task in ("digits", "control")]
    with pytest.raises(LrlabError, match="it has to be an arm"):
        fitting(others)
