"""A report as ONE self-contained HTML file to keep, mail or print; it loads nothing from anywhere.

The library that draws (uPlot), the font (Inter) and the data are inside the file. A content security policy allows only
the one script and the one style sheet, by their hashes; the data are JSON, never code.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence, Set
from functools import cache
from html import escape
from importlib.resources import files
from itertools import pairwise

from lrlab.views.axes import Axis
from lrlab.views.forest import forest, scale_of
from lrlab.views.model import Code, Figure, Interval, Mark, Report, Table, Text
from lrlab.views.multiples import multiples
from lrlab.views.names import file_name
from lrlab.views.palette import BAND_OPACITY, DARK, FOCUS, LIGHT, properties
from lrlab.views.rows import Column, columns
from lrlab.views.summary import digest, summary
from lrlab.views.thin import thinned_lines

_COLUMNS = 300  # of thinned curves: an envelope of three pixels a column on a wide screen
_COLOURS = len(LIGHT.series)
_STACKED = 5  # a table of more columns is a block for each row on a narrow screen
_WRAPPED = 30  # a column with longer texts is set smaller, and wraps


def html(report: Report) -> str:
    """The report as the text of one HTML page, in light and dark, for screen and paper.

    Same report, same text. Names may hold anything: they are escaped wherever they appear.

    >>> page = html(Report("Two < three", "It is.", (), {"command": "lrlab compare digits"}))
    >>> "<h1>Two &lt; three</h1>" in page
    True
    """
    figures = [section for section in report.sections if isinstance(section, Figure)]
    names = {line.name for figure in figures for line in figure.lines}
    script, style = _script(), _style()
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "font-src data:; img-src data:; base-uri 'none'; form-action 'none'"
    )
    body = "\n".join(_section(section, names) for section in report.sections)
    facts = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in report.facts.items())
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(report.title)}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<header><h1>{escape(report.title)}</h1>{_paragraphs(report.lead, "lead")}</header>
{body}
<section class="card"><h2>To repeat this</h2><dl>{facts}</dl></section>
</main>
<script type="application/json" id="data">{_json(_data(figures))}</script>
<script>{script}</script>
</body>
</html>
"""


def _section(section: Figure | Table | Text | Code, names: Set[str]) -> str:
    match section:
        case Figure():
            return _figure(section)
        case Table():
            heading = f"<h2>{escape(section.title)}</h2>" if section.title else ""
            return f'<section class="card">{heading}{_table(section, names)}{_note(section.note)}</section>'
        case Text():
            heading = f"<h2>{escape(section.title)}</h2>" if section.title else ""
            return f'<section class="prose">{heading}{_paragraphs(section.text)}</section>'
        case Code():
            heading = f"<h2>{escape(section.title)}</h2>" if section.title else ""
            code = f'<pre tabindex="0"><code>{escape(section.code)}</code></pre>'
            return f'<section class="card code">{heading}{code}</section>'


def _figure(figure: Figure) -> str:
    """The frame that page.js fills; title, summary and numbers are there without it."""
    crowded = len(figure.lines) > _COLOURS
    hint = "Point at a line or a name; drag across to zoom; click a name to " + (
        "give it a colour." if crowded else "hide it."
    )
    words = escape(summary(figure))
    numbers = _table(digest(figure), frozenset(), "digest", f"Numbers of {figure.title}")
    return f"""<section class="card figure">
<h2>{escape(figure.title)}</h2>
<p class="muted">{words}</p>
<div class="plot"><div class="y-label">{escape(figure.y_label)}</div>
<div class="canvas" role="img" tabindex="0" aria-label="{escape(figure.title)}. {words}"></div>
<ul class="legend" aria-label="Lines of {escape(figure.title)}"></ul></div>
<div class="tools"><span class="where" aria-live="off">{hint}</span>
<button type="button" class="plain reset" hidden>Show all</button>
<a class="csv" href="#" download="{escape(_file_name(figure.title))}.csv">Download data (CSV)</a></div>
<noscript><p class="note nojs">The drawing needs JavaScript; its numbers are below.</p></noscript>
{_note(figure.note)}
{multiples(figure) if crowded else ""}
<details><summary>Numbers</summary>{numbers}</details>
</section>"""


def _table(table: Table, names: Set[str], kind: str = "", label: str = "") -> str:
    """A table that scrolls by itself; a row that is about a line of a figure carries that line's name."""
    cols = columns(table)
    stacked = len(cols) > _STACKED
    scales = [scale_of(column) for column in cols]
    head = "".join(
        f'<th scope="col"{_class(column)}>{escape(column.name)}</th>' if column.name else "<td></td>" for column in cols
    )
    rows = []
    for i, row in enumerate(table.rows):
        line = next((cell for cell in row if isinstance(cell, str) and cell in names), None)
        cells = ""
        for column, scale in zip(cols, scales, strict=True):
            swatch = '<span class="swatch"></span>' if line is not None and column.cells[i] == line else ""
            labelled = f' role="cell" data-head="{escape(column.name)}"' if stacked else ""
            inside = f"{swatch}{_cell(column, i, scale)}"
            inside = f'<div class="cell">{inside}</div>' if stacked and column.cells[i] is not None else inside
            cells += f"<td{_class(column)}{labelled}>{inside}</td>"
        named = "" if line is None else f' data-line="{escape(line)}"'
        row_role = ' role="row"' if stacked else ""
        rows.append(f"<tr{named}{row_role}>{cells}</tr>")
    # A narrow screen shows a row of many cells as a block: it stays a table to whom it is read aloud.
    table_role, body_role = (' role="table"', ' role="rowgroup"') if stacked else ("", "")
    whole = " ".join(filter(None, (kind, "stacked" if stacked else "")))
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(label or table.title or _heads(table))}">'
        f'<table class="{whole}"{table_role}><thead{body_role}><tr>{head}</tr></thead>'
        f"<tbody{body_role}>{''.join(rows)}</tbody></table></div>"
    )


