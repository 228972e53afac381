"""Megatron-LM: how its arguments are read; its curves are held against its own code in test_golden."""

import pytest

import lrlab as lr
from lrlab.dialects import from_megatron


def test_spellings():
    """As on the command line, in samples, and with the warmup as a fraction: one schedule."""
    plain = from_megatron({"lr": 1e-3, "lr_decay_iters": 1000, "lr_warmup_iters": 100})
    dashed = from_megatron({"--lr": 1e-3, "--train-iters": 1000, "--lr-warmup-fraction": 0.1, "--seed": 1})
    sampled = from_megatron({"lr": 1e-3, "lr_decay_samples": 64000, "lr_warmup_samples": 6400, "global_batch_size": 64})
    assert plain == dashed == sampled


@pytest.mark.parametrize(
    "given",
    [
        {"min_lr": 0.0},
        {"lr": 1e-3},
        {"lr": 1e-3, "train_iters": 10, "lr_warmup_iters": 10},
        {"lr": 1e-3, "train_iters": 10, "lr_decay_style": "cosin"},
        {"lr": 1e-3, "lr_decay_samples": 100},
        {"lr": 1e-3, "train_iters": 10, "lr_decay_style": "WSD"},
        {"lr": 1e-3, "train_iters": 10, "lr_decay_style": "inverse-square-root"},
        {"lr": 1e-3, "train_iters": 10, "min_lr": 2e-3},
        {"lr": 1e-3, "train_iters": 10, "rampup_batch_size": [16, 16, 1000]},
    ],
)
def test_refused(given):
    """What Megatron asserts is refused in words."""
    with pytest.raises(lr.LrlabError):
        from_megatron(given)


def test_without_an_lr():
    """Its LRs are absolute, so there is nothing to take multiples of; the message says where it may come from."""
    with pytest.raises(lr.LrlabError, match="--lr 3e-4"):
        from_megatron({"train_iters": 100})


def test_a_warmup_that_is_not_used_is_said():
    given = {"lr": 1e-4, "train_iters": 100, "lr_warmup_fraction": 0.1}
    assert [f.code for f in from_megatron({**given, "lr_warmup_iters": 20}).findings].count("two-warmups") == 1
    assert "two-warmups" not in [f.code for f in from_megatron({**given, "lr_warmup_iters": 0}).findings]
