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


def test_points_say_where_they_are_and_how_far_they_go():
    found = points(spine_of(lr.step(9) >> lr.one_minus_sqrt(20) >> lr.hold(10), 100))
    assert [(p.name, p.low, p.high, p.sentence) for p in found] == [
        ("0", 0, 0, "the beginning"),
        ("1-", 1, 89, "end of step"),
        ("1+", 1, 89, "start of one minus sqrt"),
        ("2", 71, 99, "between one minus sqrt and hold"),
        ("3", 100, 100, "the end"),
    ]


def test_segments_have_places_texts_and_shapes_to_bend():
    """What is flat has none, however it is written; the last update is said, not the one after it."""
    found = segments(spine_of(lr.constant(1) >> lr.cosine(10, to=1) >> lr.cosine(to=1 - 1e-6), 2000))
    assert [(s.number, s.word, s.text, s.start, s.stop, s.bends) for s in found] == [
        (0, "constant", "constant(1)", 0, 1, False),
        (1, "cosine", "cosine(10, to=1)", 1, 11, False),
        (2, "cosine", "cosine(to=0.999999)", 11, 2000, True),
    ]
    assert [s.sentence.partition(", updates ")[2] for s in found] == ["0 to 0", "1 to 10", "11 to 1,999"]
