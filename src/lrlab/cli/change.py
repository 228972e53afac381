"""The options of `lrlab show` that change the plan in the middle of the run, and draw both.

lrlab show 'cosine()' --steps 1000 --at 600 --extend 2000 --how rescale-rest
lrlab show 'wsd()' --steps 10000 --at 6000 --branch 20%
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from lrlab.cli.values import OneOf, Whole
from lrlab.errors import LrlabError, worded

if TYPE_CHECKING:
    from lrlab.core.run.curve import Curve


def _hows() -> tuple[str, ...]:
    from lrlab.core.resume.change import HOWS

    return HOWS


def _elsewhere() -> dict[str, str]:
    from lrlab.core.resume.change import ELSEWHERE

    return ELSEWHERE


OPTIONS = (
    click.option("--at", type=Whole(min=0), help="The update at which the plan is changed."),
    click.option("--extend", type=Whole(min=1), help="Make the run so many updates long; needs --how."),
    click.option("--how", type=OneOf("how", _hows, _elsewhere), help="What becomes of the rest of the plan."),
    click.option(
        "--peak", type=float, help="The peak of --how re-warm, as a multiple of the base LR.  [default: the plan's own]"
    ),
    click.option("--finish", metavar="SPAN", help="Decay from there for so many updates, or a share (20%)."),
    click.option("--branch", metavar="SPAN", help="Leave the stable phase and decay, as --finish."),
)


def change_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options; `chosen` takes their values."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def chosen(
    at: int | None,
    extend: int | None,
    how: str | None,
    peak: float | None,
    finish: str | None,
    branch: str | None,
) -> Callable[[Curve], Curve] | None:
    """The change that the options ask for. Raises `LrlabError` if they do not go together.

    >>> import lrlab as lr
    >>> chosen(2, 6, "hold-then-decay", None, None, None)(lr.linear().over(4)).values().tolist()
    [1.0, 0.75, 0.5, 0.5, 0.5, 0.25]
    """
    asked = {"--extend": extend, "--finish": finish, "--branch": branch}
    given = [name for name, value in asked.items() if value is not None]
    if not given and at is None and how is None and peak is None:
        return None
    if len(given) != 1 or at is None or (how is None) != (extend is None):
        raise LrlabError(
            worded(
                "a change needs --at and one of --extend with --how, --finish, --branch",
                ", ".join(given) or None,
                hint="--at 600 --extend 2000 --how rescale-rest",
            )
        )
    from lrlab.core.resume.branch import branched
    from lrlab.core.resume.change import extended, finished

    if extend is not None and how is not None:
        return functools.partial(extended, at=at, to=extend, how=how, peak=peak)
    if finish is not None:
        return functools.partial(finished, at=at, over=_span(finish))
    span = _span(str(branch))
    return lambda curve: branched(curve, at, span).curve


def _span(text: str) -> int | str:
    return int(text) if text.isdigit() else text
