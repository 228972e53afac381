"""A budget in runs is counted, one in minutes measured."""

import dataclasses

import pytest

from lrlab.errors import LrlabError
from lrlab.lab.search.budget import Budget, budget_of
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
