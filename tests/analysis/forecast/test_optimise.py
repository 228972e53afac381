"""The optimiser: the published optimum of another law, its constraints, and what it must not exploit."""

import os
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats

import lrlab as lr
import lrlab.analysis.forecast.optimise as module
from lrlab.analysis.forecast.doubts import Seen
from lrlab.analysis.forecast.fit import Fitted
from lrlab.analysis.forecast.law import Law, fit_law
from lrlab.analysis.forecast.laws import FORMS, Scale, every
from lrlab.analysis.forecast.offsets import Walk
from lrlab.analysis.forecast.optimise import (
    _DEEPEST,
    _RISKS,
    _apart,
    _denser,
    _draws,
    _nearest,
    _places,
    _plan,
    _ramp,
    _schedule,
)
from lrlab.errors import LrlabError
from lrlab.record.logs.log import LogRun

SHARED = Path(os.environ.get("LRLAB_DATA", "data"))
PUBLISHED = {
    "floor": 2.37474466, "progress": 0.65421216, "alpha": 0.42878731, "noise": 523.42464371,
    "log_c": float(np.log(2.02462735)), "beta": 0.59350493, "gamma": 0.63472457,
}  # fmt: skip
ELR = {
    "alpha": 0.52, "log_relaxation": 5.5, "beta": 0.25, "gamma": 0.05, "noise_power": 0.8, "log_decay": -0.2,
    "log_growth": 0.4, "log_start": -3.5, "floor": 2.7, "progress": 0.6, "noise": 0.7,
}  # fmt: skip
OBJECTIVE = 2.533219  # of the published schedule (arXiv:2503.12811, 400M), which took its authors 29 s to find


@pytest.fixture(scope="module")
def elr():
    return Law.from_parameters("elr", ELR, peak=1e-3, horizon=20000)


def test_the_published_optimum_is_reached():
    """24 000 updates, peak 3e-4, under the published parameters: its objective to within 1e-5."""
    law = Law.from_parameters("mpl", PUBLISHED, peak=3e-4, horizon=24000)
    found = law.optimise(24000, peak=3e-4, warmup=2160)
    assert found.loss < OBJECTIVE + 1e-5
    values = found.schedule.over(24000).values()
    assert (np.diff(values[2160:]) <= 1e-12).all()
    assert -np.diff(values[2160:]).min() < 0.005, "no jumps: the law overrates them"
    if (file := SHARED / "multi-power-law" / "optimized_400.npy").is_file():
        rise = np.arange(1, 2161) / 2161 * 3e-4
        assert law.predict(np.append(rise, np.load(file))).loss[-1] == pytest.approx(OBJECTIVE, abs=1e-6)


def test_nothing_that_has_a_name_is_better(elr):
    """Against decays of several lengths and shapes at the same peak."""
    found = elr.optimise(10000, peak=1e-3, warmup=200)
    rivals = [
        f'warmup(200) >> constant() >> {shape}("{share}%", to={to})'
        for shape in ("linear", "cosine", "one_minus_sqrt")
        for share in (10, 30, 60)
        for to in (0.0, 0.05)
    ]
    assert found.loss <= min(p.loss[-1] for p in elr.rank(rivals, base_lr=1e-3, horizon=10000)) + 1e-6
    assert found.loss <= found.named_loss < found.loss + 0.01
    assert found.low < found.loss < found.high


def test_the_record_is_exact(elr):
    """Its schedule, asked again, has the loss that it states; its horizon and its peak are those that were given."""
    found = elr.optimise(5000, peak=8e-4, warmup=100)
    again = elr.predict(found.schedule, base_lr=found.base_lr, horizon=5000)
    assert again.final[0] == found.loss
    assert again.loss.shape == (5000,)
    assert found.base_lr == pytest.approx(8e-4)
    assert found.schedule.over(5000).values().max() == pytest.approx(1.0)


