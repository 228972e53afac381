"""A task is configured by what it declares, and by nothing else."""

import pytest

import lrlab as lr
from lrlab.errors import LrlabError, LrlabTypeError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.stage import train as trained
from lrlab.lab.task.config import declared, defaults, refuse_unknown
from lrlab.lab.task.declaration import task_of

KEYS = {"width": 64, "size": ("std", "tiny"), "layers": [8, 8], "path": None}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"siz": "tiny"}, r"(?s)no configuration 'siz'.*allowed: width, size, layers, path.*try:     size"),
        ({"width": 32, "optimiser": "adam"}, "'optimiser'"),
        ({"size": "tinyy"}, r"(?s)no size 'tinyy'.*std, tiny.*try:     tiny"),
        ({"size": 1}, "no size 1"),
    ],
)
def test_what_is_not_declared_is_refused(given, said):
    """With what there is, and what was probably meant."""
    with pytest.raises(LrlabError, match=said):
        refuse_unknown("mine", KEYS, given)


def test_what_is_declared_passes():
    """Whatever the value, where no values are listed."""
    refuse_unknown("mine", KEYS, {"width": "wide", "size": "tiny", "layers": [], "path": "/"})
    with pytest.raises(LrlabError, match=r"(?s)declares no configuration.*@lr.task"):
        refuse_unknown("mine", {}, {"width": 64})


def test_a_declaration_is_plain():
    """What JSON has, by name."""
    assert defaults(declared(KEYS)) == {"width": 64, "size": "std", "layers": [8, 8], "path": None}
    with pytest.raises(LrlabTypeError, match="default of each key"):
        declared({1: 2})
    with pytest.raises(LrlabTypeError, match="default of each key"):
        declared(["size"])
    with pytest.raises(LrlabError, match="no value to choose"):
        declared({"size": ()})
    with pytest.raises(LrlabError):
        declared({"size": object()})


@lr.task(metric="loss", updates=2, folds=2, lrs=(1.0,), config={"slope": 1.0, "kind": ("a", "b")})
def train(run):
    for _ in run.steps([0]):
        _ = run.control
        if run.eval_now:
            run.report(loss=run.config["slope"] + (run.config["kind"] == "b"))


def test_the_task_finds_its_defaults():
    """And what was given in their place; a default that is given is the same training."""

    def score(**config):
        return trained(task_of(train), Job(Arm("x", lr.constant()), 1.0, 0, 0, 2, 2, 1, config))

    assert [score().score, score(slope=3.0).score, score(kind="b").score] == [1.0, 3.0, 2.0]
    assert score().key == score(kind="a").key != score(kind="b").key


@pytest.mark.parametrize(
    "asked",
    [
        lambda config: lr.compare(train, {"a": lr.constant(), "b": lr.linear()}, config=config),
        lambda config: lr.compare(train, {"a": Arm("a", lr.constant(), config=config), "b": lr.linear()}),
        lambda config: lr.tune(train, budget=30, horizon=40, config=config),
    ],
)
def test_every_door_refuses(asked):
    """Before anything is trained."""
    with pytest.raises(LrlabError, match=r"(?s)no configuration 'slop'.*slope"):
        asked({"slop": 2.0})
