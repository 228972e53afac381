"""A canvas of characters: two by four braille dots in every cell, or one mark per cell for ASCII."""

from __future__ import annotations

# The bit of each dot of a braille cell (Unicode block U+2800), by row and column.
_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


class Canvas:
    """`columns` x `rows` cells to draw lines on; dots are counted from the upper left.

    Every cell remembers which pen drew on it last, so that each can be given one colour.

    >>> canvas = Canvas(4, 1)
    >>> canvas.line((0, 3), (7, 0), pen=0)
    >>> "".join(character for character, pen in canvas.row(0))
    '⣀⠤⠒⠉'
    """

    def __init__(self, columns: int, rows: int, marks: str = "") -> None:
        """`marks`: instead of braille, one character for each pen, in turn."""
        self.columns, self.rows, self.marks = columns, rows, marks
        self.wide, self.high = (1, 1) if marks else (2, 4)
        self._dots = [[0] * columns for _ in range(rows)]
        self._pens: list[list[int | None]] = [[None] * columns for _ in range(rows)]

    @property
    def size(self) -> tuple[int, int]:
        """Dots across and down."""
        return self.columns * self.wide, self.rows * self.high

    def line(self, start: tuple[int, int], end: tuple[int, int], pen: int) -> None:
        """Draw a straight line of dots, both ends included (Bresenham)."""
        (x, y), (to_x, to_y) = start, end
        across, down = abs(to_x - x), -abs(to_y - y)
        error = across + down
        while True:
            self._dot(x, y, pen)
            if (x, y) == end:
                return
            twice = 2 * error
            if twice >= down:
                error, x = error + down, x + (1 if x < to_x else -1)
            if twice <= across:
                error, y = error + across, y + (1 if y < to_y else -1)

    def row(self, row: int) -> list[tuple[str, int | None]]:
        """The characters of one row of cells, each with its pen (`None`: an empty cell)."""
        drawn = zip(self._dots[row], self._pens[row], strict=True)
        return [(self._character(bits, pen), pen) for bits, pen in drawn]

    def _dot(self, x: int, y: int, pen: int) -> None:
        row, column = y // self.high, x // self.wide
        self._dots[row][column] |= _BITS[y % self.high][x % self.wide]
        self._pens[row][column] = pen

    def _character(self, bits: int, pen: int | None) -> str:
        if pen is None:
            return " "
        return self.marks[pen % len(self.marks)] if self.marks else chr(0x2800 + bits)
