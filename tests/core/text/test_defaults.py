"""The default of every argument, as written down: a stored text leaves it out, and must go on meaning the same."""

import inspect

import pytest

import lrlab as lr
from lrlab.core.expression.node import METHODS, Schedule
from lrlab.core.expression.write import arguments
from lrlab.core.text.parse import VOCABULARY

SPAN = {"span": None}
WAY = {**SPAN, "start": 1.0, "to": 0.0, "closed": False, "part": (0.0, 1.0)}
HEARD = {"metric": None, "name": None}
DEFAULTS = {
    "constant": {**SPAN, "level": 1.0},
    "hold": SPAN,
    "warmup": {**SPAN, "start": None},
    "linear": WAY,
    "cosine": {**WAY, "power": 1.0},
    "cosine_cycle": WAY,
    "mirror_cosine": WAY,
    "polynomial": {**WAY, "power": 0.9, "k": 1.0},
    "one_minus_sqrt": WAY,
    "one_minus_power": {**WAY, "power": 2.0},
    "geometric": {**WAY, "to": 0.01},
    "logarithmic": {**WAY, "ratio": 100.0},
    "tanh": {**WAY, "lower": -6.0, "upper": 3.0},
    "rex": {**WAY, "beta": 0.5},
    "k_decay": {**WAY, "k": 1.5},
    "hyperbolic": {**WAY, "upper": "200%"},
    "linear_cosine": {**SPAN, "periods": 0.5, "alpha": 0.0, "beta": 0.001},
    "cosine_wave": {**SPAN, "waves": 0.5, "every": "100%", "to": 0.0, "phase": 0.0},
    "step": {**SPAN, "every": "30%", "gamma": 0.1},
    "multistep": {**SPAN, "milestones": ("50%", "75%"), "gamma": 0.1},
    "piecewise_constant": {**SPAN, "boundaries": ("50%", "75%"), "values": (1.0, 0.1, 0.01)},
    "piecewise_linear": {**SPAN, "points": ((0, 0.1), ("10%", 1.0), ("100%", 0.0))},
    "exponential": {**SPAN, "gamma": None, "decay": None, "every": None, "staircase": False},
    "natural_exponential": {**SPAN, "rate": 5.0, "every": "100%", "staircase": False},
    "inverse_time": {**SPAN, "rate": 1.0, "every": "10%", "staircase": False},
    "inverse_sqrt": {**SPAN, "timescale": "2%"},
    "inverse_power": {**SPAN, "timescale": "2%", "power": 0.51, "staircase": False},
    "noam": {**SPAN, "warmup": "5%"},
    "table": {},
    "function": {**SPAN, "digest": None, "name": None},
    "minimum": {},
    "maximum": {},
    "wsd": {**SPAN, "warmup": "5%", "decay": "20%", "shape": "one_minus_sqrt", "to": 0.0},
    "one_cycle": {**SPAN, "rise": "30%", "start": 1 / 25, "to": 4e-6, "three_phase": False, "shape": "cosine"},
    "warm_restarts": {"first_cycle": "25%", "stretch": 1.0, "gain": 1.0, "to": 0.0},
    "triangular": {"half_cycle": "10%", "low": 0.1},
    "triangular2": {"half_cycle": "10%", "low": 0.1},
    "exp_range": {"half_cycle": "10%", "low": 0.1, "gamma": 0.9999},
    "slanted_triangular": {**SPAN, "rise": "10%", "ratio": 32.0},
    "plateau": {
        **HEARD,
        "factor": 0.1,
        "patience": 10,
        "mode": None,
        "threshold": 1e-4,
        "threshold_mode": "rel",
        "margin": 0.0,
        "cooldown": 0,
        "min": 0.0,
        "eps": 0.0,
        "restart": False,
        "average": 1,
        "nan": "hold",
    },
    "greedy": {
        **HEARD,
        "factor": 0.95,
        "patience": 10,
        "mode": None,
        "threshold": 1e-6,
        "threshold_mode": "abs",
        "cooldown": 0,
        "warmup": 0,
        "min": 0.01,
        "max": 10.0,
        "reset": 500,
        "window": 1,
    },
    "guard": {
        **HEARD,
        "factor": 0.5,
        "deviations": 6.0,
        "multiple": 1.1,
        "window": 100,
        "after": 20,
        "patience": 2,
        "cooldown": 10,
        "rewarm": 0,
        "tries": 3,
    },
    "manual": {"metric": "live", "name": None},
}
OF_METHODS = {
    "scale": {},
    "clip": {"low": None, "high": None},
    "repeat": {"times": None, "stretch": 1.0, "gain": 1.0, "cycle": None},
    "reverse": {},
    "lasting": {},
    "staircase": {},
    "excerpt": {"start": 0, "stop": None, "over": None, "span": None},
    "hold": {"span": None},
}


def defaults(function):
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not p.empty}


def test_every_default_is_written_down():
    """A new word needs a row."""
    assert {name: defaults(made) for name, made in VOCABULARY.items()} == DEFAULTS
    assert {name: defaults(getattr(Schedule, name)) for name in METHODS} == OF_METHODS


@pytest.mark.parametrize(
    ("ours", "peer", "names"),
    [
        ("step", "StepLR", {"gamma": "gamma"}),
        ("multistep", "MultiStepLR", {"gamma": "gamma"}),
        ("one_cycle", "OneCycleLR", {"three_phase": "three_phase"}),
        *(
            ("plateau", "ReduceLROnPlateau", {name: peer})
            for name, peer in {
                **{name: name for name in ("factor", "patience", "threshold", "threshold_mode", "cooldown")},
                "min": "min_lr",
            }.items()
        ),
    ],
)
def test_defaults_are_those_of_pytorch(ours, peer, names):
    """Where both have the argument, and mean the same by it."""
    schedulers = pytest.importorskip("torch.optim.lr_scheduler")
    theirs = inspect.signature(getattr(schedulers, peer)).parameters
    assert {name: DEFAULTS[ours][name] for name in names} == {
        name: theirs[other].default for name, other in names.items()
    }


def test_one_cycle_begins_and_ends_where_that_of_pytorch_does():
    """max_lr / div_factor and max_lr / (div_factor * final_div_factor)."""
    schedulers = pytest.importorskip("torch.optim.lr_scheduler")
    theirs = inspect.signature(schedulers.OneCycleLR).parameters
    start = 1 / theirs["div_factor"].default
    assert defaults(lr.one_cycle)["start"] == start
    assert defaults(lr.one_cycle)["to"] == pytest.approx(start / theirs["final_div_factor"].default, rel=1e-15)


@pytest.mark.parametrize("name", sorted(set(DEFAULTS) - {"table", "function", "minimum", "maximum"}))
def test_a_text_leaves_defaults_out(name):
    """With none given it is the word alone; a preset is written as what it stands for."""
    schedule = VOCABULARY[name]()
    assert schedule == lr.parse(f"{name}()")
    if schedule.kind == name != "exponential":  # whose decay is 0.01 over the whole where no argument is given
        assert arguments(schedule) == ""


def test_wrapped_defaults_are_left_out():
    """Of a repeated schedule, an excerpt, a multiple and a sum."""
    assert str(lr.cosine(5).repeat(stretch=1.0, gain=1.0)) == "cosine(5).repeat()"
    assert str(lr.cosine().excerpt(0.0)) == "cosine().excerpt()"
    assert str(lr.cosine() * 2) == "2 * cosine()"
    assert str(2 + lr.cosine()) == "2 + cosine()"