@pytest.mark.parametrize("prefix", [None, np.full(1000, 8e-4)])
def test_half_of_the_gain_over_a_linear_decay_is_doubted(elr, prefix):
    """As a standard deviation beside what the law is unsure of; a gain is the difference of two ends under the law."""
    warmup = 100 if prefix is None else 0
    found = elr.optimise(5000, peak=8e-4, warmup=warmup, prefix=prefix)
    done = np.empty(0) if prefix is None else prefix
    plain = "warmup(100) >> linear()" if prefix is None else "linear()"
    for schedule, loss, high, gain in (
        (found.schedule, found.loss, found.high, (found.gain, found.gain_low, found.gain_high)),
        (
            found.named,
            found.named_loss,
            found.named_high,
            (found.named_gain, found.named_gain_low, found.named_gain_high),
        ),
    ):
        lrs, beside = (
            np.append(done, each.over(5000 - len(done)).lr(found.base_lr)) for each in (schedule, lr.parse(plain))
        )
        assert gain == pytest.approx(elr.difference(lrs, beside))
        assert gain[0] == pytest.approx(elr.predict(lrs).final[0] - elr.predict(beside).final[0])
        _, _, unsure = elr.predict(lrs).final
        assert high - loss == pytest.approx(np.hypot(unsure - loss, 1.6449 * 0.5 * gain[0]), rel=1e-3)
    assert found.gain < 0
    assert not any("linear decay" in sentence for sentence in found.warnings)


def test_what_is_not_told_from_a_linear_decay_is_said():
    """With the difference and its interval; a gain of which even the upper end is below 0 needs no word."""
    assert _apart((2.0, 1.9, 2.1, -0.01, -0.02, -0.001)) == ()
    (sentence,) = _apart((2.0, 1.9, 2.1, -0.01, -0.02, 0.0))
    assert "cannot tell it from a linear decay" in sentence
    assert "-0.01 (-0.02 to +0)" in sentence


def test_a_free_peak_is_not_worse_than_a_given_one(elr):
    """And stays at or below the highest that the logs have reached, above which a training may diverge."""
    free, given = elr.optimise(5000, warmup=100), elr.optimise(5000, peak=1e-3, warmup=100)
    assert free.loss <= given.loss + 1e-6
    assert 0.5e-3 <= free.base_lr <= 1e-3 + 1e-9
    assert any("no divergence" in text for text in free.warnings)


def test_a_peak_above_the_logs_is_asked_for(elr):
    """Up to twice the highest logged one, with a sentence; beyond, it is refused."""
    asked = elr.optimise(2000, peak=2e-3, warmup=50)
    assert any("no log has reached the peak LR 0.002" in text for text in asked.warnings)
    with pytest.raises(
        LrlabError, match=r"(?s)cannot foresee divergence.*at most 2 times the highest logged LR \(0.001\)"
    ):
        elr.optimise(2000, peak=2.1e-3, warmup=50)


def test_a_free_peak_of_logs_at_two_stays_among_them():
    """Not at twice the higher: the search is around each logged peak, with the fit of that peak."""
    truth = Law.from_parameters("elr", ELR, peak=1e-3, horizon=6000)
    at = np.arange(200, 6001, 200)
    runs = []
    for peak in (1e-3, 2e-3):
        lrs = lr.parse("warmup(200) >> linear()").over(6000).lr(peak)
        runs.append(LogRun.from_arrays(at, truth.predict(lrs).loss[at - 1], lrs, 0.1))
    assert 0.5e-3 <= fit_law(runs).optimise(6000).base_lr <= 2e-3 * (1 + 1e-9)


def test_after_a_prefix_only_the_rest_is_planned(elr):
    """The LR goes on from the last trained one, downwards."""
    done = np.concatenate([np.arange(1, 101) / 101 * 1e-3, np.full(2900, 1e-3)])
    found = elr.optimise(5000, prefix=done)
    values = found.schedule.over(2000).values()
    assert found.base_lr == pytest.approx(1e-3)
    assert values[0] <= 1.0
    assert (np.diff(values) <= 1e-12).all()
    assert found.loss == elr.predict(np.append(done, 1e-3 * values)).loss[-1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"steps": 5}, "steps"),
        ({"steps": 1000, "warmup": 2000}, "warmup"),
        ({"steps": 1000, "peak": -1.0}, "peak"),
        ({"steps": 1000, "shape": "staircase"}, "shape"),
        ({"steps": 1000, "risk": "low"}, "risk"),
        ({"steps": 1000, "prefix": np.full(1000, 1e-3)}, "nothing left"),
    ],
)
def test_an_impossible_plan_is_refused(elr, arguments, sentence):
    """The sentence names what is wrong."""
    with pytest.raises(LrlabError, match=sentence):
        elr.optimise(**arguments)


