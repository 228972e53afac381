"""Figures on matplotlib's axes."""

import sys

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")
from matplotlib import pyplot
from matplotlib.colors import to_hex

import lrlab as lr
from lrlab.errors import LrlabError, MissingExtra
from lrlab.views.model import Figure, Line
from lrlab.views.palette import LIGHT
from lrlab.views.pyplot import drawn


@pytest.fixture
def ax():
    figure, found = pyplot.subplots()
    yield found
    pyplot.close(figure)


def test_the_curve_is_drawn_on_the_axes_that_are_given(ax):
    """Its values, its title, its labels."""
    curve = lr.linear().over(4)
    assert curve.plot(ax) is ax
    (line,) = ax.lines
    assert line.get_ydata().tolist() == curve.values().tolist()
    assert (ax.get_title(), ax.get_xlabel(), ax.get_ylabel()) == ("linear()", "update", "multiple of the base LR")


def test_without_axes_new_ones_are_made():
    """And returned, to be saved or changed."""
    found = lr.cosine().plot()
    assert len(found.lines) == 1
    pyplot.close(found.figure)


def test_gaps_bands_names_and_scales(ax):
    """As in every other view."""
    line = Line("a", [0, 1, 2], [1, None, 3], [0.5, None, 2], [2, None, 4])
    drawn(Figure("f", "x", "y", (line, Line("b", [0, 2], [1, 2])), log_y=True), ax)
    assert np.isnan(ax.lines[0].get_ydata()[1])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    assert ax.get_yscale() == "log"
    assert to_hex(ax.lines[1].get_color()) == LIGHT.series[1]
    assert len(ax.collections) == 1


def test_a_point_with_its_interval_is_a_mark_on_a_bar(ax):
    """The answer of a law, alone at its size."""
    drawn(Figure("f", "x", "y", (Line("a", [2], [3], [1], [4]), Line("b", [1, 3], [1, 2]))), ax)
    assert [line.get_marker() for line in ax.lines] == ["o", "None"]
    (bar,) = ax.collections
    assert sorted({y for _, y in bar.get_paths()[0].vertices}) == [1, 4]
    assert bar.get_linewidth() > 0


def test_a_logarithmic_x_axis_has_the_labels_of_every_other_view(ax):
    """Few, and none a power: matplotlib would write 2 × 10⁻² over 3 × 10⁻²."""
    drawn(Figure("f", "LR", "y", (Line("a", [0.014, 0.6], [1, 2]),), log_x=True), ax)
    assert ax.get_xscale() == "log"
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0.02", "0.05", "0.1", "0.2", "0.5"]
    assert not ax.get_xticklabels(minor=True)


def test_what_is_missing_is_named(monkeypatch):
    """With what to type."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match="pip install matplotlib"):
        lr.cosine().plot()


def test_what_has_no_picture_yet_is_said(tmp_path):
    """A study that was not run."""
    study = lr.compare("digits", {"a": "cosine()", "b": "constant()"}, store=tmp_path)
    with pytest.raises(LrlabError, match=r"\.run\(\)"):
        study.plot()
