"""DeepSpeed: how its configurations are read; its curves are held against its own code in test_golden."""

import pytest

import lrlab as lr
from lrlab.dialects import from_deepspeed


def test_whole_configuration():
    """The whole of ds_config.json, from which the optimizer's own LR is taken; the lag is said and found."""
    config = {
        "optimizer": {"type": "AdamW", "params": {"lr": 2e-4}},
        "scheduler": {"type": "WarmupCosineLR", "params": {"total_num_steps": 100, "warmup_num_steps": 10}},
    }
    found = from_deepspeed(config)
    assert found.base_lr == 2e-4
    assert "lags by one" in found.convention
    assert "zero-first" in [finding.code for finding in found.findings]


@pytest.mark.parametrize(
    "config",
    [
        {"type": "Warmup", "params": {}},
        {"type": "WarmupLR", "params": {"warmup_num_steps": "auto"}},
        {"type": "WarmupLR", "params": {"warmup_steps": 10}},
        {"type": "WarmupLR", "params": {}},
        {"type": "WarmupDecayLR", "params": {}},
        {"type": "WarmupLR", "params": {"warmup_max_lr": 1e-3, "warmup_min_lr": "small"}},
        {"type": "WarmupLR", "params": [1e-3]},
    ],
)
def test_refused(config):
    """What DeepSpeed would not take, or what a trainer fills in, is refused in words."""
    with pytest.raises(lr.LrlabError):
        from_deepspeed(config)
