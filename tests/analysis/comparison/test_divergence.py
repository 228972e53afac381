"""Where a run diverged, and advice that fits."""

import math

import pytest

from lrlab.analysis.comparison.divergence import Divergence, divergence_of, remedy
from lrlab.core.run.pacer import Decision
from lrlab.record.runs.run import Series, StoredRun


def run(lr=1.0, losses=(2.0, 1.0), evals=(), decisions=(), outcome="diverged"):
    judged = {"val_loss": Series(tuple(range(1, len(evals) + 1)), tuple(evals))} if evals else {}
    loss = Series(tuple(range(len(losses))), tuple(losses))
    return StoredRun(
        "k", "toy", "a", "constant()", lr, 0, 0, 100, "val_loss", math.inf, outcome, 1.0, loss, judged, decisions, {}
    )


STOP = Decision(7, "guard1", "stop", 1.0, 1.0, "three times")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (run(losses=[1.0] * 12 + [math.nan]), Divergence(12, "loss")),
        (run(losses=[1.0, 1.0, 1e9]), Divergence(2, "loss")),
        (run(evals=(1.0, math.nan)), Divergence(1, "metric")),
        (run(losses=[1.0] * 7, decisions=(STOP,)), Divergence(7, "controller")),
        (run(losses=()), Divergence(0, "loss")),
        (run(outcome="finished"), None),
    ],
)
def test_what_it_was(given, found):
    """The loss, the judged metric, or a controller that gave up; and the update."""
    assert divergence_of(given) == found
    assert found is None or f"update {found.update} ({found.by})" in str(found)


def test_advice_is_given_where_it_fits():
    """Lower LRs for what diverges late at the lowest one; nothing where a lower one holds."""
    late, early = [1.0] * 50 + [math.nan], [math.nan]
    whole = run(0.5, outcome="finished")
    assert remedy([whole]) == ""
    assert remedy([whole, run(2.0, late)]) == ""
    assert "give lower ones" in remedy([run(0.5, late), run(2.0, late)])
    assert "hardly the LR" in remedy([run(0.5, early), run(2.0, early)])
    assert "hardly the LR" not in remedy([whole, run(2.0, early)])
    told = remedy([run(0.5, evals=(math.nan,)), run(2.0, evals=(math.nan,))])
    assert "run.report" in told
    assert "lower" not in told
    assert "gave up" in remedy([run(decisions=(STOP,))])


def test_three_updates_are_early():
    """A loss that is lost in one of the first three is hardly the LR's; in the fourth it may be. The first is named."""
    for update, said in (
        (2, "lost by update 2, at the lowest LR, too: this is hardly"),
        (3, "even at the lowest LR tri"),
    ):
        losses = [1.0] * update + [math.nan]
        assert said in remedy([run(0.5, losses), run(2.0, losses)])
    assert "lost by update 1," in remedy([run(0.5, [1.0, 1.0, math.nan]), run(2.0, [1.0, math.nan])])


def test_the_lowest_lr_is_that_of_all_runs():
    """Where the lowest one holds, or was given up by a controller, no lower one is asked for."""
    late = [1.0] * 50 + [math.nan]
    assert remedy([run(0.5, outcome="finished"), run(1.0, late), run(2.0, [math.nan])]) == ""
    assert remedy([run(0.5, decisions=(STOP,)), run(2.0, late)]) == ""
    assert "(0.5): give lower ones" in remedy([run(0.5, late), run(1.0, [math.nan]), run(2.0, outcome="finished")])


def test_a_controller_gives_up_after_the_last_loss_or_at_its_decision():
    """Whichever is later."""
    assert divergence_of(run(losses=[1.0] * 12, decisions=(STOP,))) == Divergence(11, "controller")
    assert divergence_of(run(losses=[1.0] * 3, decisions=(STOP,))) == Divergence(7, "controller")
