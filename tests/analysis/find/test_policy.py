"""The policy: what it asks for, within its budget; and that it ends where there is nothing to find."""

import numpy as np
import pytest
from scipy import stats

from lrlab.analysis.find.policy import Lengths, Policy, _first, _thought, allowed_of, least_budget, lengths_of, swept
from lrlab.analysis.find.profile import Probe
from lrlab.analysis.find.sweep import Sweep
from lrlab.errors import LrlabError, LrlabTypeError


@pytest.mark.parametrize(("updates", "budget"), [(1000, 500), (320, 160), (100, 80), (40, 400), (10**6, 5 * 10**5)])
def test_the_budget_is_never_exceeded(driven, updates, budget):
    """Whatever the length; a sweep and runs of two lengths."""
    policy = Policy(updates, budget)
    asked = driven(policy, lambda x, n: 0.3 * (x - 0.3) ** 2)
    assert sum(each.updates for each in asked) <= budget
    assert sum(each.updates for each in asked) >= 0.9 * policy.lengths.total
    assert {each.updates for each in asked if each.kind == "run"} <= {policy.lengths.run, policy.lengths.half}
    assert all(each.updates <= updates for each in asked if each.kind == "run")


def test_runs_of_another_length_are_another_unit(driven):
    """So that what a fold is like cannot be taken for what the length does."""
    units = {
        each.updates: each.unit for each in driven(Policy(1000, 500), lambda x, n: (x - 0.3) ** 2) if each.kind == "run"
    }
    assert sorted(units.values()) == [0, 1]


def test_runs_of_half_the_length_are_around_the_best(driven):
    """Where it lies between others."""
    asked = [each for each in driven(Policy(1000, 500), lambda x, n: 0.5 * (x - 0.3) ** 2) if each.kind == "run"]
    assert [each.updates for each in asked] == [109, 109, 109, 54, 54]
    best = min(asked[:3], key=lambda each: abs(np.log(each.multiple) - 0.3))
    assert asked[3].multiple < best.multiple < asked[4].multiple


def test_it_ends_where_nothing_is_finite(driven):
    """After the sweep, or after runs that diverged, ever lower."""
    at_once = Policy(1000, 500)
    driven(at_once, lambda x, n: 0.0, sweep=lambda x: np.full(len(x), np.nan))
    assert at_once.sweep is None
    assert not at_once.probes
    diverging = Policy(1000, 500)
    driven(diverging, lambda x, n: np.inf)
    assert len(diverging.probes) == 4
    assert diverging.probes[-1].log_lr < diverging.probes[0].log_lr


def test_too_small_a_budget_is_a_sentence():
    with pytest.raises(LrlabError, match=r"(?s)too small.*'0\.01 runs of 1000 updates'.*0\.08 runs or more"):
        allowed_of(1000, 0.01)
    with pytest.raises(LrlabError, match=r"(?s)'1e-05 runs of 999 updates'.*0\.0801 runs or more"):  # never less
        allowed_of(999, 1e-5)
    assert lengths_of(1000, round(1000 * least_budget(1000))).half == 8


@pytest.mark.parametrize(
    ("updates", "budget", "lengths"),
    [
        (1000, 500, (61, 109, 54)),
        (100, 80, (9, 17, 8)),
        (40, 400, (49, 40, 20)),
        (10**6, 5 * 10**5, (100, 124_974, 62_487)),
    ],
)
def test_the_parts_of_a_budget(updates, budget, lengths):
    """An eighth is the sweep, of at most a hundred updates; the rest four runs, no longer than what is asked about."""
    found = lengths_of(updates, budget)
    assert found == Lengths(*lengths)
    assert found.total == 1 + found.sweep + 4 * found.run <= budget


def test_a_sweep_goes_three_decades_down_and_up():
    """By the same factor each time, the upper end left out."""
    found = swept(60)
    assert found[0] == pytest.approx(1e-3)
    assert found[1:] / found[:-1] == pytest.approx(10**0.1)
    assert len(found) == 60


def logs(policy, length):
    return [probe.log_lr for probe in policy.probes if probe.updates == length]


def test_runs_are_a_factor_of_4_apart(driven):
    """Around the best by the sweep; those of half the length on both sides of the best."""
    policy = Policy(1000, 500)
    asked = driven(policy, lambda x, n: 0.5 * (x - 0.3) ** 2)
    assert np.diff(logs(policy, 109)) == pytest.approx([np.log(4)] * 2)
    assert np.diff(logs(policy, 54)) == pytest.approx([np.log(4)])
    assert [(each.kind, each.updates, each.multiple) for each in asked[:2]] == [
        ("untrained", 1, pytest.approx(1e-3)),
        ("sweep", 61, 1.0),
    ]
    assert {each.unit for each in asked if each.kind != "run"} == {0}


@pytest.mark.parametrize("updates", [1, 2, 15])
def test_runs_too_short_to_be_tested_are_told_by_their_length(updates):
    """No budget would do."""
    with pytest.raises(LrlabError, match=rf"(?s)'{updates} updates'.*16 updates or more"):
        allowed_of(updates, None)
    assert allowed_of(16, None) == 80


@pytest.mark.parametrize("budget", [float("inf"), float("nan"), 0, -1, True, "lots"])
def test_a_budget_is_a_finite_number_of_runs(budget):
    with pytest.raises(LrlabTypeError, match="a finite number above 0"):
        allowed_of(100, budget)


