"""fairseq: how its options are read; its curves are held against its own code in test_golden."""

import pytest

import lrlab as lr
from lrlab.dialects import from_fairseq


def test_hydra():
    """As fairseq-hydra-train has it: the same schedule."""
    plain = {"lr_scheduler": "cosine", "lr": [1e-3], "max_update": 100, "warmup_updates": 10}
    nested = {
        "lr_scheduler": {"_name": "cosine", "warmup_updates": 10},
        "optimization": {"lr": [1e-3], "max_update": 100},
        "task": {"_name": "translation"},
    }
    assert from_fairseq(plain) == from_fairseq(nested)
    assert str(from_fairseq(plain).schedule) == "linear(10, start=0, to=1) >> cosine().repeat(gain=0.1, cycle=90)"


@pytest.mark.parametrize(
    "given",
    [
        {"lr_scheduler": "manual", "lr": 1e-3},
        {"lr_scheduler": "fixed", "lr": 1e-3, "force_anneal": 3},
        {"lr_scheduler": "polynomial_decay", "lr": 1e-3},
        {"lr_scheduler": "cosine"},
        {"lr": 1e-3},
        {"lr_scheduler": "inverse_sqrt", "lr": [1e-3, 1e-4]},
        {"lr_scheduler": "inverse_sqrt", "lr": 1e-3, "warmup_updates": 0},
        {"lr_scheduler": "cosine", "lr": 1e-3},
        {"lr_scheduler": "tri_stage", "lr": 1e-3, "final_lr_scale": 0.0},
    ],
)
def test_refused(given):
    """What fairseq refuses or divides by 0 with, and what goes by epochs, is refused in words."""
    with pytest.raises(lr.LrlabError):
        from_fairseq(given)
