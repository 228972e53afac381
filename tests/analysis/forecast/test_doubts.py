"""What speaks against a prediction, and how much."""

from dataclasses import replace

import numpy as np
import pytest

from lrlab.analysis.forecast.doubts import Seen, beyond, doubts, seen
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


def test_a_rise_is_the_more_doubtful_the_larger():
    """After a fall."""
    assert 0 < size(1e-3 * np.array([1, 0.5, 0.7])) < size(1e-3 * np.array([1, 0.1, 1.0]))


def test_what_is_foreseen_beyond_the_logs_is_doubted_by_its_size():
    """A tenth of the further progress, once more LR was summed up than at the nearest logged peak."""
    progress = 1 / np.sqrt(np.arange(1, 20_001))
    found = beyond(KNOWN, np.full(20_000, 1e-3), np.full(20_000, 3.0), progress)
    assert found[9_999] == 0
    assert found[-1] == pytest.approx(0.1 * (0.01 - 20_000**-0.5), rel=1e-3)
    short = replace(KNOWN, totals=(2.0, 50.0))
    assert beyond(short, np.full(20_000, 1e-3), np.full(20_000, 3.0), progress)[-1] > 3 * found[-1]


def test_a_decay_that_was_not_logged_is_doubted_by_its_depth():
    """From the least logged share of the peak: half of it gives a quarter of the whole."""
    never = replace(KNOWN, least=1.0)
    lrs, flat = np.append(np.full(5_000, 1e-3), [5e-4, 0.0]), np.full(5_002, 3.0)
    found = beyond(never, lrs, flat, 0 * flat)
    assert found[[4_999, 5_000, 5_001]] == pytest.approx([0, 0.015 * 3 / 4, 0.015 * 3])


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
