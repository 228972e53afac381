"""The JSON Schemas of what commands write and of study files, generated from the types of the data."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Literal, TypedDict

from lrlab.record.schema import DRAFT, schema_of


class ErrorDocument(TypedDict):
    """The document that replaces any other if something is wrong, with the error as a sentence."""

    version: Literal[1]
    error: str


def of_command(name: str, document: str, *, closed: bool = False) -> dict[str, Any]:
    """The schema of what `lrlab NAME --json` writes: its document, of the type "module:name", or an error.

    Fields may be added within a version; a `closed` schema has only the fields of today.

    >>> found = of_command("list", "lrlab.desk.schedules:WordsDocument")
    >>> found["title"], [part["required"] for part in found["oneOf"]]
    ('lrlab list --json', [['version', 'words'], ['version', 'error']])
    """
    return {
        "$schema": DRAFT,
        "title": f"lrlab {name} --json",
        "oneOf": [schema_of(kind, closed=closed) for kind in (_named(document), ErrorDocument)],
    }


def of_file(kind: str) -> dict[str, Any]:
    """The schema of a file of the type "module:name"."""
    return {"$schema": DRAFT, **schema_of(_named(kind), closed=True)}


def _named(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


class SchemasDocument(TypedDict):
    """Schemas by name: a command, or "study" for the file of a study."""

    version: Literal[1]
    schemas: dict[str, dict[str, Any]]


class CompletionDocument(TypedDict):
    """The script that teaches a shell to complete `lrlab`."""

    version: Literal[1]
    shell: str
    script: str
