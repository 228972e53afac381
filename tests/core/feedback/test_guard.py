"""The divergence guard: what a spike is, what it does, and when it gives up."""

import math
import random
import statistics

import pytest

import lrlab as lr
from lrlab.core.expression.vocabulary import formula

QUICK = {"after": 4, "patience": 1, "cooldown": 0, "multiple": 1.0}
CALM = [2.0, 2.2, 1.8, 2.0]  # mean 2, variance 0.02


def observed(controller, losses):
    """Every state, one after each loss."""
    state, seen = controller.init(), []
    for update, loss in enumerate(losses):
        state = controller.observe(state, loss, update)
        seen.append(state)
    return seen


def test_mean_and_variance_are_those_of_statistics():
    """Up to `window` losses they are the plain ones."""
    rng = random.Random(0)
    losses = [rng.gauss(2, 0.3) for _ in range(50)]
    last = observed(lr.guard(deviations=100.0, multiple=100.0), losses)[-1]
    assert last.mean == pytest.approx(statistics.fmean(losses))
    assert last.variance == pytest.approx(statistics.pvariance(losses))


@pytest.mark.parametrize(("loss", "event"), [(2.84, ""), (2.86, "spike"), (math.nan, "nan"), (-math.inf, "nan")])
def test_a_spike_is_six_standard_deviations_up(loss, event):
    """6 * sqrt(0.02) = 0.8485 above the mean of 2; a low loss is no spike, and what is not finite is none either."""
    assert observed(lr.guard(**QUICK), [*CALM, loss])[-1].event == event
    assert observed(lr.guard(**QUICK), [*CALM, -50.0])[-1].event == ""


def test_both_bars_count():
    """`multiple` is a bar of its own: with it a quiet loss needs a rise that matters."""
    assert observed(lr.guard(**{**QUICK, "multiple": 2.0}), [*CALM, 3.9])[-1].event == ""
    assert observed(lr.guard(**{**QUICK, "multiple": 2.0}), [*CALM, 4.1])[-1].event == "spike"
    below_zero = [-loss for loss in CALM]
    assert observed(lr.guard(**{**QUICK, "multiple": 1.5}), [*below_zero, -1.1])[-1].event == ""
    assert observed(lr.guard(**{**QUICK, "multiple": 1.5}), [*below_zero, -0.9])[-1].event == "spike"
    with pytest.raises(lr.LrlabError, match="at least 1"):
        lr.guard(multiple=0.5)


def test_patience_and_cooldown():
    """Two odd losses in a row, not one and one; then `cooldown` losses are not judged, but for NaN."""
    patient = lr.guard(**{**QUICK, "patience": 2, "cooldown": 2})
    assert [s.event for s in observed(patient, [*CALM, 9, 2, 9, 9, 9, 9, 9, 9])[4:]] == [
        "", "", "", "spike", "", "", "", "spike",
    ]  # fmt: skip
    assert [s.event for s in observed(patient, [*CALM, 9, 9, 9, math.nan])[4:]] == ["", "spike", "", "nan"]
    for patience in (1, 3, 4):
        events = [s.event for s in observed(lr.guard(**{**QUICK, "patience": patience}), [*CALM, *[9] * patience])[4:]]
        assert events == [*[""] * (patience - 1), "spike"]


def test_odd_losses_do_not_move_the_mean():
    """Or the second spike would look ordinary."""
    seen = observed(lr.guard(**QUICK), [*CALM, 9, 9])
    assert seen[-1].mean == seen[3].mean
    assert seen[-1].factor == 0.25


def test_it_gives_up_after_its_tries():
    """The rescue after the last is the event 'stop', which leaves the factor."""
    seen = observed(lr.guard(**{**QUICK, "tries": 2}), [*CALM, 9, math.nan, 9])
    assert [(s.event, s.factor) for s in seen[4:]] == [("spike", 0.5), ("nan", 0.25), ("stop", 0.25)]
    assert seen[-1].cause.endswith("2 rescues did not help")


def test_rewarming_takes_the_cuts_back_one_by_one():
    """After every two losses without a rescue, until the factor is 1."""
    seen = observed(lr.guard(**{**QUICK, "rewarm": 2}), [*CALM, 9, 9, *CALM, 2.0, 2.0])
    assert [s.factor for s in seen[4:]] == [0.5, 0.25, 0.25, 0.5, 0.5, 1.0, 1.0, 1.0]
    assert [s.event for s in seen[4:]] == ["spike", "spike", "", "rewarm", "", "rewarm", "", ""]


@pytest.mark.parametrize("cut", [0.1, 0.2, 0.4, 0.71, 0.8, 0.95])
def test_what_was_cut_comes_back_to_one_and_no_further(cut):
    """Though the rounding of two cuts that are taken back comes out above it."""
    assert cut * cut / cut / cut > 1
    seen = observed(lr.guard(factor=cut, cooldown=0, rewarm=1), [math.nan, math.nan, 2.0, 2.0, 2.0])
    assert [state.event for state in seen] == ["nan", "nan", "rewarm", "rewarm", ""]
    assert seen[-1].factor == 1.0


def noisy_run(seed):
    """A loss that falls by a power law with noise of a shape drawn for the run: normal, log-normal or Laplace."""
    rng = random.Random(seed)
    kind, width = rng.choice(["normal", "log-normal", "laplace"]), rng.uniform(0.01, 0.25)
    for t in range(1000):
        level = 1.5 + 4 * (t + 1) ** -0.4
        if kind == "normal":
            yield level * (1 + width * rng.gauss(0, 1))
        elif kind == "log-normal":
            yield level * math.exp(width * rng.gauss(0, 1))
        else:
            yield level * (1 + width * rng.choice([-1, 1]) * rng.expovariate(math.sqrt(2)))


@pytest.mark.parametrize("runs", [20, pytest.param(100, marks=pytest.mark.exhaustive)])
def test_clean_noisy_runs_trigger_nothing(runs):
    """No false alarm with the defaults, in runs of 1000 losses."""
    for seed in range(runs):
        assert observed(lr.guard(), noisy_run(seed))[-1].rescues == 0, seed


def test_formula(follows):
    """value = factor ** (rescues - rewarmings)."""
    controller = lr.guard(factor=0.5, after=2, patience=1, deviations=1, multiple=1, cooldown=0, rewarm=3, tries=99)
    follows(formula("guard"), controller, {"spike": "rescues", "rewarm": "rewarmings"})


def test_before_anything_was_observed():
    """Nothing is counted, and the factor is 1; it keeps its state where a run goes back, or that would not end."""
    zeros = {name: 0 for name in ("seen", "odd", "rest", "calm", "rescues", "observed")}
    whole = {"mean": 0.0, "variance": 0.0, "factor": 1.0, **zeros, "event": "", "cause": ""}
    assert lr.guard().init()._asdict() == whole
    assert lr.guard().survives


def test_a_multiple_of_one_is_the_mean():
    """The least that may be asked for."""
    assert lr.guard(multiple=1).multiple == 1
    with pytest.raises(lr.LrlabError, match="at least 1"):
        lr.guard(multiple=0.999)
