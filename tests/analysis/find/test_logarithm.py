"""What a metric's name says: a logarithm, a loss, or either, which is then asked for before anything is trained."""

import math

import pytest

from lrlab.analysis.find.logarithm import logarithm, taken
from lrlab.core.feedback.direction import LOWER
from lrlab.errors import LrlabError

# Names as scikit-learn, XGBoost, LightGBM, Keras, Lightning, depth estimation and density models have them.
LOSSES = [
    *("loss", "val_loss", "nll", "mse", "bits_per_char", "perplexity", "acc"),
    *("logloss", "mlogloss", "multi_logloss", "binary_logloss", "test-logloss", "validation_0-logloss"),
    *("logcosh", "msle", "RMSLE", "logits_loss", "logistic_loss", "catalog_loss", "login_rate", "lnn_loss", ""),
]
SAID_TO_BE_LOSSES = [
    *("log_loss", "neg_log_loss", "LogLoss", "logLoss", "log_losses", "log-loss", "log loss", "m_log_loss"),
    *("log_loss_val", "val_log_loss", "val/log_loss", "log_loss/val", "val.log_loss", "eval:log_loss", "log_loss_mean"),
    *("log_loss_0", "val_log_loss/dataloader_idx_0", "metrics/test/log_loss"),
    *(
        "rmse_log",
        "mean_squared_log_error",
        "abs_log_rel",
        "neg_log_likelihood",
        "log_cosh",
        "log_cosh_loss",
        "log10",
        "log/mse",
    ),
]
LOGARITHMS = {
    "log_mse": "mse",
    "log_mse_val": "mse_val",
    "val_log_mse": "val_mse",
    "val/log_mse": "val/mse",
    "log_mse/val": "mse/val",
    "log_val_mse": "val_mse",
    "eval.log_rmse": "eval.rmse",
    "val_log_mse/dataloader_idx_0": "val_mse/dataloader_idx_0",
    "LOG_MSE": "MSE",
    "logMSE": "MSE",
    "valLogMse": "valMse",
    "logmse": "mse",
    "log-mse": "mse",
    "log_nll": "nll",
    "log_ppl": "ppl",
    "log_perplexity_per_token": "perplexity_per_token",
    "log_mean_squared_error": "mean_squared_error",
    "log_cross_entropy": "cross_entropy",
    "log_excess_loss": "excess_loss",
    "log_error_rate": "error_rate",
    "log_height": "height",
    "log_likelihood": "likelihood",
    "val/log_likelihood": "val/likelihood",
    "log_marginal_likelihood": "marginal_likelihood",
    "loglik": "lik",
    "log_prob": "prob",
}
EXACT = {
    "log10_mse": ("mse", math.log(10)),
    "val_log10_mse": ("val_mse", math.log(10)),
    "log10_excess": ("excess", math.log(10)),
    "log10_val_loss": ("val_loss", math.log(10)),
    "log2_price_rmse": ("price_rmse", math.log(2)),
    "ln_loss": ("loss", 1.0),
    "ln_val_loss": ("val_loss", 1.0),
    "ln-mse": ("mse", 1.0),
}
OPEN = {
    "log_val_loss": "val_loss",
    "log_train_loss": "train_loss",
    "log_price_rmse": "price_rmse",
    "log_softmax_loss": "softmax_loss",
    "val/log_mel_l1": "val/mel_l1",
    "log_normal_nll": "normal_nll",
    "log_loss_ratio": "loss_ratio",
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_a_loss(name):
    """Nothing is said of it: there is no doubt."""
    assert logarithm(name) is None
    assert taken(name) == ""


@pytest.mark.parametrize("name", SAID_TO_BE_LOSSES)
def test_a_loss_with_a_log_in_its_name_is_said_to_be_one(name):
    """The cross-entropy, wherever the name says of which data it is; losses of logarithms; a folder of a log."""
    assert logarithm(name) is None
    assert taken(name).startswith(f"{name} is taken for a loss, not for the logarithm of one")


@pytest.mark.parametrize(("name", "of"), LOGARITHMS.items())
def test_a_logarithm_is_said_to_be_one(name, of):
    """Of what, with the data that it is of."""
    assert logarithm(name).of == of
    assert logarithm(name).scale == 1.0
    assert taken(name).startswith(f"{name} is taken for the logarithm of {of}")


@pytest.mark.parametrize(("name", "found"), EXACT.items())
def test_a_word_for_a_base_leaves_no_doubt(name, found):
    """Nobody calls a loss so."""
    assert (logarithm(name).of, logarithm(name).scale) == (found[0], pytest.approx(found[1], rel=1e-15))
    assert taken(name) == ""


@pytest.mark.parametrize(("name", "of"), OPEN.items())
def test_what_may_be_either_is_asked_for(name, of):
    """With names that leave no doubt."""
    sure = name.replace("log", "ln")
    for reads in (logarithm, taken):
        with pytest.raises(
            LrlabError, match=f"may be the logarithm of a loss or a loss.*\n(?s:.*)try: +{sure}, or {of}"
        ):
            reads(name)
    assert logarithm(sure).of == of
    assert logarithm(of) is None


@pytest.mark.parametrize("word", sorted(LOWER - {"loss", "losses"}))
def test_every_measure_that_is_better_when_lower_has_a_logarithm(word):
    """By each way to write it, and for each part of the data; the measure itself is none."""
    for name in (f"log_{word}", f"val_log_{word}", f"log_{word}_val", f"test/log_{word}", f"log_{word}/train"):
        assert logarithm(name) is not None, name
    assert logarithm(word) is None
    assert logarithm(f"val_{word}") is None
