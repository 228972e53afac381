"""A value to point at and to zoom: its page in a frame of the notebook that runs its own script and reaches nothing.

The frame has no origin (`sandbox`), and its page asks for nothing from anywhere: neither can it read the notebook, nor
does it need a widget or an extension there.
"""

from __future__ import annotations

from html import escape
from typing import Any

from lrlab.views.model import Figure, Report
from lrlab.views.seen import sections

_FIGURE, _REST = 560, 420  # pixels of height


class Interactive:
    """What `.interactive()` gives: a notebook shows it, `save(path)` writes the page."""

    def __init__(self, value: Any) -> None:
        self._sections = sections(value)
        first = next((section.title for section in self._sections if section.title), "")
        self._report = Report(first or type(value).__name__, "", self._sections, {"Shown": repr(value)})

    @property
    def page(self) -> str:
        """The whole page."""
        from lrlab.views.page import html

        return html(self._report)

    def _repr_html_(self) -> str:
        height = sum(_FIGURE for section in self._sections if isinstance(section, Figure)) + _REST
        return (
            f'<iframe srcdoc="{escape(self.page)}" sandbox="allow-scripts allow-downloads" width="100%" '
            f'height="{min(height, 1400)}" style="border:0" title="{escape(self._report.title)}"></iframe>'
        )
