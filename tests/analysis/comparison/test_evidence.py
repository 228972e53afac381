"""From stored runs to the verdict: every run is counted once, in the right place."""

import dataclasses
import json

import numpy as np
import pytest

from lrlab.analysis.comparison.columns import COLUMNS
from lrlab.analysis.comparison.document import document
from lrlab.analysis.comparison.evidence import evidence_of
from lrlab.analysis.comparison.statistics import compare
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError
from lrlab.record.runs.run import Series, StoredRun
from stored import stored

SCHEDULES = {"fixed": parse("constant()"), "decay": parse("linear()"), "late": parse("wsd()")}


def run(arm: str, lr: float, seed: int, fold: int, score: float) -> StoredRun:
    """A run that ended at `score`."""
    diverged = not np.isfinite(score)
    return stored(
        arm,
        SCHEDULES[arm],
        fold,
        score,
        lr=lr,
        seed=seed,
        updates=100,
        outcome="diverged" if diverged else "finished",
        loss=Series((0, 50), (1.0, 0.5)),
        evals={"val_loss": Series((50, 100), (0.7, score))},
    )


def scores(arm: str, lr: float, seed: int, fold: int) -> float:
    """A number that tells where it belongs."""
    return {"fixed": 2.0, "decay": 1.0, "late": 1.1}[arm] + lr / 10 + seed / 100 + fold / 1000


ALL = [run(a, lr, s, f, scores(a, lr, s, f)) for a in SCHEDULES for lr in (0.5, 1.0) for s in (3, 4) for f in range(5)]


def test_scores_reach_the_statistics_in_place() -> None:
    """The arrays are those one would write by hand, whatever the order of the runs."""
    table = {
        arm: {lr: np.array([[scores(arm, lr, s, f) for f in range(5)] for s in (3, 4)]) for lr in (0.5, 1.0)}
        for arm in SCHEDULES
    }
    shuffled = [ALL[k] for k in np.random.default_rng(0).permutation(len(ALL))]
    assert evidence_of(shuffled, SCHEDULES).comparison == compare(table)


def test_more_is_better_turns_the_order_round() -> None:
    """For an accuracy the greatest mean is best, and is told as it is."""
    found = evidence_of(ALL, SCHEDULES, mode="max")
    record = document(found)
    assert record["best"] == "fixed"
    assert record["arms"][0]["mean"] == pytest.approx(2.0 + 0.1 + 0.035 + 0.002)
    assert [arm["name"] for arm in record["arms"]] == ["fixed", "late", "decay"]
    assert record["arms"][1]["difference"] > 0, "behind the best, whichever way is better"


def test_the_record_is_json_also_where_a_run_diverged() -> None:
    """No NaN and no infinity gets into a document."""
    runs = [dataclasses.replace(r, score=np.inf, outcome="diverged") if r.arm == "fixed" else r for r in ALL]
    written = json.dumps(document(evidence_of(runs, SCHEDULES)), allow_nan=False)
    last = json.loads(written)["arms"][-1]
    assert (last["name"], last["mean"], last["verdict"]) == ("fixed", None, "diverged")


def test_a_missing_run_is_named() -> None:
    """Arms are compared on the same seeds, folds and LRs or not at all."""
    with pytest.raises(LrlabError, match=r"late at 0\.5"):
        evidence_of([r for r in ALL if r.key != "late-0.5-3-2"], SCHEDULES)


def test_runs_of_two_tasks_are_no_study() -> None:
    """Scores of different tasks have no common scale."""
    with pytest.raises(LrlabError, match="one task"):
        evidence_of([*ALL, dataclasses.replace(ALL[0], task="other")], SCHEDULES)


def test_a_column_is_in_the_document_and_in_the_table() -> None:
    """Each key once, each head once."""
    keys = [column.key for column in COLUMNS]
    heads = [column.head for column in COLUMNS if column.head is not None]
    assert (len({*keys}), len({*heads})) == (len(keys), len(heads))
    arm = document(evidence_of(ALL, SCHEDULES, notes={"late": "optimizer=adam"}))["arms"][1]
    assert list(arm) == keys
    assert (arm["name"], arm["beside"], arm["edge"]) == ("late", "optimizer=adam", "lowest")


def test_how_far_an_arm_is_behind_in_each_fold() -> None:
    """In the order of the folds, above zero where it is worse, whichever way is better."""
    for found in (evidence_of(ALL, SCHEDULES), evidence_of(ALL, SCHEDULES, mode="max")):
        line = found.comparison.standings[1]
        assert np.mean(found.behind(line)) == pytest.approx(line.difference)
        assert len(found.behind(line)) == 5


def test_the_divergences_of_an_arm_are_its_own_at_the_lrs_that_count() -> None:
    """Not those of another arm, nor those at a LR that was not chosen for it."""
    gone = [run("decay", 4.0, 3, 0, np.inf), run("late", 1.0, 3, 0, np.inf)]
    kept = [one for one in ALL if (one.arm, one.lr, one.seed, one.fold) != ("late", 1.0, 3, 0)]
    chosen = [run("decay", 4.0, s, f, 9.0) for s in (3, 4) for f in range(5) if (s, f) != (3, 0)]
    others = [run(a, 4.0, s, f, 9.0) for a in ("fixed", "late") for s in (3, 4) for f in range(5)]
    found = evidence_of([*kept, *gone, *chosen, *others], SCHEDULES)
    counts = {line.arm: len(found.divergences(line)) for line in found.comparison.standings}
    assert counts["decay"] == counts["fixed"] == 0


