"""Figures in words."""

from lrlab.views.model import Figure, Line
from lrlab.views.summary import digest, summary


def told(*ys):
    return summary(Figure("f", "update", "loss", (Line("a", range(len(ys)), ys),)))


def test_one_line_is_told_from_start_to_end():
    """Where it starts and ends, and its extremes only where they are elsewhere."""
    assert told(1, 0.5, 0) == "a goes from 1 to 0 (update 0 to 2)."
    assert told(0.1, 1, 0) == "a goes from 0.1 through its highest, 1 at 1, to 0 (update 0 to 2)."
    assert told(1, 0.2, 0.3) == "a goes from 1 through its lowest, 0.2 at 1, to 0.3 (update 0 to 2)."
    assert told(None, 2) == "a is 2 at update 1."
    assert told(2, 2) == "a stays at 2 (update 0 to 1)."


def test_gaps_are_not_told():
    """The sentence covers what there is."""
    assert told(None, 3, 1, None) == "a goes from 3 to 1 (update 1 to 2)."
    assert told(None) == "a has no values."


def test_many_lines_are_told_by_their_ends():
    """Four are too many to tell one by one: the range, who ends lowest and highest, and who breaks off."""
    lines = tuple(Line(name, [0, 9], [1, end]) for name, end in zip("abcd", (0.5, 0.1, None, 0.9), strict=True))
    assert summary(Figure("f", "update", "validation loss", lines)) == (
        "4 lines, update 0 to 9. Validation loss at the end: lowest b (0.1), highest d (0.9). "
        "Without a value at the end: c."
    )


def test_digest_has_the_extremes_and_where_they_are():
    """First, lowest, highest and last value; a line without values has empty cells."""
    figure = Figure("f", "update", "loss", (Line("a", [0, 5, 9], [2, 1, 4]), Line("b", [0], [None])))
    assert digest(figure).columns == ("line", "first", "lowest", "at update", "highest", "at update", "last")
    assert digest(figure).rows == (
        ("a", 2.0, 1.0, "5", 4.0, "9", 4.0),
        ("b", None, None, None, None, None, None),
    )


def test_a_logarithmic_axis_is_told_in_its_numbers():
    """Nobody reads -1.74 as a multiple of 0.3."""
    profile = Figure("f", "LR multiple", "loss", (Line("a", [0.5, 1, 2], [0.5, 0.2, 0.4]),), log_x=True)
    assert summary(profile) == "a goes from 0.5 through its lowest, 0.2 at 1, to 0.4 (LR multiple 0.5 to 2)."
