"""What a gesture changes, and what it leaves as it is: laws, for schedules and runs of all kinds."""

import math
import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lrlab as lr
from lrlab.core.edit.gestures import (
    Near,
    State,
    bend,
    floor,
    horizon,
    join,
    lift,
    move,
    nudge,
    peak,
    shape,
    split,
)
from lrlab.core.edit.handles import points, segments
from lrlab.errors import LrlabError

TEXTS = (
    'warmup("5%") >> cosine()',
    "wsd()",
    'warmup(50) >> constant() >> one_minus_sqrt("20%")',
    '0.5 * (warmup("2%") >> cosine(to=0.1))',
    "linear() >> linear(to=0.1) >> hold()",
    'cosine("30%") >> cosine() >> cosine()',
    'step("10%")',
    'warmup("3%") >> inverse_sqrt()',
    '(warmup("3%") >> cosine()).clip(low=0.1)',
    'constant("25%") >> step("10%", gamma=0.5) >> linear("10%")',
    "cosine(to=0.1) * plateau()",
    "one_cycle()",
    'geometric("50%") >> constant()',
    'linear("1/3", to=0.5) >> tanh(start=0.5)',
    "0.1 + 0.9 * cosine()",
    'warmup("2ep") >> cosine("3ep", to=0.2).repeat(2) >> linear(start="here")',
    'linear("40%", to=0.25) >> linear("40%", start=0.25, to=0.1)',
)
states = st.builds(
    lambda text, updates: State(lr.parse(text), lr.Horizon(updates=updates, updates_per_epoch=updates / 11)),
    st.sampled_from(TEXTS),
    st.integers(120, 5_000),
)
levels = st.one_of(st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.0]), st.floats(1e-3, 3).map(lambda y: float(f"{y:.3g}")))


def state(text, updates=1000):
    return State(lr.parse(text), lr.Horizon(updates=updates))


def tried(refusal, gesture, *given, **more):
    """What a gesture makes; None where it is refused in these words, and in no others."""
    try:
        return gesture(*given, **more)
    except LrlabError as error:
        if not re.search(refusal, str(error)):
            raise
        return None


def borders(given):
    """Where each border of a state is."""
    return {point.border: point.update for point in points(given.spine)}


def values(given):
    return {point.name: point.value for point in points(given.spine)}


@given(states, st.data())
def test_a_border_goes_where_it_is_dragged_and_no_other_moves(given, data):
    """To the update, in every unit; the levels of what has levels of its own stay."""
    movable = [point for point in points(given.spine) if point.high > point.low]
    assume(movable)
    point = data.draw(st.sampled_from(movable))
    at = data.draw(st.integers(point.low, point.high))
    moved = move(given, point.name, at, point.value)
    assert borders(moved) == {**borders(given), point.border: at}
    assert str(lr.parse(str(moved.schedule))) == str(moved.schedule)


@given(states, st.data(), levels)
def test_a_level_goes_where_it_is_dragged(given, data, level):
    """Or it is said why not; no border moves for it, and it goes no higher than a bound around it."""
    point = data.draw(st.sampled_from(points(given.spine)))
    moved = tried("scaled", move, given, point.name, point.update, level)
    if moved is None:
        return
    assert borders(moved) == borders(given)
    there = [p.value for p in points(moved.spine) if p.border == point.border]
    level = max(level, given.spine.low or 0, 1e-4 if "geometric" in str(given.schedule) else 0)
    assert min(abs(value - level) for value in there) <= 1e-4 * max(1, level)


@given(states, st.data(), levels)
def test_the_other_levels_stay(given, data, level):
    """But those of a phase that is scaled as a whole, or that begins where the one before ends."""
    own = [p for p in points(given.spine) if all(s.word for s in segments(given.spine))]
    assume(own and '"here"' not in str(given.schedule) and "hold" not in str(given.schedule))
    assume(not any(word in str(given.schedule) for word in ("tanh", "0.1 + ")))
    point = data.draw(st.sampled_from(own))
    moved = values(move(given, point.name, point.update, level))
    for name, value in values(given).items():
        if name.rstrip("+-") != str(point.border):
            assert math.isclose(moved[name], value, rel_tol=1e-3, abs_tol=1e-4)


