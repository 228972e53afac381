"""A law beside its runs."""

import numpy as np
import pytest

from lrlab.analysis.forecast.law import Law
from lrlab.analysis.forecast.residuals import Fit, late
from lrlab.record.logs.log import LogRun

MOMENTUM = {"alpha": 0.5, "log_memory": 6.2, "floor": 2.5, "progress": 0.5, "noise": 0.4}


def test_a_miss_is_the_distance_beside_the_warmup():
    """A log that lies 0.01 above the law everywhere but in its warmup, where it lies 1 above."""
    law = Law.from_parameters("momentum", MOMENTUM, peak=1e-3, horizon=2000)
    lrs = np.minimum(1.0, np.arange(1, 2001) / 200) * 1e-3
    updates = np.arange(50, 2001, 50)
    above = np.where(updates < 400, 1.0, 0.01)
    run = LogRun.from_arrays(updates, law.predict(lrs).loss[updates - 1] + above, lrs)
    fit = Fit(law, (run,))
    assert fit.residuals(run) == pytest.approx(above)
    assert fit.miss(run) == pytest.approx(0.01)
    (record,) = fit.record()["runs"]
    assert (record["points"], record["updates"], record["mean_error"]) == (40, 2000, pytest.approx(0.01))


def test_a_log_of_a_warmup_alone_keeps_all_its_points():
    """There is nothing else to go by."""
    run = LogRun.from_arrays([1, 2, 3], [3.0, 2.9, 2.8], [1e-4, 2e-4, 3e-4])
    assert late(run).all()


def test_the_points_beyond_the_warmup():
    """Beyond twice its length, and beyond a tenth of the run; not at them."""
    updates = np.arange(10, 101, 10)
    flat = LogRun.from_arrays(updates, 3 - 0.01 * updates, np.full(100, 1e-3))
    assert late(flat).tolist() == [False] + [True] * 9
    warm = LogRun.from_arrays(updates, 3 - 0.01 * updates, np.minimum(1.0, np.arange(1, 101) / 20) * 1e-3)
    assert updates[~late(warm)].tolist() == [at for at in updates if at <= 2 * warm.warmup]
    assert 15 <= warm.warmup <= 20
