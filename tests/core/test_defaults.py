"""What every word of the text form, and every method, means where nothing is said: what a user need not type.

A default is a promise: a text that leaves it out reads as another schedule where it changes.
"""

import inspect
import math
import re

import pytest

import lrlab as lr
from lrlab.core.expression.vocabulary import KINDS, VOCABULARY
from lrlab.core.plan.rules import KINDS as HYPER
from lrlab.core.plan.rules import Group
from lrlab.core.text import parse  # noqa: F401

WORDS = """
    constant(span=None, *, level=1.0)
    cosine(span=None, *, start=1.0, to=0.0, closed=False, part=(0.0, 1.0), power=1.0)
    cosine_cycle(span=None, *, start=1.0, to=0.0, closed=False, part=(0.0, 1.0))
    cosine_wave(waves=0.5, every='100%', *, span=None, to=0.0, phase=0.0)
    exp_range(half_cycle='10%', *, low=0.1, gamma=0.9999)
    exponential(*, span=None, gamma=None, decay=None, every=None, staircase=False)
    function(target, digest=None, *, name=None, span=None)
    geometric(span=None, *, start=1.0, to=0.01, closed=False, part=(0.0, 1.0))
    greedy(*, metric=None, name=None, factor=0.95, patience=10, mode=None, threshold=1e-06,
        threshold_mode='abs', cooldown=0, warmup=0, min=0.01, max=10.0, reset=500, window=1)
    guard(*, metric=None, name=None, factor=0.5, deviations=6.0, multiple=1.1, window=100, after=20, patience=2,
        cooldown=10, rewarm=0, tries=3)
    hold(span=None)
    hyperbolic(span=None, *, start=1.0, to=0.0, closed=False, part=(0.0, 1.0), upper='200%')
    inverse_power(timescale='2%', *, span=None, power=0.51, staircase=False)
    inverse_sqrt(timescale='2%', *, span=None)
    inverse_time(rate=1.0, every='10%', *, span=None, staircase=False)
    k_decay(span=None, *, start=1.0, to=0.0, closed=False, part=(0.0, 1.0), k=1.5)
    linear(span=None, *, start=1.0, to=0.0, closed=False, part=(0.0, 1.0))
    linear_cosine(span=None, *, periods=0.5, alpha=0.0, beta=0.001)
    logarithmic(span=None, *, start=1.0, to=0.0, closed=False, part=(0.0, 1.0), ratio=100.0)
    manual(*, metric='live', name=None)
    maximum(*schedules)
    minimum(*schedules)
    mirror_cosine(span=None, *, start=1.0, to=0.0, closed=False, part=(0.0, 1.0))
    multistep(milestones=('50%', '75%'), *, span=None, gamma=0.1)
    natural_exponential(rate=5.0, every='100%', *, span=None, staircase=False)
    noam(warmup='5%', *, span=None)
    one_cycle(span=None, *, rise='30%', start=0.04, to=4e-06, three_phase=False, shape='cosine')
    one_minus_power(span=None, *, start=1.0, to=0.0, closed=False, part=(0.0, 1.0), power=2.0)
    one_minus_sqrt(span=None, *, start=1.0, to=0.0, closed=False, part=(0.0, 1.0))
    piecewise_constant(boundaries=('50%', '75%'), values=(1.0, 0.1, 0.01), *, span=None)
    piecewise_linear(points=((0, 0.1), ('10%', 1.0), ('100%', 0.0)), *, span=None)
    plateau(*, metric=None, name=None, factor=0.1, patience=10, mode=None, threshold=0.0001,
        threshold_mode='rel', margin=0.0, cooldown=0, min=0.0, eps=0.0, restart=False, average=1, nan='hold')
    polynomial(span=None, *, start=1.0, to=0.0, closed=False, part=(0.0, 1.0), power=0.9, k=1.0)
    rex(span=None, *, start=1.0, to=0.0, closed=False, part=(0.0, 1.0), beta=0.5)
    slanted_triangular(span=None, *, rise='10%', ratio=32.0)
    step(every='30%', *, span=None, gamma=0.1)
    table(values)
    tanh(span=None, *, start=1.0, to=0.0, closed=False, part=(0.0, 1.0), lower=-6.0, upper=3.0)
    triangular(half_cycle='10%', *, low=0.1)
    triangular2(half_cycle='10%', *, low=0.1)
    warm_restarts(first_cycle='25%', *, stretch=1.0, gain=1.0, to=0.0)
    warmup(span=None, *, start=None)
    wsd(span=None, *, warmup='5%', decay='20%', shape='one_minus_sqrt', to=0.0)
"""
KINDS_OF_JSON = """
    clip(schedule, *, low=None, high=None)
    excerpt(schedule, start=0.0, stop=None, *, over=None, span=None)
    lasting(schedule, span)
    product(terms, *, factor=1.0)
    repeat(schedule, times=None, *, stretch=1.0, gain=1.0, cycle=None)
    reverse(schedule)
    sequence(phases)
    staircase(schedule, every)
    sum(terms, *, offset=0.0)
"""
METHODS = """
    clip(low=None, high=None)
    excerpt(start=0, stop=None, *, over=None, span=None)
    hold(span=None)
    lasting(span)
    repeat(times=None, stretch=1.0, gain=1.0, *, cycle=None)
    reverse()
    scale(factor)
    staircase(every)
    over(horizon=None)
    lint(horizon=None)
    describe(horizon=None)
"""


