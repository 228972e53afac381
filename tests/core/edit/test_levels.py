"""Phases with other ends."""

import pytest

import lrlab as lr
from lrlab.core.edit.levels import LEAST, lifted, with_ends
from lrlab.errors import LrlabError


@pytest.mark.parametrize(
    ("text", "now", "begin", "end", "to"),
    [
        ("cosine()", (1, 0), 0.5, None, "cosine(start=0.5)"),
        ("cosine(closed=True)", (1, 0), None, 0.5, "cosine(to=0.5, closed=True)"),
        ("constant()", (1, 1), 0.5, 0.5, "constant(level=0.5)"),
        ("constant(9)", (1, 1), 0.5, None, "linear(9, start=0.5, to=1)"),
        ("warmup(9)", (0.1, 1), 0, None, "warmup(9, start=0)"),
        ("warmup(9)", (0.1, 1), None, 0.5, "linear(9, start=0.1, to=0.5)"),
        ("hold(9)", (0.5, 0.5), None, 0.1, 'linear(9, start="here", to=0.1)'),
        ("hold(9)", (0.5, 0.5), 0.1, None, "hold(9)"),
        ("step(9)", (1, 0.1), 0.5, None, "0.5 * step(9)"),
        ("geometric()", (1, 0.01), None, 0, f"geometric(to={LEAST})"),
        ("cosine()", (1, 0), 1, 0, "cosine()"),
        ("warmup(9)", (0.1, 1), 0.1, None, "warmup(9)"),
        ("step(9)", (1, 0), None, 0, "step(9)"),
        ("step(9)", (0, 1), 0, None, "step(9)"),
        ("cosine(part=[0, 2])", (1, 0), None, 0.5, "cosine(to=0.5, part=[0, 2])"),
        ("warmup(9)", (0.1, 1), 0.2, 0.5, "linear(9, start=0.2, to=0.5)"),
        ("warmup(9)", (0.1, 1), 0.2, 1, "warmup(9, start=0.2)"),
        ("hold(9)", (0.5, 0.5), 0.1, 0.1, "hold(9)"),
        ("hold(9)", (0.5, 0.5), 0.1, 0.3, 'linear(9, start="here", to=0.3)'),
        ("constant(9)", (1, 1), None, 0.5, "linear(9, to=0.5)"),
        ("constant(9)", (1, 1), 0.5, 1, "linear(9, start=0.5, to=1)"),
        ("constant(9)", (1, 1), 1, 0.5, "linear(9, to=0.5)"),
        ("geometric()", (1, 0.01), 0, 0.5, "geometric(start=0.0001, to=0.5)"),
        ("geometric()", (1, 0.01), 2, None, "geometric(start=2)"),
        ("geometric(part=[0, 0.5])", (1, 0.1), 0.5, None, "0.5 * geometric(part=[0, 0.5])"),
        ("cosine_cycle()", (1, 1), 0.5, None, "0.5 * cosine_cycle()"),
        ("step(9)", (1, 0.1), 1, 0.05, "0.5 * step(9)"),
        ("step(9)", (1, 0.1), 0.5, 0.07, "0.5 * step(9)"),
        ("cosine(part=[0, 0.5])", (1, 0.5), None, 0.25, "cosine(to=-0.5, part=[0, 0.5])"),
        ("cosine(part=[0.5, 1])", (0.5, 0), None, 0.25, "cosine(start=0.75, to=0.25, part=[0.5, 1])"),
        ("linear(part=[0, 0.002])", (1, 0.998), None, 0.5, "linear(to=-249, part=[0, 0.002])"),
        ("linear(part=[0, 0.0005])", (1, 0.9995), None, 0.5, "0.50025 * linear(part=[0, 0.0005])"),
    ],
)
def test_a_phase_begins_and_ends_elsewhere(text, now, begin, end, to):
    assert str(with_ends(lr.parse(text), now, begin, end)) == to


def test_a_shape_that_does_not_arrive_arrives_where_it_shall():
    """Its `start` and `to` are what its ends need them to be."""
    made = with_ends(lr.tanh(), (0.9999, 0.0025), 0.8, 0.2)
    curve = made.over(1000)
    assert (curve(0), curve(1000)) == (pytest.approx(0.8, abs=1e-4), pytest.approx(0.2, abs=1e-4))


def test_a_part_of_a_shape_too():
    made = with_ends(lr.cosine(part=[0.25, 0.75]), (0.8536, 0.1464), 0.5, 0.1)
    assert made.part == (0.25, 0.75)
    assert (made.over(1000)(0), made.over(1000)(1000)) == (pytest.approx(0.5, abs=1e-4), pytest.approx(0.1, abs=1e-4))


@pytest.mark.parametrize(("now", "end"), [((1, 0), 0.5), ((1, 0.5), 0)])
def test_what_can_only_be_scaled_is_not_scaled_from_or_to_nothing(now, end):
    with pytest.raises(LrlabError, match="only be scaled"):
        with_ends(lr.step(9), now, None, end)


def test_what_is_lifted_as_a_whole_is_scaled_by_its_higher_end():
    assert str(lifted(lr.step(9), (1, 0.1), 0.5, 0)) == "0.5 * step(9)"
    assert str(lifted(lr.step(9), (0.1, 1), 0.5, 0.3)) == "0.3 * step(9)"
    assert str(lifted(lr.step(9), (-1, 0.1), 0.5, 0.3)) == "-0.5 * step(9)"
    assert str(lifted(lr.step(9), (1, 1), 0.5, 0.3)) == "0.5 * step(9)"
    assert str(lifted(lr.cosine(), (1, 0), 0.5, 0.2)) == "cosine(start=0.5, to=0.2)"
