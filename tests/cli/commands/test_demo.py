"""`lrlab demo`: what lrlab is for, in an empty folder."""

import json

import pytest
from click.testing import CliRunner

from lrlab.cli.main import main


@pytest.fixture
def demo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")  # a narrower terminal breaks heads of columns into lines
    yield lambda *words: CliRunner().invoke(main, ["demo", *words])
    assert list(tmp_path.iterdir()) == []


def test_it_shows_the_point(demo):
    """Schedules as text and as a picture, which is best, how sure that is, and where to go on; it keeps nothing."""
    done = demo()
    assert done.exit_code == 0, done.output
    for said in ("is a value", "Learning rate", "behind the best", "leads on a noisy valley", "To use it", "saved"):
        assert said in done.output
    assert "lrlab compare path/to/file.py:train" in done.output


def test_a_constant_lr_is_told_to_be_worse(demo):
    """Around the best LR of each, nobody's on an edge; and the same again: nothing in it is by chance."""
    first, again = (json.loads(demo("--json").output) for _ in range(2))
    assert first["arms"] == again["arms"]
    best, last = first["arms"][0], first["arms"][-1]
    assert last["name"] == "constant"
    assert last["verdict"] == "worse"
    assert last["mean"] > 2 * best["mean"]
    assert [arm["edge"] for arm in first["arms"]] == [None] * 4
    assert first["effort"]["saved"] > 0
