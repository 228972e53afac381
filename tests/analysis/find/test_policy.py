"""The policy: what it asks for, within its budget; and that it ends where there is nothing to find."""

import numpy as np
import pytest

from lrlab.analysis.find.policy import Lengths, Policy, least_budget, lengths_of, swept
from lrlab.errors import LrlabError


@pytest.mark.parametrize(("updates", "budget"), [(1000, 500), (320, 160), (100, 64), (40, 400), (10**6, 5 * 10**5)])
def test_the_budget_is_never_exceeded(driven, updates, budget):
    """Whatever the length; a sweep and runs of two lengths."""
    policy = Policy(updates, budget)
    asked = driven(policy, lambda x, n: 0.3 * (x - 0.4) ** 2)
    assert sum(each.updates for each in asked) <= budget
    assert sum(each.updates for each in asked) >= 0.9 * policy.lengths.total
    assert {each.updates for each in asked if each.kind == "run"} == {policy.lengths.first, policy.lengths.second}
    assert all(each.updates <= updates for each in asked if each.kind == "run")


def test_runs_of_another_length_are_another_unit(driven):
    """So that what a fold is like cannot be taken for what the length does."""
    units = {each.updates: each.unit for each in driven(Policy(1000, 500), lambda x, n: x**2) if each.kind == "run"}
    assert sorted(units.values()) == [0, 1]


def test_the_last_runs_are_near_the_best_of_the_first(driven):
    asked = [each for each in driven(Policy(1000, 500), lambda x, n: 0.5 * (x - 1.0) ** 2) if each.kind == "run"]
    last = [np.log(each.multiple) for each in asked[3:]]
    assert len(last) == 2
    assert np.mean(last) == pytest.approx(1.0, abs=0.6)


def test_it_ends_where_nothing_is_finite(driven):
    """After the sweep, or after runs that diverged, ever lower."""
    at_once = Policy(1000, 500)
    driven(at_once, lambda x, n: 0.0, sweep=lambda x: np.full(len(x), np.nan))
    assert at_once.sweep is None
    assert not at_once.probes
    diverging = Policy(1000, 500)
    driven(diverging, lambda x, n: np.inf)
    assert len(diverging.probes) == 5
    assert diverging.probes[-1].log_lr < diverging.probes[0].log_lr - 1


@pytest.mark.parametrize("best", [-4.0, 4.0])
def test_it_goes_on_beyond_the_ends(driven, best):
    """Where the sweep was wrong, two more of the short runs follow the loss, and one of the longer is left."""
    policy = Policy(1000, 500)
    asked = driven(policy, lambda x, n: 0.2 * (x - best) ** 2)
    assert sum(each.updates for each in asked) <= 500
    logs = [probe.log_lr for probe in policy.probes]
    assert min(abs(x - best) for x in logs) < 2.0


def test_too_small_a_budget_is_a_sentence():
    with pytest.raises(LrlabError, match=r"(?s)too small.*0\.064 runs or more"):
        lengths_of(1000, 20)
    assert lengths_of(1000, round(1000 * least_budget(1000))).first == 8


@pytest.mark.parametrize(
    ("updates", "budget", "lengths"),
    [
        (1000, 500, (61, 62, 125)),
        (100, 64, (7, 8, 16)),
        (40, 400, (49, 20, 40)),
        (10**6, 5 * 10**5, (100, 62_500, 125_000)),
        (1000, 808, (100, 101, 202)),
        (1000, 800, (99, 100, 200)),
    ],
)
def test_the_parts_of_a_budget(updates, budget, lengths):
    """An eighth is the sweep, of at most a hundred updates; then three runs of an eighth of it and two of a quarter,
    which are no longer than the run that is asked about."""
    found = lengths_of(updates, budget)
    assert found == Lengths(*lengths)
    sweep, first, second = lengths
    assert found.total == 1 + sweep + 3 * first + 2 * second


def test_eight_updates_are_the_shortest_run():
    assert lengths_of(100, 64).first == 8
    with pytest.raises(LrlabError, match=r"(?s)0\.63 runs of 100 updates.*0\.64 runs or more"):
        lengths_of(100, 63)


def test_a_sweep_goes_three_decades_down_and_up():
    """By the same factor each time, the upper end left out."""
    found = swept(60)
    assert found[0] == pytest.approx(1e-3)
    assert found[1:] / found[:-1] == pytest.approx(10**0.1)
    assert len(found) == 60


def logs(policy, length):
    return [probe.log_lr for probe in policy.probes if probe.updates == length]


def test_first_runs_are_a_factor_of_3_apart_and_the_last_of_1_7(driven):
    """Around the best by the sweep, then by them."""
    policy = Policy(1000, 500)
    asked = driven(policy, lambda x, n: 0.5 * (x - 1) ** 2)
    assert np.diff(logs(policy, 62)) == pytest.approx([np.log(3.0)] * 2)
    assert np.diff(logs(policy, 125)) == pytest.approx([np.log(1.7)])
    assert [(each.kind, each.updates, each.multiple) for each in asked[:2]] == [
        ("untrained", 1, pytest.approx(1e-3)),
        ("sweep", 61, 1.0),
    ]


@pytest.mark.parametrize("way", [-1, 1])
def test_beyond_an_end_two_more_follow_the_loss(driven, way):
    """Each a factor of 3 further; and one of the longer is left."""
    policy = Policy(1000, 500)
    driven(policy, lambda x, n: -way * x)
    first = logs(policy, 62)
    assert len(first) == 5
    end = max(first[:3], key=lambda x: way * x)
    assert first[3:] == pytest.approx([end + way * np.log(3.0), end + 2 * way * np.log(3.0)])
    assert len(logs(policy, 125)) == 1
