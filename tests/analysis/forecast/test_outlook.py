"""A comparison half done is forecast to its end: on curves that a known law made, so that the answer is known."""

import dataclasses
import zlib

import numpy as np
import pytest

from lrlab.analysis.forecast.curves import Prediction
from lrlab.analysis.forecast.law import Law
from lrlab.analysis.forecast.outlook import (
    Forecast,
    _curve,
    _foreseen,
    _ordered,
    _spread,
    _usable,
    _widening,
    _wider,
    outlook,
)
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError
from lrlab.record.logs.log import LogRun
from lrlab.record.logs.readers import from_record
from lrlab.record.runs.run import Series, StoredRun

UPDATES = 2000
SCHEDULES = {
    "fixed": "constant()",
    "cosine": "cosine()",
    "linear": "linear()",
    "WSD": "wsd()",
    "restarts": 'warm_restarts("50%")',
    "plateau": "plateau(patience=2, factor=0.3)",
}
TRUTH = Law.from_parameters(
    "elr",
    {
        "alpha": 0.5, "log_relaxation": 5.0, "beta": 0.3, "gamma": 0.0, "noise_power": 0.8, "log_decay": -0.2,
        "log_growth": 0.3, "log_start": -3.3, "floor": 2.6, "progress": 0.5, "noise": 0.6,
    },
    peak=1e-3,
    horizon=UPDATES,
)  # fmt: skip


def true_loss(arm, lr):
    """The loss after every update that the known law gives; the task's own LR is 1e-3."""
    return TRUTH.predict(parse(SCHEDULES[arm]).over(UPDATES).lr(1e-3 * lr)).loss


def run(arm, lr, seed=0, outcome="finished"):
    noise = np.random.default_rng(zlib.crc32(f"{arm}{lr}{seed}".encode())).normal(0, 0.02, UPDATES - 1)
    loss = Series(tuple(range(1, UPDATES)), tuple((true_loss(arm, lr)[:-1] + noise).tolist()))
    text = SCHEDULES[arm]
    return StoredRun(
        f"{arm}{lr}{seed}", "t", arm, text, lr, seed, 0, UPDATES, "val_loss", 1.0, outcome, 1.0, loss, {}, (), {}
    )


def half_done(open_places, lrs=(0.5, 1.0), arms=tuple(SCHEDULES)):
    """Two seeds of everything but the open places."""
    places = [(arm, lr) for arm in arms for lr in lrs]
    return {place: [] if place in open_places else [run(*place, seed) for seed in (0, 1)] for place in places}


def forecasts(found):
    return {(f.arm, f.lr): f for f in found.forecasts}


@pytest.fixture(scope="module")
def found():
    runs = half_done({("linear", 1.0), ("WSD", 0.5), ("plateau", 1.0)})
    return outlook(runs, {arm: parse(text) for arm, text in SCHEDULES.items()}, UPDATES)


