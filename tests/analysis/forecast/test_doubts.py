"""What speaks against a prediction, and how much."""

import numpy as np
import pytest

from lrlab.analysis.forecast.doubts import Seen, doubts, seen
from lrlab.errors import LrlabError
from lrlab.record.logs.log import LogRun

KNOWN = Seen(peaks=(1e-3, 2e-3), longest=10_000, annealed=True)
FLAT = np.full(10_000, 1e-3)


def size(lrs):
    return sum(doubt.sd**2 for doubt in doubts(KNOWN, lrs)) ** 0.5


def test_what_was_logged_is_not_doubted():
    """A peak and a horizon of the logs, and any fall."""
    assert doubts(KNOWN, FLAT) == ()
    assert doubts(KNOWN, np.linspace(2e-3, 0, 5000)) == ()


@pytest.mark.parametrize(
    ("near", "far"),
    [
        (4e-3 * np.ones(100), 9e-3 * np.ones(100)),
        (5e-4 * np.ones(100), 1e-4 * np.ones(100)),
        (np.full(20_000, 1e-3), np.full(90_000, 1e-3)),
        (1e-3 * np.array([1, 0.5, 0.7]), 1e-3 * np.array([1, 0.1, 1.0])),
    ],
)
def test_farther_is_more_doubtful(near, far):
    """Peak above and below, horizon, and a rise after a fall."""
    assert 0 < size(near) < size(far)


def test_too_far_is_refused():
    """Beyond thirty times there is nothing to stand on."""
    with pytest.raises(LrlabError, match="peak LR too far"):
        doubts(KNOWN, FLAT * 100)
    with pytest.raises(LrlabError, match="horizon too far"):
        doubts(KNOWN, np.full(400_000, 1e-3))


def test_seen_tells_an_anneal_from_a_constant_run():
    """Only what lies before the last logged loss counts."""
    falling = np.concatenate([np.full(80, 1e-3), np.linspace(1e-3, 0, 20)])
    late = LogRun.from_arrays([50, 100], [3.0, 2.0], falling)
    early = LogRun.from_arrays([50, 80], [3.0, 2.0], falling)
    assert seen([late]).annealed
    assert not seen([early]).annealed
    assert "no logged run lowers its LR" in seen([early]).doubts[0].sentence
