"""What counts, in which unit, and what makes updates of it."""

import math

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


def test_nothing_makes_an_update_before_it_is_said():
    """Each rate may be given alone."""
    none = Rates()
    assert {none.updates_per_epoch, none.samples_per_update, none.tokens_per_update, none.accumulate} == {None}
    assert (Rates(accumulate=1).accumulate, Rates(tokens_per_update=0.5).tokens_per_update) == (1, 0.5)


@pytest.mark.parametrize(
    ("given", "allowed", "example"),
    [
        ({"updates_per_epoch": math.inf}, "a number above 0", "updates_per_epoch=391"),
        ({"samples_per_update": 0}, "a number above 0", "samples_per_update=256"),
        ({"tokens_per_update": True}, "a number above 0", "tokens_per_update=524288"),
        ({"accumulate": 4.0}, "1, 2, 3, ...", "accumulate=4"),
        ({"accumulate": 0}, "1, 2, 3, ...", "accumulate=4"),
    ],
)
def test_a_rate_that_is_none_is_refused_with_one_that_is(given, allowed, example):
    """An infinite or a true one, half an accumulation."""
    with pytest.raises(LrlabError) as refused:
        Rates(**given)
    assert f"allowed: {allowed}" in str(refused.value)
    assert str(refused.value).endswith(example)


def test_a_name_of_200_characters_is_looked_at():
    """A longer one counts nothing."""
    assert counted("step" + "_" * 196) == ("updates", 8)
    assert counted("step" + "_" * 197) is None


def test_the_place_of_a_counter_is_that_among_its_unit():
    """What a tracker counts comes after all others; of as telling ones the first named."""
    assert [counted(name) for name in ("iter", "_step", "_epoch", "tokens", "imgs")] == [
        ("updates", 0), ("updates", 12), ("epochs", 3), ("tokens", 1), ("samples", 6)
    ]  # fmt: skip
    assert best(["training step", "step", "loss", "epoch"], "updates") == ["training step", "step"]