@pytest.mark.parametrize("at", [-4.0, -1.0, 0.0, 1.0, 4.0])
def test_the_task_s_own_lr_is_always_tried(driven, at):
    """Wherever the sweep was lowest; where that is far off, around the better of both."""
    policy = Policy(1000, 500)
    driven(policy, lambda x, n: 0.1 * x**2, sweep=lambda x: 2 - np.exp(-((x - at) ** 2)))
    tried = logs(policy, 109)
    assert min(abs(x) for x in tried) == pytest.approx(0, abs=1e-12)
    assert min(tried) < 0 < max(tried)
    assert policy.edge is None


def test_what_broke_bounds_the_best(driven):
    """The best is no end where a run above it diverged, or where another is as good."""
    policy = Policy(1000, 500)
    driven(policy, lambda x, n: -x if x < 1 else np.inf)
    assert policy.edge is None
    level = Policy(1000, 500)
    driven(level, lambda x, n: 5.0)
    assert level.edge is None


@pytest.mark.parametrize("way", [-1, 1])
def test_a_large_budget_goes_on_beyond_an_end(driven, way):
    """As far as the sweep went, no farther."""
    policy = Policy(100, 4000)
    driven(policy, lambda x, n: -way * x)
    assert len(policy.probes) > 4
    assert np.log(100) < way * policy.edge.log_lr < np.log(1000)


@pytest.mark.parametrize("way", [-1, 1])
def test_beyond_an_end_one_more_follows_the_loss(driven, way):
    """A factor of 4 further, in the place of the two of half the length."""
    policy = Policy(1000, 500)
    driven(policy, lambda x, n: -way * x)
    found = logs(policy, 109)
    assert len(found) == len(policy.probes) == 4
    assert found[3] == pytest.approx(max(found[:3], key=lambda x: way * x) + way * np.log(4))


@pytest.mark.parametrize(("budget", "lengths"), [(498, [109] * 4), (497, [108] * 4), (493, [108] * 4)])
def test_the_last_update_of_a_budget_is_used(driven, budget, lengths):
    """Beyond an end another whole run; else two of half its length, where just so much is left."""
    policy = Policy(1000, budget)
    driven(policy, lambda x, n: -x)
    assert [probe.updates for probe in policy.probes] == lengths
    assert (policy.lengths.total == budget) == (budget != 497)
    inside = Policy(1000, budget)
    driven(inside, lambda x, n: (x - 0.3) ** 2)
    assert [probe.updates for probe in inside.probes] == [*lengths[:3], *[lengths[3] // 2] * 2]


@pytest.mark.parametrize(
    ("middle", "steps"),
    [(0.0, [-1, 0, 1]), (1.4, [0, 1, 2]), (-1.4, [-2, -1, 0]), (1.6, [1.6, 0]), (-1.6, [-1.6, 0])],
)
def test_the_first_runs_are_three_with_the_task_s_own_lr_or_two_where_that_is_far(middle, steps):
    """In steps of their factor: as near to the middle as that lets them be."""
    assert _first(0.8 * middle, 0.8) == pytest.approx([0.8 * step for step in steps])


SWEEPS = [
    (None, True, [(1 - np.log(2.5), 1.7)]),
    (None, False, [(1 - np.log(2.5), 3.0)]),
    (4.0, False, [(1 - np.log(2.5), 3.0), (4 - np.log(20), 1.3)]),
    (4.0, True, [(1 - np.log(2.5), 1.7), (4 - np.log(20), 1.3)]),
]


@pytest.mark.parametrize(("breaks", "learns", "guesses"), SWEEPS)
def test_what_is_thought_of_short_runs_by_a_sweep(breaks, learns, guesses):
    """A factor below where it was lowest, and another below where it broke."""
    assert np.array(_thought(Sweep(2.0, 0.1, 1.0, 1.0, breaks, learns))) == pytest.approx(np.array(guesses))


@pytest.mark.parametrize(("breaks", "learns", "guesses"), SWEEPS)
def test_before_there_is_a_run_the_task_s_own_lr_is_a_guess_too(breaks, learns, guesses):
    """Student's t beside normal distributions, and the best LR as their product has it; less where it is doubted."""
    policy = Policy(109, 500)
    policy.sweep = Sweep(2.0, 0.1, 1.0, 1.0, breaks, learns)
    x = np.linspace(-15, 15, 30_001)
    swept = np.prod([stats.norm.pdf(x, at, spread) for at, spread in guesses], axis=0)
    for found, within in ((policy.profile(), 1.0), (policy.doubting(), 4.0)):
        density = stats.t(2).pdf(x / within) * swept
        density /= density.sum()
        spread = float(np.sqrt(density @ (x - density @ x) ** 2))
        assert found.m.mean() == pytest.approx(float(density @ x), abs=0.06 * spread)
        assert np.sqrt(np.mean((found.m - density @ x) ** 2)) == pytest.approx(spread, rel=0.06)


def test_a_run_broke_where_its_loss_is_twice_that_of_the_untrained_model():
    """Not at twice itself; in log loss, as all scores are."""
    policy = Policy(1000, 500)
    policy.untrained = 0.5
    double = 0.5 + float(np.log(2.0))
    losses = {0.4: False, double: False, double + 1e-9: True, np.inf: True}
    assert {loss: policy.broke(Probe(0.0, 109, 0, loss)) for loss in losses} == losses