def test_what_is_open_is_foreseen_within_its_interval(found):
    """The truth is known: within 1 % of the loss, and inside."""
    for place in (("linear", 1.0), ("WSD", 0.5)):
        forecast, truth = forecasts(found)[place], true_loss(*place)[-UPDATES // 48 :].mean()
        assert forecast.loss == pytest.approx(truth, rel=0.01)
        assert forecast.low < truth < forecast.high
        assert forecast.measured is None
        assert forecast.finished == 0


def test_what_is_finished_was_foreseen_without_its_own_runs(found):
    """A changed run moves the measured loss of its row, and not the prediction."""
    runs = half_done({("linear", 1.0), ("WSD", 0.5), ("plateau", 1.0)})
    place = found.fitted_on[0]
    changed = [
        dataclasses.replace(one, loss=Series(one.loss.updates, tuple(1.2 * v for v in one.loss.values)))
        for one in runs[place]
    ]
    again = outlook({**runs, place: changed}, {arm: parse(text) for arm, text in SCHEDULES.items()}, UPDATES)
    before, after = forecasts(found)[place], forecasts(again)[place]
    assert after.loss == pytest.approx(before.loss, rel=1e-9)
    assert after.measured == pytest.approx(1.2 * before.measured)


def test_forecasts_are_ranked_and_judged(found):
    """The lowest first; error and order are those of the rows that have both numbers."""
    losses = [f.loss for f in found.forecasts if f.loss is not None]
    assert losses == sorted(losses)
    both = [f for f in found.forecasts if f.loss is not None and f.measured is not None]
    assert found.error == pytest.approx(np.mean([abs(f.loss - f.measured) for f in both]))
    assert found.ordered > 0.8


def test_the_intervals_hold_on_nine_of_ten_that_are_finished(found):
    """They were widened until they did."""
    both = [f for f in found.forecasts if f.loss is not None and f.measured is not None]
    assert np.mean([f.low <= f.measured <= f.high for f in both]) >= 0.9
    assert found.widened >= 1


def test_an_open_arm_that_listens_to_the_loss_is_not_foreseen(found):
    """A plateau's LR is not known before its losses are."""
    forecast = forecasts(found)[("plateau", 1.0)]
    assert forecast.loss is None
    assert "not there yet" in forecast.note
    assert found.forecasts[-1] == forecast


def test_no_law_is_fitted_to_an_lr_that_rises_again(found):
    """But it is foreseen, with a note."""
    assert not any(arm == "restarts" for arm, _ in found.fitted_on)
    assert forecasts(found)[("restarts", 1.0)].note == "its LR rises again"


def test_an_arm_that_diverged_has_no_final_loss():
    """It is said, not foreseen."""
    runs = half_done({("linear", 1.0)}, arms=("fixed", "cosine", "linear", "WSD"))
    runs["fixed", 1.0] = [run("fixed", 1.0, outcome="diverged")]
    found = outlook(runs, {arm: parse(text) for arm, text in SCHEDULES.items()}, UPDATES)
    assert forecasts(found)[("fixed", 1.0)].note == "diverged"


def test_too_little_is_a_sentence():
    """Two finished arms are one too few: one must be left to judge by."""
    runs = half_done({("linear", 1.0)}, lrs=(1.0,), arms=("fixed", "cosine", "linear"))
    with pytest.raises(LrlabError, match="too little is finished"):
        outlook(runs, {arm: parse(text) for arm, text in SCHEDULES.items()}, UPDATES)


def test_three_finished_arms_are_enough():
    arms = ("fixed", "cosine", "linear", "WSD")
    runs = half_done({("WSD", 1.0)}, lrs=(1.0,), arms=arms)
    found = outlook(runs, {arm: parse(SCHEDULES[arm]) for arm in arms}, UPDATES)
    here = forecasts(found)["WSD", 1.0]
    assert here.low < true_loss("WSD", 1.0)[-1] < here.high


def test_lrs_too_far_apart_are_too_little():
    """Each run alone at its LR, a hundred times another: none can be judged by the others."""
    places = {
        (arm, lr): [dataclasses.replace(run(arm, 1.0), lr=lr)]
        for arm, lr in (("cosine", 0.01), ("linear", 1.0), ("fixed", 100.0))
    }
    with pytest.raises(LrlabError, match="too little is finished"):
        outlook(places, {arm: parse(text) for arm, text in SCHEDULES.items()}, UPDATES)


def test_a_short_run_is_judged_by_its_last_loss():
    """The last of 48 parts of a run, but at least one update."""

    class Known:
        def predict(self, lrs, level):
            loss = np.arange(1.0, len(lrs) + 1)
            return Prediction("linear()", loss, loss - 1, loss + 1, level, ())

    for updates, last in ((10, 10.0), (96, 95.5), (480, 475.5)):
        found, _ = _foreseen(Known(), ("new", 1.0), [], None, parse("linear()"), updates, 0.9)
        assert (found.loss, found.low, found.high) == (last, last - 1, last + 1)


def test_intervals_are_widened_by_the_rank_of_split_conformal_prediction():
    """The ceil((n + 1) * level)-th smallest ratio, the greatest where there are too few, and never below 1."""
    assert _widening([3.0, 1.5, 2.0], 0.9) == 3.0
    assert _widening([float(k) for k in range(1, 20)], 0.9) == 18.0
    assert _widening([float(k) for k in range(1, 20)], 0.5) == 10.0
    assert _widening([0.2, 0.9], 0.9) == 1.0


def test_a_wider_interval_is_wider_on_either_side_and_above_0():
    """Each as wide as before times the factor; a loss below 0 is not foreseen."""
    narrow = Forecast("a", 1.0, 0, None, 2.0, 1.5, 2.25)
    assert (_wider(narrow, 2.0).low, _wider(narrow, 2.0).high) == (1.0, 2.5)
    assert (_wider(narrow, 6.0).low, _wider(narrow, 6.0).high) == (0.0, 3.5)
    nothing = Forecast("a", 1.0, 0, None, None, None, None)
    assert _wider(nothing, 2.0) == nothing


def test_pairs_in_the_right_order_are_counted():
    """Predictions that are equal are in no order."""
    assert _ordered([(1.0, 1.0, 0.0), (2.0, 3.0, 0.0), (3.0, 2.0, 0.0)]) == pytest.approx(2 / 3)
    assert _ordered([(1.0, 1.0, 0.0), (1.0, 2.0, 0.0)]) == 0.0


def test_a_law_is_fitted_to_runs_far_from_each_other():
    """At first the one of the lowest mean and last LR; at most six, and one is left to judge by."""

    def log(peak, fall):
        lrs = peak * np.linspace(1.0, 1.0 - fall, 100)
        return LogRun.from_arrays(np.arange(10, 101, 10), np.linspace(3.0, 2.0, 10), lrs)

    logs = {(f"{fall}", peak): log(peak, fall) for fall in (0.0, 0.5, 1.0) for peak in (1.0, 2.0, 8.0)}
    chosen = _spread(logs)
    assert len(chosen) == 6
    assert chosen[0][0] == "1.0"
    assert chosen[1] == ("0.0", 8.0)  # log2 of the peaks apart by 3, means by 1/2, ends by 1
    assert len(_spread(dict([*logs.items()][:3]))) == 2
    assert len(_spread(dict([*logs.items()][:7]))) == 6


def test_a_curve_is_the_mean_of_its_runs_over_48_stretches():
    """Of the updates that all of them logged; each at the middle of its updates, the last one the final loss."""

    def stored(seed, updates, values):
        loss = Series(tuple(updates), tuple(values))
        text = SCHEDULES["linear"]
        given = ("val_loss", 1.0, "finished", 1.0, loss, {}, (), {})
        return StoredRun(f"{seed}", "t", "linear", text, 0.5, seed, 0, 200, *given)

    first = stored(0, range(1, 200), [3.0 - 0.01 * k for k in range(1, 200)])
    second = stored(1, range(0, 200, 2), [1.0 - 0.01 * k for k in range(0, 200, 2)])
    curve = _curve([first, second])
    logs = [from_record(one, "loss") for one in (first, second)]
    shared = sorted({*logs[0].updates.tolist()} & {*logs[1].updates.tolist()})
    assert len(curve.log.loss) == 48
    last = np.array_split(np.array(shared), 48)[-1]
    assert curve.ends.tolist() == last.tolist()
    means = [np.mean([log.loss[log.updates.tolist().index(at)] for log in logs]) for at in last]
    assert curve.final == pytest.approx(np.mean(means))
    assert curve.log.updates[-1] == round(last.mean())
    assert curve.log.name == "linear at 0.5"


class Flat:
    """A law that foresees a loss of 2 between 1 and 3."""

    def predict(self, lrs, level):
        loss = np.full(len(lrs), 2.0)
        return Prediction("given", loss, loss - 1, loss + 1, level, ("far",))


@pytest.mark.parametrize(("end", "rises"), [(0.1, False), (0.11, True)])
def test_an_lr_rises_again_beyond_a_tenth_of_its_peak(end, rises):
    """That is noted of a forecast, and no law is fitted to it."""
    schedule = parse(f"linear(50) >> linear(50, start=0, to={end}) >> constant(10, level={end})")
    found, _ = _foreseen(Flat(), ("new", 1.0), [], None, schedule, 110, 0.9)
    assert found.note == ("its LR rises again" if rises else "")
    lrs = schedule.over(110).values()
    log = LogRun.from_arrays(np.arange(10, 111, 10), np.linspace(3.0, 2.0, 11), lrs)
    assert _usable(log) != rises
    assert not _usable(dataclasses.replace(log, loss=np.full(11, 2.0)))


def test_what_is_said_of_a_place():
    """Its arm and LR, how many runs are finished, and what was measured; warnings where there are no runs."""
    runs = [run("linear", 0.5, seed) for seed in (0, 1)]
    curve = _curve(runs)
    known, none = _foreseen(Flat(), ("linear", 0.5), runs, curve, parse("linear()"), UPDATES, 0.8)
    assert known == Forecast("linear", 0.5, 2, curve.final, 2.0, 1.0, 3.0)
    new, warnings = _foreseen(Flat(), ("linear", 0.5), [], None, parse("linear()"), UPDATES, 0.8)
    assert new == Forecast("linear", 0.5, 0, None, 2.0, 1.0, 3.0)
    assert (none, warnings) == ((), ("far",))