@given(states, st.data())
def test_to_move_to_where_it_is_changes_nothing(given, data):
    point = data.draw(st.sampled_from(points(given.spine)))
    assert move(given, point.name, point.update, point.value).schedule == given.schedule


@given(states, st.data())
def test_a_new_border_is_where_it_was_made_and_leaves_the_others(given, data):
    """The curve goes through the same point there, and from the same ends to the same."""
    at = data.draw(st.integers(0, given.horizon.total))
    divided = tried("border|divided", split, given, at)
    if divided is None:
        return
    before, after = given.schedule.over(given.horizon), divided.schedule.over(divided.horizon)
    assert set(borders(divided).values()) == {*borders(given).values(), at}
    assert after(at) == pytest.approx(before(at), abs=2e-3)
    for update in set(borders(given).values()) - {given.horizon.total}:
        assert after(update) == pytest.approx(before(update), abs=1e-3)


@given(states, st.data())
def test_a_straight_line_stays_straight_when_it_is_divided(given, data):
    line = State(lr.linear(start=0.9, to=0.1), given.horizon)
    at = data.draw(st.integers(1, given.horizon.total - 1))
    before, after = line.schedule.over(line.horizon).values(), split(line, at).schedule.over(line.horizon).values()
    assert abs(before - after).max() < 1e-4


@given(states, st.data())
def test_a_border_that_is_taken_away_leaves_the_others(given, data):
    many = len(given.spine.pieces)
    assume(many > 1)
    border = data.draw(st.integers(1, many - 1))
    joined = join(given, border)
    left = {update for k, update in borders(given).items() if k != border}
    assert set(borders(joined).values()) == left


