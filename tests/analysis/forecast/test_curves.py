"""What a law is asked about: three ways to say it, and what is none of them."""

import numpy as np
import pytest

import lrlab as lr
from lrlab.analysis.forecast.branching import BranchForecast
from lrlab.analysis.forecast.curves import Prediction, learning_rates, spoken
from lrlab.analysis.forecast.law import Law
from lrlab.analysis.forecast.outlook import _Curve
from lrlab.analysis.forecast.residuals import Fit
from lrlab.errors import LrlabError


def test_a_schedule_its_text_and_an_array_are_the_same_curve():
    """An array is absolute: the base LR does not change it."""
    lrs = lr.cosine().over(100).lr(1e-3)
    for given in (lr.cosine(), "cosine()", lrs, lrs.tolist()):
        assert learning_rates(given, 1e-3, 100).tolist() == lrs.tolist()


@pytest.mark.parametrize("base_lr", ["x", 0.0, -1e-3, np.inf, np.nan])
def test_a_base_lr_that_is_none_is_refused(base_lr):
    """In words."""
    with pytest.raises(LrlabError, match="base_lr"):
        learning_rates("cosine()", base_lr, 100)


@pytest.mark.parametrize(
    ("given", "horizon", "sentence"),
    [
        ("cosine()", None, "how long is the run"),
        (np.ones(5), 6, "5"),
        (np.zeros(5), None, "not all 0"),
        ([1.0, np.nan], None, "finite"),
        ([1.0, -1.0], None, "not negative"),
        ([], None, "LRs"),
    ],
)
def test_what_is_no_curve_is_refused(given, horizon, sentence):
    """A run without a length, of another length, without an LR, or with one that cannot be."""
    with pytest.raises(LrlabError, match=sentence):
        learning_rates(given, None, horizon)


def test_an_lr_that_losses_decide_over_is_refused():
    """Its open curve is another one, whose end would be foreseen without a word."""
    for given in ("plateau(patience=3)", lr.cosine() * lr.plateau(patience=3)):
        with pytest.raises(LrlabError, match="depends on losses that are not there yet"):
            learning_rates(given, 1e-3, 100)


def test_a_schedule_is_called_by_its_text():
    """An array by its length: nobody would read it."""
    assert spoken(lr.cosine()) == spoken("cosine()") == "cosine()"
    assert spoken([1.0, 0.5]) == "2 learning rates"


def test_an_lr_may_be_0_but_not_all():
    """A horizon that is told beside an array is its length."""
    assert learning_rates([0.0, 0.5], None, 2).tolist() == [0.0, 0.5]
    assert learning_rates([0.5], None, None).tolist() == [0.5]


def test_the_end_of_a_prediction_is_its_last_update():
    """As numbers, by name, and in the record beside the whole curve."""
    found = Prediction("x", np.array([3.0, 2.0]), np.array([2.5, 1.5]), np.array([3.5, 2.75]), 0.9, ("a doubt",))
    assert found.final == (2.0, 1.5, 2.75)
    assert found.end == {"loss": 2.0, "low": 1.5, "high": 2.75}
    curve = {"loss": [3.0, 2.0], "low": [2.5, 1.5], "high": [3.5, 2.75]}
    assert found.record() == {"schedule": "x", "final": found.end, "level": 0.9, "warnings": ["a doubt"], **curve}


@pytest.mark.parametrize("kind", [Prediction, Law, BranchForecast, Fit, _Curve])
def test_what_holds_arrays_is_equal_to_itself_alone(kind):
    """To compare arrays as one truth would be an error; it may be a key."""
    assert kind.__eq__ is object.__eq__
    assert kind.__hash__ is object.__hash__


def test_without_a_base_lr_a_schedule_is_absolute():
    """What is refused shows its first three LRs."""
    assert learning_rates("0.1 * linear()", None, 4).tolist() == pytest.approx([0.1, 0.075, 0.05, 0.025])
    with pytest.raises(LrlabError, match=r"given: +\[1\.0, -2\.0, 3\.0\]$"):
        learning_rates([1.0, -2.0, 3.0, 4.0], None, None)
    for fine in ([0.0, 1e-9], [0.5]):
        assert learning_rates(fine, None, len(fine)).tolist() == fine