def _heads(table: Table) -> str:
    """The label of a table without a title, from its columns."""
    return f"Table of {', '.join(filter(None, table.columns))}"


def _class(column: Column) -> str:
    if column.scale:
        return ' class="interval"'
    if column.numeric:
        return ' class="number"'
    return ' class="long"' if max(map(len, column.texts), default=0) > _WRAPPED else ""


def _cell(column: Column, row: int, scale: Axis | None) -> str:
    cell, text = column.cells[row], escape(column.texts[row])
    if isinstance(cell, Mark):
        return f'<span class="{cell.tone}">{text}</span>'
    if isinstance(cell, Interval) and scale:
        return f'{forest(cell, scale)}<span class="text">{text}</span>'
    return text


def _paragraphs(text: str, kind: str = "") -> str:
    parts = (part.strip() for part in text.split("\n\n"))
    return "".join(f'<p class="{kind}">{escape(part)}</p>' for part in parts if part)


def _note(note: str) -> str:
    return f'<p class="note">{escape(note)}</p>' if note else ""


def _pinned(figures: Sequence[Figure]) -> dict[str, int]:
    """The lines that start in colour where lines outnumber colours: the first of the first such figure."""
    crowded = next((figure for figure in figures if len(figure.lines) > _COLOURS), None)
    return {line.name: i for i, line in enumerate(crowded.lines[:FOCUS])} if crowded else {}


def _colours(figures: Sequence[Figure]) -> list[dict[str, int]]:
    """For each figure the colour of each line, the same in all figures as far as seven colours allow."""
    home = _pinned(figures)
    out: list[dict[str, int]] = []
    for figure in figures:
        names = [line.name for line in figure.lines]
        if len(names) > _COLOURS:
            out.append({})
            continue
        own: dict[str, int] = {}
        for name in sorted(names, key=lambda name: name not in home):
            free = [slot for slot in range(_COLOURS) if slot not in own.values()]
            own[name] = home[name] if home.get(name) in free else free[0]
            home.setdefault(name, own[name])
        out.append(own)
    return out


def _data(figures: Sequence[Figure]) -> dict[str, object]:
    """What page.js draws; see there. Lines that share their x refer to one list of it."""
    colours = _colours(figures)
    return {
        "figures": [_drawing(figure, own) for figure, own in zip(figures, colours, strict=True)],
        "pinned": _pinned(figures),
        "slots": {name: slot for own in reversed(colours) for name, slot in own.items()},
        "colours": _COLOURS,
        "bandOpacity": BAND_OPACITY,
    }


def _drawing(figure: Figure, own: Mapping[str, int]) -> dict[str, object]:
    xs: dict[tuple[float, ...], int] = {}
    lines = []
    for thin in thinned_lines(figure, _COLUMNS):
        drawn: dict[str, object] = {"name": thin.name, "x": xs.setdefault(tuple(thin.x), len(xs))}
        if thin.name in own:
            drawn["slot"] = own[thin.name]
        edges = {"y": thin.y, "low": thin.low, "high": thin.high}
        drawn |= {edge: [_rounded(v, 5) for v in values] for edge, values in edges.items() if values is not None}
        lines.append(drawn)
    steps = [b - a for line in figure.lines for a, b in pairwise(map(math.log, line.x) if figure.log_x else line.x)]
    return {
        "xLabel": figure.x_label,
        "yLabel": figure.y_label,
        "logX": figure.log_x,
        "logY": figure.log_y,
        "crowded": len(figure.lines) > _COLOURS,
        "finest": _rounded(min(steps, default=1.0), 9),  # in logarithms where `logX`
        "xs": [[_rounded(v, 12) for v in x] for x in xs],
        "lines": lines,
    }


def _rounded(value: float | None, digits: int) -> float | int | None:
    """To so many significant digits (5: a tenth of what a pixel shows), whole numbers without their point."""
    if value is None:
        return None
    short = float(f"{value:.{digits}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def _json(data: object) -> str:
    """JSON that may stand inside a script element: no `<` in it can end the element or open a comment."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _file_name(title: str) -> str:
    """A title as a file name."""
    return file_name(title.lower()) or "figure"


@cache
def _script() -> str:
    return "\n".join(_asset(name).decode() for name in ("uPlot.iife.min.js", "geometry.js", "page.js"))


@cache
def _style() -> str:
    font = base64.b64encode(_asset("inter-latin-wght-normal.woff2")).decode()
    return (
        "@font-face{font-family:Inter;font-weight:100 900;font-display:block;"
        f'src:url("data:font/woff2;base64,{font}") format("woff2")}}\n'
        f":root{{{properties(LIGHT)}}}\n"
        "@media screen and (prefers-color-scheme:dark)"
        f'{{:root:not([data-theme="light"]){{{properties(DARK)}}}}}\n'
        + _asset("uPlot.min.css").decode()
        + _asset("page.css").decode()
    )


def _asset(name: str) -> bytes:
    return files("lrlab.views").joinpath("assets", name).read_bytes()


def _hash(text: str) -> str:
    """The source expression that lets exactly this inline text through a content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
