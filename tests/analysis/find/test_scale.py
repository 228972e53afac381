"""A metric as log loss: differences are shares of what the metric stands for."""

import math

import pytest

from lrlab.analysis.find.scale import NOTHING, Scale
from lrlab.errors import LrlabError


@pytest.mark.parametrize(
    ("metric", "mode", "better", "worse", "of"),
    [
        ("val_loss", "min", 1.0, 1.01, "val_loss"),
        ("log10_mse", "min", -2.0, -2.0 + math.log10(1.01), "mse"),
        ("log_nll", "min", 0.0, math.log(1.01), "nll"),
        ("val_acc", "max", 1.01, 1.0, "val_acc"),
    ],
)
def test_one_per_cent_is_one_per_cent(metric, mode, better, worse, of):
    """Whether the metric is a loss, a logarithm, or better when higher."""
    scale = Scale.of_metric(metric, mode)
    assert scale.log(worse) - scale.log(better) == pytest.approx(math.log(1.01))
    assert scale.of == of


def test_what_is_below_zero_has_no_shares():
    """And says what to report; zero itself is a loss, and what diverged stays infinite."""
    scale = Scale.of_metric("val_loss", "min")
    with pytest.raises(LrlabError, match=r"(?s)shares of val_loss.*log10_"):
        scale.log(-0.1)
    assert scale.log(0.0) == NOTHING < scale.log(1e-300) < scale.log(1e-9)
    assert scale.log(math.inf) == math.inf


@pytest.mark.parametrize(
    ("metric", "base"), [("log10_mse", 10.0), ("log2_mse", 2.0), ("ln_mse", math.e), ("log_mse", math.e)]
)
def test_a_logarithm_of_any_base_is_a_natural_one_then(metric, base):
    """Of 8, and of what is better when higher the negative."""
    for mode, sign in (("min", 1), ("max", -1)):
        scale = Scale.of_metric(metric, mode)
        assert scale.log(math.log(8.0) / math.log(base)) == pytest.approx(sign * math.log(8.0))
        assert scale.of == "mse"


def test_the_logarithm_of_nothing_and_of_what_is_too_large():
    """A perfect run did not diverge; a loss above all numbers did."""
    scale = Scale.of_metric("log10_mse", "min")
    assert (scale.log(-math.inf), scale.log(-400.0)) == (NOTHING, NOTHING)
    assert (scale.log(math.inf), scale.log(1e155)) == (math.inf, math.inf)


@pytest.mark.parametrize("metric", ["log_loss", "log_loss_val", "val_log_loss", "val/log_loss", "mlogloss"])
def test_log_loss_is_the_cross_entropy(metric):
    """As scikit-learn calls it, whichever data it is of: 1 % of it is 1 %, and below 0 it is not."""
    scale = Scale.of_metric(metric, "min")
    assert (scale.of, scale.log(2.0)) == (metric, pytest.approx(math.log(2.0)))
    with pytest.raises(LrlabError, match=r"(?s)shares of .*loss.*ln_mse"):
        scale.log(-0.1)


def test_a_name_that_may_be_either_is_refused():
    """Before anything is trained."""
    with pytest.raises(LrlabError, match="may be the logarithm of a loss or a loss"):
        Scale.of_metric("log_val_loss", "min")


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("metric", ["val_score", "log10_mse"])
def test_what_is_no_number_diverged(metric, mode):
    """Whichever way is better: it is worse than every number."""
    assert Scale.of_metric(metric, mode).log(math.nan) == math.inf
