"""Command lines as they stand in launch scripts."""

import pytest

from lrlab.dialects.parts.phases import Name
from lrlab.dialects.source.command_line import document_of, is_command_line, script, tokens


def test_flags_become_words():
    """Values are read, flags without one are true, several are a list, the last one counts."""
    line = """torchrun --nproc_per_node=8 train.py data/ --lr 1e-4 --lr-decay-style cosine \\
        --decay-milestones 30 60 --fp16 --betas '(0.9, 0.98)' --name 'a b' --lr 2e-4 2>&1 | tee log"""
    assert document_of(tokens(line)) == {
        "nproc_per_node": 8,
        "lr": 2e-4,
        "lr-decay-style": "cosine",
        "decay-milestones": [30, 60],
        "fp16": True,
        "betas": (0.9, 0.98),
        "name": "a b",
    }


def test_dots_become_places():
    """Hydra's settings and torchtitan's flags."""
    hydra = document_of(
        tokens("fairseq-hydra-train lr_scheduler=cosine optimization.lr=[0.1] +lr_scheduler.min_lr=0.0")
    )
    assert hydra["optimization"] == {"lr": [0.1]}
    assert hydra["lr_scheduler"] == {"_name": "cosine", "min_lr": 0.0}
    assert document_of(["--lr_scheduler.warmup_steps", "2", "--training.steps", "100"]) == {
        "lr_scheduler": {"warmup_steps": 2},
        "training": {"steps": 100},
    }


def test_variables_of_the_shell():
    """One that is set is put in, one that is not is a name without a value."""
    found = document_of(tokens("LR=1e-4 python train.py --lr $LR --steps ${STEPS}"))
    assert found["lr"] == 1e-4
    assert found["steps"] == "STEPS"
    assert isinstance(found["steps"], Name)


def test_a_script_is_its_line():
    """Assignments, comments, continued lines and arrays of a shell script."""
    text = """#!/bin/bash
    # the LR of the paper
    export LR=1e-4
    STEPS=1000   # updates
    MODEL_ARGS=(
        --num-layers 2
        --lr-warmup-fraction .01
    )
    torchrun pretrain_gpt.py ${MODEL_ARGS[@]} \\
        --lr $LR --train-iters "$STEPS"
    """
    found = document_of(script(text))
    assert found["lr"] == 1e-4
    assert found["train-iters"] == 1000
    assert found["lr-warmup-fraction"] == 0.01


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("--lr 1e-4", True),
        ("train.py --lr=1e-4", True),
        ("a.b=1 c.d=2", True),
        ("cosine(to=0.1)", False),
        ("transformers:linear max_steps=10", False),
        ("x -- y", False),
    ],
)
def test_what_is_a_command_line(line, told):
    """A long flag, or settings of places."""
    assert is_command_line(tokens(line)) is told
