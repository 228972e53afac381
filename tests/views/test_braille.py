"""The canvas, against cells drawn by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlab.views.braille import Canvas


def picture(canvas):
    return ["".join(character for character, _ in canvas.row(row)) for row in range(canvas.rows)]


@pytest.mark.parametrize(
    ("x", "y", "cell"),
    [(0, 0, "⠁"), (0, 1, "⠂"), (0, 2, "⠄"), (0, 3, "⡀"), (1, 0, "⠈"), (1, 1, "⠐"), (1, 2, "⠠"), (1, 3, "⢀")],
)
def test_each_dot_has_its_bit(x, y, cell):
    """The eight dots of a cell as the Unicode chart numbers them."""
    canvas = Canvas(1, 1)
    canvas.line((x, y), (x, y), 0)
    assert picture(canvas) == [cell]


def test_a_tiny_figure_drawn_by_hand():
    """A level line, a jump and a diagonal over three by two cells.

    Dots, by hand (one column of cells is two dots wide, one row four dots high):

        # # # . . .
        . . # . . .
        . . # . . .
        . . # . . .
        . . # . . .
        . . . # . .
        . . . . # .
        . . . . . #
    """
    canvas = Canvas(3, 2)
    canvas.line((0, 0), (2, 0), 0)
    canvas.line((2, 0), (2, 4), 0)
    canvas.line((2, 4), (5, 7), 0)
    assert picture(canvas) == ["⠉⡇ ", " ⠑⢄"]


def test_the_last_pen_owns_the_cell():
    """Dots of two lines share a cell; the colour is that of the line drawn later."""
    canvas = Canvas(1, 1)
    canvas.line((0, 0), (0, 0), 3)
    canvas.line((1, 3), (1, 3), 5)
    assert canvas.row(0) == [("⢁", 5)]


def test_marks_instead_of_braille():
    """One mark per pen, from the start again if there are more pens than marks."""
    canvas = Canvas(3, 1, marks="*+")
    for x in range(3):
        canvas.line((x, 0), (x, 0), x)
    assert picture(canvas) == ["*+*"]
    assert canvas.size == (3, 1)


@given(*[st.tuples(st.integers(0, 19), st.integers(0, 15))] * 2)
def test_law_a_line_is_whole(start, end):
    """A line has as many dots as its longer side, and both ends; without gaps then, whatever its direction."""
    canvas = Canvas(10, 4)
    canvas.line(start, end, 0)
    dots = sum((ord(c) - 0x2800).bit_count() for row in picture(canvas) for c in row if c != " ")
    assert dots == max(abs(start[0] - end[0]), abs(start[1] - end[1])) + 1
    for x, y in (start, end):
        single = Canvas(10, 4)
        single.line((x, y), (x, y), 0)
        bit = ord(picture(single)[y // 4][x // 2]) - 0x2800
        assert (ord(picture(canvas)[y // 4][x // 2]) - 0x2800) & bit
