"""The laws against sums written out here from their papers."""

import numpy as np
import pytest

from lrlab.analysis.forecast.cells import Cells, single
from lrlab.analysis.forecast.laws import FORMS, Scale, every

INNER = {
    "elr": np.array([0.53, 4.5, 0.4, 0.1, 0.8, -0.3, 0.3, -3.0]),
    "mpl": np.array([0.43, 0.7, 0.59, 0.63]),
    "momentum": np.array([0.5, 5.0]),
    "convex": np.array([]),
}
OUTER = np.array([2.5, 0.6, 0.5])
WSD = np.concatenate([np.linspace(1e-5, 1e-3, 30), np.full(200, 1e-3), np.linspace(1e-3, 1e-5, 70)])


def test_mpl_is_the_sum_in_its_paper():
    """LD(t) = B sum of drops times G, term by term."""
    alpha, log_c, beta, gamma = INNER["mpl"]
    total, want = np.cumsum(WSD), []
    for t in range(len(WSD)):
        fall = sum(
            (WSD[k - 1] - WSD[k]) * (1 - (1 + np.exp(log_c) * WSD[k] ** -gamma * (total[t] - total[k - 1])) ** -beta)
            for k in range(30, t + 1)
        )
        want.append(2.5 + 0.6 * total[t] ** -alpha - 0.5 * fall)
    assert every(FORMS["mpl"], INNER["mpl"], WSD) @ OUTER == pytest.approx(np.array(want), abs=1e-12)


def test_momentum_is_the_sum_in_its_paper():
    """S2 as the double sum over annealing momentum."""
    decay = 1 - np.exp(-5.0)
    total, momentum, area, want = np.cumsum(WSD), 0.0, 0.0, []
    for t in range(len(WSD)):
        drop = WSD[t - 1] - WSD[t] if t >= 30 else 0.0
        momentum = decay * momentum + drop / 1e-3
        area += momentum
        want.append(2.5 + 0.6 * total[t] ** -0.5 - 0.5 * area / 1000)
    assert every(FORMS["momentum"], INNER["momentum"], WSD) @ OUTER == pytest.approx(np.array(want), abs=1e-12)


def test_elr_is_its_sum_over_updates():
    """Norm equation, clock and kernel stepped update by update."""
    alpha, lc, beta, gamma, p, ld, lg, ls = INNER["elr"]
    square, progress, clock, starts, levels, want = 1.0, 0.0, 0.0, [], [0.0], []
    for lr in WSD / 1e-3:
        rate = 2 * 0.1 * np.exp(ld) * 1e-3
        after = square * np.exp(-rate * lr) + np.exp(lg) * lr * 1e-3 * (1 - np.exp(-rate * lr)) / rate
        e = lr / np.sqrt((square + after) / 2)
        square = after
        starts.append(clock)
        levels.append(e**p)
        progress, clock = progress + e * 1e-3, clock + e ** (1 - gamma) * 1e-3
        lag = sum(
            (levels[k + 1] - levels[k]) * (1 + np.exp(lc) * (clock - starts[k])) ** -beta for k in range(len(starts))
        )
        want.append(2.5 + 0.6 * (progress + np.exp(ls)) ** -alpha + 0.5 * (e**p - lag))
    assert every(FORMS["elr"], INNER["elr"], WSD) @ OUTER == pytest.approx(np.array(want), abs=1e-12)


def test_convex_is_the_bound_of_its_theorem():
    """Last-iterate bound with D = G = 1, as a double sum; cells of constant LR are exact."""
    lr = np.concatenate([np.linspace(0.2, 1, 5), np.full(40, 1.0), np.linspace(1, 0.1, 9)])
    bound = 0.5 / lr.sum() + 0.5 * (lr**2).sum() / lr.sum()
    for k in range(len(lr) - 1):
        bound += 0.5 * lr[k] / lr[k + 1 :].sum() * (lr[k:] ** 2).sum() / lr[k:].sum()
    unit = Scale(lr=1.0, updates=1.0)
    for cells in (
        Cells(lr, np.ones(len(lr)), np.array([len(lr) - 1])),
        Cells(np.delete(lr, np.s_[6:45]), np.array([1.0] * 5 + [40.0] + [1.0] * 9), np.array([14])),
    ):
        assert FORMS["convex"].columns(INNER["convex"], cells, unit) @ [0, 1, 1] == pytest.approx(bound, rel=1e-12)


def test_elr_needs_no_order_of_magnitude_of_horizon():
    """Over a run in which the weights forget their start many times the recurrence does not overflow."""
    lrs = np.full(400, 1.0)
    assert np.isfinite(every(FORMS["elr"], INNER["elr"], lrs, Scale(lr=1e-3, updates=1.0, weight_decay=10.0))).all()


