"""What shows itself: in a notebook, on matplotlib's axes, as a table of pandas or polars.

The one look upward from the values to the views: a class that inherits `Shown` is drawn by `lrlab.views.seen`, which is
imported when something is to be seen, and then alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Collection


_NOTEBOOK, _INTERACTIVE = "lrlab.views.notebook", "lrlab.views.interactive"
_PYPLOT, _FRAMES = "lrlab.views.pyplot", "lrlab.views.frames"


class Shown:
    """A value with a picture and columns.

    >>> import lrlab as lr
    >>> sorted(lr.cosine()._repr_mimebundle_())
    ['image/svg+xml', 'text/html', 'text/plain']
    """

    __slots__ = ()

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, str]:
        """What a notebook shows: text, a picture, and both with tables as HTML; nothing in it runs."""
        found: dict[str, str] = import_module(_NOTEBOOK).bundle(self)
        return found

    def plot(self, ax: Any = None) -> Any:
        """Draw it with matplotlib, on these axes or on new ones; the axes are returned.

        Raises `MissingExtra` where there is no matplotlib.
        """
        return import_module(_PYPLOT).plotted(self, ax)

    def to_dataframe(self, library: Literal["pandas", "polars"] | None = None) -> Any:
        """Its columns as a data frame of pandas or polars: of the one that is in use, or else the one there is.

        Raises `MissingExtra` where there is none.
        """
        return import_module(_FRAMES).frame(self, library)

    def interactive(self) -> Any:
        """The same to point at and to zoom, in a frame of its own in a notebook, which may not reach the page."""
        return import_module(_INTERACTIVE).Interactive(self)
