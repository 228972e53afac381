"""`lrlab merge`: decay without training, from the checkpoints of a run at a constant LR.

lrlab merge checkpoints --decay 'wsd(warmup=0)' --out merged.safetensors
"""

from __future__ import annotations

from pathlib import Path

import click

from lrlab.cli.output import NewFile, echo, json_option, say
from lrlab.cli.verb import Section, Verb


@click.command(
    cls=Verb,
    section=Section.FOLLOW,
    examples=["lrlab merge checkpoints --decay 'wsd(warmup=0)' --out merged.safetensors"],
    document="lrlab.desk.merge:MergeDocument",
)
@click.argument("places", metavar="RUN_OR_CHECKPOINTS...", nargs=-1, required=True, type=click.Path(exists=True))
@click.option("--decay", default="linear()", show_default=True, metavar="EXPR", help="The decay that is stood for.")
@click.option(
    "--out", type=NewFile(), default="merged.safetensors", show_default=True, help="The safetensors file to write."
)
@json_option
def command(places: tuple[str, ...], decay: str, out: Path, as_json: bool) -> None:
    """Merge checkpoints of a run at a constant LR into the weights that a decay would have led to, without training.

    Give safetensors files, folders of checkpoints that hold model.safetensors, or the folder of a run with such in it.
    The number after "step" in a name, or the only one in which the names differ, is its update. The decay lasts from
    the first checkpoint to the last: its LRs there, as multiples of the constant one, decide what each checkpoint
    counts (arXiv:2507.17634).

    A merge is not a cooldown. Where its decay is linear over a fifth of the run, what a real one would gain is
    foreseen, with an interval, from the tasks on which both were made; elsewhere it is said why not.
    """
    from lrlab.desk.merge import merge

    document = merge(places, decay, out)
    say(as_json, document, (), ())
    if not as_json:
        for each in document["checkpoints"]:
            echo(f"{each['weight']:8.4f}  {each['file']}  (update {each['update']})")
        echo(f"{document['tensors']} tensors, merged as {document['decay']} would have left them: {document['out']}")
        if (cooldown := document["cooldown"]) is None:
            echo(f"How far they are from a real cooldown is not foreseen: {document['unforeseen']}.")
        else:
            echo(
                f"A real cooldown is foreseen to gain {cooldown['low']:.2f} to {cooldown['high']:.2f} times what they "
                f"gain on the last checkpoint ({cooldown['level']:.0%}, from {cooldown['tasks']} small tasks; foreseen "
                f"by the others, {cooldown['inside']} of them fell within). Yours may be unlike them."
            )
        echo("Statistics of BatchNorm are merged too: compute them again from training data before you judge.")
