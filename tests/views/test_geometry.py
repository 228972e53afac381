"""The page's own numbers and places (geometry.js) are those of the other drawers."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from lrlab.views.axes import axis, number
from lrlab.views.labels import spread

GEOMETRY = Path(__file__).parents[2] / "src/lrlab/views/assets/geometry.js"


def in_javascript(expression, given):
    """The value of a JavaScript expression of `given`, by Node.js."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed")
    code = f"{GEOMETRY.read_text()}\nconst given = {json.dumps(given)};\nconsole.log(JSON.stringify({expression}));"
    out = subprocess.run([node, "-"], input=code, capture_output=True, text=True, check=True, timeout=60)
    return json.loads(out.stdout)


def test_numbers_agree():
    """The read-out under the pointer is written as in the summary above the plot."""
    values = [None, 0, 1, -3, 12000, 0.26512, 123.456, 123456.7, 0.001, 0.00099, 1.5e7, 0.5, 3e-4, -2.5e-9, 0.0265]
    assert in_javascript("given.map(v => geometry.number(v))", values) == [number(v) for v in values]


def test_ticks_agree():
    """A tick has the label that the SVG gives it."""
    for ends in ((0, 1), (0.262, 0.418), (0, 2e-4), (0, 12345), (-0.004, 0.14), (3e-8, 4e-8)):
        found = axis(ends, 5)
        step = found.ticks[1] - found.ticks[0]
        assert tuple(in_javascript(f"geometry.ticks(given, {step})", found.ticks)) == found.labels


def test_logarithmic_ticks_agree():
    """And their labels."""
    for ends in ((0.0137, 0.62), (0.25, 2), (1e-5, 1), (1e-9, 3e6), (0.31, 0.33), (0.0011, 0.0123), (7.8e-178, 9)):
        for count in (1, 3, 7, 12):
            found = axis(ends, count, log=True, exact=True)
            ticks = in_javascript(f"geometry.logTicks(...given, {count})", ends)
            assert tuple(ticks) == found.ticks
            assert tuple(in_javascript("geometry.logLabels(given)", ticks)) == found.labels


def test_places_agree():
    """Names stand where labels.py puts them."""
    rng = random.Random(0)
    cases = [[rng.uniform(-20, 320) for _ in range(rng.randint(0, 14))] for _ in range(50)]
    found = in_javascript("given.map(wanted => geometry.spread(wanted, 20, 0, 300))", cases)
    assert all(places == pytest.approx(spread(case, 20, 0, 300)) for places, case in zip(found, cases, strict=True))


def test_values_between_points():
    """Straight between neighbours, nothing beside a gap or outside, the last value before it when asked."""
    line = {"x": [0, 10, 20, 30, 40], "y": [0, 1, None, 3, 2]}
    at = [-1, 0, 5, 10, 15, 20, 25, 30, 35, 40, 41]
    expression = "given.at.map(x => geometry.valueAt(given.line, 'y', x))"
    assert in_javascript(expression, {"line": line, "at": at}) == [
        None, 0, 0.5, 1, None, None, None, 3, 2.5, 2, None,
    ]  # fmt: skip
    assert in_javascript("[15, 25, 99].map(x => geometry.lastValue(given, x))", line) == [1, 1, 2]


@pytest.mark.parametrize(("log_x", "log_y", "value"), [(True, False, 5), (False, True, 4), (True, True, 4)])
def test_values_between_points_of_logarithmic_axes(log_x, log_y, value):
    """Straight where it is drawn: in the middle of the plot is the mean of that axis, the geometric one of 2 and 8."""
    line = {"x": [1, 100], "y": [2, 8], "logX": log_x, "logY": log_y}
    middle = 10 if log_x else 50.5
    assert in_javascript(f"geometry.valueAt(given, 'y', {middle})", line) == pytest.approx(value)
