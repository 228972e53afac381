"""JSON: plain values in, plain values out, and nothing but LrlabError for what is not a document."""

import json
import random
import subprocess
import sys

import pytest

import lrlab as lr
from lrlab.core.expression.write import VERSION, record
from lrlab.core.text.document import upgraded

GOOD = [
    lr.warmup("2%") >> lr.cosine(to=0.1),
    0.5 * (lr.warmup(5) >> lr.linear()) * lr.plateau(patience=3, name="p"),
    lr.minimum(lr.table([1, 0.5]), lr.constant(level=0.6)).reverse().clip(0, 1),
    lr.cosine("20%").repeat(3, stretch=2, gain=0.5).lasting(400) + 0.25,
    lr.piecewise_linear([(0, 0), ("10%", 1), ("3ep", 0.5)]),
    lr.parse('function("f", "0123", span="1/3ep")'),
]


def wrapped(schedule):
    return json.dumps({"lrlab": 1, "schedule": schedule})


@pytest.mark.parametrize("schedule", GOOD, ids=str)
def test_round_trip(schedule):
    """loads(dumps(s)) == s; what equals its default is left out; indented documents read the same."""
    assert lr.loads(lr.dumps(schedule)) == schedule
    assert lr.loads(lr.dumps(schedule, indent=2)) == schedule
    assert lr.loads(lr.dumps(schedule).encode()) == schedule


def test_document():
    """The document that others may rely on."""
    assert json.loads(lr.dumps(GOOD[0])) == {
        "lrlab": 1,
        "schedule": {
            "kind": "sequence",
            "phases": [{"kind": "warmup", "span": "2%"}, {"kind": "cosine", "to": 0.1}],
        },
    }
    assert record(lr.cosine()) == {"kind": "cosine"}


def test_every_kind_reads_in_a_fresh_process():
    """The kinds are known before anything is built or parsed."""
    text = lr.dumps(lr.minimum(lr.cosine().repeat(3).clip(0.1), lr.linear().excerpt(0, 5, over=9).lasting(9)).reverse())
    script = f"import lrlab; print(lrlab.loads({text!r}))"
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert out.strip() == str(lr.loads(text))


BAD = [
    None,
    5,
    "",
    "{}",
    "[]",
    "nonsense",
    b"\xff",
    "[" * 100_000,
    '{"lrlab": 1}',
    '{"lrlab": "1", "schedule": {"kind": "cosine"}}',
    '{"lrlab": true, "schedule": {"kind": "cosine"}}',
    '{"lrlab": 1.0, "schedule": {"kind": "cosine"}}',
    '{"lrlab": -1}',
    '{"lrlab": 99}',
    '{"lrlab": 0}',
    '{"lrlab": 0, "text": 5}',
    '{"lrlab": 1, "schedule": {"kind": "cosine", "to": NaN}}',
    '{"lrlab": 1, "schedule": {"kind": "cosine", "to": 1e999}}',
    '{"lrlab": 1, "schedule": {"kind": "cosine", "to": ' + "9" * 5000 + "}}",
    *map(
        wrapped,
        [
            None,
            5,
            "cosine()",
            [],
            {},
            {"kind": None},
            {"kind": []},
            {"kind": "cosin"},
            {"kind": "Schedule"},
            {"kind": "cosine", "self": 1},
            {"kind": "cosine", "nope": 1},
            {"kind": "cosine", "to": True},
            {"kind": "cosine", "to": None},
            {"kind": "cosine", "to": {"kind": "linear"}},
            {"kind": "cosine", "span": -1},
            {"kind": "table"},
            {"kind": "table", "values": []},
            {"kind": "table", "values": [[1]]},
            {"kind": "table", "values": "12"},
            {"kind": "sequence"},
            {"kind": "sequence", "phases": []},
            {"kind": "sequence", "phases": ["x"]},
            {"kind": "sequence", "phases": [1, 2]},
            {"kind": "sequence", "phases": {"kind": "cosine"}},
            {"kind": "product", "terms": []},
            {"kind": "product", "terms": 5},
            {"kind": "product", "terms": [2, 3]},
            {"kind": "product", "terms": [{"kind": "rex"}], "factor": None},
            {"kind": "product", "terms": [{"kind": "rex"}], "factor": {"kind": "rex"}},
            {"kind": "sum", "terms": ["x"]},
            {"kind": "minimum", "terms": "ab"},
            {"kind": "minimum", "terms": []},
            {"kind": "clip", "schedule": 5, "low": 0},
            {"kind": "clip", "schedule": {"kind": "rex"}},
            {"kind": "clip", "schedule": {"kind": "rex"}, "low": 2, "high": 1},
            {"kind": "reverse"},
            {"kind": "reverse", "schedule": 3},
            {"kind": "repeat", "schedule": {"kind": "rex"}, "times": 0},
            {"kind": "lasting", "schedule": {"kind": "rex"}, "span": 0},
            {"kind": "function", "name": "f"},
            {"kind": "function", "name": "f", "digest": 5},
        ],
    ),
]


