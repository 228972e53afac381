"""What can be taken hold of."""

import lrlab as lr
from lrlab.core.edit.handles import points, segments
from lrlab.core.edit.spine import spine_of


def test_a_jump_has_two_points():
    found = points(spine_of(lr.linear("50%", to=0.5) >> lr.linear(), 100))
    assert [(p.name, p.update, p.value) for p in found] == [("0", 0, 1), ("1-", 50, 0.5), ("1+", 50, 1), ("2", 100, 0)]
    assert [p.border for p in found] == [0, 1, 1, 2]


def test_the_end_moves_where_nothing_fills_the_run():
    def last(schedule):
        return points(spine_of(schedule, 100))[-1]

    assert (last(lr.cosine(60)).low, last(lr.cosine(60)).high) == (1, 100)
    assert last(lr.cosine()).low == last(lr.cosine()).high == 100
    assert last(lr.constant() >> lr.cosine(20)).low == 100


def test_points_are_shown_within_the_bounds():
    assert [p.value for p in points(spine_of(lr.parse("cosine().clip(low=0.2)"), 100))] == [1, 0.2]


def test_segments_say_what_they_are():
    """In words; a step has a word of its own, and is not bent."""
    warm, flat, down = segments(spine_of(lr.warmup("10%") >> lr.constant() >> lr.step(9, span="20%"), 100))
    assert (warm.word, flat.word, down.word) == ("warmup", "constant", "")
    assert (warm.bends, flat.bends, down.bends) == (True, False, False)
    assert warm.sentence == "rises linearly from 1/(n+1) to 1, updates 0 to 9"
