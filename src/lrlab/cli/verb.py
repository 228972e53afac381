"""What every command has: its section in the help, its examples, and the document of its `--json`.

    @click.command(cls=Verb, section=Section.WRITE, examples=["lrlab list"], document="lrlab.desk.schedules:WordList")

The examples are shown by `--help` as they are typed, and the tests run them.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import click

from lrlab.cli.output import READ, NewFile, refuse_source
from lrlab.errors import nearest


class Section(Enum):
    """The sections of `lrlab --help`, in this order."""

    BEGIN = "Begin here"
    WRITE = "Write, read and translate schedules"
    CHOOSE = "Choose one by evidence"
    FOLLOW = "Follow runs"
    TOOLS = "For files, shells and programs"


class Verb(click.Command):
    """A command with its section, its examples, and the type of the document that `--json` writes ("module:name")."""

    def __init__(
        self, *given: Any, section: Section = Section.TOOLS, examples: Sequence[str], document: str, **more: Any
    ) -> None:
        super().__init__(*given, **more)
        self.section, self.examples, self.document = section, tuple(examples), document

    def invoke(self, ctx: click.Context) -> Any:
        """Run it, unless it would write over a file that it reads."""
        for param in self.params:
            if isinstance(param.type, NewFile) and (written := ctx.params.get(param.name or "")) is not None:
                refuse_source(written, [path for given in self._read(ctx) for path in _paths(given)], param, ctx)
        return super().invoke(ctx)

    def _read(self, ctx: click.Context) -> list[Any]:
        """The values that may be files to read: of arguments, and of options that are paths but none to write."""
        read = [each for each in self.params if isinstance(each, click.Argument) or type(each.type) is click.Path]
        return [ctx.meta.get(READ), *(ctx.params.get(each.name or "") for each in read)]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, each on a line of its own, to be copied."""
        _write_examples(self.examples, formatter)


class Verbs(click.Group):
    """A command with subcommands; for an unknown one the error names the nearest."""

    command_class = Verb

    def __init__(
        self, *given: Any, section: Section = Section.TOOLS, examples: Sequence[str] = (), **more: Any
    ) -> None:
        super().__init__(*given, **more)
        self.section, self.examples = section, tuple(examples)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in (known := self.list_commands(ctx)):
            meant = nearest(args[0], known)
            ctx.fail(f"there is no command {args[0]!r}" + (f"; did you mean {meant!r}?" if meant else ""))
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples, each on a line of its own, to be copied."""
        _write_examples(self.examples, formatter)


def _paths(given: Any) -> list[Path]:
    """What may be files among the values of an argument, also as FILE:NAME."""
    values = given if isinstance(given, (tuple, list)) else [given]
    texts = [str(value) for value in values if isinstance(value, (str, Path))]
    return [Path(text) for text in (*texts, *(text.rpartition(":")[0] for text in texts)) if text]


def _write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    if examples:
        with formatter.section("Examples"):
            for line in examples:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")
