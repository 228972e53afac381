"""A figure as one self-contained SVG: for README, documentation and notebooks, in light and dark.

It needs no script, no font and no other file; a reader that cannot see it gets a title and a summary. Colours
follow the reader's theme in a page and as an <img> alike.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby, pairwise
from typing import Literal

from lrlab.errors import LrlabError, worded
from lrlab.views.axes import Axis, axis
from lrlab.views.labels import spread
from lrlab.views.model import Figure, Line
from lrlab.views.palette import BAND_OPACITY, DARK, LIGHT, Theme, slots
from lrlab.views.summary import summary
from lrlab.views.thin import thinned_lines

_FONT = 'Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif'
_CHARACTER = 6.7  # the mean width of a character at 12 px, on the safe side
_LEADER = 14.0  # from a line's end to its name
_ROW = 16.0  # from one name to the next
_BAR = 6.0  # the width of a band of one point


def svg(figure: Figure, width: int = 720, height: int = 360, theme: Literal["auto", "light", "dark"] = "auto") -> str:
    """The figure as an SVG element of `width` x `height` CSS pixels; `theme="auto"` follows the reader's.

    Lines are named at their right ends, where there are several. Raises `LrlabError` for less than 240 x 160 or an
    unknown theme.

    >>> ramp = Line("ramp", [0, 1], [0, 1])
    >>> picture = svg(Figure("A ramp", "update", "multiplier", (ramp,)))
    >>> picture.startswith("<svg") and "<title" in picture
    True
    """
    if width < 240 or height < 160:
        raise LrlabError(worded("no room for a figure", (width, height), "width >= 240, height >= 160"))
    if theme not in ("auto", "light", "dark"):
        raise LrlabError(worded("no such theme", theme, '"auto", "light" or "dark"'))
    lines = thinned_lines(figure, width // 2)
    values = (v for line in lines for edge in (line.y, line.low or (), line.high or ()) for v in edge)
    y = axis((v for v in values if v is not None), height // 60, log=figure.log_y)
    # One line alone is what the title names.
    names = max(len(line.name) for line in lines) * _CHARACTER + _LEADER + 20 if len(lines) > 1 else 24
    left = 26 + max(map(len, y.labels), default=0) * _CHARACTER
    right = width - min(names, 0.4 * width)
    ends = (v for line in lines for v in (line.x[0], line.x[-1]))
    x = axis(ends, int(right - left) // 90, log=figure.log_x, exact=True)
    plot = _Plot(x, y, left, 64.0, right, height - (62.0 if figure.note else 44.0))

    body = [*_frame(figure, plot, height), *_drawn(figure, lines, plot, width)]
    scope = "lr" + hashlib.sha256("".join([theme, *body]).encode()).hexdigest()[:8]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" id="{scope}" role="img" '
            f'aria-labelledby="{scope}-t {scope}-d" '
            f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">',
            f'<title id="{scope}-t">{escape(figure.title)}</title>',
            f'<desc id="{scope}-d">{escape(summary(figure))}</desc>',
            f"<style>{_style(f'#{scope}', theme)}</style>",
            f'<rect class="surface" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="6"/>',
            *body,
            "</svg>",
        ]
    )


@dataclass(frozen=True)
class _Plot:
    """The axes and where they lie in the picture, in pixels."""

    x: Axis
    y: Axis
    left: float
    top: float
    right: float
    bottom: float

    def across(self, value: float) -> float:
        return self.left + self.x.share(value) * (self.right - self.left)

    def down(self, value: float) -> float:
        return self.bottom - self.y.share(value) * (self.bottom - self.top)


def _frame(figure: Figure, plot: _Plot, height: int) -> list[str]:
    """Title, axes and note: everything but the lines. Grid lines lie on whole pixels."""
    out = [_text(16, 28, figure.title, "title"), _text(16, 48, figure.y_label, "muted")]
    for tick, label in zip(plot.y.ticks, plot.y.labels, strict=True):
        level = round(plot.down(tick)) + 0.5
        out.append(f'<path class="grid" d="M{_short(plot.left)} {level}H{_short(plot.right)}"/>')
        out.append(_text(plot.left - 8, level + 4, label, "muted end"))
    for tick, label in zip(plot.x.ticks, plot.x.labels, strict=True):
        at = round(plot.across(tick)) + 0.5
        out.append(f'<path class="axis" d="M{at} {_short(plot.bottom + 0.5)}v5"/>')
        out.append(_text(at, plot.bottom + 19, label, "muted middle"))
    out.append(f'<path class="axis" d="M{_short(plot.left)} {_short(plot.bottom + 0.5)}H{_short(plot.right)}"/>')
    out.append(_text((plot.left + plot.right) / 2, plot.bottom + 36, figure.x_label, "muted middle"))
    return out + ([_text(16, height - 10, figure.note, "muted")] if figure.note else [])


def _drawn(figure: Figure, lines: list[Line], plot: _Plot, width: int) -> list[str]:
    """Bands, lines, and names at the line ends; the first line lies on top."""
    classes = ["q" if slot is None else f"s{slot}" for slot in slots(len(lines))]
    out = []
    for line, kind in zip(lines, classes, strict=True):
        out += [f'<path class="band {kind}" d="{band}"/>' for band in _bands(line, plot)]
    for line, kind, whole in reversed(list(zip(lines, classes, figure.lines, strict=True))):
        finest = min((b - a for a, b in pairwise(whole.x)), default=0.0)
        out.append(f'<path class="line {kind}" d="{_path(line, plot, finest)}"/>')
    return out + (_names(lines, classes, plot, width) if len(lines) > 1 else [])


def _names(lines: list[Line], classes: list[str], plot: _Plot, width: int) -> list[str]:
    """A name beside each line end, joined to it; where there is no room for all, only for lines in colour."""
    pairs = list(zip(lines, classes, strict=True))
    if len(pairs) * _ROW > plot.bottom - plot.top + _ROW:
        pairs = [(line, kind) for line, kind in pairs if kind != "q"]
    ends = [
        next(((x, v) for x, v in zip(reversed(line.x), reversed(line.y), strict=True) if v is not None), None)
        for line, _ in pairs
    ]
    wanted = [plot.down(end[1]) if end else plot.bottom for end in ends]
    places = spread(wanted, _ROW, plot.top - 8, plot.bottom + 4)
    room = int((width - plot.right - _LEADER - 14) / _CHARACTER)
    out = []
    for (line, kind), end, place in zip(pairs, ends, places, strict=True):
        if end:
            start = plot.across(end[0])
            joined = "" if start < plot.right - 1 else " joined"
            route = f"M{_short(start)} {_short(plot.down(end[1]))}L{_short(plot.right + _LEADER)} {_short(place)}h4"
            out.append(f'<path class="leader {kind}{joined}" d="{route}"/>')
        name = line.name if len(line.name) <= room else line.name[: room - 1] + "…"
        out.append(_text(plot.right + _LEADER + 8, place + 4, name, "muted" if kind == "q" else "ink"))
    return out


def _path(line: Line, plot: _Plot, finest: float) -> str:
    """The line as path data, crisp where it is a staircase.

    Level stretches lie on whole pixels, and a jump from one level to another between neighbouring points
    (`finest` apart) is upright: there a value is held until the next one.
    """
    padded = (None, None, *line.y, None)
    out: list[str] = []
    points: list[list[float]] = []
    past = line.x[0]
    for i, x in enumerate(line.x):
        two_before, before, y, after = padded[i : i + 4]
        if y is None:
            out.append(_joined(points))
            points = []
            continue
        at, down = plot.across(x), plot.down(y)
        held = two_before == before and y == after and x - past <= finest * 1.001
        if points and held:
            points.append([at, points[-1][1]])
        points.append([at, round(down) if y in (before, after) else down])
        past = x
    return "".join([*out, _joined(points)])


def _bands(line: Line, plot: _Plot) -> list[str]:
    """Closed path data around each stretch of the line's band; that of one point is a bar."""
    if line.low is None or line.high is None:
        return []
    edges = zip(line.x, line.low, line.high, strict=True)
    out = []
    for present, run in groupby(edges, key=lambda edge: edge[1] is not None and edge[2] is not None):
        if present:
            stretch = [(plot.across(x), low, high) for x, low, high in run if low is not None and high is not None]
            if len(stretch) == 1:
                ((x, low, high),) = stretch
                stretch = [(x - _BAR / 2, low, high), (x + _BAR / 2, low, high)]
            there = [(x, plot.down(high)) for x, _, high in stretch]
            back = [(x, plot.down(low)) for x, low, _ in reversed(stretch)]
            out.append(_joined(there + back) + "Z")
    return out


