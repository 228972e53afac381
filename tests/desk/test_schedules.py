"""Looking at schedules: records in, records out."""

import numpy as np
import pytest

import lrlab as lr
from lrlab.desk import schedules as desk


def test_a_preview_shows_the_curve_that_a_run_uses() -> None:
    """Every point of the figure and of the record is a value of the curve."""
    preview = desk.show('warmup("10%") >> linear()', 50, base_lr=0.2)
    values = 0.2 * preview.schedule.over(50).values()
    assert list(preview.figure.lines[0].y) == values.tolist()
    assert preview.record["points"] == [[i, values[i]] for i in range(50)]
    assert preview.record["peak"] == values.max()
    assert preview.record["area"] == pytest.approx(values.mean())


def test_a_long_run_is_thinned_and_keeps_where_phases_begin() -> None:
    """A record stays small, and no joint is lost."""
    points = desk.show("warmup(777) >> linear()", 100_000).record["points"]
    assert len(points) <= desk.POINTS + 1
    assert 777 in [i for i, _ in points]
    np.testing.assert_array_equal([points[0][0], points[-1][0]], [0, 99_999])


def test_words_have_what_the_list_shows() -> None:
    """Name, call, formula and sentence of each, in the order of the alphabet."""
    words = desk.words()
    assert [word.name for word in words] == sorted(word.name for word in words)
    cosine = next(word for word in words if word.name == "cosine")
    assert cosine.signature.startswith("cosine(span=None, *, start=1.0, to=0.0")
    assert cosine.sentence.startswith("Half a cosine")


def test_another_librarys_schedule_is_shown_over_its_own_run() -> None:
    """Its length and its LR count where nothing else is said."""
    preview = desk.show("optax:cosine_decay_schedule(0.1, 40)", lr.Horizon())
    assert (preview.horizon, preview.record["base_lr"]) == (lr.Horizon(updates=40), 0.1)
    assert preview.words.startswith("optax cosine_decay_schedule: ")
    assert desk.show("cosine()", lr.Horizon()).horizon == lr.Horizon(updates=desk.LENGTH)
