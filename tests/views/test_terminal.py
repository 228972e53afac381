"""What the terminal shows: geometry, colour and its absence, width."""

import re
import subprocess
import sys

import pytest

from lrlab.errors import LrlabError
from lrlab.views.model import Figure, Interval, Line, Mark, Table
from lrlab.views.terminal import draw, table

RAMP = Line("ramp", range(101), [i / 100 for i in range(101)])
STEP = Line("step", range(101), [1 if i < 50 else 0 for i in range(101)])
BOTH = Figure("Two", "update", "multiplier", (RAMP, STEP))
MANY = Figure("Many", "update", "m", tuple(Line(f"arm {k}", [0, 9], [k, k]) for k in range(13)))
RANKED = Table(
    ("", "strategy", "val. loss", "sd", "LR", "difference to the best (95 %)", "verdict"),
    (
        (1, "warmup + linear", 0.2651, 0.0071, 0.3, Interval(0, 0, 0), Mark("best", "good")),
        (2, "constant + averaging", 0.2762, 0.0082, 1.0, Interval(-0.008, 0.011, 0.019), Mark("not distinguishable")),
        (3, "fixed", 0.4184, 0.0162, 3.0, Interval(0.128, 0.153, 0.178), Mark("worse", "bad")),
    ),
    title="Ranking",
    note="Mean over 5 folds.",
)  # fmt: skip
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def test_a_figure_by_hand():
    """Title, unit, ticks in their rows, a level, a jump in mid-cell, a level, the x axis.

    25 columns are 50 dots for x from 0 to 49, so each x is a dot; 5 rows are 20 dots, of which the jump takes
    ten in dot column 24 (the left of its cell) and ten in 25 (the right).
    """
    step = Line("step", [0, 24, 25, 49], [1, 1, 0, 0])
    assert draw(Figure("A step", "update", "multiplier", (step,)), 30, 10, colour=False).splitlines() == [
        "A step",
        "multiplier",
        "1.0 ┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⡇",
        "    │            ⡇",
        "0.5 ┤            ⢣",
        "    │            ⢸",
        "  0 ┤            ⢸⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀",
        "    └┬────────────────────────",
        "     0",
        "             update",
    ]


@pytest.mark.parametrize("figure", [BOTH, MANY], ids=["two", "many"])
@pytest.mark.parametrize(("width", "height"), [(30, 10), (60, 16), (80, 24), (120, 40)])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_size_is_kept(figure, width, height, ascii_only):
    """No line is wider than asked, there are no more of them, and ASCII means ASCII."""
    shown = draw(figure, width, height, colour=False, ascii_only=ascii_only).splitlines()
    assert max(map(len, shown)) <= width
    assert len(shown) <= max(height, 4 + 5 + 5)  # four rows of plot, five around it, a legend of five
    assert "".join(shown).isascii() == ascii_only


def test_colour_adds_nothing_but_colour():
    """Without its escape codes the coloured picture is the plain one, and without colour there are none."""
    plain, coloured = draw(BOTH, 70, 20, colour=False), draw(BOTH, 70, 20)
    assert "\x1b" not in plain
    assert ANSI.sub("", coloured) == plain
    assert "\x1b[38;5;33m" in coloured
    assert "\x1b[38;5;172m" in coloured


def test_names_stand_at_their_line_ends():
    """The name of a line is in the row in which the line ends."""
    rows = draw(BOTH, 70, 20, colour=False).splitlines()
    assert rows[2].endswith(" ramp")
    assert rows[-4].endswith(" step")


def test_names_go_below_where_there_is_no_room():
    """Long names become a legend; every name is there in full."""
    long = tuple(Line(f"{'x' * 30} {k}", [0, 1], [k, 1]) for k in range(3))
    shown = draw(Figure("f", "update", "m", long), 50, 20, colour=False)
    assert all(f"━ {line.name}" in shown for line in long)


def test_a_crowd_is_named_as_far_as_it_is_in_colour():
    """Where thirteen names have no room beside the plot, the legend names the four in colour and counts the rest."""
    shown = draw(MANY, 60, 14, colour=False)
    assert shown.splitlines()[-1] == "━ arm 0   ━ arm 1   ━ arm 2   ━ arm 3   and 9 more"


def test_a_jump_is_drawn():
    """Between two updates the line goes down through every row."""
    rows = draw(Figure("f", "update", "m", (STEP,)), 60, 20, colour=False).splitlines()[2:-3]
    columns = [[i for i, c in enumerate(row) if "⠀" <= c <= "⣿"] for row in rows]
    assert all(columns)
    jump = {i for row in columns[1:-1] for i in row}
    assert max(jump) - min(jump) <= 1


def test_a_gap_is_not_drawn():
    """No dots between the stretches, and a figure of gaps alone has axes only."""
    gap = Line("a", range(100), [0 if i < 20 or i > 80 else None for i in range(100)])
    row = draw(Figure("f", "update", "m", (gap,)), 60, 12, colour=False)
    assert any("   " in line.strip("│┤ 0123456789.-") for line in row.splitlines()[2:-3])
    assert "┤" in draw(Figure("f", "update", "m", (Line("a", [0, 1], [None, None]),)), 60, 12, colour=False)


