"""What the columns show of an arm."""

from types import SimpleNamespace

import pytest

from lrlab.analysis.comparison.columns import COLUMNS, Judgement, Spread
from lrlab.analysis.comparison.divergence import Divergence
from lrlab.analysis.comparison.stability import Unstable
from lrlab.analysis.comparison.standing import Standing

BY_KEY = {column.key: column for column in COLUMNS}
LINE = Standing("wsd", 2, 1.5, 0.1, (1.0, 2.0, 2.0), (1.4, 1.5, 1.6), 0.2, 0.1, 0.3, 0.01, "worse")
EVIDENCE = SimpleNamespace(
    schedules={"wsd": "wsd()"},
    notes={"wsd": "weights averaged over 10% of the run"},
    behind=lambda line: (0.1, 0.2, 0.3),
    unit="fold",
    divergences=lambda line: (Divergence(12, "loss"),) if line.verdict == "diverged" else (),
)


def shown(key, **changes):
    line = Standing(**{**vars(LINE), **changes})
    column = BY_KEY[key]
    return (column.cell or column.value)(EVIDENCE, line)


@pytest.mark.parametrize(
    ("key", "changes", "cell"),
    [
        ("mean", {}, 1.5),
        ("mean", {"mean": None}, "diverged"),
        ("difference", {}, Spread(0.1, 0.2, 0.3, (0.1, 0.2, 0.3))),
        ("difference", {"low": None}, Spread(0.2, 0.2, 0.2, (0.1, 0.2, 0.3))),
        ("difference", {"difference": None}, None),
        ("verdict", {}, Judgement("worse", "worse")),
        ("verdict", {"verdict": "open"}, Judgement("open", "open: worse so far")),
        ("verdict", {"verdict": "diverged"}, Judgement("diverged", "diverged at update 12 (loss)")),
        ("lrs", {}, "× 1, 2"),
        ("lrs", {"edge": "highest"}, "× 1, 2 (highest tried)"),
        ("lrs", {"unstable": Unstable(4.0, 1, 3)}, "× 1, 2 (unstable at × 4: 1 of 3 folds)"),
        ("unstable", {"unstable": Unstable(4.0, 1, 3)}, {"lr": 4.0, "diverged": 1, "units": 3}),
        ("unstable", {}, None),
        ("verdict", {"verdict": "unstable"}, Judgement("unstable", "unstable: worse where it is not")),
        ("schedule", {}, "wsd(), weights averaged over 10% of the run"),
        ("diverged", {"verdict": "diverged"}, {"update": 12, "by": "loss", "runs": 1}),
        ("diverged", {}, None),
    ],
)
def test_a_cell(key, changes, cell):
    """Of an arm that is whole, open, at an edge, diverged."""
    assert shown(key, **changes) == cell


def test_an_interval_without_an_end_is_not_drawn():
    """Nor that of the best, which is behind nobody."""
    assert shown("difference", high=None) == Spread(0.2, 0.2, 0.2, (0.1, 0.2, 0.3))
    assert shown("difference", verdict="best") == Spread(0.2, 0.2, 0.2, (0.1, 0.2, 0.3))


def test_only_the_schedule_is_left_out_where_there_is_little_room():
    """It is the longest, and the strategy has a name."""
    assert [column.key for column in COLUMNS if column.wide] == ["schedule"]