def listed(text):
    return dict(re.findall(r"^    (\w+)(\(.*?\))\n(?=    \w|$)", text, re.DOTALL | re.MULTILINE))


def told(callee):
    """Its arguments and their defaults, without their types."""
    signature = inspect.signature(callee)
    plain = [each.replace(annotation=each.empty) for each in signature.parameters.values() if each.name != "self"]
    return str(inspect.Signature(plain))


def test_every_word_is_listed():
    assert set(listed(WORDS)) == set(VOCABULARY)


@pytest.mark.parametrize(("word", "arguments"), listed(WORDS).items())
def test_the_arguments_of_a_word(word, arguments):
    """Their order, which are given by name alone, and their defaults."""
    assert told(VOCABULARY[word]) == " ".join(arguments.split())


@pytest.mark.parametrize(("name", "arguments"), listed(METHODS).items())
def test_the_arguments_of_a_method(name, arguments):
    """As above."""
    assert told(getattr(lr.Schedule, name)) == " ".join(arguments.split())


@pytest.mark.parametrize(("kind", "arguments"), listed(KINDS_OF_JSON).items())
def test_the_arguments_of_a_kind(kind, arguments):
    """As above."""
    assert told(KINDS[kind]) == " ".join(arguments.split())


@pytest.mark.parametrize("word", ["plateau", "greedy", "guard", "manual"])
def test_a_controller_begins_with_nothing_seen(word):
    """It has counted nothing, and multiplies by 1."""
    state = VOCABULARY[word].state_type()._asdict()
    assert {name for name, value in state.items() if value} == {"factor"}
    assert (state["factor"], state["observed"], state["event"]) == (1.0, 0, "")


def test_what_survives_and_what_multiplies_by_nothing():
    """A guard and a hand keep their state when the run goes back; before an observation no controller does anything."""
    assert {word for word in ("plateau", "greedy", "guard", "manual") if VOCABULARY[word].survives} == {
        "guard",
        "manual",
    }
    assert all(VOCABULARY[word].neutral for word in ("plateau", "greedy", "guard", "manual"))
    assert not lr.cosine().neutral


def test_what_a_hyper_parameter_is():
    """A multiple of the group's own or the value itself, and below which bound."""
    assert {name: tuple(kind) for name, kind in HYPER.items()} == {
        "lr": (True, math.inf), "weight_decay": (True, math.inf), "momentum": (False, 1.0),
        "beta1": (False, 1.0), "beta2": (False, 1.0), "beta3": (False, 1.0), "eps": (False, math.inf),
    }  # fmt: skip
    group = Group("0")
    assert (group.parameters, group.fields, group.joined, dict(group.keys)) == ((), {"lr"}, 0, {})
