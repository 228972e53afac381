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


CONFIG = {
    "optimizer": {"type": "AdamW", "params": {"lr": 1e-3}},
    "scheduler": {
        "type": "WarmupDecayLR",
        "params": {"total_num_steps": 800, "warmup_max_lr": 5e-4, "warmup_num_steps": 80, "warmup_type": "linear"},
    },
}


@pytest.mark.parametrize(
    ("name", "params", "used"),
    [
        ("WarmupDecayLR", {"total_num_steps": 800, "warmup_max_lr": 5e-4}, "0.0005, warmup_max_lr"),
        ("WarmupLR", {"warmup_max_lr": 5e-4}, "0.0005, warmup_max_lr"),
        ("OneCycle", {"cycle_min_lr": 1e-5, "cycle_max_lr": 5e-4}, "0.0005, cycle_max_lr"),
        ("LRRangeTest", {"lr_range_test_min_lr": 5e-4}, "0.0005, lr_range_test_min_lr"),
        ("WarmupLR", {}, None),  # its peak is the optimizer's own
        ("WarmupCosineLR", {"total_num_steps": 800}, None),
    ],
)
def test_the_optimizers_own_lr_is_said_where_it_is_not_used(name, params, used):
    """The multiples mean another LR: under the optimizer's own they would double every LR."""
    found = from_deepspeed({**CONFIG, "scheduler": {"type": name, "params": params}})
    told = [str(finding) for finding in found.findings if finding.code == "own-lr"]
    assert [f"1 is an LR of {used}: the optimizer's own 0.001 is not used" in one for one in told] == [True] * bool(
        used
    )
    assert f"1 is an LR of {5e-4 if used else 1e-3:g};" in found.convention
    assert found.base_lr == (5e-4 if used else 1e-3)


def test_the_schedule_fits_the_run_that_the_file_says():
    """Its count lags by one: the last value of the decay is that of an update which the run does not have."""
    found = from_deepspeed(CONFIG)
    assert found.horizon == lr.Horizon(updates=800)
    assert "too-long" not in [finding.code for finding in found.findings]
    values = found.schedule.over(800).values()
    assert len(values) == 800
    assert values[799] == pytest.approx(2 / 720, rel=1e-12)
    assert found.schedule.over(800)(801) == 0
    short = from_deepspeed({"type": "WarmupDecayLR", "params": {"total_num_steps": 10, "warmup_max_lr": 1.0}})
    assert "too-long" in [finding.code for finding in short.findings]


@pytest.mark.parametrize("name", ["WarmupDecayLR", "WarmupCosineLR"])
def test_a_missing_length_says_how_to_give_it(name):
    with pytest.raises(lr.LrlabError, match=r"total_num_steps=\.\.\., or --steps 10000"):
        from_deepspeed({"type": name, "params": {"warmup_num_steps": 80}}, lr=1.0)
