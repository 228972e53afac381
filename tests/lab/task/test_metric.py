"""Which way a metric is better is never guessed."""

import pytest

from lrlab.errors import LrlabError
from lrlab.lab.task.declaration import declaration_of, task
from lrlab.lab.task.metric import direction_of


@pytest.mark.parametrize(
    "metric",
    [
        *(
            "acc",
            "accuracy",
            "val_accuracy",
            "valAcc",
            "top1",
            "f1",
            "macro_f1",
            "auc",
            "roc_auc",
            "r2",
            "bleu",
            "rouge",
        ),
        *("map", "mAP50", "iou", "mIoU", "dice", "precision", "recall", "score", "win rate", "win_rate", "reward"),
        *(
            "return",
            "episode_return",
            "psnr",
            "ssim",
            "ndcg",
            "mrr",
            "pass@1",
            "elo",
            "correlation",
            "metric",
            "q",
            "x",
        ),
        *(
            "exact_match",
            "success_rate",
            "throughput",
            "neg_loss",
            "negative_error",
            "loss_reduction",
            "log_likelihood",
        ),
        *("elbo", "one_minus_error", "inverse_loss", "error_free_ratio", "", "glossary", "dress", "perror"),
    ],
)
def test_a_name_that_does_not_say_is_asked_about(metric):
    """Also a name that says it, and turns it round."""
    with pytest.raises(LrlabError, match=r'(?s)lower or higher better.*mode="max"'):
        direction_of(metric, None)
    with pytest.raises(LrlabError, match="lower or higher better"):
        task(metric=metric)
    for mode in ("min", "max"):
        assert declaration_of(task(metric=metric, mode=mode)(lambda run: None)).mode == mode


@pytest.mark.parametrize(
    "metric",
    [
        *("loss", "val_loss", "valLoss", "val/loss", "test-loss", "train_losses", "error", "val_error", "top5_error"),
        *("mse", "MSE", "val_RMSE", "log10_nmse", "mae", "perplexity", "ppl", "nll", "bits_per_char", "bpc", "wer"),
        *("cross_entropy", "crossEntropy", "log_loss", "kl_divergence", "fid", "regret", "log10_excess", "hinge"),
    ],
)
def test_a_loss_or_an_error_is_less_for_better(metric):
    """Beyond doubt."""
    assert direction_of(metric, None) == "min"


def test_another_mode_or_no_name():
    """In a sentence."""
    with pytest.raises(LrlabError, match="mode is not known"):
        direction_of("loss", "lower")
    with pytest.raises(LrlabError, match="name of a metric"):
        direction_of(None, "min")
