"""The parts of a plan: what is cut, what is kept whole, what goes on."""

import math

import pytest

import lrlab as lr
from lrlab.core.resume.timeline import (
    decay_length,
    end,
    left_of,
    length,
    lengthened,
    named,
    now,
    past,
    same,
    stretched,
)


def texts(phases):
    return [str(phase) for phase in phases]


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("linear()", 0, []),
        ("linear()", 40, ["linear().excerpt(stop=40, over=100)"]),
        ("constant(60) >> linear()", 40, ["constant(60).excerpt(stop=40, over=60)"]),
        ("constant(60) >> linear(40)", 60, ["constant(60)"]),
        ("constant(60) >> linear(40)", 70, ["constant(60)", "linear(40).excerpt(stop=10, over=40)"]),
        ("constant(60) >> linear()", 70, ["(constant(60) >> linear()).excerpt(stop=70, over=100)"]),
        ("linear(60, to=0.5) >> hold(40)", 70, ["(linear(60, to=0.5) >> hold(40)).excerpt(stop=70, over=100)"]),
        ("linear().excerpt(5, 90, over=100) >> hold()", 20, ["linear().excerpt(5, 25, over=100)"]),
        (
            "linear().excerpt(5, 25, over=100, span=70) >> hold()",
            20,
            ["linear().excerpt(5, 25, over=100, span=70).excerpt(stop=20, over=70)"],
        ),
        ("linear().excerpt(5, 25, over=100, span=20) >> hold()", 9, ["linear().excerpt(5, 14, over=100)"]),
        ("linear().excerpt(over=50)", 70, ["linear().excerpt(stop=70, over=50)"]),
    ],
)
def test_the_past_is_cut_where_a_phase_looks_at_nothing_around_it(text, at, expected):
    """And gives the same values to the last bit, whatever follows."""
    curve = lr.parse(text).over(100)
    assert texts(past(curve, at)) == expected
    again = lr.constant()
    for phase in reversed(past(curve, at)):
        again = phase >> again
    assert again.over(500).between(0, at).tolist() == curve.between(0, at).tolist()


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("linear()", 40, ["linear().excerpt(40, 100, over=100)"]),
        ("constant(60) >> linear(40)", 70, ["linear(40).excerpt(10, 40, over=40)"]),
        (
            "constant(60) >> linear(40)",
            50,
            ["constant(60).excerpt(50, 60, over=60)", "linear(40).excerpt(stop=40, over=40)"],
        ),
        ("constant(60) >> linear(40)", 60, ["linear(40).excerpt(stop=40, over=40)"]),
        ("linear().excerpt(0, 50, over=50, span=100)", 10, ["linear().excerpt(5, 50, over=50, span=90)"]),
        ("linear().excerpt(over=50)", 10, ["linear().excerpt(10, 100, over=50)"]),
        ('warmup("10%") >> linear()', 40, ['(warmup("10%") >> linear()).excerpt(40, 100, over=100)']),
    ],
)
def test_what_is_left(text, at, expected):
    """Played after the past it gives the plan again."""
    curve = lr.parse(text).over(100)
    rest = left_of(curve, at)
    assert texts(rest) == expected
    assert sum(map(length, rest)) == 100 - at
    whole = rest[0]
    for phase in rest[1:]:
        whole = whole >> phase
    assert whole.over(100 - at).values() == pytest.approx(curve.values()[at:], rel=1e-15)


def test_phases_are_stretched_each_by_its_share():
    rest = left_of(lr.parse("constant(60) >> linear(40)").over(100), 50)
    assert [int(phase.span.amount) for phase in stretched(rest, 101)] == [20, 81]
    assert [int(phase.span.amount) for phase in stretched(rest, 2)] == [1, 1]
    assert [int(phase.span.amount) for phase in stretched(rest, 1)] == [1]


@pytest.mark.parametrize(("span", "expected"), [(20, 20), ("20%", 25), ("2ep", 14), ("1/2", 100)])
def test_the_length_of_a_decay(span, expected):
    curve = lr.constant().over(lr.Horizon(updates=300, updates_per_epoch=7))
    assert decay_length(curve, 100, span, "decay") == expected


def test_a_horizon_of_another_length_has_the_same_rates():
    horizon = lr.Horizon(tokens=3000, tokens_per_update=4, minutes=10, epochs=3, samples_per_update=0.5)
    longer = lengthened(horizon, 1234)
    assert longer.total == 1234
    for unit in ("tokens", "samples", "epochs", "seconds"):
        assert float(longer.rate(unit)) == pytest.approx(float(horizon.rate(unit)), rel=1e-15)


def test_controllers_are_named_as_the_curve_names_them():
    """So that a state is found again wherever its controller stands."""
    schedule = lr.parse('warmup(5) * plateau() >> (cosine() * plateau(patience=3, name="mine")) * plateau()')
    curve = named(schedule.over(100))
    before = {p.name: p.controller.replace(name=p.name) for p in schedule.over(100).controllers}
    assert {p.controller.name: p.controller for p in curve.controllers} == before
    assert named(curve).schedule == curve.schedule
    plain = lr.linear().over(10)
    assert named(plain) is plain


def test_the_open_loop_schedule():
    for text, bare in [
        ("linear() * plateau()", "linear()"),
        ("0.5 * (warmup(5) >> linear() * plateau()) * plateau()", "0.5 * (warmup(5) >> linear())"),
        ("plateau()", "constant()"),
        ("plateau() * plateau()", "constant()"),
        ("(linear() + plateau()).clip(low=0.5)", "(constant() + linear()).clip(low=0.5)"),
        ("cosine()", "cosine()"),
    ]:
        assert lr.parse(text)._open_loop() == lr.parse(bare)


def test_the_end_of_a_plan():
    assert end(lr.linear(to=0.2).over(10)) == 0.2
    assert end(lr.constant().over(None)) == 0


def test_what_is_left_beside_a_factor_of_nothing_is_the_value_itself():
    """A controller at 0 multiplies a part of a sum alone."""
    curve = (lr.constant() * lr.plateau(name="p") + 0.1).over(10)
    acting, left = now(curve, 3, {"p": 0.0})
    assert [controller.name for controller in acting] == ["p"]
    assert left == pytest.approx(0.1)


@pytest.mark.parametrize("differs", [0, 1, 4095, 4096, 4999, None])
def test_curves_are_the_same_where_every_value_is(differs):
    """From the first update on, to the last bit, across blocks; and not behind the end that is asked for."""
    values = [1.0] * 5001
    if differs is not None:
        values[differs] = math.nextafter(1.0, 0)
    one, other = lr.constant().over(5001), lr.table(values).over(5001)
    assert same(one, other, 5000) is (differs is None)
    assert same(one, other, differs or 1) is (differs != 0)


@pytest.mark.parametrize(("at", "acting"), [(49, ["p"]), (50, []), (51, [])])
def test_a_controller_acts_until_its_phase_ends(at, acting):
    curve = ((lr.warmup(50) * lr.plateau(name="p")) >> lr.cosine()).over(100)
    assert [controller.name for controller in now(curve, at, {})[0]] == acting
