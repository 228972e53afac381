"""A figure on matplotlib's axes, for people who have it: it is imported here alone, and when it is asked for."""

from __future__ import annotations

from typing import Any

from lrlab.errors import LrlabError, MissingExtra, worded
from lrlab.views.axes import axis
from lrlab.views.model import Figure
from lrlab.views.palette import BAND_OPACITY, LIGHT, slots
from lrlab.views.seen import sections


def plotted(value: Any, ax: Any = None) -> Any:
    """Draw the first figure of a value on these axes, or on new ones; the axes are returned."""
    figure = next((section for section in sections(value) if isinstance(section, Figure)), None)
    if figure is None:
        raise LrlabError(worded("there is nothing to draw yet", value, hint=".run()"))
    return drawn(figure, _axes() if ax is None else ax)


def _axes() -> Any:
    try:
        from matplotlib import pyplot
    except ModuleNotFoundError:
        raise MissingExtra(
            worded(".plot() needs matplotlib, which is not installed", hint="pip install matplotlib")
        ) from None
    return pyplot.subplots()[1]


def drawn(figure: Figure, ax: Any) -> Any:
    """The lines of a figure with their bands, its title and its labels, on axes that matplotlib has made."""
    for line, slot in zip(figure.lines, slots(len(figure.lines)), strict=True):
        colour = LIGHT.quiet if slot is None else LIGHT.series[slot]
        marker, order = "o" if len(line.x) == 1 else None, 2 if slot is None else 3
        ax.plot(line.x, _gaps(line.y), color=colour, marker=marker, label=line.name, zorder=order)
        if line.low is not None and line.high is not None:
            bar = {"linewidth": 0} if len(line.x) > 1 else {"linewidth": 6, "capstyle": "butt"}  # of one point
            ax.fill_between(line.x, _gaps(line.low), _gaps(line.high), color=colour, alpha=BAND_OPACITY, **bar)
    scales = ["log" if log else "linear" for log in (figure.log_x, figure.log_y)]
    ax.set(title=figure.title, xlabel=figure.x_label, ylabel=figure.y_label, xscale=scales[0], yscale=scales[1])
    if figure.log_x:  # matplotlib would write 3 × 10⁻², one over the other
        x = axis(ax.get_xlim(), 6, log=True, exact=True)
        ax.set_xticks(x.ticks, x.labels)
        ax.set_xticks([], minor=True)
    if len(figure.lines) > 1:
        ax.legend(frameon=False)
    return ax


def _gaps(values: Any) -> list[float]:
    return [float("nan") if value is None else value for value in values]
