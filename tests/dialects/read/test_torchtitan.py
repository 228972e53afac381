"""torchtitan: how its configuration is read; its curves are held against its own code in test_golden."""

import pytest

import lrlab as lr
from lrlab.dialects import from_torchtitan
from lrlab.dialects.reader import read

CONFIG = """
[optimizer]
lr = 8e-4
[lr_scheduler]
warmup_steps = 2
decay_ratio = 0.8
decay_type = "cosine"
min_lr_factor = 0.1
[training]
local_batch_size = 8
steps = 10
"""


def test_every_door_is_one(tmp_path):
    """The file, the command line, the words and the call."""
    (tmp_path / "debug.toml").write_text(CONFIG)
    given = {"warmup_steps": 2, "decay_ratio": 0.8, "min_lr_factor": 0.1, "steps": 10, "lr": 8e-4}
    found = from_torchtitan("cosine", **given)
    words = " ".join(f"{word}={value}" for word, value in given.items())
    line = (
        "--optimizer.lr 8e-4 --training.steps 10 --lr_scheduler.warmup_steps 2 --lr_scheduler.decay_ratio 0.8 "
        "--lr_scheduler.decay_type cosine --lr_scheduler.min_lr_factor 0.1"
    )
    assert read(str(tmp_path / "debug.toml")) == found
    assert read(f"torchtitan:cosine {words}") == found
    assert read(f"./run_train.sh {line}") == found


def test_the_end_is_one_update_after_the_last():
    """Its virtual last step keeps the LR above the floor; beyond a shorter total it goes below."""
    found = from_torchtitan(steps=10, warmup_steps=0)
    assert found.schedule.over(10)(9) == pytest.approx(0.1)
    further = from_torchtitan(steps=12, warmup_steps=0, total_steps=10)
    assert further.schedule.over(12)(11) == pytest.approx(-0.1)
    assert "goes on" in further.convention


@pytest.mark.parametrize(
    "given",
    [
        {"decay_type": "exponential"},
        {"warmup_step": 2},
        {"decay_ratio": -0.5},
        {"warmup_steps": 1.5},
        {"steps": 0},
    ],
)
def test_refused(given):
    """Words and shapes that torchtitan does not have."""
    with pytest.raises(lr.LrlabError):
        from_torchtitan(**{"steps": 10, **given})