def test_logarithmic_axis():
    """A geometric decay is straight: its middle row lies in the middle."""
    decay = Line("decay", range(101), [10 ** (-4 * i / 100) for i in range(101)])
    shown = draw(Figure("f", "update", "m", (decay,), log_y=True), 60, 20, colour=False)
    assert all(tick in shown for tick in ("1e-4", "0.001", "0.01", "0.1"))


@pytest.mark.parametrize("width", range(30, 161))
def test_logarithmic_x_axis(width):
    """A logarithm of x is a straight line; the labels are numbers as people write them, and none touches another."""
    for low, high in ((0.0137, 0.62), (0.25, 2), (1.1, 1.9), (1e-7, 3), (1e4, 64e4)):
        line = Line("a", [low, (low * high) ** 0.5, high], [0, 1, 2])
        shown = draw(Figure("f", "LR", "m", (line,), log_x=True), width, 12, colour=False).splitlines()
        at = next(row for row, text in enumerate(shown) if "└" in text)
        labels = shown[at + 1].split()
        assert all(re.fullmatch(r"[\d,.]+|1e-\d", label) for label in labels)
        assert 1 <= len(labels) <= max(3, width // 10)
        ticks = [column for column, mark in enumerate(shown[at]) if mark == "┬"]
        assert len(labels) <= len(ticks) <= len(labels) + 1
    assert labels[0] == "10,000"
    straight = draw(Figure("f", "LR", "m", (line,), log_x=True), width, 12, colour=False).splitlines()[:-3]
    even = draw(Figure("f", "LR", "m", (Line("a", [0, 1, 2], [0, 1, 2]),)), width, 12, colour=False).splitlines()[:-3]
    assert straight == even


def test_names_cannot_command_the_terminal():
    """Escape codes and line breaks in names are written out."""
    evil = Line("a\x1b[2Jb\nc", [0, 1], [0, 1])
    shown = draw(Figure("t\x1b[31m", "x\r", "y", (evil, RAMP)), 70, 14, colour=False)
    assert "\x1b" not in shown
    assert "\r" not in shown
    assert r"a\x1b[2Jb\nc" in shown
    rows = table(Table(("a\x1b[1m",), (("[bold]x\x1b[2J",),)), 40, colour=False)
    assert "\x1b" not in rows
    assert r"[bold]x\x1b[2J" in rows


def test_too_small():
    """The message says what is needed."""
    with pytest.raises(LrlabError, match="width >= 30, height >= 10"):
        draw(BOTH, 29, 20)
    with pytest.raises(LrlabError, match="width >= 30"):
        table(RANKED, 20)


@pytest.mark.parametrize("width", [64, 80, 100, 120, 160])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_table_keeps_its_width_and_its_words(width, ascii_only):
    """Texts wrap between words; numbers are whole at any width."""
    shown = table(RANKED, width, colour=False, ascii_only=ascii_only)
    assert max(map(len, shown.splitlines())) <= width
    assert not ascii_only or shown.isascii()
    for word in ("warmup", "averaging", "distinguishable", "0.2651", "0.0162", "+0.153", "Ranking"):
        assert word in shown


def test_table_adds_what_there_is_room_for():
    """Narrow: the middle of an interval; wider: its limits; wide: the bar, with zero marked."""
    assert "[0.128, 0.178]" not in table(RANKED, 64, colour=False)
    assert "[0.128, 0.178]" in table(RANKED, 80, colour=False)
    assert "●" not in table(RANKED, 80, colour=False)
    wide = table(RANKED, 120, colour=False).splitlines()
    assert "──●──" in wide[-2]
    assert "┊" in wide[-2]
    assert wide[-2].index("┊") < wide[-2].index("─")


def test_a_bar_without_zero_keeps_off_its_mark():
    """What excludes zero looks so, also where the limit is nearer to zero than one character."""
    rows = ((Interval(0.001, 0.002, 1.0),), (Interval(-1.0, -0.002, -0.001),), (Interval(-0.001, 0, 1),))
    above, below, across = table(Table(("difference",), rows), 80, colour=False).splitlines()[-3:]
    assert "┊●──" in above
    assert "──●┊" in below
    assert "┊" not in across


def test_table_in_colour():
    """A verdict has the colour of its tone, and without colour the same words."""
    assert "\x1b[1;32mbest" in table(RANKED, 120)
    assert [line.rstrip() for line in ANSI.sub("", table(RANKED, 120)).splitlines()] == table(
        RANKED, 120, colour=False
    ).splitlines()


@pytest.mark.parametrize("variable", ["NO_COLOR", "FORCE_COLOR", "COLUMNS"])
def test_the_environment_is_the_callers_business(variable, monkeypatch):
    """What is drawn depends on the arguments alone."""
    before = table(RANKED, 100), table(RANKED, 100, colour=False), draw(BOTH)
    monkeypatch.setenv(variable, "20")
    assert (table(RANKED, 100), table(RANKED, 100, colour=False), draw(BOTH)) == before


def test_rich_is_imported_for_tables_only():
    """A plot in the terminal does not wait for it."""
    code = (
        "import sys; from lrlab.views.terminal import draw; from lrlab.views.model import *;"
        "draw(Figure('f', 'x', 'y', (Line('a', [0, 1], [0, 1]),))); print('rich' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "False\n"
