"""Schedules that are trees of others: what they stand for."""

import pytest

import lrlab as lr
from lrlab.core.shapes.presets import leg


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        (lr.wsd(), 'warmup("5%") >> constant() >> one_minus_sqrt("20%")'),
        (lr.wsd(shape="linear", to=0.1), 'warmup("5%") >> constant() >> linear("20%", to=0.1)'),
        (lr.wsd(101), "(warmup(5) >> constant() >> one_minus_sqrt(20)).lasting(101)"),
        (lr.one_cycle(), 'cosine("30%", start=0.04, to=1) >> cosine(to=4e-06)'),
        (lr.triangular(500, low=0.2), "(linear(start=0.2, to=1) >> linear(to=0.2)).repeat(cycle=1000)"),
        (lr.warm_restarts(500, stretch=2), "cosine().repeat(stretch=2, cycle=500)"),
        (lr.warm_restarts(500, to=0.1), "cosine(to=0.1).repeat(cycle=500)"),
        (lr.warm_restarts(500, gain=0.5), "cosine().repeat(gain=0.5, cycle=500)"),
        (lr.warm_restarts(500, gain=0.5, to=1), "1 + 0 * cosine().repeat(gain=0.5, cycle=500)"),
        (lr.slanted_triangular(ratio=4), 'linear("10%", start=0.25, to=1) >> linear(to=0.25)'),
    ],
)
def test_trees(schedule, text):
    """Each prints as the tree it stands for, and reads back."""
    assert str(schedule) == text
    assert lr.parse(text) == schedule


@pytest.mark.parametrize("span", [10, 101, 333, 1001, "33.3%", "1/7", "1/3ep", "0.7ep", "1000tok", "90s"])
@pytest.mark.parametrize("make", [lr.wsd, lr.one_cycle, lr.slanted_triangular])
def test_any_span_reads_back(make, span):
    """A part of a span that is not a whole number, or no decimal number, has a text too."""
    schedule = make(span)
    assert lr.parse(str(schedule)) == schedule
    assert lr.loads(lr.dumps(schedule)) == schedule
    run = lr.Horizon(updates=5000, epochs=3, tokens=20000, minutes=10)
    assert schedule.over(run).values().max() == pytest.approx(1, rel=0.05)


def test_cycles_peak_at_one():
    """triangular rises from low to 1 and back, again and again; triangular2 halves the height."""
    assert lr.triangular(2, low=0).over(8).values().tolist() == [0, 0.5, 1, 0.5] * 2
    assert lr.triangular2(2, low=0).over(8).values().tolist() == [0, 0.5, 1, 0.5, 0, 0.25, 0.5, 0.25]
    assert lr.exp_range(2, low=0, gamma=0.5).over(4).values() == pytest.approx([0, 0.25, 0.25, 0.0625])


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: lr.wsd(shape="cosin"), "cosine"),
        (lambda: lr.wsd(shape=5), "wsd: shape is not a decay"),
        (lambda: lr.wsd(shape="geometric"), "above 0"),
        (lambda: lr.one_cycle(three_phase="yes"), "True or False"),
        (lambda: lr.one_cycle(shape="rex"), "cosine, linear"),
        (lambda: lr.slanted_triangular(ratio=0), "above 0"),
        (lambda: lr.slanted_triangular(ratio=1e-320), "finite"),
        (lambda: lr.warm_restarts(0), "longer than 0"),
        (lambda: lr.warm_restarts(10, gain="x"), "must be a number"),
        (lambda: lr.triangular(low=None), "must be a number"),
        (lambda: lr.exp_range(gamma=0), "above 0"),
        (lambda: lr.wsd(warmup="60%", decay="60%").over(100), "120 of 100"),
        (lambda: leg("nothing", 5, "here"), "here is not a decay"),
    ],
)
def test_refusals(make, says):
    """What does not fit is said in the preset's own words."""
    with pytest.raises(lr.LrlabError) as caught:
        make()
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("short", "whole"),
    [
        ("cosine()", "cosine(start=1, to=0, closed=False, part=(0, 1))"),
        ("logarithmic()", "logarithmic(ratio=100)"),
        ("polynomial()", "polynomial(power=0.9, k=1)"),
        ("tanh()", "tanh(lower=-6, upper=3)"),
        ("rex()", "rex(beta=0.5)"),
        ("linear_cosine()", "linear_cosine(periods=0.5, alpha=0, beta=0.001)"),
        ("step()", 'step("30%", gamma=0.1)'),
        ("multistep()", 'multistep(["50%", "75%"], gamma=0.1)'),
        ("piecewise_constant()", 'piecewise_constant(["50%", "75%"], [1, 0.1, 0.01])'),
        ("piecewise_linear()", 'piecewise_linear([(0, 0.1), ("10%", 1), ("100%", 0)])'),
        ("exponential()", 'exponential(decay=0.01, every="100%", staircase=False)'),
        ("natural_exponential()", 'natural_exponential(rate=5, every="100%", staircase=False)'),
        ("inverse_time()", 'inverse_time(rate=1, every="10%", staircase=False)'),
        ("inverse_sqrt()", 'inverse_sqrt("2%")'),
        ("inverse_power()", 'inverse_power("2%", power=0.51, staircase=False)'),
        ("cosine_wave()", 'cosine_wave(waves=0.5, every="100%", to=0, phase=0)'),
        ("noam()", 'noam("5%")'),
        ("wsd()", 'warmup("5%") >> constant() >> one_minus_sqrt("20%")'),
        ("one_cycle()", 'cosine("30%", start=0.04, to=1) >> cosine(to=4e-6)'),
        ("warm_restarts()", 'cosine().repeat(cycle="25%", stretch=1, gain=1)'),
    ],
)
def test_defaults_are_the_stated_ones(short, whole):
    """What is left out is what it says."""
    assert lr.parse(short) == lr.parse(whole)
