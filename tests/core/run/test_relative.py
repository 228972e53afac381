"""A schedule in the words of one run: the same curve, by its number of updates alone."""

import pytest
from hypothesis import given, settings

import lrlab as lr
from lrlab.core.run.relative import relative
from lrlab.errors import LrlabError
from lrlab.testing.strategies import curves

HORIZONS = (
    lr.Horizon(epochs=7, updates_per_epoch=13),
    lr.Horizon(updates=97, updates_per_epoch=11.5, samples_per_update=3, tokens_per_update=1000),
    lr.Horizon(updates=90, minutes=45, epochs=9),
)


@pytest.mark.parametrize("horizon", HORIZONS, ids=str)
@pytest.mark.parametrize(
    "text",
    [
        'warmup("1.5ep") >> cosine("3ep", to=0.1) >> constant()',
        'multistep(["1ep", "2.3ep", "50%"], gamma=0.3)',
        'wsd(warmup="0.5ep", decay="2ep")',
        'triangular("1.1ep").clip(low=0.2) * linear()',
        'linear("2ep").repeat(cycle="4ep", stretch=2)',
        '(warmup(3) >> constant()).lasting("4.1ep") >> linear()',
    ],
)
def test_the_curve_is_the_same_to_the_last_bit(text, horizon):
    """Epochs in every place where a span may stand; what is written needs only the number of updates."""
    schedule = lr.parse(text)
    read = lr.parse(str(relative(schedule, horizon)))
    assert read.over(horizon.total).values().tolist() == schedule.over(horizon).values().tolist()


@settings(max_examples=100)
@given(curves())
def test_any_schedule_is_itself(curve):
    """Whatever it is made of: here every span is known in every run."""
    written = relative(curve.schedule, curve.horizon)
    assert written.over(curve.horizon.total).values().tolist() == curve.values().tolist()


@pytest.mark.parametrize(
    ("text", "horizon", "said"),
    [
        ("linear()", lr.Horizon(epochs=3), "how many updates"),
        ('warmup("1ep") >> linear()', lr.Horizon(updates=100), "updates_per_epoch"),
        ('linear("1/3ep").repeat(cycle="2ep", stretch=2)', HORIZONS[0], "within a cycle"),
    ],
)
def test_what_cannot_be_written_so_is_refused(text, horizon, said):
    """The length of the run or of the unit is not known; within a cycle a share would be one of the cycle."""
    with pytest.raises(LrlabError, match=said):
        relative(lr.parse(text), horizon)
