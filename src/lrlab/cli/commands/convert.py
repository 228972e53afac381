"""`lrlab convert`: another library's schedule in, its meaning or code for any library out.

lrlab convert 'torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)'
lrlab convert transformers:linear warmup_steps=100 max_steps=1000 --to optax --lr 3e-4 > schedule.py
lrlab convert ds_config.json warmup_num_steps=100 --to python
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from lrlab.cli.output import echo, json_option
from lrlab.cli.source import ANY_FLAG, checked, run_options
from lrlab.cli.values import SOURCE, OneOf
from lrlab.cli.verb import Section, Verb
from lrlab.desk import VERSION

if TYPE_CHECKING:
    from lrlab.core.time.horizon import Horizon

TARGETS = ("text", "json", "torch", "optax", "keras", "transformers", "python", "toml")


class _Listing(Verb):
    """Names the libraries that there are in its help."""

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from lrlab.desk import offered

        self.help = (self.help or "").replace("LIBRARIES", ", ".join(offered.libraries()))
        super().format_help_text(ctx, formatter)


@click.command(
    cls=_Listing,
    section=Section.WRITE,
    context_settings=ANY_FLAG,
    examples=[
        "lrlab convert 'torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=100)'",
        "lrlab convert transformers:linear warmup_steps=100 max_steps=1000 --to optax --lr 3e-4",
        "lrlab convert ds_config.json warmup_num_steps=100 --to python",
        "lrlab convert 'lambda epoch: 0.95 ** epoch' --epochs 30 --updates-per-epoch 1",
    ],
    document="lrlab.desk.schedules:ConvertDocument",
)
@click.argument("source", nargs=-1, required=True, callback=checked, type=SOURCE)
@click.option(
    "--to", "target", type=OneOf("target", lambda: TARGETS), default="text", show_default=True, help="What to write."
)
@run_options
@click.option("--lr", "base_lr", type=float, help="The optimizer's own LR, where SOURCE leaves it out.")
@json_option
def command(source: tuple[str, ...], target: str, run: Horizon, base_lr: float | None, as_json: bool) -> None:
    """Read another library's schedule with its exact meaning, and write it as text or as code.

    Standard output is the result and nothing else. What the library does at the first update, at the peak and after
    the end, and what looks unintended, is said on the standard error.

    \b
    SOURCE is one of
      LIBRARY:NAME key=value ...     transformers:cosine warmup_steps=100 max_steps=1000
      a call, or lines of a script   'scheduler = StepLR(optimizer, step_size=30)'
      a function of the step         'lambda epoch: 0.95 ** epoch'
      a file, JSON, TOML or YAML     ds_config.json warmup_num_steps=100
      a script                       train.py, or train.py:get_lr, or launch.sh
      a command line                 pretrain_gpt.py --lr 1e-4 --lr-decay-style cosine ...
      the text form                  'warmup("2%") >> cosine()'

    Whose it is follows from all that is in it; LIBRARY: in front of it decides where that is open. Nothing is
    executed. Libraries: LIBRARIES.
    """
    from lrlab.desk import schedules as desk

    found = desk.convert(source[0], target, run, base_lr, source[1:])
    if as_json:
        click.echo(json.dumps({"version": VERSION, **found.record}))
        return
    echo(found.output.rstrip())
    echo(f"\n{found.source.convention}", err=True)
    for finding in found.source.findings:
        echo(f"  ! {finding}", err=True)
