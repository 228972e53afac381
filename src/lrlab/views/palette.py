"""The colours of every view: seven series colours that survive colour blindness, and both themes' tokens.

The series colours have one order in both themes, so that a line keeps its name when the theme changes. Worst
CIEDE2000 distance over all pairs and four kinds of vision: 15.3 light, 14.1 dark; contrast at least 3:1 on
its surface. Colours are never recycled: where a picture holds more lines than there are colours, the first
`FOCUS` lines keep theirs and the others step back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

BAND_OPACITY = 0.16
FOCUS = 4


@dataclass(frozen=True)
class Theme:
    """The colours of one theme, as hexadecimal strings."""

    background: str
    surface: str
    ink: str
    muted: str
    line: str
    grid: str
    border: str
    accent: str
    good: str
    warn: str
    bad: str
    quiet: str  # a line that has stepped back
    series: tuple[str, ...]  # blue amber green rose violet brown grey


LIGHT = Theme(
    background="#f6f8fa",
    surface="#ffffff",
    ink="#1f2328",
    muted="#59636e",
    line="#d1d9e0",
    grid="#e6eaef",
    border="#818b98",
    accent="#0969da",
    good="#1a7f37",
    warn="#9a6700",
    bad="#d1242f",
    quiet="#b6bfc9",
    series=("#0969da", "#d07b00", "#00a475", "#7f1940", "#5c2f79", "#955e30", "#6a7377"),
)

DARK = Theme(
    background="#0d1117",
    surface="#151b23",
    ink="#f0f6fc",
    muted="#9198a1",
    line="#3d444d",
    grid="#222a33",
    border="#656c76",
    accent="#4493f8",
    good="#3fb950",
    warn="#d29922",
    bad="#f85149",
    quiet="#49525d",
    series=("#4493f8", "#e49133", "#7deda4", "#f0b4d3", "#9072a3", "#a5744a", "#8c8e90"),
)

# The same hues among the 256 colours that every terminal knows, each chosen to be read on black and on white.
TERMINAL = (33, 172, 36, 168, 98, 137, 245)
TERMINAL_QUIET = 243


def slots(lines: int) -> list[int | None]:
    """Which series colour each line takes, in order; `None` for a line that steps back.

    >>> slots(3), slots(9)
    ([0, 1, 2], [0, 1, 2, 3, None, None, None, None, None])
    """
    if lines <= len(LIGHT.series):
        return list(range(lines))
    return [i if i < FOCUS else None for i in range(lines)]


def properties(theme: Theme) -> str:
    """A theme as custom properties of CSS: --ink, --series-0 and so on.

    >>> properties(LIGHT)[:40]
    '--background:#f6f8fa;--surface:#ffffff;-'
    """
    series = {f"series-{i}": colour for i, colour in enumerate(theme.series)}
    named = {name: colour for name, colour in asdict(theme).items() if isinstance(colour, str)}
    return "".join(f"--{name}:{colour};" for name, colour in (named | series).items())
