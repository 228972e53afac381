"""Reads configurations that are typed, pasted or saved.

    read("transformers:cosine num_warmup_steps=100 num_training_steps=1000")
    read("optax.warmup_cosine_decay_schedule(0, 1e-3, 100, 1000)")
    read("scheduler = StepLR(optimizer, step_size=30)")
    read("torchrun pretrain_gpt.py --lr 1e-4 --lr-decay-style cosine --train-iters 1000")
    read("ds_config.json", ["warmup_num_steps=100"])
    read("train.py")

The library follows from the whole configuration, never from one word. If several libraries are possible, or none, the
error says so, and LIBRARY: in front decides. Everything else is read as the text form. Words beside a configuration,
and the facts known of the run, fill in what it leaves open.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lrlab.core.expression.vocabulary import VOCABULARY
from lrlab.core.text.document import loads
from lrlab.core.text.parse import parse
from lrlab.core.time.horizon import Horizon
from lrlab.dialects.libraries import libraries, library, names
from lrlab.dialects.parts.imported import Imported, Rule, imported, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import known
from lrlab.dialects.source import command_line, snippet
from lrlab.dialects.source.documents import FILES, leaves, loaded, plain, read_text
from lrlab.dialects.source.folding import Call, Folder, Function, dotted
from lrlab.dialects.source.functions import from_function
from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

HOLDS = "after the end the value at u = 1 is held"
SCRIPTS = (".py", ".sh")


def read(
    source: str,
    words: Sequence[str] = (),
    *,
    horizon: Horizon | None = None,
    lr: float | None = None,
    files: bool = True,
) -> Imported:
    """The schedule of a configuration. Raises `LrlabError` if it cannot be read.

    `words` are further arguments, name=value, as typed beside it on a command line. Without `files`, the name of a
    file is refused, so that a text typed into a web page opens no file.
    """
    run = Horizon() if horizon is None else horizon
    return _Door(run, lr, files).read(source, list(words)).within(run)


class _Door:
    """Finds out what a source is, using the facts known of the run."""

    def __init__(self, run: Horizon, lr: float | None, files: bool = True) -> None:
        self.run, self.lr, self.files = run, lr, files

    def read(self, source: str, words: list[str]) -> Imported:
        text = source.strip()
        name, colon, rest = (part.strip() for part in text.partition(":"))
        if colon and name in names():
            return self.of_library(library(name), rest, words)
        if colon and name.isidentifier() and not _assigned(text):
            known(name, dict.fromkeys(names()), "the library")
        path, more = self.path(text)
        if path is not None:
            return self.file(path, _pairs([*more, *words]))
        if "(" in text and _own(text) and snippet.parsed(text) is not None:
            return self.own(text, words)
        if command_line.is_command_line(line := [*_tokens(text), *words]):
            return self.document(command_line.document_of(line), {}, "--...")
        if _own(text):
            return self.own(text, words)
        return self.script(text, _pairs(words))

    def path(self, text: str) -> tuple[Path | None, list[str]]:
        """The file that a text begins with, and the words after it."""
        if self.files:
            return _path(text)
        line = _tokens(text) if "\n" not in text and "(" not in text else []
        first = line[0] if line else ""
        started = first.endswith(SCRIPTS) and command_line.is_command_line(line)
        if (first.endswith((*FILES, *SCRIPTS)) or ".py:" in first) and not started:
            raise LrlabError(worded("no file is opened by its name here", first, hint="drop the file itself"))
        return None, []

    def own(self, text: str, words: list[str]) -> Imported:
        """The text form, or a single word of it."""
        if words:
            raise LrlabError(worded("words beside a schedule of ours are not read", " ".join(words)))
        text = f"{text}()" if text in VOCABULARY else text
        return imported("lrlab", Rule(parse(text), after=HOLDS), horizon=self.run if self.run.total else None)

    # -- LIBRARY: ...

    def of_library(self, owner: Library, rest: str, words: list[str]) -> Imported:
        path, more = self.path(rest)
        if path is not None and path.suffix in FILES:
            return self.by_file(owner, loaded(path), _pairs([*more, *words]))
        if path is not None:
            return self.script(read_text(path), _pairs([*more, *words]), owner)
        tree = snippet.parsed(rest)
        line = [*_tokens(rest), *words]
        first = line[0] if line else ""
        if "(" in rest and tree is not None:
            return self.script(rest, _pairs(words), owner)
        if first.startswith("-") or (command_line.is_command_line(line) and "/" in first):
            return self.by_file(owner, command_line.document_of(line), {})
        if not first:
            raise LrlabError(worded("a name and its arguments cannot be read from this", rest, "name key=value"))
        if "(" in first or "(" in rest.partition("=")[0]:
            raise LrlabError(worded("this is not one call", rest, "name(arguments)"))
        return self.by_words(owner, first, (), _pairs(line[1:], first))

    def by_words(self, owner: Library, name: str, args: tuple[Any, ...], given: Mapping[str, Any]) -> Imported:
        """A name with its arguments; facts known of the run fill in those that are not given."""
        return reading(owner.name)(owner.words)(name, *args, **{**owner.known(self.run, self.lr), **given})

    def by_file(self, owner: Library, document: Mapping[str, Any], given: Mapping[str, Any]) -> Imported:
        """A configuration that belongs to this library."""
        if owner.file is None:
            raise LrlabError(worded(f"{owner.name} has no configuration files", sorted(document)[:10]))
        return reading(owner.name)(owner.file)(document, given, owner.known(self.run, self.lr))

    # -- files and command lines

    def file(self, path: Path, given: Mapping[str, Any]) -> Imported:
        if path.suffix == ".sh":
            return self.document(command_line.document_of(command_line.script(read_text(path))), given, str(path))
        if path.suffix not in FILES:
            place, _, which = str(path).rpartition(".py:")
            text = read_text(Path(f"{place}.py") if place else path)
            return self.script(text, given, which=which if place else "")
        found = loaded(path)
        if "lrlab" not in found:
            return self.document(found, given, str(path))
        own = found.get("horizon")
        run = Horizon(**own) if isinstance(own, Mapping) and not self.run.total else self.run
        schedule = loads(json.dumps({key: found[key] for key in ("lrlab", "schedule") if key in found}))
        return imported("lrlab", Rule(schedule, after=HOLDS), horizon=run if run.total else None)

    def document(self, found: Mapping[str, Any], given: Mapping[str, Any], where: str) -> Imported:
        """A configuration; its library follows from its contents."""
        calls = list(_written_calls(found))
        owners = [owner for owner in libraries() if owner.file is not None and owner.recognise(found)]
        if not owners and len(calls) == 1:
            return self.call(calls[0], given)
        if len(owners) == 1:
            return self.by_file(owners[0], found, given)
        seen = {plain(place.rpartition(".")[2]) for place, _ in leaves(found)} | set(map(plain, found))
        shared = {owner.name: len(seen & set(owner.keys)) for owner in libraries() if owner.file is not None}
        may = [owner.name for owner in owners] or sorted((n for n in shared if shared[n]), key=lambda n: -shared[n])[:4]
        some = ", ".join(sorted(seen)[:12])
        if not may:
            allowed = ", ".join(names())
            raise LrlabError(worded("no library is known by what is in this", some, allowed, f"LIBRARY:{where}"))
        what = f"whose this is does not follow from what is in it: it may be {' or '.join(may)}, or another's"
        raise LrlabError(worded(what, some, "name it, if it is one of theirs", f"{may[0]}:{where}"))

    # -- calls and scripts

    def script(self, text: str, given: Mapping[str, Any], owner: Library | None = None, which: str = "") -> Imported:
        """The one schedule that some Python code makes."""
        tree = snippet.parsed(text)
        if tree is None:
            if owner is not None:
                raise LrlabError(worded("this is not one call", text, "name(arguments)"))
            parse(text)  # raises and says where
        assert tree is not None
        owners = libraries() if owner is None else (owner,)
        alone = tree.body[0] if len(tree.body) == 1 else None
        value = getattr(alone, "value", None)
        if isinstance(value, ast.Lambda):
            return from_function(Function(value, {}, given), self.run.total, self.lr)
        if isinstance(value, ast.Call) and not any(_knows(o, _head(value)) for o in owners):
            inner = [node for node in ast.walk(value) if isinstance(node, ast.Call)]
            if not any(_knows(o, _head(node)) for o in owners for node in inner):
                return self.call(Folder({}, given).value(value), {}, owner)
        found = snippet.only(tree, lambda call: any(_knows(o, call) for o in owners), given, which)
        if isinstance(found, Function):
            return from_function(found, self.run.total, self.lr)
        return self.call(found, {}, owner)

    def call(self, call: Call, given: Mapping[str, Any], owner: Library | None = None) -> Imported:
        """A constructor call, of the library it is imported from, or of the only one that takes these arguments."""
        call = Call(call.name, call.args, {**call.kwargs, **given}, call.path)
        if owner is not None:
            return self.by_call(owner, call)
        owners = [o for o in libraries() if call.name in o.calls]
        owners = [o for o in owners if call.path and call.path[0] in o.modules] or owners
        if not owners:
            every = {name: o.name for o in libraries() for name in o.calls}
            meant = nearest(call.name, [*every, *VOCABULARY])
            hint = f"{every[meant]}:{meant}(...)" if meant in every else meant and f"{meant}(...)"
            raise LrlabError(worded(f"the word {call.name!r} is not known", None, "", hint))
        if len(owners) == 1:
            return self.by_call(owners[0], call)
        may: dict[str, Imported | LrlabError] = {}
        others: list[LrlabError] = []
        for candidate in owners:
            try:
                may[candidate.name] = self.by_call(candidate, call)
            except LrlabTypeError as error:  # the library does not take these arguments
                others.append(error)
            except LrlabError as error:  # the library takes them, but more information is needed
                may[candidate.name] = error
        if len(may) > 1:
            raise LrlabError(
                worded(f"{call.name} may be of {' or '.join(may)}", hint=f"{next(iter(may))}:{call.name}(...)")
            )
        found = next(iter(may.values()), others[0] if others else None)
        if not isinstance(found, Imported):
            assert found is not None
            raise found
        return found

    def by_call(self, owner: Library, call: Call) -> Imported:
        """A call of this library."""
        return self.by_words(owner, call.name, call.args, call.kwargs)


def _knows(owner: Library, call: Call) -> bool:
    return call.name in owner.calls and (not call.path or call.path[0] in owner.modules or len(owner.modules) == 0)


def _head(tree: Any) -> Call:
    parts = dotted(tree.func) or ("",)
    return Call(parts[-1], path=parts[:-1])


def _assigned(text: str) -> bool:
    """Whether a text that begins with a name and a colon is a script: `scheduler: LRScheduler = ...`."""
    tree = snippet.parsed(text)
    first = tree.body[0] if tree is not None and tree.body else None
    return first is not None and (not isinstance(first, ast.AnnAssign) or first.value is not None)


def _own(text: str) -> bool:
    """Whether to read it as the text form: an expression that does not call a foreign name."""
    tree = snippet.parsed(text)
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return tree is None
    value = tree.body[0].value
    if isinstance(value, ast.Lambda):
        return False
    if isinstance(value, ast.Call):
        parts = dotted(value.func)
        return parts is None or (len(parts) == 1 and parts[0] in VOCABULARY)
    return not isinstance(value, ast.Dict)


def _path(text: str) -> tuple[Path | None, list[str]]:
    """The file that a text begins with, and the words after it."""
    if "\n" in text or "(" in text:
        return None, []
    if text.endswith((*FILES, *SCRIPTS)) and (Path(text).exists() or not text.split()[1:]):
        return Path(text), []
    line = _tokens(text)
    first = line[0] if line else ""
    if first.endswith(SCRIPTS) and command_line.is_command_line(line):
        return None, []  # a script started with these flags
    if first.endswith((*FILES, *SCRIPTS)) or ".py:" in first:
        return Path(first), line[1:]
    return None, []


def _tokens(text: str) -> list[str]:
    try:
        return command_line.tokens(text)
    except LrlabError:
        return []


def _pairs(words: Sequence[str], name: str = "NAME") -> dict[str, Any]:
    """key=value, --key=value and --key value, as a dict."""
    given: dict[str, Any] = {}
    at = 0
    while at < len(words):
        key, sign, value = words[at].partition("=")
        if not sign and key.startswith("--") and at + 1 < len(words):
            at, value, sign = at + 1, words[at + 1], "="
        if not sign:
            raise LrlabError(worded("an argument is written name=value", words[at], hint=f"{name} key=value"))
        if plain(key) in given:
            raise LrlabError(worded("an argument is given twice", key))
        given[plain(key)] = command_line.value_of(value)
        at += 1
    return given


def _written_calls(document: Any) -> list[Call]:
    """The schedulers that a configuration names by their import paths: Hydra's _target_, Lightning's class_path."""
    found: list[Call] = []
    if isinstance(document, Mapping):
        target = document.get("_target_", document.get("class_path"))
        if isinstance(target, str):
            *path, name = target.split(".")
            inner = document.get("init_args", {k: v for k, v in document.items() if not str(k).startswith("_")})
            call = Call(
                name, (), {str(k): v for k, v in inner.items()} if isinstance(inner, Mapping) else {}, tuple(path)
            )
            if any(_knows(owner, call) for owner in libraries()):
                return [call]
        for value in document.values():
            found += _written_calls(value)
    return found
