"""Looking several times: when, at which level, and that it errs no more often than looking once."""

import numpy as np
import pytest

from lrlab.analysis.comparison.looks import Looks, looks_of
from lrlab.analysis.comparison.statistics import compare
from lrlab.analysis.comparison.wording import held


@pytest.mark.parametrize(
    ("seeds", "folds", "unit", "units"),
    [
        (1, 5, "fold", (5,)),
        (1, 40, "fold", (5, 10, 20, 40)),
        (1, 3, "fold", (3,)),
        (8, 1, "seed", (8,)),
        (20, 1, "seed", (8, 16, 20)),
        (3, 5, "seed", (1, 2, 3)),
        (2, 5, "seed", (1, 2)),
        (2, 1, "seed", (2,)),
    ],
)
def test_the_looks_double_and_end_at_the_whole(seeds, folds, unit, units):
    """From the fewest units that can tell something; where there are no more, there is one look."""
    looks = looks_of(seeds, folds)
    assert (looks.unit, looks.units) == (unit, units)
    assert 1 - looks.each == pytest.approx(0.05 / len(units))
    assert (looks.each == 0.95) == (len(units) == 1)


def test_every_look_can_call_an_arm_worse():
    """The corrected level is within reach of a sign-flip test at its first look."""
    looks = looks_of(seeds=256, folds=1)
    d = np.arange(1.0, looks.units[0] + 1)[:, None]
    assert compare({"a": {1.0: 0 * d}, "b": {1.0: d}}, level=looks.each).together == ("a",)


def test_what_was_done_is_told():
    """Where it stopped, how often it was looked at, and what that means."""
    told = Looks("seed", (8, 16, 20)).told(16, settled=True)
    assert told.startswith("Settled after 16 of 20 seeds. It was looked at after 8 and 16 seeds, of 3 planned")
    assert told.endswith(f"any false 'worse' is {held(0.95)}.")
    assert Looks("fold", (5, 8)).told(5, settled=False).startswith("Not settled after 5 of 8 folds. It was looked at a")


def false_share(scores, looks, level):
    """The share of comparisons of equal arms that call one worse at their last look; scores: (n, arms, units)."""
    wrong = 0
    for arms in scores:
        for units in looks.units:
            found = compare({str(k): {1.0: arm[None, :units]} for k, arm in enumerate(arms)}, level=level)
            if found.settled:
                break
        wrong += len(found.together) < len(arms)
    return wrong / len(scores)


@pytest.mark.parametrize("studies", [400, pytest.param(4000, marks=pytest.mark.exhaustive)])
def test_equal_arms_are_called_worse_no_more_often_than_promised(studies):
    """Family-wise, at whichever look it ends; looking as often at the level of one look would err more often."""
    looks = looks_of(seeds=1, folds=40)
    scores = np.random.default_rng(5).standard_normal((studies, 3, 40))
    honest, naive = (false_share(scores, looks, level) for level in (looks.each, 0.95))
    assert honest <= 0.05 + 1.65 * np.sqrt(0.05 * 0.95 / studies)
    assert naive > honest + 0.02
