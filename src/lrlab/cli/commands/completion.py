"""`lrlab completion`: teach a shell to complete commands, options, words, tasks and libraries.

eval "$(lrlab completion bash)"
"""

from __future__ import annotations

import json

import click

from lrlab.cli.output import echo, json_option
from lrlab.cli.values import OneOf
from lrlab.cli.verb import Section, Verb
from lrlab.desk import VERSION

SHELLS = ("bash", "zsh", "fish")


@click.command(
    cls=Verb,
    section=Section.TOOLS,
    examples=[
        "lrlab completion bash > lrlab.bash    # source it in ~/.bashrc",
        "lrlab completion zsh > lrlab.zsh    # source it in ~/.zshrc",
        "lrlab completion fish > lrlab.fish    # into ~/.config/fish/completions/",
    ],
    document="lrlab.desk.schemas:CompletionDocument",
)
@click.argument("shell", type=OneOf("shell", lambda: SHELLS))
@json_option
@click.pass_context
def command(ctx: click.Context, shell: str, as_json: bool) -> None:
    """Print the script that lets a shell complete commands, options and their values.

    It offers the words of the text form, the tasks and the libraries, too. SHELL is bash (4.4 or later), zsh or fish.
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    script = made(ctx.find_root().command, {}, "lrlab", "_LRLAB_COMPLETE").source()
    if as_json:
        click.echo(json.dumps({"version": VERSION, "shell": shell, "script": script}))
    else:
        echo(script.rstrip())
