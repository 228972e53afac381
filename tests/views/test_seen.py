"""What values show, and their columns."""

import numpy as np
import pytest

import lrlab as lr
from lrlab.errors import LrlabTypeError
from lrlab.views.model import Figure, Table, Text
from lrlab.views.seen import columns, sections


def test_a_schedule_is_shown_over_its_length_or_the_usual_one():
    """And a curve over its own."""
    assert len(sections(lr.cosine())[0].lines[0].x) == 1000
    assert len(sections(lr.warmup(5) >> lr.linear(15))[0].lines[0].x) == 20
    assert len(sections(lr.cosine().over(30))[0].lines[0].x) == 30


def test_what_looks_unintended_is_said():
    """As `lint` says it."""
    assert "! the first update has LR 0" in sections((lr.warmup(5, start=0) >> lr.linear()).over(20))[1].text


def test_a_unit_that_nothing_is_known_of_is_said():
    """In words, with the way out."""
    (found,) = sections(lr.step("10ep"))
    assert isinstance(found, Text)
    assert "updates_per_epoch" in found.text


def test_a_plan_has_a_figure_for_each_hyper_parameter():
    """And a line in it for each rule."""
    plan = lr.plan(lr=lr.cosine(), momentum=0.9, groups={"head*": {"lr": lr.linear()}})
    rates, momentum, words = sections(plan)
    assert [line.name for line in rates.lines] == ["every group", "head*"]
    assert (rates.title, momentum.title) == ("lr", "momentum")
    assert "head*" in words.text
    assert list(columns(plan)) == ["update", "lr", "lr of head*", "momentum"]


def test_a_run_shows_its_loss_and_its_lr():
    """On a logarithmic axis where the loss falls far."""
    run = lr.Run.from_arrays([100, 200], [3.0, 0.5], [1e-3] * 200, name="a")
    loss, rate = sections(run)
    assert (loss.log_y, rate.log_y) == (True, False)
    assert {name: list(column) for name, column in columns(run).items()} == {
        "update": [100, 200],
        "loss": [3.0, 0.5],
        "lr": [1e-3, 1e-3],
    }


def test_a_law_shows_what_it_says_and_its_parameters():
    """Of the longest run and the highest peak that it was fitted to."""
    momentum = {"alpha": 0.5, "log_memory": 6.2, "floor": 2.5, "progress": 0.5, "noise": 0.4}
    law = lr.Law.from_parameters("momentum", momentum, peak=1e-3, horizon=2000)
    figure, table = sections(law)
    assert isinstance(figure, Figure)
    assert isinstance(table, Table)
    assert "2,000 updates at a peak of 0.001" in figure.title
    assert columns(law)["parameter"] == list(law.parameters)
    assert columns(law)["sd"] == [0.0] * 5


def test_a_prediction_shows_its_curve_and_its_end():
    """With the interval, and what speaks against it."""
    momentum = {"alpha": 0.5, "log_memory": 6.2, "floor": 2.5, "progress": 0.5, "noise": 0.4}
    law = lr.Law.from_parameters("momentum", momentum, peak=1e-3, horizon=2000)
    found = law.predict("cosine()", base_lr=1e-3, horizon=200)
    figure, words = sections(found)
    assert (figure.title, figure.lines[0].low is not None) == ("cosine()", True)
    assert repr(found) in words.text
    assert f"loss {found.final[0]:.4f} after 200 updates (90%: " in repr(found)
    assert [len(list(column)) for column in columns(found).values()] == [200] * 4


def test_what_is_no_value_of_ours_is_refused():
    """In words."""
    with pytest.raises(LrlabTypeError, match="no picture"):
        sections(np.zeros(3))
