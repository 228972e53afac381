"""The answer of a transfer as tables, a figure and sentences."""

import math

from lrlab.analysis.transfer.transfer import fit_sweeps
from lrlab.record.trials import Trial
from lrlab.views import transfer as views

TRIALS = [
    Trial(n, b, 100, 0.01 * 2**k, 3 + 0.1 * (k - 2 + math.log2(n / 1e4) / 2) ** 2)
    for n in (1e4, 4e4, 16e4) for b in (8, 16) for k in range(6)
]  # fmt: skip
FOUND = fit_sweeps(TRIALS).at(size=64e4, batch=8)


def test_ours_stands_above_the_rules():
    """With its interval; theirs have none, and a source."""
    table = views.answer(FOUND)
    assert table.rows[0][:4] == ("from all sweeps", FOUND.lr, FOUND.low, FOUND.high)
    assert [row[0] for row in table.rows[1:]] == [rule.name for rule in FOUND.rules]
    assert all(row[2] is None and row[5] for row in table.rows[1:])


def test_the_edge_has_a_column_where_there_is_one():
    """Here the optimum of the largest size is at the lowest LR."""
    assert views.swept(FOUND).columns[-1] == "edge"
    inner = fit_sweeps([t for t in TRIALS if t.size < 16e4]).at(size=64e4, batch=8)
    assert views.swept(inner).columns[-1] != "edge"


def test_the_figure_goes_along_what_varies_most():
    """The size; a line for each batch, and the answer with its interval."""
    figure = views.drawn(FOUND)
    assert (figure.x_label, figure.log_x) == ("size", True)
    assert [line.x for line in figure.lines] == [(64e4,), (1e4, 4e4, 16e4), (1e4, 4e4, 16e4)]
    assert [line.name for line in figure.lines] == ["asked", "batch 8, horizon 100", "batch 16, horizon 100"]
    assert (figure.lines[0].low, figure.lines[0].high) == ((FOUND.low,), (FOUND.high,))


def test_the_sentences_tell_lr_interval_and_risk():
    """In words."""
    first, second = views.sentences(FOUND)
    assert f"LR {FOUND.lr:.3g}" in first
    assert f"at most {FOUND.risk:.2%}" in first
    assert "factor of 2" in second
    assert [row[0] for row in views.powers(FOUND).rows] == ["size", "batch"]


def test_a_level_near_all_is_not_told_as_all():
    """99.9 % is not 100 %."""
    told = " ".join(views.sentences(fit_sweeps(TRIALS).at(size=64e4, batch=8, level=0.999)))
    assert "; 99.9%: " in told
    assert "(99.9%)" in told
