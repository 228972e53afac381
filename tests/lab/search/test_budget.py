"""A budget in runs is counted, one in minutes measured."""

import dataclasses

import pytest

from lrlab.core.time.span import MOST
from lrlab.errors import LrlabError, LrlabTypeError
from lrlab.lab.search.budget import Budget, budget_of
from lrlab.lab.search.space import BASELINE
from lrlab.lab.search.tuning import Field
from lrlab.lab.search.units import Unit


@dataclasses.dataclass
class Ran:
    updates: int
    seconds: float = 2.0


def field():
    return Field((Unit(0, 0),), 2, 100, 4, False, lambda jobs: [Ran(job.updates) for job in jobs], lambda jobs: 0)


def test_runs_are_so_many_updates():
    """Nothing is trained for that."""
    assert budget_of(3.5, field(), 4, 350) == Budget(350)
    with pytest.raises(LrlabError, match=r"(?s)too small.*3.5 runs or more"):
        budget_of(3.4, field(), 4, 350)


def test_minutes_are_measured_by_a_first_run():
    """Which is part of them: 100 updates took two seconds, and two are trained at once."""
    assert budget_of("1min", field(), 2, 5900) == Budget(6000, 100)
    with pytest.raises(LrlabError, match="too small"):
        budget_of("1min", field(), 2, 5901)


@pytest.mark.parametrize("given", [0, -1.0, True, None, [4], float("nan"), float("inf"), MOST, 2**63])
def test_a_budget_is_a_number_of_runs_above_0(given):
    """The bound itself is none."""
    with pytest.raises(LrlabTypeError, match="a budget is in runs or in minutes"):
        budget_of(given, field(), 1, 0)
    assert budget_of(0.01, field(), 1, 1) == Budget(1, first=0)


@pytest.mark.parametrize("given", ["40ep", "10%"])
def test_a_budget_in_words_is_a_time(given):
    """Epochs and shares are none."""
    with pytest.raises(LrlabError, match=r"(?s)in runs or in minutes.*30min"):
        budget_of(given, field(), 1, 0)


def test_a_budget_that_is_too_small_says_what_is_enough():
    """In runs, the first one included."""
    with pytest.raises(LrlabError, match=r"(?s)given: +'?1\.5 runs.*3 runs or more"):
        budget_of("3s", field(), 1, 200)


def test_the_first_run_is_the_baseline_at_the_lr_of_the_task():
    """At its whole length."""
    seen = []
    measured = dataclasses.replace(field(), train=lambda jobs: seen.extend(jobs) or [Ran(job.updates) for job in jobs])
    budget_of("1min", measured, 1, 0)
    assert [(job.arm.name, job.lr, job.updates) for job in seen] == [(BASELINE.name, 1.0, 100)]
