"""Nothing is approximated: a shape is kept where it has every value, and only there."""

import math

import pytest

from lrlab.dialects.parts.fitting import Stretch, fitted, neat


def test_nearly_is_not_enough():
    """A curve that is off by a part in a million is none of the shapes."""
    line = Stretch(lambda t: 1 - t / 100, 0, 100, False, (100.0,))
    bent = Stretch(lambda t: 1 - t / 100 + 1e-6 * math.sin(t), 0, 100, False, (100.0,))
    assert str(fitted(line)) == "linear(100)"
    assert fitted(bent) is None


@pytest.mark.parametrize(
    ("value", "numbers", "text"),
    [
        (lambda t: 0.1 + 0.9 * (1 - (t - 10) / 90) ** 2, (10.0, 100.0, 2.0), "polynomial(90, to=0.1, power=2)"),
        (lambda t: 1 - math.sqrt((t - 10) / 90), (10.0, 100.0), "one_minus_sqrt(90)"),
        (lambda t: math.cos(0.5 * math.pi * (t - 10) / 90), (10.0, 100.0), "cosine(90, to=-1, part=[0, 0.5])"),
        (lambda t: 0.01 ** ((t - 10) / 90), (10.0, 90.0, 0.01), "exponential(span=90, decay=0.01, every=90)"),
    ],
)
def test_legs_by_the_numbers_in_the_function(value, numbers, text):
    """Their beginnings, ends and powers are numbers that stand there."""
    found = fitted(Stretch(value, 10, 100, False, numbers))
    assert found is not None
    curve = found.over(90)
    assert all(abs(curve(k) - value(10 + k)) < 1e-12 for k in range(90))
    assert str(found) == text


def test_neat():
    """Digits that arithmetic left are taken off where a short number remains, and only there."""
    assert neat(0.1 + 0.2) == 0.3
    assert neat(2 / 3) == 2 / 3
