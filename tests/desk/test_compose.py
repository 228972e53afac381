"""Schedules shaped by hand: what is drawn is bounded in time, and true."""

import numpy as np
import pytest

import lrlab as lr
from lrlab.desk.compose import WORK, cost, drawn, gallery, handles, state_of, told
from lrlab.errors import LrlabError


def test_a_long_text_over_a_long_run_is_looked_at_in_fewer_places():
    """Its borders among them; and what would take long is not described."""
    text = lr.parse('linear("30%", to=0.5) >> linear("20%", start=0.2) >> ' + " >> ".join(["rex()"] * 50))
    run = lr.Horizon(updates=10_000_000)
    assert cost(text) * run.total > WORK
    found = drawn(text, run)
    assert not found.whole
    assert {3_000_000, 2_999_999, 5_000_000} <= set(found.x.astype(int).tolist())
    assert drawn(lr.cosine(), lr.Horizon(updates=1000)).whole
    assert told(text, run).findings[0].code == "long"


def test_on_a_logarithmic_axis_no_decade_is_missed():
    found = drawn(lr.geometric(to=1e-6), lr.Horizon(updates=50_000), log=True)
    values = lr.geometric(to=1e-6).over(50_000).values()
    logs = np.interp(np.arange(50_000), found.x, np.log10(found.y))
    assert np.abs(logs - np.log10(values)).max() < 6 * 5e-4


def test_a_hundred_phases_and_more_are_drawn_but_not_taken_hold_of():
    many = lr.parse(" >> ".join(["linear()"] * 101))
    assert len(drawn(many, lr.Horizon(updates=1010)).x) > 200
    with pytest.raises(LrlabError, match="too many"):
        handles(state_of(many, lr.Horizon(updates=1010), None))


def test_numbers_that_are_not_finite_are_named():
    with pytest.raises(LrlabError, match="update 0 is not a finite number"):
        drawn(lr.parse("constant(level=1e308) * constant(level=1e308)"), lr.Horizon(updates=10))


def test_what_is_read_off():
    """The weight-decay timescale at the peak: 1/(3e-4 * 0.1) updates, a third of them in epochs of 100."""
    found = told(lr.cosine(), lr.Horizon(epochs=10, updates_per_epoch=100), base_lr=3e-4, decay=0.1)
    numbers = {name: value for name, value, _ in found.numbers}
    assert numbers["Area"] == "0.501"
    assert numbers["Below 1 % of the peak"] == "6.3%"
    assert numbers["Weight-decay timescale"] == "33,333 updates, 333 epochs"
    assert len(told(lr.cosine(), lr.Horizon(updates=10)).numbers) == 2


def test_the_gallery_is_the_vocabulary():
    assert gallery()[0].family == "Whole schedules"
    assert len({each.name for each in gallery()}) == len(gallery()) > 30
