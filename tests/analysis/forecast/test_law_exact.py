"""What a law answers where its parameters are exact, so that every width can be written down."""

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from scipy.stats import norm

import lrlab as lr
from lrlab.analysis.forecast.doubts import Doubt, Seen
from lrlab.analysis.forecast.fit import Fitted, prepare
from lrlab.analysis.forecast.intervals import RUN_NOISE
from lrlab.analysis.forecast.law import Law, _misses, fit_law
from lrlab.analysis.forecast.laws import Scale
from lrlab.analysis.forecast.offsets import Walk
from lrlab.analysis.forecast.priors import prior_for
from lrlab.record.logs.log import LogRun

MOMENTUM = {"alpha": 0.5, "log_memory": 6.2, "floor": 2.5, "progress": 0.5, "noise": 0.4}
KNOWN = Seen((1e-3,), 1000, True, doubts=(Doubt("", 0.01),))  # a twelfth of what lies beyond, and 1 % of the loss
LAW = replace(Law.from_parameters("momentum", MOMENTUM, peak=1e-3, horizon=1000), known=KNOWN)


def constant(updates, level=1.0):
    """Of constant LRs the law is floor + progress / sqrt(S), S in thousands of updates at 1e-3."""
    return np.full(updates, level * 1e-3), 2.5 + 0.5 * (level * updates / 1000) ** -0.5


def beyond(updates):
    """What the law foresees after the logged sum of LRs."""
    return 0.085 * 0.5 * (1 - (updates / 1000) ** -0.5)


@pytest.mark.parametrize("level", [0.5, 0.9])
@pytest.mark.parametrize("updates", [500, 2000])
def test_the_width_is_noise_doubts_and_what_is_beyond(updates, level):
    """In squares, at the quantile of the level."""
    lrs, loss = constant(updates)
    found = LAW.predict(lrs, level=level)
    sd = np.sqrt((RUN_NOISE * loss) ** 2 + (0.01 * loss) ** 2 + max(beyond(updates), 0) ** 2)
    half = norm.ppf((1 + level) / 2) * sd
    assert found.final == pytest.approx((loss, loss - half, loss + half), abs=1e-3 * half)


@pytest.mark.parametrize(("prior", "share"), [("generic", 0.4 * 0.05), ("llm", 0.0)])
def test_a_loss_that_falls_on_is_doubted_on_its_low_side_alone(prior, share):
    """By 0.4 of what it fell by over the last doubling, at twice the length; not of a language model."""
    law = replace(LAW, prior=prior, known=replace(KNOWN, falling=0.05))
    lrs, loss = constant(2000)
    found = law.predict(lrs)
    up = norm.ppf(0.95) * np.sqrt((RUN_NOISE * loss) ** 2 + (0.01 * loss) ** 2 + beyond(2000) ** 2)
    down = np.hypot(up, norm.ppf(0.95) * share * loss)
    assert found.final == pytest.approx((loss, loss - down, loss + up), abs=1e-3 * up)


def test_what_two_runs_may_fall_on_is_shared():
    """A difference of runs of one length owes nothing to it; beside a shorter one it is what that has less of."""
    law = replace(LAW, prior="generic", known=replace(KNOWN, falling=0.5))
    plain, (first, one), (second, other) = replace(LAW, prior="generic"), constant(2000), constant(4000)
    assert law.difference(first, first) == plain.difference(first, first)
    half, less = (each.difference(second, first)[2] - other + one for each in (law, plain))
    assert half == pytest.approx(np.hypot(less, norm.ppf(0.95) * 0.2 * (2 * other - one)))


def test_a_difference_across_peaks_is_as_lopsided_as_its_ends():
    """Its low end is where the first is lowest and the second highest."""
    law = replace(LAW, prior="generic", known=replace(KNOWN, peaks=(1e-3, 2e-3), falling=0.5))
    ends = [law.predict(constant(*which)[0]).final for which in ((4000,), (2000, 2.0))]
    (one, low, high), (other, least, most) = ends
    gain, down, up = law.difference(constant(4000)[0], constant(2000, 2.0)[0])
    assert down == pytest.approx(gain - np.hypot(one - low, most - other))
    assert up == pytest.approx(gain + np.hypot(high - one, other - least))
    assert gain - down != pytest.approx(up - gain, rel=0.1)


def test_a_loss_is_not_below_0():
    """However wide the interval."""
    wide = replace(LAW, known=replace(KNOWN, doubts=(Doubt("far", 2.0),)))
    found = wide.predict(constant(500)[0])
    assert found.low.max() == 0.0
    assert found.warnings == ("far",)


