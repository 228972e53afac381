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
    with pytest.raises(LrlabError, match="not a shape that goes"):
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


WARM = 'warmup("5%") >> cosine()'
HALVES = 'linear("50%", to=0.5) >> linear(start=0.5)'
JUMP = 'linear("50%", to=0.5) >> linear()'
HERE = 'linear("50%", to=0.5) >> linear(start="here", to=0.1)'


@pytest.mark.parametrize(
    ("text", "name", "x", "y", "to"),
    [
        (WARM, "0", 0, 0.5, 'warmup("5%", start=0.5) >> cosine()'),
        (WARM, "2", 900, 0.5, 'warmup("5%") >> cosine(to=0.5)'),
        (WARM, "1", 0, 1, 'warmup("0.1%") >> cosine()'),
        (JUMP, "1-", 500, 0.3, 'linear("50%", to=0.3) >> linear()'),
        (JUMP, "1+", 600, 0.3, 'linear("60%", to=0.5) >> linear(start=0.3)'),
        (HERE, "1", 500, 0.3, 'linear("50%", to=0.3) >> linear(start="here", to=0.1)'),
        ("cosine(to=0.5) >> hold()", "2", 1000, 0.3, 'cosine(to=0.5) >> linear(start="here", to=0.3)'),
        ("cosine(500) >> linear(300)", "2", 900, 0.1, "cosine(500) >> linear(400, to=0.1)"),
    ],
)
def test_a_point_moves_what_it_belongs_to(text, name, x, y, to):
    """Both phases that meet there, one side of a jump, or the phase that the one after follows."""
    assert str(move(state(text), name, x, y).schedule) == to


def test_a_level_that_another_point_has_is_near_too():
    given = state('linear("20%", to=0.333) >> cosine(start=0.333, to=0.1)')
    made = move(given, "2", 1000, 0.32, Near(y=(0.31, 0.34)))
    assert str(made.schedule) == 'linear("20%", to=0.333) >> cosine(start=0.333, to=0.333)'


@pytest.mark.parametrize(
    ("updates", "steps", "fine", "at"),
    [
        (1000, 1, False, 60),
        (1000, -2, False, 30),
        (1000, 3, True, 53),
        (20, 2, False, 3),
        (120, 1, False, 7),
        (151, 1, False, 10),
    ],
)
def test_a_key_moves_a_point_by_a_hundredth_of_the_run(updates, steps, fine, at):
    """To whole updates, and by one at least; fine: by one."""
    assert borders(nudge(state(WARM, updates), "1", steps, 0, fine=fine))[1] == at


@pytest.mark.parametrize(
    ("level", "keys", "more", "to"),
    [
        (1, 20, {}, 10),
        (1, -20, {}, 0.1),
        (1, 200, {"fine": True}, 10),
        (1, -3, {"double": True}, 0.125),
        (1, 1, {"double": True, "fine": True}, 2),
        (0, 40, {}, 1e-2),
        (0, -1, {}, 0),
        (2e-4, -20, {}, 0),
        (2e-4, -2, {}, 1.59e-4),
        (2e-4, -1, {"double": True}, 1e-4),
        (1.5e-4, 20, {}, 1.5e-3),
        (5e-5, 20, {}, 1e-3),
    ],
)
def test_twenty_keys_are_ten_times_the_level(level, keys, more, to):
    """Below a ten thousandth of the greatest level is 0, and the way up from there begins at it."""
    given = state(f"linear(to={level:f})" if level < 1 else "linear(to=1, start=0)")
    assert values(nudge(given, "1", 0, keys, **more))["1"] == pytest.approx(to, rel=1e-3)


def test_what_is_smallest_depends_on_the_greatest_level():
    assert values(nudge(state("200 * linear()"), "1", 0, 20))["1"] == pytest.approx(200 * 1e-3)


