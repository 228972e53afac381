"""The user's own runs come before every rule."""

import dataclasses

import pytest

from lrlab.analysis.advice.own import own
from lrlab.errors import LrlabError
from lrlab.record.runs.run import Series, StoredRun

BEST = {"mine": 1.0, "cosine": 1.1, "fixed": 3.0}
TEXTS = {"mine": 'wsd(decay="33%")', "cosine": "cosine()", "fixed": "constant()"}
WOBBLE = (0.0, 0.3, 0.1, 0.4, 0.2, 0.5)


def run(arm, fold, *, lr=1.0, updates=100, task="t", metric="val_loss", score=None):
    """A finished run; its arms differ in how they take to the folds."""
    own = BEST[arm] + WOBBLE[fold] + 0.05 * ((3 * fold + len(arm)) % 5)
    own = own + abs(lr - 1) if score is None else score
    key = f"{abs(hash((arm, fold, lr, updates, task))):064x}"[:64]
    return StoredRun(
        key, task, arm, TEXTS[arm], lr, 0, fold, updates, metric, own, "finished", 1.0, Series(), {}, (), {}
    )


RUNS = [run(arm, fold, lr=lr) for arm in BEST for fold in range(6) for lr in (0.5, 1.0, 2.0)]


def test_the_best_is_told_with_how_sure_that_is():
    """Those that cannot be told from it come next; the worse are named with the interval."""
    found = own(RUNS, "here")
    assert found.schedules[0][0] == "mine"
    assert "fixed" not in dict(found.schedules)
    assert "6 runs each" in found.says
    assert "less is better" in found.says
    assert "fixed is behind by 2" in found.number


def test_what_the_runs_say_is_a_sentence_with_its_figures():
    """The best one first, at which length, by what and by how many runs; then those that are not told from it."""
    close = [run("mine", fold, score=1.0 + WOBBLE[fold]) for fold in range(6)]
    close += [run("cosine", fold, score=1.01 + WOBBLE[-1 - fold]) for fold in range(6)]
    found = own([*close, *(run("fixed", fold, score=9.0 + WOBBLE[fold]) for fold in range(6))], "here")
    assert found.says == (
        "Your own runs: mine is best on t at 100 updates (val_loss, less is better, 6 runs each); "
        "cosine cannot be told from it."
    )
    assert found.number == "val_loss 1.25; fixed is behind by 8 [8, 8]"
    alone = own([each for each in RUNS if each.arm != "cosine"], "here")
    assert alone.says.endswith("6 runs each); all others are worse.")


def test_who_is_open_is_not_called_worse():
    """It is best at an edge of the LRs, so that it may do better beyond."""
    kept = [each for each in RUNS if each.arm == "mine"]
    kept += [run("fixed", fold, lr=lr, score=4.0 - lr + WOBBLE[fold]) for fold in range(6) for lr in (0.5, 1.0, 2.0)]
    assert own(kept, "here").says.endswith("6 runs each); the others are not all worse: fixed (open).")


def test_two_folds_are_enough():
    assert own([run(arm, fold) for arm in BEST for fold in range(2)], "here").says.startswith("Your own runs: mine is")


def test_of_several_lengths_the_greatest_that_was_compared():
    """One run alone compares nothing."""
    longer = [run(arm, fold, updates=200) for arm in BEST for fold in range(3)]
    assert own([*RUNS, *longer, run("mine", 0, updates=900)], "here").updates == 200


@pytest.mark.parametrize("other", [{"averaging": 0.1}, {"schedule": "rex()"}])
def test_one_name_for_two_strategies_is_two_strategies(other):
    """Weights that are averaged or not, tried at other LRs: in one figure the better half would speak for both."""
    twice = [run("mine", fold, lr=rate, score=9.0 + WOBBLE[fold]) for fold in range(6) for rate in (4.0, 8.0)]
    found = own([*RUNS, *(dataclasses.replace(each, **other) for each in twice)], "here")
    first = found.schedules[0][0]
    assert first == f"mine: {TEXTS['mine']}"
    assert f"{first} is best" in found.says
    assert not any("mine" in name for name, _ in found.schedules[1:])
    both = own([*RUNS, *(dataclasses.replace(each, **other) for each in RUNS if each.arm == "mine")], "here")
    assert sum("mine: " in name for name, _ in both.schedules) == 2
    assert [*both.averaging.values()] == [value for name, value in other.items() if name == "averaging"]


def test_runs_that_were_interrupted_are_left_out():
    """An arm with fewer folds than the others is not judged."""
    found = own([each for each in RUNS if each.arm != "fixed" or each.fold < 4], "here")
    assert {name for name, _ in found.schedules} <= {"mine", "cosine"}


def test_more_may_be_better():
    """As the metric's name says."""
    turned = [dataclasses.replace(each, metric="val_acc") for each in RUNS]
    found = own(turned, "here")
    assert found.schedules[0][0] == "fixed"
    assert "more is better" in found.says


@pytest.mark.parametrize(
    ("metric", "mode", "best"), [("brier_score", "min", "mine"), ("q", "min", "mine"), ("q", "max", "fixed")]
)
def test_which_way_is_better_is_what_the_task_has_said(metric, mode, best):
    """Its name may mean the other way, or say nothing."""
    found = own([dataclasses.replace(each, metric=metric, mode=mode) for each in RUNS], "here")
    assert found.schedules[0][0] == best


def test_a_name_that_does_not_say_which_way_is_asked_about():
    """Of runs that were stored before their direction was: the worst would be the best."""
    with pytest.raises(LrlabError, match="is lower or higher q better"):
        own([dataclasses.replace(each, metric="q") for each in RUNS], "here")


@pytest.mark.parametrize(
    ("runs", "task", "said"),
    [
        ([], None, "no two strategies"),
        ([run("mine", 0), run("cosine", 0)], None, "no two strategies"),
        ([run("mine", fold) for fold in range(4)], None, "no two strategies of t on"),
        ([*RUNS, run("mine", 0, task="a")], "a", "no two strategies of a on"),
        ([], None, "no two strategies of a task on"),
        ([*RUNS, run("mine", 0, task="other")], None, 'store_task="other", or --store-task other'),
        (RUNS, "tt", "try: +t$"),
        ([*RUNS, RUNS[0]], None, "several recipes"),
        ([dataclasses.replace(each, outcome="diverged", score=float("inf")) for each in RUNS], None, "diverged"),
    ],
)
def test_what_compares_nothing_is_refused(runs, task, said):
    """In a sentence with the way out."""
    with pytest.raises(LrlabError, match=said):
        own(runs, "here", task)
