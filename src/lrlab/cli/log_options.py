"""The options that say how a log is to be read, for every command that reads one."""

from __future__ import annotations

from typing import Any

import click

_OPTIONS = (
    click.option("--loss", help="Column of the loss."),
    click.option("--lr", help="Column of the LR, or the LR as a schedule's text."),
    click.option("--step", help="Column that counts the rows."),
    click.option(
        "--warmup",
        type=int,
        help="Updates of a linear warmup that was not logged; 0 where it is in the log, or there was none.",
    ),
    click.option("--weight-decay", type=float, help="Weight decay, where the log does not say."),
    click.option("--updates-per-epoch", type=float, help="Updates of an epoch, where the log counts epochs."),
    click.option("--samples-per-update", type=float, help="Samples of an update, where the log counts samples."),
    click.option("--tokens-per-update", type=float, help="Tokens of an update, where the log counts tokens."),
    click.option("--accumulate", type=int, help="Steps of the log (micro-batches) that make one update."),
)


def log_options(command: Any) -> Any:
    """Give a command the options of `read_run`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
