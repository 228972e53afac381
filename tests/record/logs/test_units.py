"""What counts, in which unit, and what makes updates of it."""

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.units import Rates, best, counted


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        *((name, "updates") for name in ("iter", "iteration", "global_step", "trainer/global_step", "Step")),
        *((name, "updates") for name in ("train/step", "globalStep", "_step", "training steps", "num_updates")),
        *((name, "epochs") for name in ("epoch", "Epoch", "train/epoch", "trainer/epoch", "time/epoch")),
        *((name, "tokens") for name in ("tokens", "tokens_seen", "num_input_tokens_seen", "time/token")),
        *((name, "samples") for name in ("samples", "consumed samples", "samples_seen", "total examples")),
        *((name, "batches") for name in ("batch", "batch_idx", "micro_step", "time/batch")),
    ],
)  # fmt: skip
def test_what_counts(name, unit):
    """By the name, however it is written."""
    assert counted(name)[0] == unit


@pytest.mark.parametrize(
    "name",
    ["max_steps", "steps_per_second", "warmup_steps", "epoch_loss", "train_loss_step", "batch_size",
     "eval_steps", "total_steps", "tokens_per_second", "time/iterations", "loss"],
)  # fmt: skip
def test_what_counts_nothing(name):
    """Sizes, rates and losses."""
    assert counted(name) is None


def test_the_most_telling_comes_first():
    """A tracker counts its own records as _step."""
    assert best(["_step", "step", "epoch", "global_step"], "updates") == ["global_step", "step", "_step"]


@pytest.mark.parametrize(
    "given",
    [
        *({"updates_per_epoch": 0}, {"updates_per_epoch": float("nan")}, {"tokens_per_update": -1}),
        *({"accumulate": 2.5}, {"accumulate": True}, {"samples_per_update": "8"}),
    ],
)
def test_a_rate_that_is_none_is_a_sentence(given):
    """With one that is."""
    (name,) = given
    with pytest.raises(LrlabError, match=rf"(?s){name}.*try:"):
        Rates(**given)