def test_a_law_that_does_not_describe_its_logs_is_refused(elr):
    """The best of what it foresees is where it errs most; what it foresees is told all the same."""
    bad, fair = (replace(elr, fits=tuple(replace(fit, misfit=off) for fit in elr.fits)) for off in (0.06, 0.05))
    assert bad.predict("linear()", base_lr=1e-3, horizon=2000).final
    with pytest.raises(LrlabError, match=r"(?s)does not describe its own logs.*misses them by 6%.*lrlab compare"):
        bad.optimise(2000)
    assert fair.optimise(2000, peak=1e-3, warmup=50).schedule


def test_laws_without_gradient_say_which_have_one():
    """The reference laws are for comparison."""
    law = Law.from_parameters(
        "momentum",
        {"alpha": 0.5, "log_memory": 6.0, "floor": 2.5, "progress": 0.5, "noise": 0.4},
        peak=1e-3,
        horizon=9000,
    )
    with pytest.raises(LrlabError, match="elr"):
        law.optimise(1000)


@pytest.mark.parametrize("peak", [1e-3, 2e-3])
def test_a_plan_begins_at_the_peak_that_was_given(elr, peak):
    """Also where it would rather begin below."""
    found = elr.optimise(2000, peak=peak, warmup=50)
    values = found.base_lr * found.schedule.over(2000).values()
    assert values.max() == pytest.approx(peak)
    assert values[50] == pytest.approx(peak)


def test_the_knots_of_a_plan_lie_the_closer_the_later():
    """By a parabola that ends level, on whole updates, each one once."""
    assert _denser(0, 100, 4).tolist() == [0, 44, 75, 94, 100]
    assert _denser(10, 14, 50).tolist() == [10, 11, 12, 13, 14]


def test_a_plan_stands_for_the_updates_of_a_run():
    """Its cells hold the mean of a line over their updates; the warmup is before them, a multiple of the peak."""
    plan = _plan(np.array([0.25, 0.5, 0.75]), 100, 10, True)
    edges = np.cumsum(np.append(0, plan.cells.width))
    assert (edges[0], edges[len(plan.early)], edges[-1]) == (0, 3, 100)
    assert np.dot(plan.early, plan.cells.width[: len(plan.early)]) == pytest.approx(1.5)
    wanted = [1 - (np.arange(a, b) / 100).mean() for a, b in pairwise(edges[len(plan.early) :])]
    assert plan.weights @ (1 - plan.knots / 100) == pytest.approx(wanted)
    assert (plan.knots[0], plan.knots[-1], plan.scales) == (3, 100, True)
    assert len(_plan(np.empty(0), 100, 10, False).early) == 0


def test_peaks_are_looked_for_around_each_logged_one():
    """From half the lowest to the highest, parted half way in the logarithm; or where it is given."""
    walks = [Walk(peak, (), 0.0, 0.0) for peak in (4e-3, 1e-3)]
    fits = [Fitted(np.array([1.0]), np.array([1.0, 0.0, 0.0]), np.zeros((4, 4)), 0.0, walk) for walk in walks]
    law = Law("elr", tuple(fits), (), Scale(), Seen((4e-3, 1e-3), 9, True))
    found = [(place.start, place.least, place.most) for place in _places(law, None, None)]
    assert found == [pytest.approx((1e-3, 0.5e-3, 2e-3)), pytest.approx((4e-3, 2e-3, 4e-3))]
    (given,) = _places(law, 3e-3, None)
    assert (given.start, given.least, given.most) == (3e-3, 3e-3, 3e-3)
    (after,) = _places(law, None, np.array([4e-3, 1e-3, 5e-4]))
    assert (after.start, after.least, after.most, after.fitted.walk.anchor) == (5e-4, 5e-4, 5e-4, 4e-3)
    for peak in (0.0, -1e-3, np.inf, np.nan):
        with pytest.raises(LrlabError, match="a positive LR"):
            _places(law, peak, None)


def test_at_the_highest_logged_peak_nothing_is_unknown(elr):
    """Of a peak that was asked for, not chosen."""
    assert elr.optimise(1000, peak=1e-3, warmup=10).warnings == ()
    free = elr.optimise(1000, warmup=10).warnings
    assert [text.partition(" a peak that is given")[2] for text in free] == [" may be up to 0.002"]


