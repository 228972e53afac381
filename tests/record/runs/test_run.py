"""A run's JSON: nothing is lost, nothing unlike a run is taken for one, and old formats are read."""

import contextlib
import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlab.core.run.pacer import Decision
from lrlab.errors import LrlabError
from lrlab.record.runs.run import UPGRADES, VERSION, Series, StoredRun, content_key, from_json, to_json

FORMAT_0 = Path(__file__).with_name("run-format-0.json")

floats = st.floats(allow_nan=False)
names = st.text(max_size=20)
series = st.lists(st.tuples(st.integers(0, 10**9), floats), max_size=5).map(
    lambda points: Series(tuple(u for u, _ in points), tuple(v for _, v in points))
)
decisions = st.builds(Decision, st.integers(0, 10**6), names, names, floats, floats, names)
runs = st.builds(
    StoredRun, key=names, task=names, arm=names, schedule=names, lr=floats, seed=st.integers(), fold=st.integers(0, 99),
    updates=st.integers(1, 10**9), metric=names, score=floats, outcome=st.sampled_from(["finished", "diverged"]),
    seconds=floats, loss=series, evals=st.dictionaries(names, series, max_size=3),
    decisions=st.lists(decisions, max_size=3).map(tuple), versions=st.dictionaries(names, names, max_size=3),
    fingerprint=st.none() | names, logged=st.dictionaries(names, series, max_size=2),
    mode=st.sampled_from([None, "min", "max"]),
)  # fmt: skip


@given(runs)
def test_json_and_back_is_the_same_run(run):
    """To the last bit, infinities included, as strict JSON on one line."""
    text = to_json(run)
    assert from_json(text) == run
    assert "\n" not in text
    json.loads(text, parse_constant=pytest.fail)


def test_nan_survives():
    """A loss of a run that diverged may be one; NaN is not equal to itself, so it is looked at."""
    run = from_json(FORMAT_0.read_text())
    assert math.isnan(from_json(to_json(run)).loss.values[2])


def test_format_0_is_read():
    """The fixture as it was written then, value by value."""
    run = from_json(FORMAT_0.read_text())
    assert json.loads(FORMAT_0.read_text())["version"] == 0
    assert (run.arm, run.lr, run.score, run.outcome) == ("cosine", 2.0, math.inf, "diverged")
    assert run.loss.updates == (0, 1, 2)
    assert run.loss.values[:2] == (2.5, 40.0)
    assert run.evals == {"val_loss": Series((1,), (3.25,))}
    assert run.decisions == ()


def test_format_1_is_read():
    """The fixture as it was written then: it had no fingerprint."""
    text = FORMAT_0.with_name("run-format-1.json").read_text()
    run = from_json(text)
    assert json.loads(text)["version"] == 1
    assert (run.decisions[0].new, run.fingerprint) == (0.5, None)
    assert run.evals == from_json(FORMAT_0.read_text()).evals


def test_the_upgrade_chain_has_no_gap():
    """One link for every format that there ever was."""
    assert sorted(UPGRADES) == list(range(VERSION))


def test_keys_tell_contents_apart_and_nothing_else():
    """Order does not matter, every value does; the digest of a known recipe is pinned, for stores live long."""
    assert content_key({"a": 1, "b": {"c": 2, "d": 3}}) == content_key({"b": {"d": 3, "c": 2}, "a": 1})
    assert content_key({"a": 1}) != content_key({"a": 2})
    assert content_key({"a": 1}) != content_key({"b": 1})
    # printf '{"a":1}' | sha256sum
    assert content_key({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), {1, 2}, b"bytes"])
def test_a_recipe_that_cannot_be_written_down_is_refused(value):
    """Two runs must not share a name because their difference has no text."""
    with pytest.raises(LrlabError, match=r"plain|content"):
        content_key({"config": {"x": value}})


def places(value, way=()):
    """The way to every value of a JSON document."""
    yield way
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(item, (*way, key))


odd = st.none() | st.booleans() | st.integers() | st.floats() | names | st.just([]) | st.just({}) | st.just(10**400)


@given(runs, st.data())
def test_a_value_that_is_not_what_was_written_is_never_believed(run, data):
    """Whichever value of the document is another, of whatever type."""
    document = json.loads(to_json(run))
    *way, last = data.draw(st.sampled_from([way for way in places(document) if way]))
    inner = document
    for step in way:
        inner = inner[step]
    was, inner[last] = inner[last], data.draw(odd)
    if repr(inner[last]) == repr(was):
        return
    with pytest.raises(LrlabError):
        from_json(json.dumps(document))


@given(runs, st.data())
def test_a_byte_that_is_another_is_never_believed(run, data):
    """What still reads is the same run: a space was exchanged for another."""
    content = bytearray(to_json(run).encode())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(LrlabError):
        assert from_json(bytes(content)) == run
