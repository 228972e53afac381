"""How the handbook is built: `sphinx-build -W docs build/docs`. Nothing is fetched, then or by its readers."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

from lrlab.version import __version__  # noqa: E402
from lrlab.views.palette import DARK, LIGHT, Theme  # noqa: E402

project = "lrlab"
author = "The lrlab developers"
project_copyright = "the lrlab developers, MIT licence"
version = release = __version__
extensions = [
    "myst_parser",
    "pictures",
    "formulas",
    "gallery",
    "reference",
    "examples",
    "repository",
    "chinese",
    "tables",
    "measured",
    "advice",
]
exclude_patterns = ["_build", "extensions"]
myst_enable_extensions = ["colon_fence", "attrs_block"]
myst_heading_anchors = 3
toc_object_entries_show_parents = "hide"
smartquotes = False  # what looks like code stays as it can be copied
html_theme = "furo"
html_title = "lrlab"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["_static", "../src/lrlab/views/assets/inter-latin-wght-normal.woff2"]
html_css_files = ["handbook.css"]
html_js_files = ["handbook.js"]
html_logo = "mark.svg"
html_favicon = "mark.svg"
pygments_style = "a11y-light"
pygments_dark_style = "a11y-dark"

_FONT = "Inter, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', system-ui, sans-serif"


def _colours(theme: Theme) -> dict[str, str]:
    """The colours of every other view, for the page around them."""
    return {
        "font-stack": _FONT,
        "font-stack--headings": _FONT,
        "color-foreground-primary": theme.ink,
        "color-foreground-secondary": theme.muted,
        "color-foreground-muted": theme.muted,
        "color-foreground-border": theme.border,
        "color-background-primary": theme.surface,
        "color-background-secondary": theme.background,
        "color-background-hover": theme.grid,
        "color-background-border": theme.line,
        "color-brand-primary": theme.accent,
        "color-brand-content": theme.accent,
        "color-brand-visited": theme.accent,
        "color-inline-code-background": theme.background,
        "color-api-name": theme.accent,
        "color-api-pre-name": theme.muted,
    }


html_theme_options = {
    "light_css_variables": _colours(LIGHT),
    "dark_css_variables": _colours(DARK),
    "sidebar_hide_name": False,
}
