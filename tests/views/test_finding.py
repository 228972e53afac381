"""A range test in figures, tables and words, from plain records."""

import numpy as np
import pytest

from lrlab.analysis.find.answer import answer
from lrlab.analysis.find.policy import Policy, Told, swept
from lrlab.views import finding


def policy(loss):
    """Driven by a loss of log LR."""
    made = Policy(1000, 500)
    asked = made.first()
    while asked:
        x = np.log(swept(asked[-1].updates))
        losses = tuple(np.where(x < 2.5, 2 - 1 / (1 + np.exp(-3 * (x + 1))), 3 * x).tolist())
        told = {"untrained": Told(6.0), "sweep": Told(np.inf, losses)}
        asked = made.told([told.get(each.kind) or Told(loss(np.log(each.multiple))) for each in asked])
    return made


def test_the_figure_is_lowest_at_the_answer():
    """On a logarithmic axis of the LR itself; the band holds the line."""
    made = policy(lambda x: 0.2 * x**2)
    found = answer(made)
    figure = finding.drawn(made, found, [0.1])
    line = figure.lines[0]
    assert (figure.x_label, figure.log_x) == ("LR", True)
    assert np.log10(line.x[int(np.argmin(line.y))]) == pytest.approx(np.log10(0.1 * found.guess), abs=0.25)
    assert all(low <= y <= high for low, y, high in zip(line.low, line.y, line.high, strict=True))


def test_the_figure_shows_the_range_above_the_band():
    """At the regret that it states, between its ends; where there is none, the curve alone."""
    made = policy(lambda x: 0.02 * x**2)
    found = answer(made)
    curve, held = finding.drawn(made, found, [0.1]).lines
    assert held.x == pytest.approx([0.1 * found.low, 0.1 * found.high])
    assert held.y == (100 * found.regret,) * 2
    inside = [high for x, high in zip(curve.x, curve.high, strict=True) if held.x[0] <= x <= held.x[1]]
    assert inside
    assert max(inside) <= 100 * found.regret
    sharp = policy(lambda x: 3.0 * x**2)
    assert len(finding.drawn(sharp, answer(sharp), [0.1]).lines) == 1


def test_where_nothing_is_known_there_is_no_figure():
    made = policy(lambda x: np.inf)
    found = answer(made)
    assert finding.drawn(made, found, [0.1]) is None
    assert finding.sentences(found, made, [0.1], "loss", 0.5)[0].startswith("No usable range: every short run diverged")
    assert "4 diverged" in finding.stopped(made)


def test_runs_of_the_whole_length_say_nothing_of_a_longer_one():
    made = Policy(1000, 6000)
    asked = made.first()
    while asked:
        x = np.log(swept(asked[-1].updates))
        told = {"untrained": Told(6.0), "sweep": Told(np.inf, tuple((2 + np.maximum(x, 0)).tolist()))}
        asked = made.told([told.get(each.kind) or Told(0.2 * np.log(each.multiple) ** 2) for each in asked])
    assert made.lengths.run == 1000
    found = answer(made)
    assert found.horizon is not None
    told = " ".join(finding.sentences(found, made, [0.1], "loss", 6.0))
    assert "believed, not measured" not in told
    assert "times that of 500" in told
    short = policy(lambda x: 0.02 * x**2)
    assert "believed, not measured" in " ".join(finding.sentences(answer(short), short, [0.1], "loss", 0.5))


@pytest.mark.parametrize(
    ("own", "said"),
    [([0.1], "It leans on the LR that was given, 0.1"), ([], "It leans on the LR that the training has")],
)
def test_what_an_answer_leans_on_is_told(own, said):
    """With a range, which does not, and with a guess; where nothing was learned there is nothing that leans."""
    for curvature, also in ((0.02, "; the range does not. Where"), (3.0, ". Where")):
        made = policy(lambda x, k=curvature: k * x**2)
        assert said + also in " ".join(finding.sentences(answer(made), made, own, "loss", 0.5))
    flat = policy(lambda x: 6.0)
    assert "leans" not in " ".join(finding.sentences(answer(flat), flat, own, "loss", 0.5))


def test_groups_are_told_with_their_ratios():
    made = policy(lambda x: 0.02 * x**2)
    found = answer(made)
    several = finding.sentences(found, made, [0.1, 0.01], "loss", 0.5)
    assert f"ratios: {0.1 * found.lr:.3g}, {0.01 * found.lr:.3g}." in " ".join(several)
    assert "ratios" not in " ".join(finding.sentences(found, made, [0.1], "loss", 0.5))


def test_ours_stands_above_the_others():
    """With what each LR is expected to cost; a rule that says nothing has an empty cell."""
    made = policy(lambda x: 0.2 * x**2)
    found = answer(made)
    table = finding.rules({"steepest": 1e6, "valley": None}, made, found, [1.0])
    assert [row[0] for row in table.rows] == ["short complete runs", "steepest", "valley"]
    assert table.rows[1][2] == "99+"
    assert table.rows[2][1:] == (None, None)


def test_a_training_without_an_lr_of_its_own_is_shown_in_multiples():
    """On the axis, above the runs and beside the rules, and not as LRs."""
    made = policy(lambda x: 0.2 * x**2)
    found = answer(made)
    for own, label, unit in (([], "LR multiple", 1.0), ([0.1, 0.01], "LR", 0.1)):
        figure, table = finding.drawn(made, found, own), finding.rules({}, made, found, own)
        assert (figure.x_label, table.columns[1]) == (label, label)
        assert finding.runs([], "loss", own).columns == ("updates", label, "loss")
        assert min(figure.lines[0].x) < unit * found.guess < max(figure.lines[0].x)
        assert table.rows[0][1] == f"{unit * found.guess:.3g}"


def test_a_guess_without_a_regret_is_that_of_the_best_run():
    """Of a metric that is 0: no figure, and no cost beside the LRs of others."""
    made = policy(lambda x: -700.0 if abs(x) < 1 else 1.0)
    found = answer(made)
    told = finding.sentences(found, made, [0.1], "loss", 0.5)
    assert "A guess: LR 0.1, that of the best short run." in told
    assert "leans" not in " ".join(told)
    assert finding.drawn(made, found, [0.1]) is None
    assert [row[1:] for row in finding.rules({"steepest": 1.0}, made, found, [0.1]).rows] == [
        ("0.1", None),
        ("1", None),
    ]


def test_where_there_is_no_range_there_is_a_guess():
    """The LR with the least expected regret, and that; not where nothing was learned."""
    made = policy(lambda x: 3.0 * x**2)
    found = answer(made)
    lines = finding.sentences(found, made, [0.1], "loss", 0.5)
    assert found.verdict == "none"
    assert f"A guess: LR {0.1 * found.guess:.3g}, expected to cost {found.expected:.0%}." in lines
    flat = policy(lambda x: 6.0)
    assert "A guess" not in " ".join(finding.sentences(answer(flat), flat, [0.1], "loss", 0.5))
