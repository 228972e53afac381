"""A refined schedule as figures and sentences."""

import numpy as np

from lrlab.analysis.refine.refine import refine_norms
from lrlab.views.refine import columns, figures, sentences

AT = np.arange(1, 20_001)
LRS = 2e-3 * (1 - AT / 20_000)
STEADY = 1.0 + 1e-3 * (AT % 3 == 0)


def test_the_correction_is_drawn_and_said_where_there_is_one():
    """Beside a linear decay."""
    found = refine_norms(AT, STEADY, LRS, normed=True, weight_decay=0.1)
    assert [line.name for line in figures(found)[0].lines] == ["refined", "not corrected", "linear"]
    assert "taken out" in sentences(found)[1]
    left = refine_norms(AT, STEADY, LRS, normed=True, weight_decay=0.1, correct=False)
    assert "still in" in sentences(left)[1]
    assert not any("less than 1 %" in said for said in sentences(left))
    unknown = refine_norms(AT, STEADY, LRS, normed=True)
    assert not any("raise the norms" in said for said in sentences(unknown))
    plain = refine_norms(AT, STEADY, LRS, normed=True, weight_decay=0.0)
    assert [line.name for line in figures(plain)[0].lines] == ["refined", "linear"]
    assert "less than 1 %" in sentences(plain)[1]


def test_doubts_come_before_the_way_on():
    """And the schedule first."""
    found = refine_norms(AT, 3 - AT / 10_000, LRS)
    said = sentences(found)
    assert str(found.schedule) in said[0]
    assert said[1:-1] == found.doubts
    assert "tune the LR again" in said[-1]


def test_columns_have_one_length():
    found = refine_norms(AT, STEADY, LRS)
    assert {len(values) for values in columns(found).values()} == {200}


def test_norms_that_do_not_fall_are_said_to_ask_for_a_linear_decay():
    """By 2 % they may."""
    for norms, said in ((STEADY, True), (1 + AT / 20_000, True), (1.02 - AT / 1e6, True), (3 - AT / 10_000, False)):
        found = refine_norms(AT, norms, LRS, weight_decay=0.0)
        assert ("ask for a linear decay" in sentences(found)[-1]) == said
