"""Hugging Face Transformers, side by side: the LR of every update to 1.5 times the training steps."""

import random
from typing import Any

import pytest
import torch

import lrlab as lr
from lrlab.dialects import from_transformers

transformers = pytest.importorskip("transformers.optimization")
transformers_arguments = pytest.importorskip("transformers").TrainingArguments

LR = 3e-4
NAMES = (
    "linear",
    "cosine",
    "cosine_with_restarts",
    "polynomial",
    "constant",
    "constant_with_warmup",
    "inverse_sqrt",
    "cosine_with_min_lr",
    "cosine_warmup_with_min_lr",
    "warmup_stable_decay",
)


def specific(name: str, rng: random.Random, total: int, warmup: int) -> dict[str, Any]:
    """Random arguments of one scheduler."""
    cycles = rng.choice([0.5, 1.0, 0.7, 2.5, 3])
    floor = rng.choice([{"min_lr_rate": rng.choice([0.0, 0.1, 0.37])}, {"min_lr": rng.choice([0.0, 3e-5, 1e-4])}])
    match name:
        case "cosine":
            return rng.choice([{}, {"num_cycles": cycles}])
        case "cosine_with_restarts":
            return rng.choice([{}, {"num_cycles": rng.choice([1, 2, 3, 5, 7, 2.5])}])
        case "polynomial":
            return {"lr_end": rng.choice([0.0, 1e-7, 1e-5]), "power": rng.choice([0.5, 1.0, 2.0, rng.uniform(0.1, 4)])}
        case "inverse_sqrt":
            return rng.choice([{}, {"timescale": rng.randint(1, 2 * total)}])
        case "cosine_with_min_lr":
            return {**floor, "num_cycles": cycles}
        case "cosine_warmup_with_min_lr":
            return {**floor, "num_cycles": cycles, "warmup_lr_rate": rng.choice([None, 0.0, 0.2])}
        case "warmup_stable_decay":
            return {
                "num_decay_steps": rng.randint(0, total),
                "num_stable_steps": rng.choice([None, rng.randint(0, total)]),
                "warmup_type": rng.choice(["linear", "cosine", "1-sqrt"]),
                "decay_type": rng.choice(["linear", "cosine", "1-sqrt"]),
                "min_lr_ratio": rng.choice([0, 0.1]),
                "num_cycles": rng.choice([0.5, 0.5, 1.3]),
            }
    return {}


def trace(scheduler: Any, optimizer: torch.optim.Optimizer, updates: int) -> list[float]:
    """The LR in the optimizer at each update, to the end or until the library raises."""
    seen = []
    for _ in range(updates):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        try:
            scheduler.step()
        except ZeroDivisionError:
            break
    return seen


@pytest.mark.filterwarnings("ignore:Both num_training_steps and num_stable_steps")
def test_same_curve(seed, rng, same_curve):
    """Every scheduler, with random arguments."""
    name = NAMES[seed % len(NAMES)]
    total = rng.choice([1, 2, rng.randint(3, 60), rng.randint(60, 400)])
    warmup = rng.choice([0, 1, rng.randint(0, total), total, total + 1])
    arguments = specific(name, rng, total, warmup)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=LR)
    try:
        theirs = transformers.get_scheduler(name, optimizer, warmup, total, dict(arguments))
    except ZeroDivisionError:
        with pytest.raises(lr.LrlabError):
            from_transformers(name, warmup, total, arguments, learning_rate=LR)
        return
    found = from_transformers(name, warmup, total, arguments, learning_rate=LR)
    same_curve(found, trace(theirs, optimizer, total + total // 2 + 2), LR)


SAVED = {"lr_scheduler_type": "cosine_with_min_lr", "learning_rate": 2e-4, "max_steps": 1000, "output_dir": "out"}


@pytest.mark.parametrize("own", [{"min_lr": 2e-5}, '{"min_lr": 2e-5}'])
def test_training_arguments_are_read_as_they_were_saved(own):
    """One dict, or its words; the scheduler's own arguments also as the text that a command line has."""
    document = {**SAVED, "warmup_ratio": 0.1, "lr_scheduler_kwargs": own}
    floor = {"min_lr": 2e-5}
    expected = from_transformers("cosine_with_min_lr", 100, 1000, floor, learning_rate=2e-4)
    for found in (
        from_transformers(document),
        from_transformers(**document),
        from_transformers(
            "cosine_with_min_lr", learning_rate=2e-4, warmup_steps=100, max_steps=1000, lr_scheduler_kwargs=own
        ),
    ):
        assert (found.schedule, found.base_lr, found.horizon) == (
            expected.schedule,
            expected.base_lr,
            expected.horizon,
        )
    assert from_transformers({**document, "max_steps": -1}, num_training_steps=1000).schedule == expected.schedule


def test_the_schedulers_own_arguments_may_stand_beside_the_words():
    expected = from_transformers("cosine_with_min_lr", 100, 1000, {"min_lr": 2e-5}, learning_rate=2e-4)
    words = {"warmup_steps": 100, "max_steps": 1000, "learning_rate": 2e-4}
    assert from_transformers("cosine_with_min_lr", min_lr=2e-5, **words) == expected
    with pytest.raises(lr.LrlabError, match="'min_lr' is not known"):
        from_transformers("cosine", min_lr=2e-5, **words)


def test_the_object_itself_is_read(tmp_path):
    given = transformers_arguments(
        output_dir=str(tmp_path), lr_scheduler_type="cosine_with_min_lr", lr_scheduler_kwargs={"min_lr": 2e-5},
        learning_rate=2e-4, max_steps=1000, warmup_steps=100, use_cpu=True,
    )  # fmt: skip
    expected = from_transformers("cosine_with_min_lr", 100, 1000, {"min_lr": 2e-5}, learning_rate=2e-4)
    assert from_transformers(given) == expected


@pytest.mark.parametrize("own", ["min_lr", "[2]", 3])
def test_arguments_that_are_no_dict_are_refused(own):
    with pytest.raises(lr.LrlabError, match=r"lr_scheduler_kwargs is a dict, or the text of one in JSON"):
        from_transformers({**SAVED, "lr_scheduler_kwargs": own})


def test_a_word_that_is_not_known_is_refused_with_the_nearest():
    with pytest.raises(lr.LrlabError, match="warmup_ratio"):
        from_transformers("linear", num_training_steps=100, warmup_rato=0.1)


def test_of_two_warmups_the_one_that_is_not_used_is_said():
    """The Trainer takes the steps."""
    found = from_transformers({**SAVED, "lr_scheduler_type": "linear", "warmup_steps": 50, "warmup_ratio": 0.1})
    assert found.schedule == lr.parse("linear(50, start=0, to=1) >> linear(950)")
    assert [f.code for f in found.findings].count("two-warmups") == 1
