"""The updates that the names of checkpoints tell, as trainers write them."""

from __future__ import annotations

import pytest

from lrlab.desk.numbered import updates
from lrlab.errors import LrlabError


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["epoch=0-step=100-val_loss=2.31", "epoch=1-step=200-val_loss=2.30"], [100, 200]),
        (["step_400_loss_2.10", "step_300_loss_2.17"], [400, 300]),
        (["step_100_bf16", "step_200_bf16"], [100, 200]),
        (["step_500", "step_1k", "step_1.5k"], [500, 1000, 1500]),
        (["iter-0100000-ckpt", "iter-0200000-ckpt"], [100000, 200000]),
        (["ep0-ba100-rank0", "ep1-ba200-rank0"], [100, 200]),
        (["step100-tokens1B", "step200-tokens2B"], [100, 200]),
        (["global_step100", "global_step90"], [100, 90]),
        (["checkpoint-500", "checkpoint-1000-best2"], [500, 1000]),
        (["model.500", "model.1000"], [500, 1000]),
        (["model_500_v2", "model_1000_v2"], [500, 1000]),
        (["100-seed0", "200-seed0"], [100, 200]),
        (["2M", "1500k"], [2_000_000, 1_500_000]),
        (["checkpoint-20", "checkpoint-20"], [20, 20]),
        (["early", "late"], []),
    ],
)
def test_a_name_tells_its_update(names, told):
    """The losses, versions, epochs and tokens in it are none."""
    assert updates(names) == told


@pytest.mark.parametrize(
    "names",
    [
        ["a1-b2", "a2-b3"],
        ["100", "200", "last"],
        ["loss_2.31", "loss_2.27"],
        ["7_100", "200"],
        ["run2", "run2"],
        ["epoch=1-val_loss=2.31", "epoch=2-val_acc=97"],
    ],
)
def test_names_that_leave_it_open_are_refused(names):
    """A wrong order would be weights that nobody asked for."""
    with pytest.raises(LrlabError, match=r"do not tell their updates(.|\n)*step_1000"):
        updates(names)