def test_the_width_of_a_difference():
    """The noise of both runs, the doubts of both, and what only one has beyond the logs."""
    (first, one), (second, other) = constant(1500), constant(2000)
    gain, low, high = LAW.difference(first, second, 0.9)
    noise = 2 * (RUN_NOISE * one) ** 2 + (0.01 * one) ** 2 + (0.01 * other) ** 2
    half = norm.ppf(0.95) * np.sqrt(noise + (beyond(2000) - beyond(1500)) ** 2)
    assert (gain, low, high) == pytest.approx((one - other, one - other - half, one - other + half))
    assert LAW.difference(first, second) == (gain, low, high)  # 90 % where no level is given


def test_a_difference_at_two_peaks_shares_nothing():
    """The half widths of both ends add in squares."""
    (first, _), (second, _) = constant(1500), constant(1500, 1.5)
    ends = [LAW.predict(lrs, level=0.8) for lrs in (first, second)]
    gain, low, high = LAW.difference(first, second, 0.8)
    half = np.hypot(*(end.high[-1] - end.loss[-1] for end in ends))
    assert gain == ends[0].loss[-1] - ends[1].loss[-1]
    assert (low, high) == pytest.approx((gain - half, gain + half))


def test_levels_and_ranks_are_of_90_percent():
    """Where none is given; a probability is between 0 and 1."""
    lrs = constant(500)[0]
    assert LAW.predict(lrs).level == LAW.rank([lrs])[0].level == 0.9
    for level in (0, 1):
        with pytest.raises(lr.LrlabError, match="between 0 and 1"):
            LAW.predict(lrs, level=level)


def test_given_parameters_are_exact():
    """With a weight decay of 0.1 where none is said, and not known at other peaks, as of any law."""
    fitted, scale = LAW.fits[0], LAW.scale
    assert (LAW.misfit, LAW.holds, LAW.apart, LAW.prior, LAW.reason) == (0.0, True, (), "llm", "")
    assert (scale, fitted.covariance.any()) == (Scale(1e-3, 1000.0, 0.1), False)
    assert Scale() == scale
    assert (fitted.walk.floor, fitted.walk.noise) == pytest.approx((0.012 * 2.5, 0.3 * 0.4))
    assert Law.from_parameters("momentum", MOMENTUM, peak=1e-3, horizon=9).known == Seen((1e-3,), 9, True)


def of(peaks, apart=()):
    """A law with fits at these peaks, which are told by their floors."""
    fits = [
        Fitted(np.array([0.5, 6.2]), np.array([floor, 0.5, 0.4]), np.zeros((5, 5)), misfit, Walk(peak, (), 0.0, 0.0))
        for peak, floor, misfit in (*peaks, *apart)
    ]
    return Law("momentum", tuple(fits[: len(peaks)]), tuple(fits[len(peaks) :]), Scale(), KNOWN)


def test_the_nearest_fit_answers():
    """That of the logged peak where it is one, within a fifth; else the nearest of those for peaks apart."""
    law = of([(1e-3, 1.0, 0.01), (4e-3, 2.0, 0.05)], [(1e-3, 3.0, 0.0), (4e-3, 4.0, 0.0)])
    assert [law.around(peak).outer[0] for peak in (1e-3, 1.19e-3, 4.5e-3)] == [1.0, 1.0, 2.0]
    assert [law.around(peak).outer[0] for peak in (1.3e-3, 1.9e-3, 2.1e-3, 6e-3)] == [3.0, 3.0, 4.0, 4.0]
    assert of([(1e-3, 1.0, 0.0)]).around(3e-3).outer[0] == 1.0


def test_a_law_holds_up_to_a_miss_of_5_percent():
    """In the worst of its logs."""
    assert of([(1e-3, 1.0, 0.01), (4e-3, 2.0, 0.05)]).holds
    assert not of([(1e-3, 1.0, 0.0501), (4e-3, 2.0, 0.01)]).holds


AT = np.arange(100, 3001, 100)
RUN = LogRun.from_arrays(AT, 3 + 2 * AT**-0.3, np.linspace(1e-3, 1e-5, 3000), 0.1)


def test_the_generic_prior_measures_by_the_runs():
    """A peak of 0.7 and 24 units of time, of the median peak and the longest log; the other priors by their own."""
    long = LogRun.from_arrays(2 * AT, 1.01 * RUN.loss, np.linspace(5e-3, 1e-5, 6000), 0.1)
    third = LogRun.from_arrays(AT, 1.02 * RUN.loss, np.linspace(2e-3, 1e-5, 3000))
    scale = fit_law([RUN, long, third], prior="generic").scale
    assert (scale.lr, scale.updates, scale.weight_decay) == pytest.approx((2e-3 / 0.7, 6000 / 24, 0.1))
    assert fit_law(RUN, prior="llm").scale == Scale(1e-3, 1000.0, 0.1)


