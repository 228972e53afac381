"""What logs can teach: what is refused, and what is doubted from then on."""

import numpy as np
import pytest

from lrlab.analysis.forecast.intervals import RUN_NOISE
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


def test_parts_of_one_run_are_told_how_to_be_joined():
    """A log that begins after the other's last row; one that begins at it is beside it."""
    first = LogRun.from_arrays(AT[:15], LOSS[:15], LRS[:1500], name="a")
    for begin, said in ((15, True), (14, False)):
        second = LogRun.from_arrays(AT[begin:], LOSS[begin:], LRS, name="b")
        for runs in ([first, second], [second, first]):
            found = [doubt.sentence for doubt in seen(runs).doubts]
            assert any("b begins where a has ended (after 1500)" in sentence for sentence in found) == said


def test_a_run_that_is_given_twice_is_refused():
    """It would count as two; one with other losses is another run."""
    one, same, other = (
        LogRun.from_arrays(AT, LOSS + x, LRS, name=name) for name, x in (("a", 0), ("b", 0), ("c", 1e-3))
    )
    with pytest.raises(LrlabError, match=r"(?s)two logs are the same run.*a and b"):
        seen([one, other, same])
    assert len(seen([one, other]).peaks) == 2


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
    with pytest.raises(LrlabError, match=r"(?s)does not fall by more than it scatters; is this an accuracy\\?.*loss="):
        fit_law(LogRun.from_arrays(AT, loss, LRS, name="log"))


def test_a_fall_within_the_scatter_is_not_said_to_be_none():
    """Eight rows that fall by two thirds, and scatter so much that no law can tell."""
    loss = [1.6947, 1.1408, 1.147, 0.7566, 0.7442, 0.627, 0.584, 0.583]
    with pytest.raises(
        LrlabError, match=r"than it scatters(.*\n)+.*1.695 at first.*; scatters by 0.1\d of itself over 8"
    ):
        fit_law(LogRun.from_arrays(np.arange(20, 161, 20), loss, [1e-3] * 160, name="log"))


def test_a_flat_loss_at_a_constant_lr_is_refused_too():
    """Before anything is fitted: all that is there to be fitted is one number."""
    with pytest.raises(LrlabError, match="does not fall"):
        fit_law(LogRun.from_arrays(np.arange(1, 500), np.full(499, 2.0), [1e-3] * 500))


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


def log(loss, lrs=None, every=10, **more):
    """A run that logs a loss every few updates."""
    at = every * np.arange(1, len(loss) + 1)
    return LogRun.from_arrays(at, loss, np.linspace(1e-3, 1e-4, at[-1]) if lrs is None else lrs, **more)


def doubted(*runs):
    return [(doubt.sentence.partition(":")[2] or doubt.sentence, doubt.sd) for doubt in seen(runs).doubts]


def test_a_refusal_tells_the_losses():
    """The first, the least, and the last."""
    with pytest.raises(LrlabError, match=r"mine: its loss(?s:.*)2 at first, 1.999 at least, 3 at last"):
        seen([log([2.0, 2.001, 1.999, 2.5, 3.0], name="mine")])


@pytest.mark.parametrize(("share", "fell"), [(1.1e-3, True), (0.9e-3, False)])
def test_a_thousandth_is_a_fall(share, fell):
    """Of the first of ten stretches, by the least of them, whatever lies between."""
    loss = np.full(20, 2.0)
    loss[4:6] = 2.0 * (1 - share)
    assert falls(log(loss)) == fell
    loss[4:7] = [2.0, *loss[4:6]]  # half of one stretch and half of the next
    assert not falls(log(loss))


@pytest.mark.parametrize(("fall", "fell"), [(0.034, True), (0.027, False)])
def test_a_fall_is_told_from_scatter_by_four_standard_errors(fall, fell):
    """Losses that alternate by 1 % have second differences of 4 %: by those a normal scatter of 2.4 %, and of a stretch
    of ten points 0.77 %."""
    loss = 2.0 * np.exp(0.01 * (-1.0) ** np.arange(100))
    loss[50:] *= 1 - fall
    assert falls(log(loss)) == fell


def test_losses_of_0_and_below_have_no_scatter_in_the_logarithm():
    """They may fall all the same."""
    assert falls(log(np.linspace(2.0, 0.0, 20)))
    assert falls(log(np.linspace(2.0, -1.0, 20)))
    assert falls(log(np.append(np.full(18, 0.5), [0.001, 0.0])))


def test_losses_that_scatter_from_row_to_row_are_told():
    """With what to log, by how much they really scatter; ordinary noise is not spoken of."""
    noise = np.random.default_rng(1).normal(size=400)
    (found,) = doubted(log(np.linspace(4.0, 2.0, 400) * np.exp(0.09 * noise)))
    assert found[0].startswith(" its losses scatter by 9% from row to row; log means over more updates")
    assert doubted(log(np.linspace(4.0, 2.0, 400) * np.exp(0.02 * noise))) == []


def test_eight_losses_are_a_curve():
    """Fewer are doubted by 8 % over their number."""
    assert doubted(log(np.linspace(4.0, 2.0, 8), every=20)) == []
    for points in (7, 4):
        said = f" only {points} losses were logged; log at least 20 along a run"
        assert doubted(log(np.linspace(4.0, 2.0, points), every=40)) == [(said, pytest.approx(0.08 / points))]