@pytest.mark.parametrize("text", BAD, ids=lambda text: str(text)[:60])
def test_bad_documents_are_refused(text):
    """One LrlabError, which says where in the document."""
    with pytest.raises(lr.LrlabError) as caught:
        lr.loads(text)
    if isinstance(text, str) and text.startswith('{"lrlab": 1, "schedule": {'):
        assert "$" in str(caught.value) or "finite" in str(caught.value) or "JSON" in str(caught.value)


def test_deep_documents_are_refused():
    """A thousand levels end in a worded error, whatever nests them."""
    for kind in ("reverse", "clip", "repeat"):
        inner = '{"kind": "rex"}'
        for _ in range(1000):
            inner = f'{{"kind": "{kind}", "schedule": {inner}}}'
        with pytest.raises(lr.LrlabError, match=r"nested too deeply|not JSON"):
            lr.loads('{"lrlab": 1, "schedule": ' + inner + "}")


def test_what_python_normalises_json_normalises():
    """A document that is not in normal form is read into it."""
    nested = {"kind": "product", "terms": [{"kind": "product", "factor": 2, "terms": [{"kind": "rex"}]}]}
    assert lr.loads(wrapped(nested)) == 2 * lr.rex()
    twice = {"kind": "reverse", "schedule": {"kind": "reverse", "schedule": {"kind": "rex"}}}
    assert lr.loads(wrapped(twice)) == lr.rex()
    single = {"kind": "sequence", "phases": [{"kind": "rex"}]}
    assert lr.loads(wrapped(single)) == lr.rex()


def test_every_version_is_brought_up():
    """A document of version 0 holds the text."""
    document = upgraded({"lrlab": 0, "text": "cosine(to=0.1)"})
    assert document == {"lrlab": VERSION, "schedule": {"kind": "cosine", "to": 0.1}}


def mutated(rng, value):
    """A JSON value with a few places changed."""
    if isinstance(value, dict):
        made = {k: mutated(rng, v) for k, v in value.items() if rng.random() > 0.05}
        if rng.random() < 0.1:
            made[rng.choice(["to", "span", "kind", "terms", "schedule", "x", "times"])] = rng.choice(ODD)
        return made
    if isinstance(value, list):
        return [mutated(rng, v) for v in value for _ in range(rng.choice([1, 1, 1, 1, 0, 2]))]
    return rng.choice(ODD) if rng.random() < 0.12 else value


ODD = [None, True, -1, 0, 2, 1e300, "10%", "1/3", "here", "", "cosine", [], {}, [1, 2], {"kind": "cosine"}, 10**25]


@pytest.mark.parametrize(
    ("documents", "seed"), [(1500, 1), pytest.param(30_000, 2, marks=pytest.mark.exhaustive)], ids=["few", "all"]
)
def test_mutated_documents_read_or_are_refused(documents, seed):
    """Mutated documents and mutated bytes give a schedule that writes and reads, or an LrlabError."""
    rng = random.Random(seed)
    for _ in range(documents):
        text = json.dumps(mutated(rng, json.loads(lr.dumps(rng.choice(GOOD)))))
        if rng.random() < 0.3:
            at = rng.randrange(len(text))
            text = text[:at] + rng.choice(['"', "{", "]", "0", "e9", ",", "\x00", "\\u12", "nul", "-"]) + text[at + 1 :]
        try:
            schedule = lr.loads(text)
            assert lr.loads(lr.dumps(schedule)) == schedule == lr.parse(str(schedule))
            schedule.over(500)
        except lr.LrlabError:
            continue
        except Exception as error:
            raise AssertionError(f"{text} lets out {type(error).__name__}: {error}") from error


def test_dumps_writes_schedules_only():
    """Anything else is a worded TypeError."""
    with pytest.raises(lr.LrlabError, match="dumps writes a schedule"):
        lr.dumps("cosine()")


def deep(levels):
    """Schedules in lists within each other, none of which can be joined with the one around it."""
    inner = {"kind": "rex", "span": 1}
    for k in range(levels):
        kind, name = (("sum", "terms"), ("sequence", "phases"))[k % 2]
        inner = {"kind": kind, name: [{"kind": "cosine", "span": 1}, inner]}
    return wrapped(inner)


def test_lists_may_be_as_deep_as_schedules():
    """Eighty levels are read; a thousand are refused in words."""
    assert lr.loads(deep(80)).over(1000)(0) > 0
    for levels in (101, 400):
        with pytest.raises(lr.LrlabError, match=r"nested too deeply|not JSON"):
            lr.loads(deep(levels))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_document_is_strict_json(value):
    """What JSON has no number for is refused where the schedule is made, so that a document never holds it."""
    for make in (lambda: lr.linear(to=value), lambda: lr.table([1.0, value]), lambda: value * lr.cosine()):
        with pytest.raises(lr.LrlabError):
            make()
