"""What gestures on several points change, and what they leave as it is."""

from itertools import combinations, pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lrlab as lr
from lrlab.core.edit.gestures import Near, State, move
from lrlab.core.edit.gestures import nudge as nudge_one
from lrlab.core.edit.handles import points
from lrlab.core.edit.several import nudge, several, tilt
from lrlab.errors import LrlabError

START = State(
    lr.parse('linear("20%", start=0.2, to=1) >> linear("30%", start=1, to=0.6) >> cosine(start=0.6, to=0.1)'),
    lr.Horizon(updates=1000),
)
MIDDLE = ["1", "2"]
places = st.integers(-300, 1300)
levels = st.floats(0.05, 2).map(lambda y: float(f"{y:.3g}"))


def at(state):
    return {point.name: (point.update, point.value) for point in points(state.spine)}


@given(places, levels)
def test_they_keep_their_distances(x, y):
    """All go as far as the held one; those that are not chosen stay; nobody passes a neighbour."""
    before, after = at(START), at(several(START, MIDDLE, "1", x, y))
    assert after["0"] == before["0"]
    assert after["3"] == before["3"]
    far = after["1"][0] - before["1"][0]
    assert after["2"][0] - before["2"][0] == far
    assert far == min(max(x - 200, 1 - 200), 999 - 500)
    up = y - 1
    assert after["1"][1] == pytest.approx(y, rel=1e-3)
    assert after["2"][1] == pytest.approx(max(0.0, 0.6 + up), rel=1e-2, abs=1e-3)


@given(levels)
def test_on_a_logarithmic_axis_they_keep_their_ratios(y):
    after = at(several(START, [*MIDDLE, "3"], "2", 500, y, log=True))
    for name, value in (("1", 1), ("2", 0.6), ("3", 0.1)):
        assert after[name][1] == pytest.approx(value * y / 0.6, rel=1e-2)


@given(st.sampled_from("0123"), places, levels)
def test_one_alone_is_moved_as_ever(name, x, y):
    near = Near((x - 10, x + 10), (0.9 * y, 1.1 * y))
    assert several(START, [name], name, x, y, near) == move(START, name, x, y, near)


def test_the_held_one_snaps_and_the_others_follow():
    after = at(several(START, MIDDLE, "1", 253, 0.99, Near((240, 260), (0.95, 1.05))))
    assert [after[name][0] for name in MIDDLE] == [250, 550]
    assert after["1"][1] == 1
    assert after["2"][1] == 0.6


@given(st.integers(-9, 9), st.integers(-9, 9), st.booleans())
def test_keys_move_them_as_they_move_one(steps, ups, fine):
    one = at(nudge_one(START, "1", steps, ups, fine=fine))
    both = at(nudge(START, MIDDLE, "1", steps, ups, fine=fine))
    assert both["1"] == one["1"]
    assert both["2"][0] - 500 == one["1"][0] - 200


@given(levels)
def test_a_tilt_holds_the_first_and_turns_the_rest(y):
    after = at(tilt(START, ["0", "1", "2", "3"], y))
    assert after["0"] == (0, 0.2)
    assert after["3"] == (1000, pytest.approx(y, rel=1e-3))
    for name, update, value in (("1", 200, 1), ("2", 500, 0.6)):
        expected = max(0.0, value + (y - 0.1) * update / 1000)
        assert after[name] == (update, pytest.approx(expected, rel=1e-2, abs=1e-3))


def test_a_tilt_on_a_logarithmic_axis_turns_ratios():
    after = at(tilt(START, ["1", "2", "3"], 0.2, log=True))
    assert after["1"][1] == 1
    assert after["2"][1] == pytest.approx(0.6 * 2 ** (300 / 800), rel=1e-2)
    assert after["3"][1] == pytest.approx(0.2)


TEXTS = ("wsd()", 'step("10%")', 'cosine("30%") >> cosine() >> cosine()', "linear() >> linear(to=0.1) >> hold()",
         '0.5 * (warmup("2%") >> cosine(to=0.1))', '(warmup("3%") >> cosine()).clip(low=0.1)')  # fmt: skip


@given(st.sampled_from(TEXTS), st.data())
def test_whatever_is_chosen_it_is_a_schedule_or_a_sentence(text, data):
    """Also where phases jump, are scaled as a whole, or follow the one before."""
    begin = State(lr.parse(text), lr.Horizon(updates=1000))
    known = [point.name for point in points(begin.spine)]
    names = data.draw(st.lists(st.sampled_from(known), min_size=1, unique=True))
    try:
        after = several(begin, names, names[0], data.draw(places), data.draw(levels), log=data.draw(st.booleans()))
    except LrlabError:
        assume(False)
    assert (after.schedule.over(1000).values() >= 0).all()
    assert lr.parse(str(after.schedule)) == after.schedule


