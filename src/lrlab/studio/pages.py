"""The pages as they are sent: a common frame with the page's own part inside."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files

from lrlab.views.palette import DARK, LIGHT, properties

KINDS = {
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "woff2": "font/woff2",
    "json": "application/json",
}
_SHARED = ("uPlot.iife.min.js", "uPlot.min.css", "inter-latin-wght-normal.woff2")  # also in the report


@dataclass(frozen=True)
class Page:
    """A page: its address, its name in the navigation, and its title."""

    path: str
    name: str
    title: str

    @property
    def file(self) -> str:
        """The base name of its part of the frame and of its script."""
        return self.path.strip("/") or "home"


PAGES = (
    Page("/", "Home", "lrlab studio"),
    Page("/compose", "Compose", "Compose a schedule"),
    Page("/compare", "Compare", "Compare schedules"),
    Page("/choose", "Choose", "Choose a schedule and its LR"),
    Page("/runs", "Runs", "Runs"),
    Page("/forecast", "Forecast", "Forecast"),
)


def html(page: Page) -> str:
    """The HTML of a page: the frame with the page's own part.

    >>> "<title>lrlab studio</title>" in html(PAGES[0])
    True
    """
    links = "".join(
        f'<a href="{other.path}"{" aria-current=page" if other == page else ""}>{escape(other.name)}</a>'
        for other in PAGES[1:]
    )
    here = " aria-current=page" if page == PAGES[0] else ""
    title = page.title if page == PAGES[0] else f"{page.title} · lrlab studio"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/tokens.css">
<link rel="stylesheet" href="/static/uPlot.min.css">
<link rel="stylesheet" href="/static/studio.css">
<script src="/static/uPlot.iife.min.js"></script>
<script type="module" src="/static/{page.file}.js"></script>
</head>
<body>
<header class="top"><a class="brand" href="/"{here}>lrlab<span> studio</span></a>
<nav aria-label="Pages">{links}</nav></header>
<main id="page" data-page="{page.file}">
{_asset(f"{page.file}.html").decode()}
</main>
<p id="said" class="unseen" role="status" aria-live="polite"></p>
</body>
</html>
"""


@cache
def assets() -> dict[str, tuple[bytes, str]]:
    """All served files by name, with their media types; a request cannot reach any other path."""
    ours = [place.name for place in files("lrlab.studio").joinpath("static").iterdir()]
    kept = {name: _asset(name) for name in ours if not name.endswith(".html")}
    kept |= {name: files("lrlab.views").joinpath("assets", name).read_bytes() for name in _SHARED}
    kept["tokens.css"] = _tokens().encode()
    return {name: (data, KINDS[name.rpartition(".")[2]]) for name, data in kept.items()}


def _asset(name: str) -> bytes:
    return files("lrlab.studio").joinpath("static", name).read_bytes()


def _tokens() -> str:
    """The font, and both themes' colours as custom properties."""
    return (
        "@font-face{font-family:Inter;font-weight:100 900;font-display:block;"
        'src:url("/static/inter-latin-wght-normal.woff2") format("woff2")}\n'
        f":root{{{properties(LIGHT)}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{{properties(DARK)}}}}}\n"
    )
