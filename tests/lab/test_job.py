"""One job: its key holds all that determines the run, and training it is repeatable to the last bit."""

import dataclasses
import json
import math
import random
import sys

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms import Arm
from lrlab.lab.job import Job, job_key, seeded, train, versions


def job(**changes):
    fields = {
        "arm": Arm("cosine", lr.cosine()), "lr": 1.0, "seed": 0, "fold": 0, "folds": 2, "updates": 60, "evals": 6
    }  # fmt: skip
    return Job(**{**fields, **changes})


CHANGES = {
    "schedule": {"arm": Arm("cosine", lr.linear())},
    "averaging": {"arm": Arm("cosine", lr.cosine(), 0.1)},
    "lr": {"lr": 0.5},
    "seed": {"seed": 1},
    "fold": {"fold": 1},
    "folds": {"folds": 3},
    "updates": {"updates": 61},
    "evals": {"evals": 7},
    "config": {"config": {"width": 8}},
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_key_changes_with_everything_that_determines_the_run(quadratic, name):
    """One difference at a time."""
    assert job_key(quadratic, job(**CHANGES[name])) != job_key(quadratic, job())


@pytest.mark.parametrize("change", [{"identity": "x"}, {"metric": "error"}, {"mode": "max"}])
def test_the_key_changes_with_the_task(quadratic, change):
    """Its source and what it is judged by; its name and its defaults do not matter."""
    assert job_key(dataclasses.replace(quadratic, **change), job()) != job_key(quadratic, job())
    assert job_key(dataclasses.replace(quadratic, name="x"), job()) == job_key(quadratic, job())


def test_the_key_changes_with_the_versions(quadratic, monkeypatch):
    """Another PyTorch gives other numbers."""
    before = job_key(quadratic, job())
    monkeypatch.setattr("lrlab.lab.job.versions", lambda: {**versions(), "torch": "0.0"})
    assert job_key(quadratic, job()) != before
    assert {"python", "record", "numpy"} <= set(versions())


def test_the_key_does_not_change_with_the_name_of_the_arm(quadratic):
    """The same training under another name is the same run."""
    assert job_key(quadratic, job(arm=Arm("other", lr.parse("cosine(to=0.0)")))) == job_key(quadratic, job())


def test_config_must_be_plain(quadratic):
    """What cannot be written down cannot be part of an identity."""
    with pytest.raises(LrlabError, match=r"run.config"):
        job_key(quadratic, job(config={"net": object()}))


def test_a_job_survives_the_way_to_another_process():
    """As JSON, to the last bit."""
    original = job(lr=1 / 3, arm=Arm("WSD", lr.wsd() * lr.plateau(), 0.1), config={"a": [1, 2.5, None]})
    assert Job.from_json(json.loads(json.dumps(original.to_json()))) == original


def test_training_twice_gives_the_same_bits(quadratic):
    """Whatever the random numbers did before."""
    first = train(quadratic, job())
    random.seed(99)
    second = train(quadratic, job())
    assert dataclasses.replace(second, seconds=first.seconds) == first
    assert first.outcome == "finished"
    assert first.score == first.evals["val_loss"].values[-1]
    assert first.evals["val_loss"].updates == (10, 20, 30, 40, 50, 60)
    assert (first.task, first.arm, first.schedule) == ("quadratic:train", "cosine", "cosine()")


def test_arms_share_the_initial_weights_and_the_batches(quadratic):
    """The first loss is the same for every arm and LR; it differs by seed and by fold."""
    first = {
        name: train(quadratic, job(**change)).loss.values[0]
        for name, change in {"same": {}, **CHANGES}.items()
        if name != "config"
    }
    assert {first[name] for name in ("same", "schedule", "averaging", "lr", "updates", "evals")} == {first["same"]}
    assert len({first["same"], first["seed"], first["fold"]}) == 3


def test_averaging_wins_at_a_constant_lr(quadratic):
    """The noise of the last iterates is averaged out, and the training itself is not touched."""
    scores = {
        averaging: [
            train(quadratic, job(arm=Arm("a", lr.constant(), averaging), lr=2.0, seed=seed, updates=200))
            for seed in range(20)
        ]
        for averaging in (None, 0.3)
    }
    assert [r.loss for r in scores[None]] == [r.loss for r in scores[0.3]]
    mean = {averaging: sum(r.score for r in runs) / 20 for averaging, runs in scores.items()}
    assert mean[0.3] < mean[None] / 2


def test_divergence_is_a_result(quadratic):
    """Score inf, what was recorded until then, and no error."""
    run = train(quadratic, job(lr=10.0, updates=200))
    assert (run.outcome, run.score) == ("diverged", math.inf)
    assert 0 < len(run.loss.values) < 200
    worst = train(dataclasses.replace(quadratic, mode="max"), job(lr=10.0, updates=200))
    assert worst.score == -math.inf


def test_an_exception_passes_through_and_says_where(quadratic):
    """The user's own exception, with its traceback, and a note on the run."""
    with pytest.raises(RuntimeError, match="out of cheese") as caught:
        train(quadratic, job(config={"raise": True}))
    assert caught.traceback[-1].path.name == "quadratic.py"
    assert caught.value.__notes__ == ["in the task quadratic:train: arm cosine, lr 1, seed 0, fold 0"]


def test_seeding_reaches_numpy_and_torch():
    """Where they are loaded: equal seed and fold, equal numbers; else different ones."""
    numpy, torch = pytest.importorskip("numpy"), pytest.importorskip("torch")

    def draw(seed, fold):
        with seeded(seed, fold):
            return random.random(), float(numpy.random.random()), float(torch.rand(()))

    assert draw(0, 1) == draw(0, 1)
    for other in ((0, 2), (1, 1), (1, 0)):
        assert not set(draw(0, 1)) & set(draw(*other))


def test_torch_that_comes_too_late_to_be_seeded_is_named(monkeypatch):
    """Imported first inside the training function: the first run would not be repeatable."""
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with pytest.raises(LrlabError, match=r"(?s)first imported while training.*at the top"), seeded(0, 0):
        monkeypatch.setitem(sys.modules, "torch", object())


def test_one_thread_is_used_and_the_setting_put_back(quadratic):
    """Sums differ in the last bits with the number of threads: it is part of the recipe."""
    torch = pytest.importorskip("torch")
    before, seen = torch.get_num_threads(), []
    watched = dataclasses.replace(
        quadratic, function=lambda run: (seen.append(torch.get_num_threads()), quadratic.function(run))
    )
    train(watched, job())
    assert seen == [1]
    assert torch.get_num_threads() == before
