"""What a notebook shows for a value: text, a picture, and both with its tables as HTML that follows the theme.

Nothing in it runs, and nothing is fetched: pictures are SVGs inside the HTML, one for light and one for dark, and the
style of the cell shows one of them. Where a page drops styles and pictures, as GitHub does, the text is left, drawn in
characters.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from html import escape
from typing import Any

from lrlab.views.figure import svg
from lrlab.views.forest import forest, scale_of
from lrlab.views.model import Figure, Mark, Table, Text
from lrlab.views.rows import columns
from lrlab.views.seen import Section, sections
from lrlab.views.summary import summary
from lrlab.views.terminal import draw, table

_WIDTH, _ROWS = 84, 14  # of the text
_DARK = ",".join(
    f"{sign} .lrlab"
    for sign in (
        '[data-jp-theme-light="false"]',  # JupyterLab, nbconvert
        ".vscode-dark",
        '[data-vscode-theme-kind="vscode-dark"]',
        'html[theme="dark"]',  # Colab
        '[data-theme="dark"]',  # Sphinx
    )
)
_UNSAID = 'html:not([theme]):not([data-theme="light"]) body:not([data-jp-theme-light]):not([class*="vscode-"]) .lrlab'
_STYLE = (
    ".lrlab{--light:block;--dark:none;max-width:960px}"
    f"{_DARK}{{--light:none;--dark:block}}"
    f"@media (prefers-color-scheme:dark){{{_UNSAID}{{--light:none;--dark:block}}}}"
    "@media print{.lrlab{--light:block!important;--dark:none!important}}"
    "div.lrlab img{max-width:100%;height:auto;margin:0 0 8px}div.lrlab img.light{display:var(--light)}"
    "div.lrlab img.dark{display:var(--dark)}div.lrlab pre{display:none}"
    "div.lrlab table{border-collapse:collapse;margin:0 0 8px;font-variant-numeric:tabular-nums}"
    "div.lrlab th,div.lrlab td{padding:3px 16px 3px 0;text-align:left;vertical-align:top;border-bottom:1px solid #8884}"
    "div.lrlab .number{text-align:right}div.lrlab p{margin:0 0 8px;max-width:80ch}div.lrlab svg{display:block}"
    "div.lrlab .note{opacity:.75;font-size:.9em}"
)


def bundle(value: Any) -> dict[str, str]:
    """What a notebook gets, by MIME type.

    >>> import lrlab as lr
    >>> print(bundle(lr.linear().over(10))["text/plain"].splitlines()[0])
    linear()
    """
    found = sections(value)
    made = {"text/plain": text(value, found), "text/html": html(value, found)}
    picture = next((section for section in found if isinstance(section, Figure)), None)
    return made if picture is None else {**made, "image/svg+xml": svg(picture)}


def text(value: Any, found: Iterable[Section]) -> str:
    """The same in characters: figures, tables, then sentences; a value that is only a sentence is that text."""
    parts = [_in_text(section) for section in found]
    return "\n\n".join(parts) or repr(value)


def _in_text(section: Section) -> str:
    match section:
        case Figure():
            return draw(section, _WIDTH, _ROWS, colour=False)
        case Table():
            return table(section, 100, colour=False)
        case Text():
            return section.text


def html(value: Any, found: Iterable[Section]) -> str:
    """The same as HTML, with names escaped."""
    found = tuple(found)
    body = "".join(map(_in_html, found))
    return f'<div class="lrlab"><style>{_STYLE}</style>{body}<pre>{escape(text(value, found))}</pre></div>'


def _in_html(section: Section) -> str:
    match section:
        case Figure():
            words = escape(f"{section.title}. {summary(section)}")
            dark = _image(svg(section, theme="dark"), "dark", words)
            return _image(svg(section, theme="light"), "light", words) + dark.replace("<img", "<img hidden", 1)
        case Table():
            return _table(section)
        case Text():
            title = f"<p><b>{escape(section.title)}</b></p>" if section.title else ""
            parts = (part.strip() for part in section.text.split("\n\n"))
            return title + "".join(f"<p>{escape(part)}</p>".replace("\n", "<br>") for part in parts if part)


def _image(picture: str, kind: str, words: str) -> str:
    data = base64.b64encode(picture.encode()).decode()
    return f'<img class="{kind}" alt="{words}" src="data:image/svg+xml;base64,{data}">'


def _table(given: Table) -> str:
    cols = columns(given)
    scales = [scale_of(column) for column in cols]
    title = f"<p><b>{escape(given.title)}</b></p>" if given.title else ""
    note = f'<p class="note">{escape(given.note)}</p>' if given.note else ""
    head = "".join(f"<th{_kind(column.numeric)}>{escape(column.name)}</th>" for column in cols)
    rows = []
    for i in range(len(given.rows)):
        cells = ""
        for column, scale in zip(cols, scales, strict=True):
            cell, shown = column.cells[i], escape(column.texts[i])
            if isinstance(cell, Mark) and cell.tone == "good":
                shown = f"<b>{shown}</b>"
            cells += f"<td{_kind(column.numeric)}>{forest(cell, scale)}{shown}</td>"
        rows.append(f"<tr>{cells}</tr>")
    return f"{title}<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{note}"


def _kind(numeric: bool) -> str:
    return ' class="number"' if numeric else ""
