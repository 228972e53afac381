"""What the tests of the controllers share."""

import random

import pytest

import lrlab as lr


@pytest.fixture
def follows():
    """`follows(formula, controller, events)`: a power of the factor, its exponent counted in what is logged.

    `events` are the events that count, each with the name that the formula has for its number.
    """

    def check(formula, controller, events):
        rng, pacer = random.Random(0), lr.Pacer(controller.over(10))
        counts = dict.fromkeys(events.values(), 0)
        for _ in range(60):
            known = len(pacer.decisions)
            pacer.observe(rng.uniform(1, 2))
            for decision in pacer.decisions[known:]:
                counts[events[decision.event]] += 1
            assert pacer.value == eval(formula, {"factor": 0.5, **counts})
        assert all(counts.values())

    return check
