"""What the tests of the dialects share: random configurations with fixed seeds, and how close is close."""

import functools
import importlib.util
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lrlab as lr
from lrlab.dialects import Imported
from lrlab.dialects.parts.phases import fixed

os.environ.setdefault("KERAS_BACKEND", "torch")  # read when Keras is first imported

NORMAL, FULL = 25, 300


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for a `seed` runs over 25 configurations; 300 more are `exhaustive`."""
    if "seed" in metafunc.fixturenames:
        more = [pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(NORMAL, NORMAL + FULL)]
        metafunc.parametrize("seed", [*range(NORMAL), *more])


@pytest.fixture
def rng(seed: int) -> random.Random:
    """Random arguments, the same ones every time."""
    return random.Random(seed)


def _agree(ours: Any, theirs: Any, relative: float = 1e-12, of_peak: float = 1e-14) -> None:
    """Every value is within `relative` of the other's, plus `of_peak` of the greatest, where the other cancels."""
    mine, other = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    assert mine.shape == other.shape
    far = np.flatnonzero(~(np.abs(mine - other) <= relative * np.abs(other) + of_peak * np.abs(other).max()))
    if far.size:
        at = int(far[0])
        pytest.fail(f"update {at}: ours {mine[at]!r}, theirs {other[at]!r} ({far.size} of {mine.size} differ)")


@pytest.fixture
def agree() -> Callable[..., None]:
    """`agree(ours, theirs)`: the same values at every update."""
    return _agree


@pytest.fixture
def same_curve() -> Callable[..., None]:
    """`same_curve(found, theirs, base)`: the imported schedule times the base LR gives their values, also past the
    horizon, and still does after its text is read back."""

    def compare(found: Imported, theirs: list[float], base: float = 1.0, **closeness: float) -> None:
        for schedule in (found.schedule, lr.parse(str(found.schedule))):
            horizon = max(len(theirs), fixed(schedule)) if found.horizon is None else found.horizon
            curve = schedule.over(horizon)
            try:
                _agree(base * curve.between(0, len(theirs)), theirs, **closeness)
            except BaseException as error:
                error.add_note(f"{schedule} over {horizon}")
                raise

    return compare


@functools.cache
def _beside(name: str) -> Any:
    path = Path(__file__).parent / "golden" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"_golden_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def beside() -> Callable[[str], Any]:
    """`beside("peers")`: a module of tests/dialects/golden."""
    return _beside
