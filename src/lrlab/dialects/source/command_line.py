"""Command lines of launch scripts as a configuration: flags become keys, dots become nesting.

    torchrun pretrain_gpt.py --lr 1e-4 --lr-decay-style cosine \\
        --train-iters 1000                                      # {"lr": 1e-4, "lr_decay_style": "cosine", ...}
    fairseq-hydra-train lr_scheduler._name=fixed optimization.lr=[0.1]
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Mapping
from typing import Any

from lrlab.dialects.parts.phases import Name
from lrlab.errors import LrlabError, worded

_FLAG = re.compile(r"--?[A-Za-z][\w.-]*")
_PAIR = re.compile(r"\+{0,2}([A-Za-z_][\w./-]*)=(.*)", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_SETTING = re.compile(r"([A-Z_][A-Z0-9_]*)=(.*)", re.DOTALL)
_ENDS = frozenset(["|", "||", "&", "&&", ";", ">", ">>", "<", "2>&1", "&>", "(", ")"])


def joined_lines(text: str) -> str:
    """A text with its continued lines joined, and without comments."""
    return re.sub(r"(^|\s)#[^\n]*", r"\1", text.replace("\\\r\n", " ").replace("\\\n", " "))


def tokens(text: str) -> list[str]:
    """The words of a line, by the rules of the shell. Raises `LrlabError` if a quote is not closed."""
    try:
        return shlex.split(joined_lines(text))
    except ValueError:
        raise LrlabError(worded("a name and its arguments cannot be read from this", text, "name key=value")) from None


def is_command_line(words: list[str]) -> bool:
    """Whether some words are a command line: one is a long flag, or two are settings with dots (a.b=c)."""
    flags = [word for word in words if word.startswith("--") and _FLAG.fullmatch(word.partition("=")[0])]
    return bool(flags) or len([w for w in words if (m := _PAIR.fullmatch(w)) and "." in m[1]]) > 1


def document_of(words: list[str]) -> dict[str, Any]:
    """The configuration that a command line gives."""
    found: dict[str, Any] = {}
    values = {m[1]: m[2] for word in words if (m := _SETTING.fullmatch(word))}
    words = [substituted(word, values) for word in words]
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        name, sign, value = word.partition("=")
        pair = _PAIR.fullmatch(word)
        if word.startswith("--") and _FLAG.fullmatch(name):
            texts = [value] if sign else []
            while not sign and at < len(words) and not _stops(words[at]):
                texts.append(words[at])
                at += 1
            read = [value_of(item) for item in texts]
            _put(found, name.lstrip("-"), True if not read else read[0] if len(read) == 1 else read)
        elif pair and not word.startswith("-"):
            _put(found, pair[1].replace("/", "."), value_of(pair[2]))
    return found


def _stops(word: str) -> bool:
    """Whether a word ends the values of the flag before it."""
    return (
        bool(_FLAG.fullmatch(word.partition("=")[0]) and word.startswith("-"))
        or word in _ENDS
        or (word.startswith("${") and "[@]" in word)
    )


def _put(found: dict[str, Any], place: str, value: Any) -> None:
    *parents, last = place.split(".")
    for parent in parents:
        inner = found.setdefault(parent, {})
        if not isinstance(inner, dict):
            inner = found[parent] = {"_name": inner}
        found = inner
    if isinstance(found.get(last), dict) and not isinstance(value, dict):
        found[last]["_name"] = value
    else:
        found[last] = value


def value_of(text: str) -> Any:
    """The value of a Python or JSON literal, else the word; an unset shell variable becomes a `Name`."""
    variable = _VARIABLE.fullmatch(text)
    if variable:
        return Name(variable[1] or variable[2])
    plain = {"true": "True", "false": "False", "null": "None"}.get(text, text)
    try:
        return ast.literal_eval(plain)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text


def script(text: str) -> list[str]:
    """The words of a shell script with its own variables put in; its arrays become part of its line."""
    lines = joined_lines(text)
    values: dict[str, str] = {}
    for name, quoted in re.findall(r"^\s*(?:export\s+)?(\w+)=(\"[^\"]*\"|'[^']*'|[^\s(;]+)\s*$", lines, re.MULTILINE):
        values[name] = substituted(quoted.strip("\"'"), values)
    lines = re.sub(r"^\s*(?:export\s+)?\w+=(\"[^\"]*\"|'[^']*'|[^\s(;]+)\s*$", " ", lines, flags=re.MULTILINE)
    lines = re.sub(r"\w+=\(", " ", lines)
    return tokens(substituted(lines, values).replace("\n", " ; "))


def substituted(text: str, values: Mapping[str, str]) -> str:
    """A text with the set variables replaced by their values."""
    return _VARIABLE.sub(lambda m: values.get(m[1] or m[2], m[0]), text)
