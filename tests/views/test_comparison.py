"""The comparison as records: what is drawn is what was measured."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from lrlab.analysis.comparison.evidence import evidence_of
from lrlab.core.run.pacer import Decision
from lrlab.core.text.parse import parse
from lrlab.record.runs.run import Series, StoredRun
from lrlab.views.comparison import code, lead, profiles, ranking, report, to_use
from lrlab.views.model import Code, Figure, Interval, Mark, Table
from stored import stored

SCHEDULES = {"fixed": parse("constant()"), "plateau": parse("linear() * plateau(patience=1, factor=0.5)")}


def run(arm: str, fold: int, lr: float = 2.0) -> StoredRun:
    """A run of 10 updates; the fixed LR is worse by far."""
    score = (1.0 if arm == "fixed" else 0.1) + fold / 1000
    decisions = (Decision(4, "plateau1", "cut", 1.0, 0.5, "said so"),) if arm == "plateau" else ()
    return stored(arm, SCHEDULES[arm], fold, score, lr=lr, decisions=decisions)


EVIDENCE = evidence_of([run(arm, fold) for arm in SCHEDULES for fold in range(5)], SCHEDULES)


def test_the_ranking_says_who_is_best_and_how_far_behind_the_rest_is() -> None:
    """Rank, mean, interval and verdict of each strategy, best first."""
    table = ranking(EVIDENCE)
    first, second = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    assert (first["strategy"], first["verdict"]) == ("plateau", Mark("best", "good"))
    assert second["verdict"] == Mark("worse", "bad")
    behind = second["behind the best"]
    assert isinstance(behind, Interval)
    assert abs(behind.mid - 0.9) < 1e-12
    assert behind.low > 0
    assert second["schedule"] == "constant()"


def test_the_lead_is_the_answer() -> None:
    """One reads this and nothing else."""
    assert lead(EVIDENCE) == "plateau is best on toy: val_loss 0.102; less is better. 1 strategy is worse."


def test_who_cannot_be_told_from_others_leads() -> None:
    """Nobody is called the best where the verdict is undecided."""
    runs = [
        stored(arm, SCHEDULES[arm], fold, (0.1, 0.11)[(k + fold) % 2])
        for k, arm in enumerate(SCHEDULES)
        for fold in range(5)
    ]
    said = lead(evidence_of(runs, SCHEDULES))
    assert " leads on toy: " in said
    assert "It cannot be told from" in said


def test_a_dot_is_told_where_there_are_dots() -> None:
    """In the page; a terminal draws none. And what an arm's mean is, beside the LR that was chosen most often."""
    assert "dot" not in ranking(EVIDENCE).note
    assert ", all at one LR. Intervals" in ranking(EVIDENCE).note
    both = [run(arm, fold, lr) for arm in SCHEDULES for fold in range(5) for lr in (1.0, 2.0)]
    assert "may lie between those of two LRs" in ranking(evidence_of(both, SCHEDULES)).note
    table = report(EVIDENCE, {}).sections[0]
    assert isinstance(table, Table)
    assert table.note.endswith("A dot is one fold.")


def test_the_report_has_every_figure_and_the_facts() -> None:
    """Ranking, certainty, learning rates, losses, the grid of LRs; and how to repeat it."""
    page = report(EVIDENCE, {"Command": "lrlab compare toy"})
    figures = [s for s in page.sections if isinstance(s, Figure)]
    assert [f.title for f in figures] == ["Learning rate", "Training loss", "val_loss along the run"]
    assert [line.name for line in figures[0].lines] == ["plateau", "fixed"]
    grid = [s for s in page.sections if isinstance(s, Table)][-1]
    assert grid.columns == ("strategy", "LR × 2")
    assert page.facts["Command"] == "lrlab compare toy"


def test_the_metric_is_drawn_over_the_multiples_that_were_tried() -> None:
    """On a logarithmic axis, where halves and doubles are equally far; the table has the same."""
    both = [run(arm, fold, lr) for arm in SCHEDULES for fold in range(5) for lr in (0.5, 1.0, 2.0)]
    figure = profiles(evidence_of(both, SCHEDULES))
    assert figure is not None
    assert (figure.x_label, figure.log_x) == ("LR multiple", True)
    assert [line.x for line in figure.lines] == [(0.5, 1.0, 2.0)] * 2
    assert "1 is the task's own LR" in figure.note


