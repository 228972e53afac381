"""What the tests of the lab share: a task that trains in a millisecond."""

from pathlib import Path

import pytest

from lrlab.lab.task import Task, load_task

QUADRATIC = Path(__file__).with_name("quadratic.py")


@pytest.fixture
def quadratic() -> Task:
    return load_task(f"{QUADRATIC}:train")