def test_a_plan_after_a_fall_goes_on_from_its_last_lr(elr):
    """And no plan of the same kind is better: neither a lower level, nor a later or an earlier fall."""
    done = np.append(np.full(1000, 1e-3), np.linspace(1e-3, 5e-4, 500))
    found = elr.optimise(4000, prefix=done)
    assert found.base_lr == 5e-4
    values = found.schedule.over(2500).values()
    assert values[0] == pytest.approx(1.0, abs=1e-3)
    for power in (0.95, 1.05):
        for other in (values**power, np.interp(np.linspace(0, 1, 2500) ** power, np.linspace(0, 1, 2500), values)):
            assert elr.predict(np.append(done, 5e-4 * other)).loss[-1] > found.loss


def test_a_plan_does_not_begin_lower_than_its_peak():
    """Also where the noise of the law is so large that a lower LR would be better all along."""
    law = Law.from_parameters("elr", {**ELR, "noise": 9.0}, peak=1e-3, horizon=20000)
    values = law.optimise(2000, peak=1e-3, warmup=0).schedule.over(2000).values()
    assert values[0] == pytest.approx(1.0, abs=1e-6)
    assert values[200] < 0.5


def test_the_risk_is_the_upper_end_of_eight_in_ten():
    """So many spreads above the mean a normal difference ends nine times of ten."""
    assert (_RISKS["mean"], _RISKS["high"]) == (0.0, pytest.approx(stats.norm.ppf(0.9), abs=0.005))


def test_a_plan_for_the_risk_has_the_least_risk():
    """The mean over draws, and 1.28 spreads of what they gain beside a linear decay: each the better by its own."""
    spreads = np.array([0.02, 0.5, 0.05, 0.1, 0.05, 0.2, 0.2, 0.5, 0.05, 0.05, 0.2])
    exact = Law.from_parameters("elr", ELR, peak=1e-3, horizon=4000)
    law = replace(exact, fits=(replace(exact.fits[0], covariance=np.diag(spreads**2)),))
    plans = {risk: law.optimise(4000, peak=1e-3, warmup=0, risk=risk).schedule for risk in ("mean", "high")}

    def losses(schedule):
        lrs = schedule.over(4000).lr(1e-3)
        return np.array([every(FORMS["elr"], inner, lrs)[-1] @ outer for inner, outer in _draws(law.fits[0])])

    mean, high, linear = losses(plans["mean"]), losses(plans["high"]), losses(lr.linear())
    assert mean.mean() <= high.mean() + 1e-6
    assert high.mean() + 1.28 * (high - linear).std() <= mean.mean() + 1.28 * (mean - linear).std() + 1e-6
    assert str(law.optimise(4000, peak=1e-3, warmup=0).schedule) == str(plans["high"])
    assert str(plans["mean"]) != str(plans["high"])


@pytest.mark.parametrize("risk", ["mean", "high"])
@pytest.mark.parametrize("peak", [None, 1e-3])
def test_the_optimiser_is_given_the_gradient_of_the_risk(monkeypatch, risk, peak):
    """What L-BFGS gets beside the risk is its derivative in each fall and in the peak, by central differences."""
    spreads = np.array([0.02, 0.5, 0.05, 0.1, 0.05, 0.2, 0.2, 0.5, 0.05, 0.05, 0.2])
    exact = Law.from_parameters("elr", ELR, peak=1e-3, horizon=400)
    law = replace(exact, fits=(replace(exact.fits[0], covariance=np.diag(spreads**2)),))
    asked = []
    monkeypatch.setattr(
        module, "minimize", lambda *given, **how: asked.append((given, how)) or optimize.minimize(*given, **how)
    )
    law.optimise(400, peak=peak, warmup=20, risk=risk)
    (objective, start), how = asked[0]
    assert max(high for _, high in how["bounds"][:-1]) * 4 == pytest.approx(-np.log(_DEEPEST)), "no jumps"
    at = start + 0.05
    _, gradient = objective(at)
    each = [(objective(at + step)[0] - objective(at - step)[0]) / 2e-5 for step in 1e-5 * np.eye(len(at))]
    moving = slice(1, None if peak is None else -1)  # the first value and a given peak are fixed
    assert gradient[moving] == pytest.approx(np.array(each)[moving], rel=1e-4, abs=1e-9)


