"""Horizons: what is known of a run, and what does not fit together."""

from fractions import Fraction

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.time.horizon import Horizon
from lrlab.core.time.span import MOST, Span


@pytest.mark.parametrize(
    ("facts", "total"),
    [
        ({"updates": 1000}, 1000),
        ({"updates": 1000.0}, 1000),
        ({"updates": np.int32(1000)}, 1000),
        ({"epochs": 90, "updates_per_epoch": 391}, 35190),
        ({"epochs": 0.5, "updates_per_epoch": 391}, 196),
        ({"epochs": np.float32(2), "updates_per_epoch": 10}, 20),
        ({"samples": 1e6, "samples_per_update": 256}, 3906),
        ({"tokens": 2e9, "tokens_per_update": 524288}, 3815),
        ({"minutes": 30}, None),
        ({"epochs": 3}, None),
        ({}, None),
    ],
)
def test_total(facts, total):
    """The number of updates follows from a total and its rate, rounded half up."""
    assert Horizon(**facts).total == total


@pytest.mark.parametrize(
    ("facts", "span", "updates"),
    [
        ({"updates": 1000}, "10%", 100),
        ({"updates": 1000}, 7, 7),
        ({"updates": 1000, "epochs": 10}, "3ep", 300),
        ({"updates": 1000, "minutes": 50}, "30s", 10),
        ({"epochs": 10, "updates_per_epoch": 7, "samples": 700}, "20samples", 2),
        ({"updates_per_epoch": 391}, "3ep", 1173),
        ({"updates": 3, "samples_per_update": 32}, "100samples", Fraction(25, 8)),
    ],
)
def test_resolve(facts, span, updates):
    """A span in updates, exactly, by a given or an inferred rate."""
    assert Horizon(**facts).resolve(Span.of(span)) == updates


@pytest.mark.parametrize(
    ("span", "names"),
    [
        ("3ep", "updates_per_epoch="),
        ("1ktok", "tokens_per_update="),
        ("9samples", "samples_per_update="),
        ("5min", "minutes="),
    ],
)
def test_a_missing_rate_is_named(span, names):
    """What the horizon does not say is asked for by name."""
    with pytest.raises(lr.LrlabError, match=names):
        Horizon(updates=10).resolve(Span.of(span))
    with pytest.raises(lr.LrlabError, match="whose length is not known"):
        Horizon().resolve(Span.of("10%"))


@pytest.mark.parametrize(
    "facts",
    [
        {"updates": 0},
        {"updates": -5},
        {"updates": 1.5},
        {"updates": float("nan")},
        {"updates": float("inf")},
        {"updates": 10**400},
        {"updates": MOST + 1},
        {"updates": "1000"},
        {"updates": True},
        {"updates": np.array([1, 2])},
        {"epochs": float("inf")},
        {"epochs": 0},
        {"minutes": 0},
        {"tokens": 0.0},
        {"epochs": 1e-9, "updates_per_epoch": 10},
        {"epochs": 90, "updates_per_epoch": 391, "updates": 1000},
        {"epochs": 3, "updates_per_epoch": 10, "tokens": 1000, "tokens_per_update": 1},
    ],
)
def test_what_is_no_horizon(facts):
    """Numbers that cannot be meant, and facts that contradict each other."""
    with pytest.raises(lr.LrlabError, match="Horizon"):
        Horizon(**facts)


@pytest.mark.parametrize("given", ["1000", 0, -1, 1.5, True, np.array([1, 2]), [5], 10**400])
def test_over_needs_a_horizon(given):
    """What is handed to over() is a number of updates or a Horizon, or the error says so."""
    with pytest.raises(lr.LrlabError, match=r"Horizon\(epochs=90, updates_per_epoch=391\)"):
        lr.cosine().over(given)


def test_a_last_partial_update_is_no_contradiction():
    """999 updates of 10 samples and 9 995 samples: the last one is short."""
    assert Horizon(updates=1000, samples=9995, samples_per_update=10).total == 1000


def test_record_is_plain():
    """The known facts, for JSON."""
    assert Horizon(updates=np.int64(5), epochs=2).record() == {"updates": 5, "epochs": 2}
    assert type(Horizon(updates=np.int64(5)).updates) is int


def test_one_update_more_or_less_is_no_contradiction():
    """Beyond that it is, and the sentence counts."""
    for samples in (9990, 10_010):
        assert Horizon(updates=1000, samples=samples, samples_per_update=10).total == 1000
    for samples, counted in ((9989, "998.9"), (10_011, "1001.1")):
        with pytest.raises(lr.LrlabError, match=f"{samples} samples are {counted} updates, not 1000"):
            Horizon(updates=1000, samples=samples, samples_per_update=10)


def test_the_greatest_facts():
    """A thousand billions of updates, a billion billions of anything else."""
    assert Horizon(updates=MOST).total == MOST == 10**15
    assert Horizon(tokens=10**18, tokens_per_update=10**6).total == 10**12
    with pytest.raises(lr.LrlabError, match=r"tokens is out of range(.*\n)+.*above 0, at most 1e\+18"):
        Horizon(tokens=10**18 + 1)


def test_minutes_are_sixty_seconds():
    """A rate per second from the minutes of a run whose updates are known."""
    assert Horizon(updates=1200, minutes=10).rate("seconds") == 2
    assert Horizon(updates=1200, epochs=10).rate("epochs") == 120
    assert Horizon(updates=1200).rate("seconds") is None
    assert Horizon(tokens=100, tokens_per_update=4).rate("tokens") == Fraction(1, 4)