@pytest.mark.parametrize(("warmup", "told"), [(50, []), (51, ["51 of its 200 updates are warmup"])])
def test_a_warmup_of_more_than_a_quarter_of_the_log_is_told(warmup, told):
    """Of the log, by its last update; its width is told elsewhere."""
    lrs = np.concatenate([np.linspace(1e-5, 1e-3, warmup + 1), np.linspace(1e-3, 1e-5, 199 - warmup)])
    found = doubted(log(np.linspace(4.0, 2.0, 20), lrs))
    assert [said.strip().partition(";")[0] for said, _ in found] == told
    assert all(sd == 0.0 for _, sd in found)


def test_a_hundred_updates_are_updates():
    """Fewer may be epochs: 1 % of the loss."""
    assert doubted(log(np.linspace(4.0, 2.0, 10))) == []
    said = " it has 99 updates; a law is made for updates, of which it needs many"
    assert doubted(log(np.linspace(4.0, 2.0, 9), every=11)) == [(said, 0.01)]


def test_an_upturn_is_by_the_last_of_ten_stretches():
    """Half of it and 1 % are added; one that an LR explains, which was raised by more than a twentieth, is none."""
    loss = np.append(np.linspace(4.0, 2.0, 18), [2.2, 2.4])
    ((said, sd),) = doubted(log(loss))
    rise = 2.3 / loss[16:18].mean() - 1
    assert said.startswith(f" the loss turns up by {rise:.1%} at the end")
    assert sd == pytest.approx(0.5 * rise + 0.01)
    for end, found in ((1.06, 0), (1.04, 1)):
        lrs = np.append(np.full(180, 1e-4), np.full(20, end * 1e-4))
        lrs[0] = 1e-3
        assert len(doubted(log(loss, lrs))) == found
    assert doubted(log(np.append(np.linspace(4.0, 2.0, 18), [2.02, 2.06]))) == []  # it ends below 1 % more


def test_two_runs_that_differ_are_doubted_beyond_the_noise_of_runs():
    """What is left in squares of their noise; runs of other lengths or LRs are no replicates."""
    loss, lrs = np.linspace(4.0, 2.0, 20), np.linspace(1e-3, 1e-4, 200)
    runs = [log(loss * factor, lrs) for factor in (1.0, 1.002)]
    ((said, sd),) = doubted(*runs)
    assert said == "two logged runs of one schedule differ by 0.20% of the loss"
    assert sd == pytest.approx(np.sqrt(0.002**2 / 2 - RUN_NOISE**2), rel=1e-2)
    assert doubted(*(log(loss * factor, lrs) for factor in (1.0, 1.0006))) == []  # 0.042 %, and 0.045 % is noise
    assert replicated([runs[0], log(loss[:19] * 1.1, lrs[:190])]) == 0
    assert replicated([runs[0], log(loss * 1.1, lrs * 1.01)]) == 0
    assert replicated([runs[0], log(loss * 1.1, lrs + 1e-6)]) == 0
    assert replicated([runs[0], log(loss * 1.1, lrs * (1 + 1e-7))]) > 0
    early = np.where(np.arange(20) < 10, 1.5, 1.0)  # the first halves say nothing
    assert replicated([runs[0], log(loss * early, lrs)]) == 0
    assert replicated([log(loss, lrs), log(loss[1::2] * 1.01, lrs, every=20)]) == pytest.approx(0.01 / 2**0.5, rel=2e-2)


def test_annealed_is_by_the_lr_of_the_last_loss():
    """Below six tenths of the peak."""
    loss = np.linspace(4.0, 2.0, 10)
    for share, annealed in ((0.6, False), (0.599, True)):
        found = seen([log(loss, np.append(np.full(99, 1e-3), share * 1e-3))])
        assert (found.annealed, found.least) == (annealed, pytest.approx(share))
    assert (found.longest, found.shortest, found.warmups) == (100, 100, (0,))


def counted(unit, horizon, name=""):
    updates = np.linspace(horizon / 20, horizon, 20).astype(int)
    return LogRun.from_arrays(updates, 3 + (updates / horizon) ** -0.5, [0.1] * horizon, unit=unit, name=name)


def test_runs_in_other_units_are_not_one_law():
    """Updates beside epochs are refused by name, alone they are not."""
    with pytest.raises(LrlabError, match=r"logs in updates and in epochs[\s\S]*2 b[\s\S]*updates_per_epoch"):
        seen([counted("update", 2000, "a"), counted("epoch", 200, "b")])
    for unit in ("update", "epoch"):
        seen([counted(unit, 200), counted(unit, 400)])


@pytest.mark.parametrize(("unit", "horizon", "said"), [
    ("update", 200, None), ("epoch", 200, "it counts epochs"), ("epoch", 90, "it has 90 epochs"),
])  # fmt: skip
def test_a_law_of_epochs_says_so_in_every_forecast(unit, horizon, said):
    """However many there are: what is asked of it is in epochs, too."""
    found = [doubt.sentence for doubt in seen([counted(unit, horizon)]).doubts if "epochs" in doubt.sentence]
    assert found == [] if said is None else said in found[0]
    law = fit_law(counted(unit, horizon), prior="generic")
    warned = law.predict("constant()", base_lr=0.1, horizon=horizon).warnings
    assert any("epochs" in text for text in warned) == (said is not None)