@pytest.mark.parametrize("text", ["constant(1) >> linear(1)", "linear(2)"])
def test_a_plan_of_two_updates_has_a_name(text):
    """A decay of one update is one."""
    curve = lr.parse(text).over(2)
    assert str(_nearest(np.arange(3), np.append(curve.values(), 0.0), 0)) == text


def posterior(spreads):
    """A fit of two inner parameters whose spreads, and those of the outer three, are known and independent."""
    covariance = np.diag(np.square(np.asarray(spreads, dtype=float)))
    return Fitted(np.array([1.0, 2.0]), np.array([3.0, 0.5, 0.01]), covariance, 0.0, None)


def test_a_posterior_is_drawn_in_pairs_on_both_sides_of_its_mean():
    """Eight draws, none further than its spread in any direction; a coefficient never below 0."""
    draws = _draws(posterior([0.1, 0.2, 0.3, 0.4, 0.005]))
    assert len(draws) == 8
    moves = np.array([np.append(inner, outer) for inner, outer in draws]) - [1.0, 2.0, 3.0, 0.5, 0.01]
    assert moves[:4] == pytest.approx(-moves[4:])
    assert (np.abs(moves) <= [0.1001, 0.2001, 0.3001, 0.4001, 0.0051]).all()
    assert (np.abs(moves).max(0) > [0.05, 0.1, 0.15, 0.2, 0.0025]).all()
    wide = _draws(posterior([0.1, 0.2, 0.3, 9.0, 9.0]))
    assert min(outer.min() for _, outer in wide) == 0.0
    assert all((a[0] == b[0]).all() for a, b in zip(wide, _draws(posterior([0.1, 0.2, 0.3, 9.0, 9.0])), strict=True))


def test_exact_parameters_are_drawn_once():
    """There is nothing to draw."""
    ((inner, outer),) = _draws(posterior([0.0] * 5))
    assert (inner.tolist(), outer.tolist()) == ([1.0, 2.0], [3.0, 0.5, 0.01])


def test_the_warmup_is_a_fiftieth_where_none_is_given():
    """Or what is given, from none up to all but the last update."""
    assert [_ramp(steps, None) for steps in (49, 50, 1000)] == [0, 1, 20]
    assert [_ramp(100, warmup) for warmup in (0, 99)] == [0, 99]
    for warmup in (100, -1, True, 1.0):
        with pytest.raises(LrlabError, match="below 100"):
            _ramp(100, warmup)


def test_ten_updates_are_the_fewest(elr):
    """And of a prefix at least two must be left."""
    assert elr.optimise(10, peak=1e-3, warmup=0).schedule.over(10).values()[0] == 1
    for steps in (9, True, 10.0):
        with pytest.raises(LrlabError, match="at least 10"):
            elr.optimise(steps)
    assert len(elr.optimise(10, prefix=np.full(8, 1e-3)).schedule.over(2).values()) == 2
    with pytest.raises(LrlabError, match="9 of 10 updates are fixed"):
        elr.optimise(10, prefix=np.full(9, 1e-3))


def test_knots_on_the_line_of_their_neighbours_are_left_out():
    """A straight fall is one piece, a level is a constant; what bends by more than a hundred-thousandth stays."""
    knots = np.array([0, 25, 50, 75, 100])
    assert str(_schedule(knots, np.array([1.0, 0.75, 0.5, 0.25, 0.0]))) == "linear(100)"
    assert str(_schedule(knots, np.array([1.0, 1.0, 1.0, 0.5, 0.0]))) == "constant(50) >> linear(50)"
    assert str(_schedule(knots, np.array([1.0, 0.75, 0.50002, 0.25, 0.0]))).count("linear") >= 2
    assert str(_schedule(knots, np.array([1.0, 0.75, 0.500005, 0.25, 0.0]))) == "linear(100)"


@pytest.mark.parametrize(
    "text", ["linear(100)", "constant(40) >> cosine(60, to=0.1)", "constant(75) >> one_minus_sqrt(25)"]
)
def test_the_nearest_by_name_is_the_plan_itself_where_it_has_one(text):
    """Over its shapes, and decays of a twentieth of the run and its multiples."""
    knots = np.arange(101)
    values = np.append(lr.parse(text).over(100).values(), lr.parse(text).over(100)(100))
    assert _nearest(knots, values, 0) == lr.parse(text)
    assert str(_nearest(knots + 7, values, 7)) == f"warmup(7) >> {text}"
