"""The policy: what it asks for, within its budget; and that it ends where there is nothing to find."""

import numpy as np
import pytest

from lrlab.analysis.find.policy import Policy, least_budget, lengths_of
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
