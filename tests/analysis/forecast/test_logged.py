"""What logs can teach: what is refused, and what is doubted from then on."""

import numpy as np
import pytest

from lrlab.analysis.forecast.law import fit_law
from lrlab.analysis.forecast.logged import falls, replicated, seen
from lrlab.errors import LrlabError
from lrlab.record.logs.log import LogRun

AT = np.arange(100, 3001, 100)
LRS = np.linspace(1e-3, 1e-5, 3000)
LOSS = 3 + 2 * AT**-0.3


def test_seen_tells_an_anneal_from_a_constant_run():
    """Only what lies before the last logged loss counts."""
    falling = np.concatenate([np.full(80, 1e-3), np.linspace(1e-3, 0, 20)])
    late = LogRun.from_arrays([50, 100], [3.0, 2.0], falling)
    early = LogRun.from_arrays([50, 80], [3.0, 2.0], falling)
    assert seen([late]).annealed
    assert not seen([early]).annealed
    assert "no logged run lowers its LR" in seen([early]).doubts[0].sentence


@pytest.mark.parametrize(
    "loss",
    [
        0.9 - 0.8 * np.exp(-AT / 1000),
        np.full(30, 2.0),
        2.0 + 0.01 * np.random.default_rng(0).normal(size=30),
        np.linspace(2.0, 3.0, 30),
    ],
    ids=["accuracy", "flat", "noise", "rising"],
)
def test_a_loss_that_does_not_fall_is_refused_with_the_question(loss):
    """An accuracy has a shape that a law would fit, and foresee the wrong way round."""
    with pytest.raises(LrlabError, match=r"(?s)does not fall; is this an accuracy\\?.*loss="):
        fit_law(LogRun.from_arrays(AT, loss, LRS, name="log"))


def test_a_noisy_fall_and_a_late_upturn_are_falls():
    """Of which a law can be fitted, the upturn with its own doubt."""
    assert falls(LogRun.from_arrays(AT, LOSS + 0.05 * np.random.default_rng(0).normal(size=30), LRS))
    assert falls(LogRun.from_arrays(AT, LOSS + np.linspace(-0.5, 1, 30).clip(0), LRS))


def test_few_losses_are_said_and_widen():
    """Three points are a curve of no shape: at least several times as wide as thirty."""
    wide, narrow = (fit_law(LogRun.from_arrays(AT[::step], LOSS[::step], LRS, 0.1)).predict(LRS) for step in (12, 1))
    assert any("only 3 losses were logged" in text for text in wide.warnings)
    assert wide.high[-1] - wide.low[-1] > 4 * (narrow.high[-1] - narrow.low[-1])


def test_epochs_counted_as_updates_are_asked_about():
    """A run of thirty updates is rather one of thirty epochs."""
    found = seen([LogRun.from_arrays(AT // 100, LOSS, LRS[::100])])
    assert any("it has 30 updates" in doubt.sentence for doubt in found.doubts)


def test_replicates_say_how_far_two_runs_differ():
    """Two runs of one schedule that differ by 0.11 % and by 0.3 %: the interval holds either; a copy says nothing."""
    lrs = np.full(3000, 1e-3)
    runs = [LogRun.from_arrays(AT, LOSS * (1 + share), lrs, 0.1) for share in (0.0, 0.003)]
    assert replicated(runs) == pytest.approx(0.003 / np.sqrt(2), rel=1e-2)
    assert replicated([runs[0], runs[0]]) == 0
    assert any("differ by 0.30%" in doubt.sentence for doubt in seen(runs).doubts)
    found = fit_law(runs).predict(lrs)
    assert all(found.low[-1] < run.loss[-1] < found.high[-1] for run in runs)


@pytest.mark.parametrize("prior", ["llm", "generic"])
def test_the_end_of_a_log_is_in_the_interval_of_its_own_law(prior):
    """Also where the law cannot follow it, as in a late bend."""
    loss = LOSS - 0.05 * (AT > 2000) * (AT - 2000) / 1000
    run = LogRun.from_arrays(AT, loss, np.full(3000, 1e-3), 0.1)
    found = fit_law(run, prior=prior).predict(run.lrs)
    assert found.low[-1] < loss[-1] < found.high[-1]


def test_the_plain_error_of_two_models_in_one_fit_is_told():
    """Two sizes: half a per cent by robust weights, several in the mean."""
    runs = [LogRun.from_arrays(AT, LOSS * factor, LRS, 0.1) for factor in (1.0, 1.2)]
    law = fit_law(runs, prior="llm")
    assert law.misfit > 0.05
    assert not law.holds
