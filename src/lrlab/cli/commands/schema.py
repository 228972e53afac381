"""`lrlab schema`: what the documents of `--json` look like, as JSON Schemas.

lrlab schema compare
lrlab schema study
"""

from __future__ import annotations

import json

import click

from lrlab.cli.output import echo, json_option
from lrlab.cli.verb import Section, Verb
from lrlab.desk import VERSION
from lrlab.errors import LrlabError, nearest, worded

STUDY = "study"  # the file that a study is kept in


def _names(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The first words of what there is."""
    words = {name.partition(" ")[0] for name in (*_documents(ctx), STUDY)}
    return [word for word in sorted(words) if word.startswith(incomplete)]


@click.command(
    cls=Verb,
    section=Section.TOOLS,
    examples=["lrlab schema compare", "lrlab schema runs list", "lrlab schema study > study.schema.json"],
    document="lrlab.desk.schemas:SchemasDocument",
)
@click.argument("name", metavar="[COMMAND]", nargs=-1, shell_complete=_names)
@json_option
@click.pass_context
def command(ctx: click.Context, name: tuple[str, ...], as_json: bool) -> None:
    """Print the JSON Schema of what COMMAND --json writes, or list what there is.

    `lrlab schema study` is that of the TOML file for compare --file and tune --file. Within version 1 fields may be
    added, and none goes or changes its meaning.
    """
    from lrlab.desk import schemas

    documents = _documents(ctx)
    asked = " ".join(name)
    if asked and asked not in (*documents, STUDY):
        known = (*documents, STUDY)
        raise LrlabError(worded("there is no such document", asked, ", ".join(known), nearest(asked, known)))
    found = {n: schemas.of_command(n, d) for n, d in documents.items() if asked in ("", n)}
    if asked in ("", STUDY):
        found[STUDY] = schemas.of_file("lrlab.desk.study_file:StudyFile")
    if as_json:
        click.echo(json.dumps({"version": VERSION, "schemas": found}))
    else:
        echo(json.dumps(found[asked], indent=2) if asked else "\n".join(found))


def _documents(ctx: click.Context) -> dict[str, str]:
    """Every command that has a document, by its words."""
    root = ctx.find_root().command
    return dict(_within(root, ctx.find_root(), ())) if isinstance(root, click.Group) else {}


def _within(group: click.Group, ctx: click.Context, path: tuple[str, ...]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for word in group.list_commands(ctx):
        each = group.get_command(ctx, word)
        if isinstance(each, click.Group):
            found += _within(each, ctx, (*path, word))
        elif isinstance(each, Verb):
            found.append((" ".join((*path, word)), each.document))
    return found