@pytest.mark.parametrize(
    ("text", "number", "levels", "log", "to"),
    [
        ("constant()", 0, (1, 0.5), False, "constant(level=0.5)"),
        ("cosine(to=0.1)", 0, (0.5, 0), False, "cosine(start=0.5)"),
        ("linear(start=0, to=1)", 0, (1, 2), False, "linear(to=2)"),
        ("linear(start=0, to=1)", 0, (1, 2), True, "linear(start=0, to=2)"),
        ("linear(start=0.001, to=1)", 0, (0.5, 1), True, "linear(start=0.002, to=2)"),
        (HALVES, 0, (1, 1.5), False, 'linear("50%", start=1.5, to=1) >> linear()'),
        (HALVES, 1, (0.5, 1), False, 'linear("50%", to=1) >> linear(to=0.5)'),
        (HALVES, 0, (0, 2), True, 'linear("50%", start=3, to=2.5) >> linear(start=2.5)'),
        (JUMP, 0, (1, 1.5), False, 'linear("50%", start=1.5, to=1) >> linear()'),
        (JUMP, 1, (1, 1.5), False, 'linear("50%", to=0.5) >> linear(start=1.5, to=0.5)'),
        (HERE, 0, (1, 1.5), False, 'linear("50%", start=1.5, to=1) >> linear(start="here", to=0.1)'),
        (HERE, 1, (1, 1.5), False, 'linear("50%", to=1) >> linear(start="here", to=0.6)'),
        ('linear("50%", to=0.5) >> hold()', 1, (0.5, 0.7), False, 'linear("50%", to=0.7) >> hold()'),
        ('constant("20%") >> step(9)', 1, (1, 0.5), False, 'linear("20%", to=0.5) >> 0.5 * step(9)'),
        (
            'constant("20%") >> constant() >> constant("20%")',
            *(1, (1, 0.5), False),
            'linear("20%", to=0.5) >> constant(level=0.5) >> linear("20%", start=0.5, to=1)',
        ),
        (
            '0.5 * (warmup("10%", start=0) >> cosine())',
            *(1, (0.25, 0.5), False),
            '0.5 * (linear("10%", start=0, to=1.5) >> cosine(start=1.5, to=0.5))',
        ),
    ],
)
def test_a_segment_goes_up_and_down(text, number, levels, log, to):
    """With what is joined to it: by a difference, or by a ratio on an axis of ratios, which has no 0."""
    assert str(lift(state(text), number, *levels, log=log).schedule) == to


@pytest.mark.parametrize(
    ("text", "log", "to"),
    [
        ("constant(level=0.9)", False, "constant()"),
        ("linear(start=0.9, to=0.3)", False, "linear(to=0.4)"),
        ("constant(level=0.7)", False, "constant(level=0.76)"),
        ("linear(start=0.3, to=0.9)", False, "linear(start=0.4, to=1)"),
        ("linear(start=0.45, to=0.9)", True, "linear(start=0.5, to=1)"),
        ("constant(level=0)", True, "constant(level=0)"),
    ],
)
def test_a_lifted_segment_snaps_by_its_higher_end(text, log, to):
    """The hand is anywhere on it: what is near to the hand is as near to that end."""
    assert str(lift(state(text), 0, 0.5, 0.56, Near(y=(0.45, 0.65)), log=log).schedule) == to


@pytest.mark.parametrize(
    ("text", "number", "x", "y", "to"),
    [
        (WARM, 1, 525, 0.29, 'warmup("5%") >> one_minus_sqrt()'),
        (WARM, 0, 25, 0.2, 'one_minus_power("5%", start=0.0196078, to=1, power=2.4) >> cosine()'),
        (HALVES, 1, 750, 0.1, 'linear("50%", to=0.5) >> polynomial(start=0.5, power=2.3)'),
        ("cosine(50) >> hold(100)", 0, 25, 0.29, "one_minus_sqrt(50) >> hold(100)"),
        ("0.5 * cosine()", 0, 500, 0.145, "0.5 * one_minus_sqrt()"),
    ],
)
def test_a_segment_is_bent_within_its_own_borders_and_values(text, number, x, y, to):
    assert str(bend(state(text), number, x, y).schedule) == to