@pytest.mark.parametrize("names", [[], ["9"], ["1", "x"]])
def test_points_that_are_not_there_are_a_sentence(names):
    with pytest.raises(LrlabError, match="no such points"):
        tilt(START, names, 0.5)


def test_a_tilt_of_one_place_is_a_sentence():
    with pytest.raises(LrlabError, match="different updates"):
        tilt(START, ["1"], 0.5)


PLACES = (100, 101, 102, 700)
CLOSE = State(
    lr.parse(
        "linear(100, start=0.1, to=0.5) >> linear(1, start=0.5, to=0.9) >> linear(1, start=0.9, to=0.3) "
        ">> linear(598, start=0.3, to=0.7) >> cosine(start=0.7, to=0.1)"
    ),
    lr.Horizon(updates=1000),
)


def far_by_one_update_at_a_time(chosen, asked):
    """Move them together until the next update would leave a phase without one."""
    far, way = 0, 1 if asked > 0 else -1
    while far != asked:
        moved = [0, *(at + (far + way) * (at in chosen) for at in PLACES), 1000]
        if any(after <= before for before, after in pairwise(moved)):
            break
        far += way
    return far


@pytest.mark.parametrize("chosen", [each for count in (1, 2, 3, 4) for each in combinations(PLACES, count)])
@pytest.mark.parametrize("asked", [-1000, -60, -1, 1, 2, 250, 1000])
def test_they_go_until_one_of_them_meets_a_neighbour_that_stays(chosen, asked):
    """Also where phases have one update, and whichever of them is held."""
    far = far_by_one_update_at_a_time(chosen, asked)
    names = [str(1 + PLACES.index(at)) for at in chosen]
    for held, from_there in zip(names, chosen, strict=True):
        after = several(CLOSE, names, held, from_there + asked, at_level(CLOSE, held))
        assert [point.update for point in points(after.spine)][1:-1] == [at + far * (at in chosen) for at in PLACES]
        assert [point.value for point in points(after.spine)] == [point.value for point in points(CLOSE.spine)]


def at_level(state, name):
    return at(state)[name][1]


def test_the_ends_stay_where_they_are_in_time():
    """Where they are chosen as well, all levels move, and the places of those between."""
    after = at(several(START, ["0", "1", "3"], "1", 260, 1.1))
    assert [after[name][0] for name in "0123"] == [0, 260, 500, 1000]
    assert [after[name][1] for name in "0123"] == pytest.approx([0.3, 1.1, 0.6, 0.2])


ZERO = State(lr.parse('linear("20%", start=0, to=1) >> cosine(start=1, to=0)'), lr.Horizon(updates=1000))


def test_from_and_to_zero_a_logarithmic_axis_has_no_ratios():
    """There the difference counts, of the held point and of the last of a tilt."""
    assert at(several(START, MIDDLE, "1", 200, 0.0, log=True))["2"][1] == 0.0
    assert at(several(START, ["1", "3"], "3", 1000, 0.0, log=True))["1"][1] == pytest.approx(0.9)
    assert at(several(ZERO, ["0", "1"], "0", 0, 0.2, log=True))["1"][1] == pytest.approx(1.2)
    tilted = at(tilt(ZERO, ["0", "1", "2"], 0.5, log=True))
    assert [tilted[name][1] for name in "012"] == pytest.approx([0.0, 1.1, 0.5])
    down = at(tilt(START, ["1", "2", "3"], 0.0, log=True))
    assert [down[name][1] for name in "123"] == pytest.approx([1.0, 0.6 - 0.1 * 300 / 800, 0.0], rel=2e-3)


def test_levels_and_keys_are_plain_unless_it_is_said():
    """Differences, steps of a hundredth of the run, a twentieth of a decade."""
    assert several(START, MIDDLE, "1", 200, 0.5) == several(START, MIDDLE, "1", 200, 0.5, log=False)
    assert at(several(START, MIDDLE, "1", 200, 0.5))["2"][1] == pytest.approx(0.1)
    after = at(nudge(START, MIDDLE, "1", 1, 1))
    assert after["1"] == (210, pytest.approx(10**0.05, rel=3e-3))
    assert after["2"] == (510, pytest.approx(0.6 + 10**0.05 - 1, rel=3e-3))
    assert at(tilt(START, ["1", "2", "3"], 0.2))["2"][1] == pytest.approx(0.6 + 0.1 * 300 / 800, rel=2e-3)
