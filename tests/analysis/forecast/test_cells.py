"""Few cells for many updates: sums are exact, jumps are not averaged over, and laws stay the same."""

import numpy as np
import pytest

from lrlab.analysis.forecast.cells import compress
from lrlab.analysis.forecast.laws import FORMS, Scale, every

INNER = {
    "elr": np.array([0.53, 4.5, 0.4, 0.1, 0.8, -0.3, 0.3, -3.0]),
    "mpl": np.array([0.43, 0.7, 0.59, 0.63]),
    "momentum": np.array([0.5, 5.0]),
    "convex": np.array([]),
}


def test_progress_is_exact_and_observations_end_cells():
    """The sum of LRs up to every observation is that of the updates."""
    lrs = np.interp(np.arange(9000), [0, 300, 9000], [0.0, 1e-3, 1e-5])
    at = np.array([7, 450, 4000, 8999])
    cells = compress(lrs, at)
    assert np.cumsum(cells.lr * cells.width)[cells.ends] == pytest.approx(np.cumsum(lrs)[at - 1], rel=1e-12)
    assert np.cumsum(cells.width)[cells.ends].tolist() == at.tolist()


def test_a_jump_is_never_averaged_over():
    """An abrupt fall lies between two cells."""
    lrs = np.where(np.arange(5000) < 3217, 1e-3, 1e-4)
    assert set(compress(lrs, np.array([5000])).lr.round(12)) == {1e-3, 1e-4}


def test_long_runs_cost_little_more():
    """Ten times the updates, far from ten times the cells."""
    short, long = (compress(np.full(n, 1e-3), np.array([n])) for n in (6000, 60000))
    assert len(long.lr) < 4 * len(short.lr)


@pytest.mark.parametrize(
    ("name", "early", "late"),
    [("elr", 3e-3, 3e-4), ("mpl", 2e-3, 2e-3), ("momentum", 1e-3, 1e-3), ("convex", 0.03, 1e-3)],
)
def test_cells_stand_for_the_updates(name, early, late):
    """A fit on cells and a prediction at every update mean the same law: in nats, along the run and at its end."""
    lrs = np.interp(np.arange(24000), [0, 500, 19000, 24000], [1e-6, 1e-3, 1e-3, 0.0])
    at = np.linspace(2000, 24000, 23).astype(np.int64)
    outer = np.array([0, 1, 400 if name == "mpl" else 1])
    off = np.abs(
        (FORMS[name].columns(INNER[name], compress(lrs, at), Scale()) - every(FORMS[name], INNER[name], lrs)[at - 1])
        @ outer
    )
    assert off.max() < early
    assert off[-1] < late


def test_no_cell_is_longer_than_400_updates():
    """Cut at multiples of 400, where nothing else has cut before."""
    edges = np.cumsum(compress(np.full(4000, 0.1), np.array([4000])).width)
    assert set(range(400, 4001, 400)) <= {int(edge) for edge in edges}
    assert np.diff(edges).max() <= 400


def test_cells_are_cut_where_the_lr_has_moved_by_a_fiftieth_of_its_peak():
    """From the first update on; a run whose LRs are all 0 is cut by its length."""
    lrs = np.append(np.full(100, 1.0), np.linspace(1.0, 0.0, 101)[1:])
    cells = compress(lrs, np.array([200]))
    late = cells.lr[np.cumsum(cells.width) > 120]
    assert np.abs(np.diff(late)).max() <= 0.0251
    assert np.abs(np.diff(late)).min() >= 0.009
    still = compress(np.zeros(900), np.array([450, 900]))
    assert still.lr.max() == 0
    assert (still.width.sum(), np.cumsum(still.width)[still.ends].tolist()) == (900, [450, 900])
    assert compress(np.array([0.5]), np.array([1])).lr.tolist() == [0.5]