def test_a_weight_decay_that_is_not_known_is_searched_for_widely():
    """Its spread is 1.2 in the logarithm before the log is read, instead of 0.4."""
    spreads = [
        np.sqrt(np.diag(fit_law(replace(RUN, weight_decay=decay), prior="llm").fits[0].covariance))[5]
        for decay in (0.1, None)
    ]
    assert spreads[0] < 0.45
    assert 0.8 < spreads[1] < 1.6


@pytest.mark.parametrize(
    ("misfit", "said", "widths"),
    [
        (0.004, [], []),
        (0.0041, ["the law misses the logs by 0.4% of the loss; try prior"], [0.0041]),
        (0.02, ["the law misses the logs by 2.0% of the loss; try prior"], [0.02]),
        (0.0201, ["the law misses the logs by 2.0% of the loss; try prior"], [0.0402]),
    ],
)
def test_a_miss_is_doubted_beyond_four_thousandths(misfit, said, widths):
    """By its size, twice that beyond 2 %; the wider prior doubts seven tenths of what it allows at once."""
    law = of([(1e-3, 2.5, misfit)])
    law = replace(law, known=replace(KNOWN, doubts=()))
    truth = law.predict(RUN.lrs).loss[AT - 1]
    curves = [prepare(replace(RUN, loss=truth), 0.04)]
    found = list(_misses(law, curves, prior_for("momentum", "llm")))
    assert [doubt.sd for doubt in found] == widths
    assert [doubt.sentence.partition("=")[0] for doubt in found] == said
    wider = list(_misses(law, curves, prior_for("momentum", "generic")))
    assert [doubt.sd for doubt in wider] == pytest.approx([0.007, *widths])
    assert not any("try prior" in doubt.sentence for doubt in wider)


@pytest.mark.parametrize(("misfit", "useless"), [(0.05, False), (0.051, True)])
def test_a_law_that_does_not_describe_its_logs_says_so(misfit, useless):
    """Beyond 5 %, in whatever is asked of it."""
    law = replace(of([(1e-3, 2.5, misfit)]), known=replace(KNOWN, doubts=()))
    told = [doubt.sentence for doubt in _misses(law, [prepare(RUN, 0.04)], prior_for("momentum", "generic"))]
    assert any("does not describe them, and nothing can rest on it" in sentence for sentence in told) == useless
    assert law.holds != useless


def test_what_losses_scatter_from_row_to_row_is_no_miss_of_the_law():
    """The mean distance of a normal scatter of 10 % is 8 %; what is more than that is the law's, in squares."""
    law = replace(of([(1e-3, 2.5, 0.10)]), known=replace(KNOWN, doubts=(), scatter=0.1))
    assert law.unexplained == pytest.approx(np.sqrt(0.1**2 - 0.1**2 * 2 / np.pi))
    assert not law.holds
    calm = replace(law, known=replace(law.known, scatter=0.126))
    assert (calm.unexplained, calm.holds) == (0.0, True)
    assert not any(doubt.sentence for doubt in _misses(calm, [prepare(RUN, 0.04)], prior_for("momentum", "llm")))
    wild = replace(law, fits=of([(1e-3, 2.5, 0.4)]).fits, known=replace(law.known, scatter=0.5))
    assert wild.unexplained == pytest.approx(np.sqrt(0.4**2 - 0.15**2 * 2 / np.pi))  # and 15 % of it at the most


@pytest.mark.parametrize(("off", "sd"), [(0.9, 0.0), (2.0, np.sqrt(3))])
def test_an_end_that_is_missed_is_doubted_beyond_the_noise_of_runs(off, sd):
    """By what is left of it in squares."""
    law = replace(of([(1e-3, 2.5, 0.0)]), known=replace(KNOWN, doubts=()))
    truth = law.predict(RUN.lrs).loss[AT - 1] / (1 + off * RUN_NOISE * (AT > 2400))
    found = list(_misses(law, [prepare(replace(RUN, loss=truth), 0.04)], prior_for("momentum", "llm")))
    assert [doubt.sd for doubt in found] == pytest.approx([sd * RUN_NOISE] if sd else [], rel=3e-2)


def test_a_law_is_one_thing():
    """Equal to itself alone, and a key; so are its predictions. It is not changed."""
    twin = replace(LAW, name="momentum")
    assert (twin == LAW, len({twin, LAW})) == (False, 2)
    answers = [LAW.predict(constant(10)[0]) for _ in range(2)]
    assert (answers[0] == answers[1], len({*answers})) == (False, 2)
    with pytest.raises(FrozenInstanceError):
        LAW.name = "elr"


def test_one_logged_peak_needs_no_fit_for_others():
    """Two have one each for peaks apart."""
    half = replace(RUN, lrs=RUN.lrs / 4, loss=1.01 * RUN.loss)
    one, two = fit_law(RUN, law="convex"), fit_law([RUN, half], law="convex")
    assert (len(one.fits), len(one.apart), len(two.fits), len(two.apart)) == (1, 0, 2, 2)