def _joined(points: Sequence[Sequence[float]]) -> str:
    pairs = [f"{_short(x)} {_short(y)}" for x, y in points]
    return "M" + "L".join(pairs if len(pairs) > 1 else pairs * 2) if pairs else ""


def _text(x: float, y: float, text: str, kind: str) -> str:
    return f'<text class="{kind}" x="{_short(x)}" y="{_short(y)}">{escape(text)}</text>'


def _short(value: float) -> str:
    """A coordinate to a tenth of a pixel, as short as it gets."""
    return f"{value:.1f}".removesuffix(".0")


def _style(scope: str, theme: str) -> str:
    rules = (
        f"{scope} text{{font:12px {_FONT};font-variant-numeric:tabular-nums}}"
        f"{scope} .title{{font-size:16px;font-weight:600}}"
        f"{scope} .middle{{text-anchor:middle}}{scope} .end{{text-anchor:end}}"
        f"{scope} path{{fill:none}}{scope} .line{{stroke-width:2;stroke-linejoin:round;stroke-linecap:round}}"
        f"{scope} .line.q{{stroke-width:1.25}}"
        f"{scope} .leader{{stroke-width:1;stroke-dasharray:2 3}}"
        f"{scope} .leader.joined{{stroke-dasharray:none}}"
        f"{scope} .band{{stroke:none;fill-opacity:{BAND_OPACITY}}}"
    )
    if theme == "auto":
        return f"{rules}{_colours(scope, LIGHT)}@media(prefers-color-scheme:dark){{{_colours(scope, DARK)}}}"
    return rules + _colours(scope, DARK if theme == "dark" else LIGHT)


def _colours(scope: str, theme: Theme) -> str:
    lines = [(f"s{i}", colour) for i, colour in enumerate(theme.series)] + [("q", theme.quiet)]
    return (
        f"{scope} .surface{{fill:{theme.surface};stroke:{theme.line}}}"
        f"{scope} .title,{scope} .ink{{fill:{theme.ink}}}{scope} .muted{{fill:{theme.muted}}}"
        f"{scope} .grid{{stroke:{theme.grid}}}{scope} .axis{{stroke:{theme.border}}}"
        + "".join(f"{scope} .{k}{{stroke:{c}}}{scope} .band.{k}{{fill:{c};stroke:none}}" for k, c in lines)
    )
