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


def test_a_miss_of_the_baseline_is_not_one_of_the_strategy():
    """Its cell says that there is nothing to be quicker than; the misses are counted alike in row and cells."""
    found = table(across({"one": {REFERENCE: None, "b": 50}, "two": {REFERENCE: None, "b": None}}, REFERENCE))
    rows = {row[0]: row[2:] for row in found.rows}
    assert rows == {REFERENCE: ("", 2, "missed", "missed"), "b": ("", 1, "no baseline", "missed")}
    assert "or else there is no baseline" in found.note


def test_nobody_is_best_where_nobody_was_at_a_target():
    """The first by the alphabet would be named; so it would be among equals."""
    lost = across({"one": {REFERENCE: None, "b": None}, "two": {REFERENCE: None, "b": None}}, REFERENCE)
    assert lead(lost) == "No strategy has a score above 0 over 2 tasks: none was at a target. There is no best."
    equal = across({"one": {REFERENCE: 50, "b": 50, "c": 90}}, REFERENCE)
    assert lead(equal) == f"b, {REFERENCE} share the best score over 1 task, 1.00."
