"""Schedules in plain words."""

import pytest

import lrlab as lr
from lrlab.core.text.describe import describe
from lrlab.core.text.parse import VOCABULARY


@pytest.mark.parametrize("name", sorted(set(VOCABULARY) - {"table", "function", "minimum", "maximum"}))
def test_every_word_is_described(name):
    """With and without a horizon: a sentence without gaps."""
    schedule = lr.constant(5) >> VOCABULARY[name]()
    for text in (schedule.describe(), schedule.describe(1000)):
        assert "None" not in text
        assert "Fraction" not in text
        assert text.endswith(".")


def test_with_a_horizon():
    """When, peak, floor and area."""
    text = describe(lr.warmup(10) >> lr.linear(40) * lr.plateau(), 100)
    assert "updates 0 to 9: rises linearly" in text
    assert "updates 50 to 99: stays at 0" in text
    assert "plateau1 (update 10 " in text
    assert "Peak 1 at update 10" in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cosine(to=0.1)", "falls as half a cosine from 1 to 0.1"),
        ("cosine_cycle()", "swings as a full cosine from 1 to 0 and back"),
        ('step("30%", gamma=0.5)', "is multiplied by 0.5 every 30 % of the run"),
        ('multistep([10, "50%"], gamma=0.1)', "is multiplied by 0.1 after 10 updates, 50 % of the run"),
        (
            "piecewise_constant([10, 20], [1, 0.5, 0.1])",
            "takes the levels 1, 0.5, 0.1, changing after 10 updates, 20 updates",
        ),
        (
            'piecewise_linear([(0, 0.1), ("50%", 1)])',
            "follows straight lines through 0.1 at 0 updates, 1 at 50 % of the run",
        ),
        ("exponential(gamma=0.9)", "is multiplied by 0.9 every update"),
        ("exponential(gamma=0.9, every=5)", "is multiplied by 0.9 every 5 updates"),
        (
            'exponential(decay=0.5, every="10%", staircase=True)',
            "falls exponentially, by 0.5 every 10 % of the run in steps",
        ),
        ("natural_exponential(rate=2)", "falls exponentially, by exp(-2) every 100 % of the run"),
        ("inverse_time(rate=3)", "falls as one over time, to 1/4 after 10 % of the run"),
        ("inverse_time(every=9, staircase=True)", "falls as one over time, to 1/2 after 9 updates in steps"),
        ("inverse_sqrt(100)", "falls as one over the square root of time, on a scale of 100 updates"),
        ("cosine_wave(to=0.2, every=9)", "swings as a cosine between 1 and 0.2, 0.5 times every 9 updates"),
        ("linear_cosine()", "falls linearly under 0.5 periods of a cosine to 0.001"),
        (
            "cosine().repeat(3, stretch=2, gain=0.5)",
            "repeats 3 times cycles, each 2 times as long, each 0.5 times as high in each of which it falls as half a "
            "cosine from 1 to 0",
        ),
        ("hold().repeat()", "repeats without end cycles in each of which it holds the value it has reached"),
        (
            "0.5 * warmup(5) * cosine()",
            "falls as half a cosine from 1 to 0, times what rises linearly from 1/(n+1) to 1, all times 0.5",
        ),
        ("cosine() + linear()", "falls as half a cosine from 1 to 0, plus what falls linearly from 1 to 0"),
        ("linear(to=0.1) + 0.1", "falls linearly from 1 to 0.1, all raised by 0.1"),
        (
            "constant() * plateau(patience=3)",
            "holds 1, times what is cut by 0.1 after 3 observations without improvement",
        ),
        ("polynomial()", "falls as a polynomial of power 0.9 from 1 to 0"),
        ("polynomial(power=2, k=3)", "falls as a polynomial of power 2 in time to the power of 3 from 1 to 0"),
        ("one_minus_power(power=3)", "falls as one minus a power of 3 from 1 to 0"),
        ("k_decay(k=2)", "falls as half a cosine in time to the power of 2 from 1 to 0"),
        ("cosine(power=2)", "falls as half a cosine to the power of 2 from 1 to 0"),
        ("inverse_power(9, power=0.7)", "falls as time to the power of -0.7, on a scale of 9 updates"),
        ("noam(40)", "rises linearly to 1 over 40 updates, then falls as one over the square root of time"),
        ("linear(part=(0.25, 0.5))", "falls linearly from 1 to 0 (of that, from 0.25 to 0.5 of the way)"),
        ("linear(start=0.5, to=0.5)", "holds 0.5"),
        ("linear(start=0.1, to=0.5)", "rises linearly from 0.1 to 0.5"),
        ('linear(start="here", to=0.1)', "goes linearly from where it is to 0.1"),
        ('warmup(9, start="here")', "rises linearly from the end of the phase before to 1"),
        ("linear_cosine(periods=2, beta=0.01)", "falls linearly under 2 periods of a cosine to 0.01"),
        ("cosine().clip(low=0.1, high=0.5)", "falls as half a cosine from 1 to 0, but at least 0.1 and at most 0.5"),
        ("cosine().clip(high=0.5)", "falls as half a cosine from 1 to 0, but at most 0.5"),
        (
            "cosine().excerpt(10, 20, over=100)",
            "falls as half a cosine from 1 to 0 (from update 10 to 20 of a plan over 100)",
        ),
        ("greedy(factor=0.9)", "is divided by 0.9 while the metric improves, multiplied by it while it does not"),
        ("guard(factor=0.4, tries=2)", "is cut by 0.4 where the loss spikes, at most 2 times"),
        ("manual()", "is multiplied by what live was last set to"),
        (
            "minimum(rex(), linear())",
            "takes the least of: falls linearly from 1 to 0; falls as a reflected exponential from 1 to 0",
        ),
        ("table([1, 2, 3])", "takes 3 listed values in turn"),
    ],
)
def test_the_words_say_the_numbers(text, words):
    """Each schedule's own, and its defaults where nothing is given."""
    assert lr.parse(text).words() == words


def test_a_phase_without_updates_is_not_described():
    """It has none; the last value is that of the last update."""
    text = describe(lr.warmup(0) >> lr.linear(), 10)
    assert "rises" not in text
    assert "updates 0 to 9: falls linearly from 1 to 0" in text
    assert "last 0.1. Area" in text
