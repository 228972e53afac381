"""In which units a schedule is measured, what is refused for want of a rate, and the same in updates."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

import lrlab as lr
from lrlab.core.run.curve import Curve
from lrlab.core.run.metered import MeteredCurve
from lrlab.core.run.segments import Measure, relative
from lrlab.errors import LrlabError
from lrlab.testing.strategies import curves


def stretches(text: str, **facts: float) -> list[tuple[str, str]]:
    found = Measure(lr.Horizon(**facts)).stretches(lr.parse(text))
    return [(unit, str(schedule)) for unit, schedule in found]


@pytest.mark.parametrize(
    ("text", "facts", "units"),
    [
        ('warmup("1%") >> cosine()', {"tokens": 2e9}, ["tokens"]),
        ("cosine()", {"samples": 5000}, ["samples"]),
        ("cosine()", {"minutes": 30}, ["seconds"]),
        ('warmup("5min") >> hold() >> linear("20%")', {"minutes": 30}, ["seconds"]),
        ("warmup(500) >> cosine()", {"tokens": 2e9}, ["updates", "tokens"]),
        ('warmup("1Gtok") >> hold(9) >> cosine()', {"samples": 1000}, ["tokens", "updates", "samples"]),
        ('warmup("2ep") >> cosine()', {"tokens": 2e9, "updates_per_epoch": 10}, ["updates", "tokens"]),
        ('warmup("9ksamples") >> cosine()', {"tokens": 2e9, "samples_per_update": 9}, ["updates", "tokens"]),
        ('warmup(0) >> hold("50%") >> linear()', {"tokens": 2e9}, ["tokens"]),
        ('multistep(["30%", "60%"])', {"samples": 900}, ["samples"]),
        ("step(30)", {"samples": 900}, ["updates"]),
        ('cosine("20%").repeat(cycle="1ktok")', {"samples": 900}, ["tokens"]),
        ("cosine().excerpt(0, 60, over=100) >> linear()", {"tokens": 900}, ["updates", "tokens"]),
        ("table([1, 0.5, 0.1])", {"tokens": 900}, ["tokens"]),
        ('warmup("1Gtok") >> cosine()', {"updates": 1000, "tokens_per_update": 5e6}, ["updates"]),
        ('warmup("5min") >> cosine()', {"updates": 1000, "minutes": 30}, ["updates"]),
    ],
)
def test_each_phase_is_measured_in_the_unit_of_its_span(text, facts, units):
    """A phase without a span, or with a share, is measured in the unit of the horizon's own length."""
    horizon = lr.Horizon(**facts)
    schedule = lr.parse(text)
    assert [unit for unit, _ in Measure(horizon).stretches(schedule)] == units
    assert type(schedule.over(horizon)) is (Curve if units == ["updates"] else MeteredCurve)


def test_phases_side_by_side_in_one_unit_are_one_stretch():
    """Inside a stretch nothing depends on the path."""
    assert stretches('warmup(5) >> hold(5) >> cosine("50%") >> linear("10%") >> hold(3)', tokens=1000) == [
        ("updates", "warmup(5) >> hold(5)"),
        ("tokens", 'cosine("50%") >> linear("10%")'),
        ("updates", "hold(3)"),
    ]


@pytest.mark.parametrize(
    ("text", "facts", "said"),
    [
        ("cosine() >> linear(500)", {"tokens": 2e9}, "tokens_per_update="),
        ('step(500) >> linear("10%")', {"tokens": 2e9}, "tokens_per_update="),
        ("0.5 * (warmup(500) >> cosine())", {"samples": 2e9}, "one phase in several units(.|\n)*samples_per_update="),
        ('(warmup("5min") >> cosine()).clip(low=0.1)', {"updates": 100}, "minutes="),
        ('warmup("1Gtok") >> cosine()', {"updates": 1000}, "tokens_per_update="),
        ('warmup("5min") >> constant()', {}, "minutes="),
        ('multistep(["1Gtok", "2ksamples"])', {"minutes": 9}, "samples_per_update=256, tokens_per_update="),
        ("cosine()", {"tokens": 2e9, "minutes": 30}, "so many tokens and of so many seconds"),
        ('warmup("3ep") >> cosine()', {"tokens": 2e9}, "updates_per_epoch="),
        ('warmup("3ep") >> cosine()', {"epochs": 9}, "updates_per_epoch=|length is not known"),
        ('constant("1500tok") >> linear()', {"tokens": 1000}, "add up to 1500 of 1000"),
    ],
)
def test_what_needs_a_rate_is_refused_by_name(text, facts, said):
    """Everything but a sequence of phases in different units says which fact is missing."""
    with pytest.raises(LrlabError, match=said):
        lr.parse(text).over(lr.Horizon(**facts))


def test_the_clock_of_a_unit_counts_in_it():
    """Samples and tokens one by one, seconds in milliseconds."""
    measure = Measure(lr.Horizon(minutes=1.5))
    assert (measure.budget, measure.whole) == ("seconds", 90_000)
    clocks = {unit: measure.clock(unit) for unit in ("seconds", "tokens", "samples")}
    assert clocks["seconds"].updates(lr.Span.of("1s")) == 1000
    assert clocks["tokens"].updates(lr.Span.of("1Mtok")) == 10**6
    assert clocks["samples"].updates(lr.Span.of("64ksamples")) == 64000
    assert clocks["seconds"].updates(lr.Span.of("10%")) == 9000


def test_what_is_left_is_never_less_than_the_fixed_spans():
    """A stretch that begins late keeps its decay whole and gives up its plateau: nothing raises in a run."""
    measure, schedule = Measure(lr.Horizon(tokens=1000)), lr.parse('hold() >> linear("20%")')
    assert [measure.length("tokens", schedule, spent) for spent in (0, 500, 800, 900, 5000)] == [
        1000,
        500,
        200,
        200,
        200,
    ]


# -- the same in updates, for one run --------------------------------------------------------------------------------

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


@pytest.mark.parametrize(
    ("facts", "unit", "text", "spent", "length"),
    [
        ({"tokens": 1000}, "tokens", "cosine()", 400, 600),
        ({"tokens": 1000}, "tokens", "cosine()", 0, 1000),
        ({"tokens": 1000}, "tokens", 'hold("700tok") >> cosine()', 400, 700),
        ({"tokens": 1000}, "tokens", 'hold("700tok")', 400, 700),
        ({"tokens": 1000}, "updates", "hold(30)", 400, 30),
        ({"tokens": 1000}, "updates", "hold(30) >> constant()", 400, None),
        ({}, "updates", "constant()", 0, None),
        ({"updates": 50}, "updates", "constant()", 20, 30),
        ({"minutes": 2}, "seconds", "cosine()", 20_000, 100_000),
    ],
)
def test_a_stretch_lasts_as_long_as_itself_or_takes_what_is_left(facts, unit, text, spent, length):
    """Never less than its fixed spans; in a unit that the run is not measured in nothing is left to take."""
    assert Measure(lr.Horizon(**facts)).length(unit, lr.parse(text), spent) == length
