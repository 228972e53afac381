"""What every test run needs: warnings are errors, and the full counts are asked for with `-m exhaustive`."""

from __future__ import annotations

import gc
import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

# No timed assertions: how long an example takes says how busy the machine is.
settings.register_profile("untimed", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

os.environ.setdefault("KERAS_BACKEND", "torch")  # read when Keras is first imported


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the exhaustive tests out unless the command line asks for markers."""
    if config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("exhaustive")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("exhaustive")]


def pytest_collection_finish() -> None:
    """Tests and libraries stay to the end: of a million objects nobody has to ask again whether they are garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _numpy_errors() -> None:
    """How NumPy takes errors is a part of what decides a run; an interrupt within `errstate` leaves it changed."""
    np.seterr(divide="warn", over="warn", under="ignore", invalid="warn")