def test_a_diverged_arm_is_shown_and_not_drawn() -> None:
    """A run that diverged has no place on the loss axes, but one in the table."""
    runs = [
        dataclasses.replace(r, score=np.inf, outcome="diverged", evals={"val_loss": Series((5,), (np.inf,))})
        if r.arm == "fixed"
        else r
        for r in EVIDENCE.runs
    ]
    page = report(evidence_of(runs, SCHEDULES), {})
    losses = next(s for s in page.sections if isinstance(s, Figure) and s.title == "Training loss")
    assert [line.name for line in losses.lines] == ["plateau"]
    table = page.sections[0]
    assert isinstance(table, Table)
    row = dict(zip(table.columns, table.rows[1], strict=True))
    assert row["val_loss (less is better)"] == "diverged"
    assert row["verdict"] == Mark("diverged at update 4 (metric)", "bad")


def test_a_study_in_which_all_diverged_has_a_page() -> None:
    """Nobody is called the best, and there is nothing to draw but the learning rates."""
    gone: dict[str, Any] = {"score": np.inf, "outcome": "diverged", "evals": {}}
    evidence = evidence_of([dataclasses.replace(r, **gone) for r in EVIDENCE.runs], SCHEDULES)
    assert lead(evidence) == "No strategy is best on toy: each diverged somewhere."
    assert [s.title for s in report(evidence, {}).sections if isinstance(s, Figure)] == ["Learning rate"]


def test_losses_that_are_not_told_or_not_positive() -> None:
    """The one has no figure; the others have one without a logarithm."""
    silent = evidence_of([dataclasses.replace(r, loss=Series()) for r in EVIDENCE.runs], SCHEDULES)
    assert "Training loss" not in [s.title for s in report(silent, {}).sections]
    below = Series(tuple(range(10)), tuple(np.linspace(2, -1, 10).tolist()))
    negative = evidence_of([dataclasses.replace(r, loss=below) for r in EVIDENCE.runs], SCHEDULES)
    axes = {s.title: s.log_y for s in report(negative, {}).sections if isinstance(s, Figure)}
    assert (axes["Training loss"], axes["val_loss along the run"]) == (False, True)


def test_the_direction_stands_in_the_head() -> None:
    """Whichever it is."""
    assert "val_loss (less is better)" in ranking(EVIDENCE).columns
    more = evidence_of(EVIDENCE.runs, SCHEDULES, mode="max")
    assert "val_loss (more is better)" in ranking(more).columns
    assert "more is better" in lead(more)


def test_the_best_can_be_copied_into_a_script() -> None:
    """With its LR, its length, and what it has beside its schedule; also where there is little room its LR is shown."""
    notes = {"plateau": "weights averaged over 10% of the run"}
    said = to_use(evidence_of(EVIDENCE.runs, SCHEDULES, notes=notes))
    assert "Scheduler(optimizer, 'linear() * plateau(factor=0.5, patience=1)', horizon=10)" in said
    assert "2 times the task's own LR; weights averaged over 10% of the run" in said
    narrow = ranking(EVIDENCE, wide=False)
    assert "LR" in narrow.columns
    assert "schedule" not in narrow.columns


def test_the_code_is_a_script_at_the_chosen_lr() -> None:
    """What the page shows runs as it stands below an optimizer."""
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    text = code(EVIDENCE)
    best = EVIDENCE.comparison.standings[0].arm
    exec(text, names := {"optimizer": optimizer})
    curve = EVIDENCE.schedules[best].over(EVIDENCE.runs[0].updates)
    assert names["scheduler"].get_last_lr() == [0.1 * EVIDENCE.lr_of(best) * curve(1)]
    named = dataclasses.replace(EVIDENCE, notes={best: "a\nimport os"})
    assert "# plateau, at 2 times the LR that the task sets; a\\nimport os\n" in code(named)
    assert Code(text, "Use this") in report(EVIDENCE, {}).sections


def test_folds_are_points_of_their_interval() -> None:
    """One for each, so that a bad one is seen."""
    table = ranking(EVIDENCE)
    behind = table.rows[1][table.columns.index("behind the best")]
    assert isinstance(behind, Interval)
    assert len(behind.points) == 5
    assert np.mean(behind.points) == pytest.approx(behind.mid)