@pytest.mark.parametrize(
    ("text", "x", "to"),
    [
        ("linear()", 1, 'linear("0.1%", to=0.999) >> linear(start=0.999)'),
        ("linear()", 999, 'linear("99.9%", to=0.001) >> linear(start=0.001)'),
        ("constant(level=0.5)", 300, 'constant("30%", level=0.5) >> constant(level=0.5)'),
        ('constant("30%") >> hold()', 600, 'constant("30%") >> hold("30%") >> hold()'),
        ("cosine(to=0.1)", 333, 'cosine("33.3%", to=0.7754) >> cosine(start=0.7754, to=0.1)'),
        ("0.1 + 0.9 * cosine()", 500, '0.1 + 0.9 * (cosine("50%", to=0.5) >> cosine(start=0.5))'),
        (
            'warmup("10%", start=0) >> cosine()',
            *(50,),
            'linear("5%", start=0, to=0.5) >> warmup("5%", start=0.5) >> cosine()',
        ),
        (HERE, 750, 'linear("50%", to=0.5) >> linear("25%", start="here", to=0.3) >> linear(start=0.3, to=0.1)'),
    ],
)
def test_a_segment_is_divided_on_its_curve(text, x, to):
    assert str(split(state(text), x).schedule) == to


@pytest.mark.parametrize(
    ("text", "x", "said"),
    [
        (WARM, 0, "border"),
        (WARM, 50, "border"),
        (WARM, 1000, "border"),
        ("step(9)", 500, "border"),
        ("cosine_cycle()", 500, "cannot be divided"),
        ("cosine(part=[0, 0.5])", 500, "cannot be divided"),
        ("cosine(part=[0.5, 1])", 500, "cannot be divided"),
        ("tanh()", 500, "cannot be divided"),
    ],
)
def test_what_is_no_way_from_level_to_level_is_not_divided(text, x, said):
    """A border where there is one, a step, what comes back, a part of a shape, what never arrives."""
    with pytest.raises(LrlabError, match=said):
        split(state(text), x)


@pytest.mark.parametrize(
    ("text", "border", "to"),
    [
        ('linear("50%", to=0.5) >> cosine(start=0.5)', 1, "cosine()"),
        ('linear("51%", to=0.5) >> cosine(start=0.5)', 1, "linear()"),
        ('constant("60%") >> cosine()', 1, "constant()"),
        ('warmup("60%") >> hold()', 1, "warmup()"),
        ('step(9, span="60%") >> cosine()', 1, "step(9)"),
        ('0.5 * (linear("25%", to=0.5) >> cosine(start=0.5))', 1, "0.5 * cosine()"),
        ('cosine(200) >> linear("30%", start=0.5) >> hold()', 1, 'linear("50%") >> hold()'),
        ('constant("60%") >> cosine("20%") >> linear(start=0.3)', 2, 'constant("60%") >> linear()'),
    ],
)
def test_the_longer_of_two_phases_stays(text, border, to):
    """From where the first began to where the second ended; of two of one length the later."""
    assert str(join(state(text), border).schedule) == to


@pytest.mark.parametrize("border", [0, 2, -1])
def test_borders_that_are_none_are_refused(border):
    with pytest.raises(LrlabError, match="no border"):
        join(state(WARM), border)


@pytest.mark.parametrize("number", [2, -1])
def test_phases_that_are_none_are_refused(number):
    with pytest.raises(LrlabError, match=r"no such phase[\s\S]*0 to 1"):
        lift(state(WARM), number, 1, 2)


