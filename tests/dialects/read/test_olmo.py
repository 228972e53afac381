"""OLMo-core: how its fields are read; its curves are held against its own code in test_golden."""

import pytest

import lrlab as lr
from lrlab.dialects import from_olmo


def test_saved_config():
    """As a config saves it: the class with its module, and the old names of its fields."""
    saved = {"_CLASS_": "olmo_core.optim.scheduler.CosWithWarmup", "warmup_steps": 100, "units": "steps", "t_max": None}
    found = from_olmo(saved, max_steps=1000)
    assert found == from_olmo("CosWithWarmup", max_steps=1000, warmup=100)
    assert str(found.schedule) == "linear(99, start=0.01, to=1) >> cosine(900, to=0.1)"
    assert "zero-first" not in [finding.code for finding in found.findings]


@pytest.mark.parametrize(
    "given",
    [
        {"scheduler": "Cosine"},
        {"scheduler": "WSD"},
        {"scheduler": "WSD", "warmup": 10, "units": "tokens"},
        {"scheduler": "WSD", "warmup": 10, "decay": 5, "decay_fraction": 0.1},
        {"scheduler": "CosWithWarmup", "warmup": 10, "alpha": 0.1},
        {"scheduler": "CosWithWarmup", "warmup": 10, "warmup_min_lr": 1e-6},
        {"scheduler": "CosWithWarmup", "warmup_fraction": 1.5},
        {
            "scheduler": "SequentialScheduler",
            "schedulers": [{"_CLASS_": "ConstantScheduler"}],
            "schedulers_max": [1, 2],
        },
        {"scheduler": "WSDS", "warmup": 10, "decay": 50, "period_lengths": [40]},
    ],
)
def test_refused(given):
    """What OLMo-core refuses or divides by 0 with, and absolute LRs without the LR, are refused in words."""
    with pytest.raises(lr.LrlabError):
        from_olmo(**{"max_steps": 100, **given})
