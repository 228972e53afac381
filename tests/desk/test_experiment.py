"""A comparison: what it takes, and what it is."""

import pytest

from lrlab.desk import experiment as desk
from lrlab.errors import LrlabError


def test_an_experiment_takes_what_is_given_and_the_tasks_own_settings_else() -> None:
    """--quick and the options change what they name and nothing else."""
    whole, quick = desk.set_up("digits"), desk.set_up("digits", quick=True)
    assert len(whole.arms) == len(quick.arms) == 13
    assert quick.runs < whole.runs
    assert quick.settings.updates < whole.settings.updates
    some = desk.set_up("digits", schedules={"a": "constant()", "b": "linear()"}, folds=3, seeds=None, lrs=(1.0,))
    assert (some.settings.folds, some.settings.seeds, some.runs) == (3, whole.settings.seeds, 2 * 3)


def test_whose_lrs_are_widened_by_default(tmp_path) -> None:
    """Of digits and of a task of one's own; not of other built-in tasks, nor where LRs are given or declared."""
    own = "import lrlab as lr\n@lr.task(metric='val_loss'{})\ndef train(run): ...\n"
    for name, more in (("mine", ""), ("fixed", ", lrs=(0.5, 1.0)")):
        (tmp_path / f"{name}.py").write_text(own.format(more))
    arms = {"a": "constant()", "b": "linear()"}
    tasks = ("digits", f"{tmp_path}/mine.py:train", f"{tmp_path}/fixed.py:train", "signals")
    assert [desk.set_up(task, schedules=arms).settings.widen for task in tasks] == [True, True, False, False]
    assert [desk.set_up(task, schedules=arms, quick=True).settings.widen for task in tasks] == [
        True,
        True,
        False,
        False,
    ]
    assert not any(desk.set_up(task, schedules=arms, lrs=(0.5, 1.0)).settings.widen for task in tasks)
    assert all(desk.set_up(task, schedules=arms, lrs="auto").settings.widen for task in tasks)


def test_what_could_not_be_judged_is_said_before_anything_is_trained(tmp_path) -> None:
    """A difference that matters which is none; one fold that overlaps with no other."""
    experiment = desk.set_up("digits", schedules={"a": "constant()", "b": "linear()"}, folds=1, seeds=8)
    with pytest.raises(LrlabError, match="cannot be read"):
        desk.run(experiment, tmp_path, desk.Resources(0), matters="little")
    with pytest.raises(LrlabError, match="so that none overlap"):
        desk.run(experiment, tmp_path, desk.Resources(0), overlapping=True)


def test_a_set_of_arms_is_called_by_its_name() -> None:
    """Alone, or with strategies of one's own beside it; with a configuration for the task."""
    optimizers = desk.set_up("digits", arms="optimizers", config={"size": "tiny"})
    assert {job.whole_config["optimizer"] for job in optimizers.jobs(desk.Resources())} >= {"sgd", "adam"}
    assert {job.whole_config["size"] for job in optimizers.jobs(desk.Resources())} == {"tiny"}
    more = desk.set_up("digits", arms="strategies", schedules={"mine": "cosine(to=0.1)"})
    assert [arm.name for arm in more.arms[-2:]] == ["averaging", "mine"]
    with pytest.raises(LrlabError, match=r"(?s)no such set.*optimisers.*optimizers"):
        desk.set_up("digits", arms="optimisers")


def test_one_strategy_is_no_comparison() -> None:
    """There is nothing to compare it with."""
    with pytest.raises(LrlabError, match="alone cannot be compared"):
        desk.set_up("digits", schedules={"a": "constant()"})


def test_a_variant_is_named_once() -> None:
    """Twice and not alike, one of them would silently be trained."""
    arms = {"a": "constant()", "b": "linear()"}
    with pytest.raises(LrlabError, match=r"(?s)named twice.*'batch'.*'noisy'.*--variant batch"):
        desk.set_up("control", schedules=arms, variant="batch", config={"variant": "noisy"})
    same = desk.set_up("control", schedules=arms, variant="batch", config={"variant": "batch"})
    assert same.config == desk.set_up("control", schedules=arms, variant="batch").config == {"variant": "batch"}


def test_a_study_says_what_its_task_was_given(tmp_path) -> None:
    """Of another variant it is another study: in the document, the answer and the heading of the page."""
    asked = {"schedules": {"a": "constant()", "b": "linear()"}, "updates": 5, "folds": 2, "lrs": (1.0,)}
    experiment = desk.set_up("control", variant="batch", config={"size": "tiny"}, **asked)
    found = desk.run(experiment, tmp_path, desk.Resources(0))
    assert found.record()["config"] == {"size": "tiny", "variant": "batch"}
    page = found.report("lrlab compare control")
    assert page.title == "Learning-rate strategies on control (size=tiny, variant=batch)"
    for said in (page.lead, *found.sentences("page.html")[:1]):
        assert " on control (size=tiny, variant=batch): " in said
