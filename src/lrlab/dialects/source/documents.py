"""Saved configurations: files in JSON, TOML and YAML, and the keys in them that concern the LR."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

FILES = (".json", ".toml", ".yaml", ".yml")
LARGEST = 10_000_000  # bytes

# Keys of a whole run that do not concern the LR: beside one of them, other unknown keys are allowed.
OF_A_RUN = frozenset(
    [
        "seed",
        "output_dir",
        "save",
        "load",
        "data",
        "data_path",
        "dataset",
        "datasets",
        "model",
        "model_name_or_path",
        "base_model",
        "arch",
        "task",
        "criterion",
        "optimizer",
        "optim",
        "weight_decay",
        "adam_beta1",
        "adam_beta2",
        "adam_betas",
        "adam_eps",
        "adam_epsilon",
        "opt",
        "momentum",
        "clip_grad",
        "clip_norm",
        "max_grad_norm",
        "batch_size",
        "micro_batch_size",
        "global_batch_size",
        "per_device_train_batch_size",
        "train_batch_size",
        "max_tokens",
        "update_freq",
        "gradient_accumulation_steps",
        "num_layers",
        "hidden_size",
        "num_attention_heads",
        "seq_length",
        "fp16",
        "bf16",
        "amp",
        "log_interval",
        "logging_steps",
        "save_interval",
        "save_steps",
        "eval_interval",
        "eval_iters",
        "eval_steps",
        "num_train_epochs",
        "workers",
        "num_workers",
        "tensor_model_parallel_size",
        "dropout",
        "precision",
        "experiment",
        "output",
        "zero_optimization",
        "training",
        "common",
        "dataset_name",
        "checkpoint",
        "distributed_training",
    ]
)
ABOUT_THE_LR = frozenset(
    [
        "lr",
        "lrs",
        "warmup",
        "sched",
        "scheduler",
        "schedule",
        "learning",
        "cooldown",
        "anneal",
        "annealing",
        "min_lr",
        "max_lr",
    ]
)


def loaded(path: Path) -> dict[str, Any]:
    """The contents of a file. Raises `LrlabError` if it cannot be read, or holds no configuration."""
    text = read_text(path)
    if not text.strip():
        raise LrlabError(worded("this file is empty", str(path)))
    try:
        found = _parsed(text, path)
    except Exception as error:  # the three parsers raise many types; only the place matters
        raise LrlabError(worded(f"this is no {path.suffix[1:].upper()}: {error}", str(path))) from None
    if not isinstance(found, dict):
        raise LrlabError(worded("this file holds no configuration", str(path)))
    return found


def read_text(path: Path) -> str:
    """The text of a file of at most ten megabytes."""
    try:
        if path.stat().st_size > LARGEST:
            raise LrlabError(worded("this file is too large for a configuration", str(path)))
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, LrlabError):
            raise
        why = getattr(error, "strerror", None) or "it holds no text"
        raise LrlabError(worded(f"this file cannot be read: {why}", str(path))) from None


def _parsed(text: str, path: Path) -> Any:
    if path.suffix == ".json":
        return json.loads(text)
    if path.suffix == ".toml":
        return tomllib.loads(text)
    try:
        return import_module("yaml").safe_load(text)
    except ImportError:
        raise LrlabError("reading it needs PyYAML: pip install pyyaml, or save it as JSON") from None


def plain(word: object) -> str:
    """A word as a Python name: --lr-decay-style becomes lr_decay_style."""
    return str(word).strip("-").replace("-", "_")


def plainly(document: Mapping[Any, Any]) -> dict[str, Any]:
    """A configuration under plain names, without the values that are not set."""
    return {plain(word): value for word, value in document.items() if value is not None}


def number(value: Any) -> Any:
    """A number that YAML reads as a text (1e-4), as a number; any other value unchanged."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def within(document: Mapping[str, Any], *places: str) -> Any:
    """The value at a place in a configuration; {} if there is none."""
    found: Any = document
    for place in places:
        found = found.get(place) if isinstance(found, Mapping) else None
    return {} if found is None else found


def words_of(
    library: str,
    document: Mapping[Any, Any],
    known: Collection[str],
    others: Collection[str] = (),
    elsewhere: Collection[str] = (),
) -> dict[str, Any]:
    """The keys about the LR in a configuration, which may be that of a whole run.

    `known` are the keys that are read; `others` look like them but do not affect the curve; those of `elsewhere` may
    only be in a whole run. Raises `LrlabTypeError` for any other key; in the configuration of a whole run only for a
    key that concerns the LR or is nearly one of the known keys.
    """
    given = plainly(document)
    whole = any(word in OF_A_RUN for word in given)
    allowed = {*known, *others, *(elsewhere if whole else ())}
    unknown = [word for word in given if word not in allowed]
    for word in unknown:
        meant = get_close_matches(word, known, 1, 0.85)
        about = ABOUT_THE_LR & {*word.split("_"), word}
        if word not in OF_A_RUN and (meant or about or not whole):
            hint = (meant or [nearest(word, known)])[0]
            what = f"{library}: the word {word!r} is not known"
            raise LrlabTypeError(worded(what, given[word], ", ".join(sorted(known)), hint and f"{hint}=..."))
    return {word: value for word, value in given.items() if word in known}


def filled(
    library: str, saved: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of a file and those given beside it; facts known of the run fill in what both leave open.

    "auto" counts as left open. Raises `LrlabError` if a value given beside a file contradicts it.
    """
    said = {word: value for word, value in saved.items() if value is not None and value != "auto"}
    for word, value in given.items():
        if word in said and said[word] != value:
            raise LrlabError(worded(f"{library}: the file says {word}={said[word]!r} itself", f"{word}={value!r}"))
    return {**saved, **known, **said, **given}


def leaves(document: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value in a configuration, with its place: a.b.c."""
    if isinstance(document, Mapping):
        for word, value in document.items():
            yield from leaves(value, f"{place}.{word}" if place else str(word))
    else:
        yield place, document