def test_a_run_that_never_moves_has_no_progress_and_no_noise():
    """The bound of convex optimisation where every LR is 0."""
    cells = Cells(np.zeros(3), np.ones(3), np.array([0, 2]))
    assert FORMS["convex"].columns(np.array([]), cells, Scale(1e-3, 3)).tolist() == [[1.0, np.inf, 0.0]] * 2


def test_an_lr_that_nearly_vanishes_is_felt_in_full():
    """Down to a billionth of the peak, by the multi-power law: the gain of a fall is by the LR after it."""
    _, log_c, beta, gamma = INNER["mpl"]
    lrs = np.array([0.5e-3, 1e-3, 1e-3, 1e-8])
    found = every(FORMS["mpl"], INNER["mpl"], lrs)[-1, 2]
    gain = 1 - (1 + np.exp(log_c) * 1e-8**-gamma * 1e-8) ** -beta
    assert found == pytest.approx(-(1e-3 - 1e-8) * gain, rel=1e-9)


@pytest.mark.parametrize("name", ["elr", "mpl", "momentum", "convex"])
def test_a_cell_of_one_lr_is_as_good_as_its_updates(name):
    """Of an LR that is halved once, two cells tell what a hundred updates tell; the norm of weights needs more."""
    lrs = np.append(np.full(60, 1e-3), np.full(40, 5e-4))
    whole = FORMS[name].columns(
        INNER[name], Cells(np.array([1e-3, 5e-4]), np.array([60.0, 40.0]), np.array([0, 1])), Scale()
    )
    each = FORMS[name].columns(INNER[name], single(lrs), Scale())[[59, 99]]
    assert whole == pytest.approx(each, rel=2e-2 if name == "elr" else 1e-9, abs=1e-12)


def test_the_bound_at_every_update_is_that_of_the_bound():
    """Computed at a few hundred times, the first three hundred updates among them or nearly."""
    lrs = np.linspace(1e-3, 1e-4, 40)
    exact = FORMS["convex"].columns(INNER["convex"], single(lrs), Scale())
    assert every(FORMS["convex"], INNER["convex"], lrs) == pytest.approx(exact, rel=1e-9)


def test_updates_that_move_nothing_leave_the_bound_as_it_is():
    """At the end of a run, and at its beginning."""
    lrs = np.array([1e-3, 5e-4, 2e-4])
    wanted = FORMS["convex"].columns(INNER["convex"], single(lrs), Scale())[-1]
    for padded in (np.append(lrs, [0.0, 0.0]), np.append([0.0, 0.0], lrs)):
        assert FORMS["convex"].columns(INNER["convex"], single(padded), Scale())[-1] == pytest.approx(wanted, rel=1e-9)


def test_an_lr_of_0_at_first_is_a_finite_loss():
    """A sum of LRs counts from its first positive value on."""
    for name in ("mpl", "momentum"):
        columns = every(FORMS[name], INNER[name], np.array([0.0, 0.0, 1e-3, 1e-3]))
        assert np.isfinite(columns).all()
        assert columns[0, 1] == columns[2, 1] > columns[3, 1]


def test_units_are_a_thousandth_and_a_thousand_updates():
    """Where none are given, with a weight decay of 0.1; what the norm loses where it is unknown is as much."""
    assert Scale() == Scale(lr=1e-3, updates=1000.0, weight_decay=0.1)
    assert Scale().decay == Scale(weight_decay=None).decay == Scale(5.0, 5.0, None).decay == pytest.approx(0.1)
    assert Scale(lr=0.5, updates=20.0, weight_decay=0.2).decay == pytest.approx(2.0)


CELLS = Cells(np.array([2e-4, 1e-3, 4e-4]), np.array([100.0, 500.0, 300.0]), np.array([0, 1, 2]))


@pytest.mark.parametrize("name", ["elr", "momentum", "convex"])
def test_the_unit_of_the_lr_is_that_of_the_columns(name):
    """LRs ten times as high, told in units of as much: the same columns."""
    ten = Cells(10 * CELLS.lr, CELLS.width, CELLS.ends)
    plain = FORMS[name].columns(INNER[name], CELLS, Scale())
    assert FORMS[name].columns(INNER[name], ten, Scale(1e-2, 1000.0, 0.01)) == pytest.approx(plain, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "progress", "noise"), [("elr", 1, 1), ("momentum", 5**-0.5, 5.0), ("convex", 0.2, 1.0)]
)
def test_the_unit_of_time_is_that_of_the_columns(name, progress, noise):
    """A fifth of it: of the default law over a fifth of the updates the same, of the others by powers."""
    cells = Cells(CELLS.lr, CELLS.width / 5, CELLS.ends) if name == "elr" else CELLS
    plain = FORMS[name].columns(INNER[name], CELLS, Scale())
    found = FORMS[name].columns(INNER[name], cells, Scale(1e-3, 200.0, 0.5))
    assert found == pytest.approx(plain * [1, progress, noise], rel=1e-9)
