"""The imports against values that the libraries' own code has computed; golden/peers.py says of what, and how.

Each row of golden/LIBRARY.json is a configuration, some updates, and the LRs that the library's own file gave there,
loaded alone with stand-ins for what it imports. Where LRLAB_PEERS names a folder with these libraries, 300 random
configurations of each are held against their code at every update.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import lrlab as lr
from lrlab.dialects.parts.phases import fixed

FOLDER = Path(__file__).parent / "golden"
LIBRARIES = sorted(path.stem for path in FOLDER.glob("*.json"))
ROWS = [(name, k) for name in LIBRARIES for k in range(len(json.loads((FOLDER / f"{name}.json").read_text())["rows"]))]


def values(found, base, at):
    """The LRs of some updates."""
    horizon = max([*at, fixed(found.schedule), 1]) if found.horizon is None else found.horizon
    curve = found.schedule.over(horizon)
    return [base * curve(update) for update in at]


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_source_is_said(library):
    """What was asked, of which version, and how."""
    document = json.loads((FOLDER / f"{library}.json").read_text())
    assert document["source"].split()[1][0].isdigit()
    assert "golden/peers.py" in document["made"]


@pytest.mark.parametrize(("library", "row"), ROWS)
def test_golden(library, row, beside):
    """The values of the library's own code."""
    given, at, expected = json.loads((FOLDER / f"{library}.json").read_text())["rows"][row]
    found, base = beside("configurations").ours(library, given)
    scale = max(map(abs, expected))
    assert values(found, base, at) == pytest.approx(expected, rel=1e-11, abs=1e-13 * scale)


@pytest.mark.exhaustive
@pytest.mark.parametrize("library", LIBRARIES)
def test_beside_the_library(library, seed, rng, beside):
    """Every update, up to where the library raises; what it refuses may be refused."""
    if "LRLAB_PEERS" not in os.environ:
        pytest.skip("LRLAB_PEERS names no folder with the libraries")
    given = beside("configurations").CONFIGURATIONS[library](seed, rng)
    theirs = beside("peers").found().curve(library, given, 400)
    try:
        found, base = beside("configurations").ours(library, given)
    except lr.LrlabError:
        assert not theirs
        return
    n = min(len(theirs), found.horizon.total * 3 // 2 + 2 if found.horizon else 200)
    ends = beside("configurations").asked(library, given)
    theirs = np.array(theirs[: min(n, ends) if ends else n])
    mine = np.array(values(found, base, range(len(theirs))))
    np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-13 * np.abs(theirs).max(initial=0))
