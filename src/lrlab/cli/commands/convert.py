"""`lrlab convert`: another library's schedule in, its meaning or code for any library out.

lrlab convert 'torch:CosineAnnealingLR(optimizer, T_max=100)'
lrlab convert transformers:cosine warmup_steps=100 max_steps=1000 --to optax --lr 3e-4 > schedule.py
lrlab convert ds_config.json --to python
"""

from __future__ import annotations

import json
import shlex

import click

from lrlab.cli.output import json_option
from lrlab.desk import VERSION
from lrlab.desk import schedules as desk

TARGETS = ("text", "json", "torch", "optax", "keras", "transformers", "python", "toml")


@click.command()
@click.argument("source", nargs=-1, required=True)
@click.option("--to", "target", type=click.Choice(TARGETS), default="text", show_default=True, help="What to write.")
@click.option("--steps", type=click.IntRange(min=1), help="Length of the run in updates, where SOURCE leaves it out.")
@click.option("--lr", "base_lr", type=float, help="The optimizer's own LR, where SOURCE leaves it out.")
@json_option
def command(source: tuple[str, ...], target: str, steps: int | None, base_lr: float | None, as_json: bool) -> None:
    """Read another library's schedule with its exact meaning, and write it as text or as code.

    Standard output is the result and nothing else. What the library does at the first update, at the peak and after
    the end, and what looks unintended, is said on the standard error.

    \b
    SOURCE is one of
      LIBRARY:NAME key=value ...     transformers:cosine warmup_steps=100 max_steps=1000
      'LIBRARY:NAME(arguments)'      'torch:CosineAnnealingLR(optimizer, T_max=100)'
      a file, JSON, TOML or YAML     ds_config.json, or LIBRARY:FILE
      the text form                  'warmup("2%") >> cosine(to=0.1)'
    Libraries: torch, transformers, timm, keras, optax, olmo, megatron, deepspeed, composer, fairseq, fvcore.
    """
    found = desk.convert(source[0] if len(source) == 1 else shlex.join(source), target, steps, base_lr)
    if as_json:
        click.echo(json.dumps({"version": VERSION, **found.record}))
        return
    click.echo(found.output.rstrip())
    click.echo(f"\n{found.source.convention}", err=True)
    for finding in found.source.findings:
        click.echo(f"  ! {finding}", err=True)