@pytest.mark.parametrize(
    ("text", "y", "near", "unit", "to"),
    [
        ("cosine()", 0.5, None, 1, "0.5 * cosine()"),
        ("0.3 * cosine()", 0.5, None, 1, "0.5 * cosine()"),
        ("0.3 * cosine()", 0.97, (0.9, 1.1), 1, "cosine()"),
        ("0.3 * cosine()", 0.97, (0.96, 1.1), 3e-4, "cosine()"),
        ("0.3 * cosine()", 0.69, (0.66, 0.7), 3e-4, "0.666667 * cosine()"),
        ("0.1 + 0.9 * cosine()", 2, None, 1, "2 * (0.1 + 0.9 * cosine())"),
        ("plateau()", 0.5, None, 1, "0.5 * plateau()"),
        ("manual()", 0.5, None, 1, "0.5 * manual()"),
        ("cosine(start=0.333)", 1, None, 1, "3.003 * cosine(start=0.333)"),
    ],
)
def test_the_peak_is_one_factor_before_all(text, y, near, unit, to):
    """The base LR itself is round in every unit."""
    given = State(lr.parse(text), lr.Horizon(updates=1000), unit)
    assert str(peak(given, y, Near(y=near)).schedule) == to


@pytest.mark.parametrize(("text", "y"), [("0 * cosine()", 1), ("cosine(start=-1, to=-0.5)", 1), ("cosine()", 0)])
def test_what_is_never_above_0_has_no_peak(text, y):
    with pytest.raises(LrlabError, match="above 0"):
        peak(state(text), y)


@pytest.mark.parametrize(
    ("text", "y", "near", "to"),
    [
        ("cosine()", 0.103, (0.09, 0.12), "cosine().clip(low=0.1)"),
        ("cosine().clip(low=0.1)", 0.2, None, "cosine().clip(low=0.2)"),
        ("cosine().clip(low=0.1, high=0.5)", 0.2, None, "cosine().clip(low=0.2, high=0.5)"),
        ("cosine().clip(low=0.1, high=0.5)", 0.7, None, "cosine().clip(low=0.5, high=0.5)"),
        ("cosine().clip(low=0.1, high=0.5)", 0, None, "cosine().clip(high=0.5)"),
        ("cosine().clip(low=0.1)", 0, None, "cosine()"),
        ("cosine()", 0.01, (-0.1, 0.12), "cosine()"),
    ],
)
def test_a_floor_takes_the_place_of_one_before_and_stays_below_a_ceiling(text, y, near, to):
    assert str(floor(state(text), y, Near(y=near)).schedule) == to


@pytest.mark.parametrize(
    ("run", "to"),
    [
        (lr.Horizon(updates=1000), lr.Horizon(updates=5010)),
        (lr.Horizon(updates=1000, updates_per_epoch=100), lr.Horizon(updates=5010, updates_per_epoch=100)),
        (lr.Horizon(epochs=30, updates_per_epoch=391), lr.Horizon(epochs=12.81, updates_per_epoch=391)),
        (lr.Horizon(samples=32_000, samples_per_update=32), lr.Horizon(updates=5010, samples_per_update=32)),
        (lr.Horizon(tokens=32_000, tokens_per_update=32), lr.Horizon(updates=5010, tokens_per_update=32)),
    ],
)
def test_a_run_of_another_length_keeps_its_rates(run, to):
    assert horizon(State(lr.cosine(), run), 5012).horizon == to


@pytest.mark.parametrize("level", [0, 5e-5, 0.3])
def test_a_point_that_moves_in_time_keeps_its_level(level):
    """However small it is."""
    given = state(f'linear("50%", to={level:f}) >> constant(level={level:f})')
    moved = nudge(given, "1", 3, 0)
    assert (borders(moved)[1], values(moved)["1"]) == (530, pytest.approx(level))


def test_a_segment_of_one_update_is_bent_at_its_own_middle():
    """Half way down in the middle is a line."""
    state = State(lr.parse("constant(9) >> linear(1)"), lr.Horizon(updates=10))
    assert str(bend(state, 1, 9.5, 0.5).schedule) == "constant(9) >> linear(1)"


def test_what_would_fit_no_run_is_refused():
    """A phase that goes on from the one before cannot be the first."""
    state = State(lr.cosine(10) >> lr.hold(), lr.Horizon(updates=100))
    with pytest.raises(LrlabError, match="there is none"):
        join(state, 1)
