"""The command line: read the arguments, ask the desk, draw the answer.

    lrlab show 'warmup("2%") >> cosine()' --steps 10000
    lrlab list
    lrlab compare digits

With `--json` the standard output is one JSON document and nothing else, whatever happens: where something is wrong it
is {"version": 1, "error": sentence}. Exit codes: 0 done, 1 it could not be done, 2 the command line was not
understood, 130 interrupted.
"""

from __future__ import annotations

import importlib
import io
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from lrlab.cli import commands
from lrlab.cli.output import echo, fail
from lrlab.cli.verb import Section, Verb, Verbs
from lrlab.errors import LrlabError
from lrlab.version import __version__


class _Commands(Verbs):
    """The files of the folder `commands`, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        found: click.Command = importlib.import_module(f"{commands.__name__}.{name}").command
        found.name = name
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in groups, by what one wants to do."""
        found = [command for name in self.list_commands(ctx) if (command := self.get_command(ctx, name))]
        width = max(len(str(command.name)) for command in found)
        for section in Section:
            rows = [
                (f"{command.name:{width}}", command.get_short_help_str(200))
                for command in found
                if isinstance(command, Verb | Verbs) and command.section is section
            ]
            if rows:
                with formatter.section(section.value):
                    formatter.write_dl(rows)

    def main(self, args: Sequence[str] | None = None, *given: Any, **more: Any) -> Any:
        """Say what is wrong in a sentence, or in a document where JSON was asked for."""
        typed = list(sys.argv[1:] if args is None else args)
        as_json = "--json" in typed
        try:
            code = super().main(typed, *given, **{**more, "standalone_mode": False})
        except LrlabError as error:
            fail(str(error), 1, as_json)
        except click.Abort:
            fail("stopped. What is finished is kept: the same command goes on from there.", 130, as_json)
        except click.ClickException as error:
            if not as_json:
                said = io.StringIO()
                error.show(said)
                echo(said.getvalue().rstrip(), err=True)
                sys.exit(error.exit_code)
            fail(error.format_message(), error.exit_code, as_json)
        except Exception as error:  # of a task that is trained in this process, of a file that cannot be read
            if not as_json:
                raise
            echo(traceback.format_exc(), err=True)
            fail(f"{type(error).__name__}: {error}", 1, as_json)
        sys.exit(code if isinstance(code, int) else 0)


@click.group(
    cls=_Commands,
    examples=[
        "lrlab show 'warmup(\"2%\") >> cosine()' --steps 10000",
        "lrlab convert 'torch:StepLR(optimizer, 30)' --to optax --lr 0.1",
        "lrlab compare digits --quick",
    ],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.version_option(__version__, prog_name="lrlab")
def main() -> None:
    """The learning-rate laboratory: write schedules, look at them, compare them."""