def test_the_runs_of_an_arm_are_those_at_one_lr() -> None:
    """Over seeds and folds."""
    found = evidence_of(ALL, SCHEDULES).runs_of("decay", 0.5)
    assert {(one.arm, one.lr) for one in found} == {("decay", 0.5)}
    assert len(found) == 10


def test_the_lr_of_an_arm_is_that_chosen_most_often() -> None:
    """For that arm, over its units; each is chosen on the others."""
    better = {"fixed": 0.5, "decay": 1.0, "late": 2.0}
    runs = [
        run(arm, lr, 3, fold, abs(lr - best) + 0.01 * fold)
        for arm, best in better.items()
        for lr in (0.5, 1.0, 2.0)
        for fold in range(5)
    ]
    found = evidence_of(runs, SCHEDULES)
    assert {arm: found.lr_of(arm) for arm in SCHEDULES} == better


def test_more_or_less_is_better() -> None:
    """By the mode."""
    assert [evidence_of(ALL, SCHEDULES, mode=mode).better for mode in ("min", "max")] == ["less", "more"]


def test_a_divergence_is_spoken_of_where_an_arm_diverged() -> None:
    """Not where the LR at which it did was chosen for nobody."""
    runs = [dataclasses.replace(r, score=np.inf, outcome="diverged") if r.arm == "fixed" else r for r in ALL]
    assert "Runs diverged even at the lowest LR" in evidence_of(runs, SCHEDULES).advice
    runs = [
        dataclasses.replace(r, score=np.inf, outcome="diverged") if (r.arm, r.lr) == ("fixed", 0.5) else r for r in ALL
    ]
    assert "diverged" not in evidence_of(runs, SCHEDULES).advice


def test_the_level_is_95_percent() -> None:
    """Where none is given."""
    assert evidence_of(ALL, SCHEDULES).comparison.level == 0.95


def test_divergences_come_in_the_order_in_which_they_happened() -> None:
    """The first of all folds first."""
    late = {fold: Series(tuple(range(9 - fold)), (1.0,) * (9 - fold)) for fold in range(5)}
    runs = [
        dataclasses.replace(r, score=np.inf, outcome="diverged", loss=late[r.fold], evals={}) if r.arm == "late" else r
        for r in ALL
        if (r.lr, r.seed) == (0.5, 3)
    ]
    found = evidence_of(runs, SCHEDULES)
    line = next(line for line in found.comparison.standings if line.arm == "late")
    assert [gone.update for gone in found.divergences(line)] == [4, 5, 6, 7, 8]


def test_an_arm_is_behind_where_both_have_a_score() -> None:
    """A fold in which one of the two diverged is left out."""
    gone = [
        r if (r.arm, r.fold) != ("late", 2) else dataclasses.replace(r, score=np.inf, outcome="diverged") for r in ALL
    ]
    found = evidence_of(gone, SCHEDULES)
    late = next(line for line in found.comparison.standings if line.arm == "late")
    assert [late.scores[k] is None for k in range(5)] == [False, False, True, False, False]
    assert found.behind(late) == pytest.approx([0.1] * 4)


def test_the_record_says_of_which_version_it_is() -> None:
    """And what was trained: the updates of a run, seeds, folds, LRs."""
    record = document(evidence_of(ALL, SCHEDULES))
    told = {name: record[name] for name in ("version", "updates", "seeds", "folds", "lrs", "runs")}  # type: ignore[literal-required]
    assert told == {"version": 1, "updates": 100, "seeds": 2, "folds": 5, "lrs": [0.5, 1.0], "runs": 60}


def test_arms_may_be_tried_at_other_rates_than_their_rivals() -> None:
    """As where the grid of one was widened: no run is missed that nobody trained."""
    some = [each for each in ALL if each.arm != "late" or each.lr == 1.0]
    wide = [*some, *(run("fixed", 2.0, s, f, scores("fixed", 2.0, s, f)) for s in (3, 4) for f in range(5))]
    found = evidence_of(wide, SCHEDULES)
    assert {line.arm for line in found.comparison.standings} == set(SCHEDULES)


def test_differences_are_paired_by_folds_where_there_are_several() -> None:
    one = [each for each in ALL if each.fold == 0]
    two = [each for each in ALL if each.fold < 2]
    assert (evidence_of(one, SCHEDULES).unit, evidence_of(two, SCHEDULES).unit) == ("seed", "fold")


def test_one_lr_alone_is_said() -> None:
    """The order of two strategies may depend on it, so that a comparison at one is not the whole answer."""
    told = "All were tried at one LR alone"
    assert told in evidence_of([run for run in ALL if run.lr == 1.0], SCHEDULES).advice
    assert told not in evidence_of(ALL, SCHEDULES).advice
