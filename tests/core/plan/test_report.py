"""The table of what a plan drives."""

from __future__ import annotations

import json

from lrlab.core.plan.report import PlanReport, Row

ROWS = (
    Row("Muon", "hidden", 4, "lr", 0.01, 0.02, 0.5, "hid*", "cosine()"),
    Row("AdamW", "1", 12, "lr", 0.001, 0.001),
    Row("AdamW", "1", 12, "weight_decay", 0.1, 0.1),
)


def test_the_table_has_a_line_for_each_row_and_says_what_is_not_driven():
    """Columns as wide as their widest cell, nothing after the last."""
    text = str(PlanReport(ROWS, {"updates": 90, "tokens": 5e6}, {"tokens": 1e7}, ("head.bias",)))
    assert text.splitlines() == [
        "90 updates, 5e+06 of 1e+07 tokens (50 %)",
        "optimizer  group   parameters  hyper-parameter  now    own    scale  rule  schedule",
        "Muon       hidden  4           lr               0.01   0.02   0.5    hid*  cosine()",
        "AdamW      1       12          lr               0.001  0.001               not driven",
        "AdamW      1       12          weight_decay     0.1    0.1                 not driven",
        "in no group: head.bias",
    ]


def test_a_group_whose_lr_nothing_drives_is_named():
    """Its weight decay alone does not count."""
    assert PlanReport(ROWS, {"updates": 0}, {}).undriven == ("1",)


def test_the_records_are_plain_json():
    """One dict for each row."""
    records = PlanReport(ROWS, {"updates": 0}, {}).records()
    assert json.loads(json.dumps(records)) == records
    assert records[0]["hyper"] == "lr"
    assert len(records) == 3


def test_a_group_is_driven_where_its_lr_is():
    """Whatever else of it is not."""
    rows = [Row("SGD", "a", 1, "lr", 0.1, 0.1, schedule="cosine()"), Row("SGD", "a", 1, "momentum", 0.9, 0.9)]
    rows += [Row("SGD", "b", 1, "lr", 0.1, 0.1), Row("SGD", "b", 1, "momentum", 0.9, 0.9, schedule="0.9")]
    report = PlanReport(tuple(rows), {"updates": 0}, {})
    assert (report.undriven, report.left_out) == (("b",), ())
    assert (rows[2].scale, rows[2].rule, rows[2].schedule) == (1.0, "", "")
