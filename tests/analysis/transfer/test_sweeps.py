"""Trials of one setting together, and what they show before anything is fitted."""

import dataclasses
import math

import numpy as np
import pytest

from lrlab.analysis.transfer.sweeps import gather
from lrlab.errors import LrlabError
from lrlab.record.trials import Trial

NAN = math.nan


def sweep(*losses, lrs=(1, 2, 4, 8), size=1.0, batch=1.0, seed=""):
    return [Trial(size, batch, 10.0, lr, loss, seed) for lr, loss in zip(lrs, losses, strict=False)]


def test_trials_are_grouped_by_setting():
    """By size, batch and horizon; seeds stay apart within."""
    one, two = gather(sweep(2, 1, 2, seed="a") + sweep(3, 1, 2, seed="b") + sweep(2, 1, 3, size=2.0))
    assert (one.setting, two.setting) == ((1.0, 1.0, 10.0), (2.0, 1.0, 10.0))
    assert sorted(one.group.tolist()) == [0, 0, 0, 1, 1, 1]
    assert (one.best, one.lrs, one.edge) == (2.0, [1.0, 2.0, 4.0], "")


def test_sweeps_that_are_flat_say_so():
    """No LR is the best of them, and none beyond is to be tried."""
    with pytest.raises(LrlabError, match="the same at every LR"):
        gather(sweep(3, 3, 3) + sweep(2, 2, 2, size=2.0))
    assert len(gather(sweep(3, 3, 3) + sweep(3, 2, 3, size=2.0))) == 2


def test_a_best_lr_beside_a_divergence_is_no_edge():
    """The optimum lies between them; without the divergence it may lie beyond."""
    (one,) = gather(sweep(3, 2, 1, NAN))
    assert (one.edge, one.diverged) == ("", (8,))
    with pytest.raises(LrlabError, match=r"highest one in every sweep[\s\S]*trials at 8 and above"):
        gather(sweep(3, 2, 1))
    with pytest.raises(LrlabError, match=r"lowest one in every sweep[\s\S]*trials at 0.5 and below"):
        gather(sweep(1, 2, 3))


def test_some_edges_are_no_reason_to_refuse():
    """Another sweep shows the valley."""
    assert [each.edge for each in gather(sweep(3, 2, 1) + sweep(2, 1, 2, size=2.0))] == ["highest", ""]


def test_what_shows_no_valley():
    """All diverged; one LR."""
    with pytest.raises(LrlabError, match="every trial diverged"):
        gather(sweep(NAN, NAN))
    with pytest.raises(LrlabError, match="no sweep has two LRs"):
        gather(sweep(2) + sweep(3, batch=2.0))


def test_a_divergence_below_the_best_lr_is_no_bound():
    """The optimum may still lie beyond; one above it is."""
    below, above = ([*sweep(3, 2, 1), *sweep(NAN, lrs=(at,), seed="other")] for at in (3, 5))
    rest = sweep(2, 1, 2, size=2.0)
    assert [each.edge for each in gather(below + rest)] == ["highest", ""]
    assert [each.edge for each in gather(above + rest)] == ["", ""]


def test_the_best_lr_that_diverged_with_another_seed_is_still_an_edge():
    """Nothing above it was tried."""
    some = [*sweep(3, 2, 1), *sweep(NAN, lrs=(4,), seed="other")]
    assert [each.edge for each in gather(some + sweep(2, 1, 2, size=2.0))] == ["highest", ""]


def test_two_lrs_have_two_edges():
    """One alone has none."""
    rest = sweep(2, 1, 2, size=9.0)
    for losses, edge in (((2, 1), "highest"), ((1, 2), "lowest"), ((1,), "")):
        assert [each.edge for each in gather(sweep(*losses) + rest)] == [edge, ""]


def test_the_best_is_that_of_the_least_mean_over_seeds():
    """Of log losses; LRs that are one to six digits are one."""
    one = sweep(4.0, 2.0, 2.2, 9.0, seed="a") + sweep(4.0, 3.0, 2.2, 9.0, lrs=(1, 2, 4.0000001, 8), seed="b")
    (found,) = gather(one)
    assert (found.lrs, found.best) == ([1.0, 2.0, 4.0, 8.0], 4.0)
    assert found.means == pytest.approx([math.log(4), math.log(6) / 2, math.log(2.2), math.log(9)])


@pytest.mark.parametrize("higher", [0.5, 1.0, 3.0])
def test_a_seed_that_lies_higher_moves_nothing_where_it_lacks_some_lrs(higher):
    """Its LRs say how these lie beside one another, and no more."""
    alone = sweep(4.0, 2.0, 3.0, 9.0, seed="a")
    other = sweep(2.0 * higher, 3.0 * higher, lrs=(2, 4), seed="b")
    (found,) = gather(alone + other)
    assert (found.best, found.edge) == (2.0, "")
    assert np.diff(found.means) == pytest.approx(np.log([2.0 / 4.0, 3.0 / 2.0, 9.0 / 3.0]))


@pytest.mark.parametrize("told", range(3))
def test_one_row_that_tells_the_width_is_enough(told):
    """Whichever it is; none tells none."""
    rows = sweep(3, 1, 3)
    rows[told] = dataclasses.replace(rows[told], width=64.0)
    assert gather(rows)[0].width == 64.0
    assert gather(sweep(3, 1, 3))[0].width is None
