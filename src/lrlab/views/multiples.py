"""Small multiples: where lines outnumber colours, a small picture for each, on one scale, beside the first one.

They are plain SVG in the colours of the page, so that they print and need no script.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from html import escape

from lrlab.views.axes import Axis, axis, number
from lrlab.views.model import Figure, Line
from lrlab.views.summary import digest, reach
from lrlab.views.thin import thinned_lines

WIDTH, HEIGHT, EDGE = 400, 192, 8
_COLUMNS = 48  # of thinned lines


def multiples(figure: Figure) -> str:
    """A figure of many lines as a list of small pictures; each in words, too: where it begins and where it ends.

    >>> from lrlab.views.model import Figure, Line
    >>> many = Figure("LR", "update", "LR", tuple(Line(str(k), [0, 1], [0, k]) for k in range(9)))
    >>> multiples(many).count("<svg")
    9
    """
    lines = thinned_lines(figure, _COLUMNS)
    values = [v for line in lines for v in line.y if v is not None and (v > 0 or not figure.log_y)]
    y = axis(values, 2, log=figure.log_y)
    x = axis([v for line in lines for v in (line.x[0], line.x[-1])], 2, log=figure.log_x, exact=True)
    rows = {str(row[0]): row for row in digest(figure).rows}
    first = "".join(_path(lines[0], x, y, "first"))
    name = f"m{hashlib.sha256((figure.title + first).encode()).hexdigest()[:10]}"
    first = first.replace("<path", f'<path id="{name}"', 1)  # drawn once, shown in all
    panels = []
    for line in lines:
        start, end = rows[line.name][1], rows[line.name][-1]
        said = f"{_told(start)} to {_told(end)}"
        own = "".join(_path(line, x, y, "own"))
        beside = f'<use href="#{name}"/>' if line is not lines[0] else f"<defs>{first}</defs>"
        picture = (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" aria-hidden="true">'
            f'<path class="floor" d="M0 {HEIGHT - 0.5}H{WIDTH}"/>{beside}{own}</svg>'
        )
        panels.append(
            f'<li data-line="{escape(line.name)}"><span class="name">{escape(line.name)}</span>'
            f'<span class="said">{escape(said)}</span>{picture}</li>'
        )
    note = (
        f"Each line by itself (dark) beside {lines[0].name} (blue), all on one scale: {figure.y_label} "
        f"{number(y.low)} to {number(y.high)}{', logarithmic' if figure.log_y else ''}; "
        f"{reach(figure.x_label, x.low, x.high)}{', logarithmic' if figure.log_x else ''}."
    )
    return f'<ul class="multiples">{"".join(panels)}</ul><p class="note">{escape(note)}</p>'


def _told(value: object) -> str:
    return number(value) if isinstance(value, float) else "nothing"


def _path(line: Line, x: Axis, y: Axis, kind: str) -> Iterator[str]:
    """The line as a path, which a gap breaks."""
    data, pen = "", "M"
    for at, value in zip(line.x, line.y, strict=True):
        if value is None:
            pen = "M"
            continue
        across = EDGE + x.share(at) * (WIDTH - 2 * EDGE)
        down = EDGE + (1 - y.share(value)) * (HEIGHT - 2 * EDGE)
        data += f"{pen}{across:.0f} {down:.0f}"
        pen = "L"
    if data:
        yield f'<path class="{kind}" d="{data}"/>'
