"""What a column is, by its name."""

import pytest

from lrlab.record.logs.roles import Role, loss, role
from lrlab.record.logs.units import LONGEST


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            Role.LOSS,
            "loss val_loss train_loss_step train_loss_epoch eval/loss total_loss Loss/train epoch_loss ppl nll_loss",
        ),
        (Role.RATE, "lr learning_rate lr-AdamW lr-AdamW/pg1 train/learningRate lr/pg0 Learning_rate opt/lr"),
        (Role.COUNTER, "step epoch tokens_seen global_step batch"),
        (
            Role.TIME,
            "time train_runtime _timestamp eta_seconds train_samples_per_second data_time Wall_time elapsed mfu",
        ),
        (Role.SCORE, "accuracy val_acc metrics/mAP50(B) f1 top5 fast_rcnn/cls_accuracy"),
        (Role.BATCH, "batch_size global_batch_size"),
        (
            Role.OTHER,
            "image_size model_size batch_norm loss_scale loss_weight lr_ratio grad_norm weight_decay max_steps lr_mult",
        ),
    ],
)
def test_roles(kind, names):
    """A loss scale is no loss, a ratio of LRs no LR, a speed no counter."""
    assert {name: role(name) for name in names.split()} == dict.fromkeys(names.split(), kind)


def test_the_whole_validation_loss_comes_first():
    """Then that of training; parts, summaries and averages of weights are never the whole."""
    order = ["val/loss", "eval_loss", "test_loss", "train_loss", "loss_cls", "best_val_loss", "val_loss_wa"]
    assert sorted(order, key=loss)[:4] == order[:4]
    assert [loss(name).part for name in order] == [False] * 4 + [True] * 3
    assert [loss(name).validation for name in ("big - val/loss", "train/loss", "loss")] == [True, False, False]


def test_a_name_that_is_too_long_says_nothing():
    """It may be anything: a text in the place of a name."""
    assert role("loss".rjust(LONGEST)) is Role.LOSS
    assert role("loss".rjust(LONGEST + 1)) is Role.OTHER