@given(states, st.data(), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_a_bent_phase_goes_through_the_hand_and_keeps_its_ends(given, data, across, down):
    """As near as a word is taken for meant, or a power of two digits allows."""
    bends = [segment for segment in segments(given.spine) if segment.bends and segment.stop - segment.start > 50]
    assume(bends)
    segment = data.draw(st.sampled_from(bends))
    piece = given.spine.pieces[segment.number]
    goal = piece.end + down * (piece.begin - piece.end)
    at = round(segment.start + across * (segment.stop - segment.start))
    assume(0.1 < down < 0.9)
    made = bend(given, segment.number, at, goal)
    assert borders(made) == borders(given)
    new = made.spine.pieces[segment.number]
    for mine, other in ((new.begin, piece.begin), (new.end, piece.end)):
        assert mine == pytest.approx(other, rel=1e-3, abs=1e-3)
    if given.spine.low is None and 0.12 < across < 0.88:
        size = abs(piece.begin - piece.end)
        assert made.schedule.over(made.horizon)(at) == pytest.approx(goal, abs=0.1 * size)


@given(states, st.data(), st.floats(0.2, 1.8))
def test_a_lifted_phase_stays_joined_to_its_neighbours(given, data, to):
    segment = data.draw(st.sampled_from(segments(given.spine)))
    made = tried("scaled", lift, given, segment.number, 1.0, to)
    if made is None:
        return
    assert borders(made) == borders(given)
    if all(s.word for s in segments(given.spine)) and "geometric" not in str(given.schedule):
        assert len(points(made.spine)) <= len(points(given.spine))


@given(states, levels)
def test_the_peak_is_what_it_is_dragged_to_and_all_ratios_stay(given, level):
    if level == 0:
        with pytest.raises(LrlabError, match="above 0"):
            peak(given, level)
        return
    before, after = (s.schedule.over(s.horizon).values() for s in (given, peak(given, level)))
    assert after.max() == pytest.approx(level, rel=1e-4)
    np.testing.assert_allclose(after, before * (after.max() / before.max()), rtol=1e-4, atol=1e-9)


@given(states, levels)
def test_nothing_is_below_a_floor_and_a_floor_of_zero_is_none(given, level):
    made = floor(given, level)
    assert made.schedule.over(made.horizon).values().min() >= min(level, 3)
    again = floor(made, 0)
    assert floor(again, 0).schedule == again.schedule


@given(states, st.floats(120, 1e5))
def test_a_run_of_another_length_keeps_the_schedule(given, updates):
    made = tried("spans", horizon, given, updates)
    if made is None:
        return
    assert made.schedule == given.schedule
    assert made.horizon.total == pytest.approx(updates, rel=0.01)


@given(states, st.data(), st.integers(-12, 12), st.integers(-12, 12), st.booleans())
def test_keys_go_the_way_they_point(given, data, steps, up, fine):
    """And never past a neighbour, nor below 0."""
    point = data.draw(st.sampled_from(points(given.spine)))
    made = tried("scaled", nudge, given, point.name, steps, up, fine=fine)
    if made is None:
        return
    at = borders(made)[point.border]
    assert point.low <= at <= point.high
    assert (at - point.update) * steps >= 0


@pytest.mark.parametrize(
    ("near", "to"),
    [
        (Near((480, 520), (0.45, 0.55)), 'warmup("50%") >> cosine()'),
        (Near((498, 499), (0.97, 1.02)), 'warmup("49.8%") >> cosine()'),
        (Near(), 'linear("49.8%", start=0.01961, to=0.99) >> cosine(start=0.99)'),
    ],
)
def test_what_is_near_to_a_round_place_is_there(near, to):
    """5 % of the run, and a level that is there already; with nothing near, the place itself."""
    level = 1.0 if near.x == (480, 520) else 0.99
    assert str(move(state('warmup("5%") >> cosine()'), "1", 498, level, near).schedule) == to


def test_ends_of_epochs_are_near_too():
    epochs = State(lr.parse('warmup("1ep") >> cosine()'), lr.Horizon(epochs=30, updates_per_epoch=391))
    assert str(move(epochs, "1", 1180, 1, Near((1150, 1200))).schedule) == 'warmup("3ep") >> cosine()'


def test_a_length_in_epochs_stays_one():
    epochs = State(lr.parse("cosine()"), lr.Horizon(epochs=30, updates_per_epoch=100))
    assert horizon(epochs, 5010, Near((4900, 5100))).horizon == lr.Horizon(epochs=50, updates_per_epoch=100)


def test_a_segment_changes_its_word():
    """By name, from the same level to the same."""
    assert str(shape(state('warmup("5%") >> cosine(to=0.1)'), 1, "linear").schedule) == 'warmup("5%") >> linear(to=0.1)'
    with pytest.raises(LrlabError, match="not a way"):
        shape(state("cosine()"), 0, "step")


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_places_that_are_none_are_refused(bad):
    with pytest.raises(LrlabError, match="finite"):
        move(state('warmup("5%") >> cosine()'), "1", bad, 1)


@pytest.mark.parametrize("name", ["7", "", "1-", "x"])
def test_points_that_are_none_are_refused(name):
    with pytest.raises(LrlabError, match="no such point"):
        move(state('warmup("5%") >> cosine()'), name, 100, 1)


def test_the_text_stays_short():
    """A border is written with the digits that it needs, in the unit that it has; a phase without a span keeps none."""
    ten = state('warmup("2%") >> constant() >> cosine("20%")', 100_000)
    assert str(move(ten, "1", 5000, 1).schedule) == 'warmup("5%") >> constant() >> cosine("20%")'
    assert str(move(ten, "1", 5001, 1).schedule) == 'warmup("5.001%") >> constant() >> cosine("20%")'
    assert str(move(ten, "2", 70_000, 1).schedule) == 'warmup("2%") >> constant() >> cosine("30%")'
