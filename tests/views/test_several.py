"""Several tasks as a table and a picture: what is drawn is what was computed."""

from lrlab.analysis.comparison.across import across
from lrlab.analysis.comparison.target import REFERENCE
from lrlab.views.several import lead, profile, table

ARMS = across({"one": {REFERENCE: 100, "b": 50}, "two": {REFERENCE: 100, "b": None}}, REFERENCE)


def test_the_table_has_each_task():
    """A miss is said, and has no geometric mean."""
    found = table(ARMS)
    assert found.columns == ("strategy", "score", "speed-up", "missed", "one", "two")
    rows = {row[0]: row[2:] for row in found.rows}
    assert rows == {REFERENCE: ("1.00x", 0, "1.00x", "1.00x"), "b": ("", 1, "2.00x", "missed")}


def test_the_profile_is_a_staircase():
    """It stays until the step, and jumps there."""
    lines = {line.name: dict(zip(line.x, line.y, strict=True)) for line in profile(ARMS).lines}
    assert lines["b"] == {1.0: 0.5, 4.0: 0.5}
    assert (lines[REFERENCE][1.0], lines[REFERENCE][2.0 - 1e-6], lines[REFERENCE][2.0]) == (0.5, 0.5, 1.0)


def test_the_lead_names_the_best_score():
    """And its speed-up over the reference, unless it is the reference, or missed a target."""
    assert lead(ARMS) == f"{REFERENCE} has the best score over 2 tasks, 0.83."
    quick = across({"one": {REFERENCE: 100, "b": 50}}, REFERENCE)
    assert lead(quick) == (
        f"b has the best score over 1 task, 1.00, 2.00 times as quick as {REFERENCE} in the geometric mean."
    )
