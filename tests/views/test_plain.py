"""Reports as plain values."""

import json
import math

from lrlab.views.model import Code, Figure, Interval, Line, Mark, Report, Table, Text
from lrlab.views.plain import plain, plain_report


def test_a_cell_says_what_it_is():
    """A mark its tone, an interval its places on the scale of its column; each has the text that the page has."""
    table = Table(
        ("a", "b", "c"), (("x", Mark("best", "good"), Interval(-1, 0, 1, (0.5,))), (1.5, None, Interval(1, 2, 3)))
    )
    found = plain(table)
    assert found["rows"][0][1] == {"text": "best", "tone": "good"}
    interval = found["rows"][0][2]
    assert 0 <= interval["low"] < interval["mid"] < interval["high"] <= 1
    assert interval["mid"] == interval["zero"]
    assert [head["interval"] for head in found["columns"]] == [False, False, True]


def test_a_line_is_thinned_and_strict_json():
    figure = Figure(
        "t", "x", "y", (Line("a", range(10_000), [math.sin(x / 1000) if x != 5 else math.nan for x in range(10_000)]),)
    )
    found = plain(figure)
    assert len(found["lines"][0]["x"]) < 1200
    assert None in found["lines"][0]["y"]
    assert (found["log"], found["log_x"]) == (False, False)
    over_lr = plain(Figure("t", "LR", "y", (Line("a", [0.1, 1], [1, 0]),), log_y=True, log_x=True))
    assert (over_lr["log"], over_lr["log_x"]) == (True, True)
    assert over_lr["lines"][0]["last"] == "0"
    report = plain_report(Report("t", "lead", (figure, Text("one\n\ntwo"), Code("x = 1")), {"a": "b"}))
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert [section["kind"] for section in report["sections"]] == ["figure", "text", "code"]
