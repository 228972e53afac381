"""What `lrlab show` and `lrlab convert` share: a schedule in any library's words, and what is known of the run.

lrlab show 'step("10ep")' --epochs 90 --updates-per-epoch 391
lrlab convert torchrun pretrain_gpt.py --lr 1e-4 --lr-decay-style cosine --train-iters 1000
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from lrlab.cli.values import Whole
from lrlab.errors import LrlabError

if TYPE_CHECKING:
    pass

Command = Callable[..., None]

ANY_FLAG = {"ignore_unknown_options": True}  # those of a launch script are part of the source
OPTIONS = (
    click.option("--steps", "updates", type=Whole(min=1), help="Length of the run in updates."),
    click.option("--epochs", type=float, help="Length of the run in epochs; needs --updates-per-epoch."),
    click.option("--updates-per-epoch", type=float, help="Updates of an epoch: len(loader)."),
    click.option("--samples-per-update", type=float, help="Samples of an update: the batch size."),
    click.option("--tokens-per-update", type=float, help="Tokens of an update."),
)
FACTS = ("updates", "epochs", "updates_per_epoch", "samples_per_update", "tokens_per_update")
_REMEDY = re.compile(rf"Horizon\(\.\.\., ({'|'.join(FACTS)})=([^)]+)\)")
_LENGTH = re.compile(r"(?:horizon=10_000, or )?\.?over\(10_000\)")


def run_options(command: Command) -> Command:
    """Give a command what is known of the run as one argument `run`; errors then name the options."""

    @functools.wraps(command)
    def called(*args: Any, **kwargs: Any) -> None:
        from lrlab.core.time.horizon import Horizon

        try:
            command(*args, run=Horizon(**{name: kwargs.pop(name) for name in FACTS}), **kwargs)
        except LrlabError as error:
            raise type(error)(in_options(str(error))) from error

    made: Command = called
    for option in reversed(OPTIONS):
        made = option(made)
    return made


def in_options(message: str) -> str:
    """A message with the remedy as a command-line option.

    >>> in_options("try: Horizon(..., updates_per_epoch=391)")
    'try: --updates-per-epoch 391'
    """
    text = _REMEDY.sub(lambda found: f"--{found[1].replace('_', '-')} {found[2]}", message)
    return _LENGTH.sub("--steps 10000", text)


def checked(ctx: click.Context, parameter: click.Parameter, given: Sequence[str]) -> tuple[str, ...]:
    """The words of a source, which must not be a misspelt option."""
    own = [name for option in ctx.command.params for name in option.opts if name.startswith("--")]
    for word in given:
        name = word.partition("=")[0]
        meant = get_close_matches(name, own, 1, 0.85) if name.startswith("--") else []
        if meant and name not in own:
            raise click.NoSuchOption(name, possibilities=meant, ctx=ctx)
    return tuple(given)
