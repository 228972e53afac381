"""Durations: exact amounts, one spelling of each, no silent conversion."""

from fractions import Fraction

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.time.span import MOST, Span, narrowed, rounded


@pytest.mark.parametrize(
    ("given", "amount", "unit", "text"),
    [
        (500, 500, "updates", "500"),
        (np.int64(5), 5, "updates", "5"),
        (np.uint8(5), 5, "updates", "5"),
        ("500updates", 500, "updates", "500"),
        ("2kupdates", 2000, "updates", "2000"),
        ("10%", Fraction(1, 10), "share", "10%"),
        (" 10 % ", Fraction(1, 10), "share", "10%"),
        ("0.125%", Fraction(1, 800), "share", "0.125%"),
        ("1/3", Fraction(1, 3), "share", "1/3"),
        ("1/4", Fraction(1, 4), "share", "25%"),
        ("150%", Fraction(3, 2), "share", "150%"),
        ("3ep", 3, "epochs", "3ep"),
        ("1 epoch", 1, "epochs", "1ep"),
        (".5epochs", Fraction(1, 2), "epochs", "0.5ep"),
        ("1/3ep", Fraction(1, 3), "epochs", "1/3ep"),
        ("64ksamples", 64000, "samples", "64ksamples"),
        ("64000 samples", 64000, "samples", "64ksamples"),
        ("2Gtok", 2 * 10**9, "tokens", "2Gtok"),
        ("2e9 tokens", 2 * 10**9, "tokens", "2Gtok"),
        ("1.5Ttok", 15 * 10**11, "tokens", "1500Gtok"),
        ("30min", 1800, "seconds", "30min"),
        ("90 minutes", 5400, "seconds", "90min"),
        ("2h", 7200, "seconds", "2h"),
        ("1.5s", Fraction(3, 2), "seconds", "1.5s"),
        ("0%", 0, "share", "0%"),
    ],
)
def test_spans(given, amount, unit, text):
    """What is written, what it means, and its one spelling, which reads back."""
    span = Span.of(given)
    assert (span.amount, span.unit, str(span)) == (amount, unit, text)
    assert Span.of(int(text) if unit == "updates" else text) == span


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (-1, "must not be negative"),
        (True, "is not a duration"),
        (None, "is not a duration"),
        (0.1, '"10%"'),
        (500.0, "500"),
        (float("nan"), "without a unit"),
        (10**16, "longer than any run"),
        ("", "is not a duration"),
        ("500", '"500ep" or 500'),
        ("-5%", "is not a duration"),
        ("1e-3%", "is not a duration"),
        ("5 parsecs", "unknown unit 'parsecs'"),
        ("10k", '"10ktok" or "10kupdates"'),
        ("10steps", "10, without a unit: updates"),
        ("2B", '"2Gtok"'),
        ("3epoch s", "is not a duration"),
        ("3epocs", '"3epochs"'),
        ("1/0", "divides by zero"),
        ("1.5updates", "a part of an update"),
        ("1/3updates", "a part of an update"),
        ("1e99%", "longer than any run"),
        ("1e99tok", "longer than any run"),
        ("\u0663ep", "is not a duration"),
        ("5ep\x00", "is not a duration"),
        (b"5ep", "is not a duration"),
        (np.array([5]), "is not a duration"),
    ],
)
def test_what_is_no_duration(given, says):
    """Each refusal names the way out where there is one."""
    with pytest.raises(lr.LrlabError) as caught:
        Span.of(given)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "given", [("x", "updates"), (5, "foo"), (-1, "share"), (Fraction(1, 2), "updates"), (True, "share")]
)
def test_a_span_is_always_sound(given):
    """Built by hand it is checked too."""
    with pytest.raises(lr.LrlabError):
        Span(*given)


def test_spans_of_different_units_differ():
    """Equality asks for the unit too: 1 epoch is not 1 update."""
    assert Span.of("1ep") != Span.of(1)
    assert Span.of("1000 samples") == Span.of("1ksamples")
    assert len({Span.of("1/4"), Span.of("25%")}) == 1


def test_rounding_is_half_up():
    """Every boundary: 2.5 -> 3, also where floats would not know."""
    assert [rounded(Fraction(k, 2)) for k in range(6)] == [0, 1, 1, 2, 2, 3]
    assert rounded(Fraction(10**17 + 1, 2)) == 5 * 10**16 + 1


def test_narrowed_keeps_what_matters():
    """Simple fractions stay; others come closer than any boundary can show."""
    assert narrowed(Fraction(1000, 3), 10**6) == Fraction(1000, 3)
    odd = Fraction(10**20 + 1, 10**18 + 9)
    assert abs(narrowed(odd, 1000) - odd) * 10**6 < Fraction(1, 10**9)


@pytest.mark.parametrize(("whole", "finest"), [(None, 2**30), (0, 2**30), (2**27, 2**30), (2**40, 2**17), (MOST, 144)])
def test_narrowed_is_exact_up_to_a_denominator_that_the_run_bounds(whole, finest):
    """The denominator times the run stays within 2**57; an unknown or short run counts as 2**27 updates."""
    assert narrowed(Fraction(1, finest), whole) == Fraction(1, finest)
    assert narrowed(Fraction(2, 2 * finest + 1), whole).denominator <= finest


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (0.5, '"50%"'),
        (0.001, '"0.1%"'),
        (1.5, "1"),
        (2.0 - 1e-9, "1"),
        (-0.5, "0"),
        (99.9, "99"),
        (1.0, "1"),
        (0.0, "0"),
    ],
)
def test_a_number_with_a_point_may_be_a_share(given, hint):
    """Between 0 and 1; else it is taken for so many updates."""
    with pytest.raises(lr.LrlabError, match=rf"(?s)without a unit.*try: +{hint}$"):
        Span.of(given)


@pytest.mark.parametrize(
    ("given", "share", "text"),
    [
        (9, Fraction(1, 2), "5"),
        (10, Fraction(1, 4), "3"),
        ("10%", Fraction(1, 4), "2.5%"),
        ("3ep", Fraction(1, 2), "1.5ep"),
    ],
)
def test_a_portion_of_updates_is_a_whole_number_of_them(given, share, text):
    """Rounded half up; in other units it is exact."""
    assert str(Span.of(given).portion(share)) == text
