"""Configurations as they are typed or saved.

    read("transformers:cosine num_warmup_steps=100 num_training_steps=1000")
    read("optax:warmup_cosine_decay_schedule(0, 1e-3, 100, 1000)")
    read("torch:CosineAnnealingLR(optimizer, T_max=100)")
    read("ds_config.json")

A line is LIBRARY:NAME with arguments, in brackets as a call or name=value, separated by spaces. A file is JSON, TOML
or YAML and told by what is in it; LIBRARY:FILE says whose it is. All else is the text form. The length of the run and
the LR fill in what a configuration leaves out.
"""

from __future__ import annotations

import ast
import json
import shlex
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from lrlab.core.text.document import loads
from lrlab.core.text.parse import parse
from lrlab.core.time.horizon import Horizon
from lrlab.dialects.parts.imported import Imported, imported, reading
from lrlab.dialects.parts.phases import known
from lrlab.dialects.read.composer import from_composer
from lrlab.dialects.read.deepspeed import from_deepspeed
from lrlab.dialects.read.fairseq import from_fairseq
from lrlab.dialects.read.fvcore import from_fvcore
from lrlab.dialects.read.keras import from_keras
from lrlab.dialects.read.megatron import from_megatron
from lrlab.dialects.read.olmo import from_olmo
from lrlab.dialects.read.optax import from_optax
from lrlab.dialects.read.timm import from_timm
from lrlab.dialects.read.torch_call import from_torch_call
from lrlab.dialects.read.transformers import from_transformers
from lrlab.dialects.source.call_syntax import read_call
from lrlab.errors import LrlabError, worded

HOLDS = "after the end the value at u = 1 is held"
FILES = (".json", ".toml", ".yaml", ".yml")


@dataclass(frozen=True)
class Library:
    """How a library's configurations are read.

    `read(what, *args, **given)`: `what` is a name, or a saved configuration. `mark` is a key that tells such a one,
    `steps` and `lr` are the words for the length of the run and the optimizer's LR.
    """

    read: Callable[..., Imported]
    mark: str | None = None
    steps: str | None = None
    lr: str | None = None

    def imported(
        self, what: Any, args: tuple[Any, ...], given: Mapping[str, Any], horizon: Horizon, lr: float | None
    ) -> Imported:
        """Read one, with what is known of the run where it is not given."""
        facts = {word: fact for word, fact in ((self.steps, horizon.total), (self.lr, lr)) if word and fact is not None}
        return reading("convert")(self.read)(what, *args, **{**facts, **given})


def read(source: str, horizon: Horizon | None = None, lr: float | None = None) -> Imported:
    """The configuration that a text or a file holds. Raises `LrlabError` where it cannot be read."""
    horizon = Horizon() if horizon is None else horizon
    library, colon, rest = (part.strip() for part in source.partition(":"))
    if colon and library in LIBRARIES:
        if rest.endswith(FILES):
            return LIBRARIES[library].imported(_loaded(Path(rest)), (), {}, horizon, lr)
        return LIBRARIES[library].imported(*_line(rest), horizon, lr)
    if source.endswith(FILES):
        return _file(Path(source), horizon, lr)
    if colon and library.isidentifier():
        known(library, LIBRARIES, "the library")
    return imported("lrlab", parse(source), HOLDS, horizon=horizon if horizon.total else None)


# -- lines --------------------------------------------------------------------------------------------------------


def _line(text: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """A name and its arguments: `name(...)`, or `name key=value ...`."""
    if "(" in text.partition("=")[0]:
        call = read_call(text)
        return call.name, call.args, call.kwargs
    try:
        name, *pairs = shlex.split(text)
    except ValueError:
        raise LrlabError(worded("a name and its arguments cannot be read from this", text, "name key=value")) from None
    given = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise LrlabError(worded("an argument is written name=value", pair, hint=f"{name} key=value"))
        given[key.strip("-").replace("-", "_")] = _value(value)
    return name, (), given


def _value(text: str) -> Any:
    """A Python or JSON literal, else a word."""
    try:
        return ast.literal_eval({"true": "True", "false": "False", "null": "None"}.get(text, text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


# -- files --------------------------------------------------------------------------------------------------------


def _file(path: Path, horizon: Horizon, lr: float | None) -> Imported:
    """A saved configuration, told by what is in it."""
    found = _loaded(path)
    if "lrlab" in found:
        own = found.get("horizon")
        horizon = Horizon(**own) if isinstance(own, Mapping) and not horizon.total else horizon
        schedule = loads(json.dumps({key: found[key] for key in ("lrlab", "schedule") if key in found}))
        return imported("lrlab", schedule, HOLDS, horizon=horizon if horizon.total else None)
    for library in LIBRARIES.values():
        if library.mark in found:
            return library.imported(found, (), {}, horizon, lr)
    marks = ", ".join(f"{name}: {library.mark!r}" for name, library in LIBRARIES.items() if library.mark)
    hint = f"{next(iter(LIBRARIES))}:{path}"
    raise LrlabError(worded("no library is known by what is in this file", sorted(found)[:10], marks, hint))


def _loaded(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it holds no text"
        raise LrlabError(worded(f"this file cannot be read: {why}", str(path))) from None
    try:
        found = _parsed(text, path)
    except Exception as error:  # whatever the three parsers raise: what matters is where
        raise LrlabError(worded(f"this is no {path.suffix[1:].upper()}: {error}", str(path))) from None
    if not isinstance(found, dict):
        raise LrlabError(worded("this file holds no configuration", str(path)))
    return found


def _parsed(text: str, path: Path) -> Any:
    if path.suffix == ".json":
        return json.loads(text)
    if path.suffix == ".toml":
        return tomllib.loads(text)
    try:
        return import_module("yaml").safe_load(text)
    except ImportError:
        raise LrlabError("reading it needs PyYAML: pip install pyyaml, or save it as JSON") from None


# -- the libraries ------------------------------------------------------------------------------------------------

TRAINING_ARGUMENTS = {"warmup_steps": "num_warmup_steps", "max_steps": "num_training_steps"}
TIMM_ARGUMENTS = {  # of its training script, where the factory has another word
    "epochs": "num_epochs",
    "lr_cycle_mul": "cycle_mul",
    "lr_cycle_decay": "cycle_decay",
    "lr_cycle_limit": "cycle_limit",
    "lr_k_decay": "k_decay",
    "lr_noise": "noise",
}
TIMM_SAME = (
    *("lr", "min_lr", "decay_epochs", "decay_milestones", "decay_rate", "cooldown_epochs", "patience_epochs"),
    *("warmup_lr", "warmup_epochs", "warmup_prefix", "decay_fn", "stable_timescale", "updates_per_epoch"),
)


def _transformers(what: str | Mapping[str, Any], **given: Any) -> Imported:
    """The arguments of get_scheduler, or the words of TrainingArguments; all others are the scheduler's own."""
    if isinstance(what, Mapping):
        saved = ("warmup_steps", "warmup_ratio", "max_steps", "learning_rate", "lr_scheduler_kwargs")
        given |= {TRAINING_ARGUMENTS.get(word, word): what[word] for word in saved if what.get(word) not in (None, -1)}
        what = str(what.get("lr_scheduler_type"))
    given = {TRAINING_ARGUMENTS.get(word, word): value for word, value in given.items()}
    share = given.pop("warmup_ratio", 0.0)
    own = {**given.pop("lr_scheduler_kwargs", {}), **given.pop("scheduler_specific_kwargs", {})}
    words = ("num_warmup_steps", "num_training_steps", "learning_rate")
    facts = {word: given.pop(word) for word in words if word in given}
    facts["num_warmup_steps"] = facts.get("num_warmup_steps") or share
    return from_transformers(what, scheduler_specific_kwargs={**own, **given}, **facts)


def _timm(what: str | Mapping[str, Any], **given: Any) -> Imported:
    """The arguments of its factory, or those of its training script, as that saves them."""
    if isinstance(what, Mapping):
        words = TIMM_ARGUMENTS | {word: word for word in TIMM_SAME}
        given |= {words[word]: value for word, value in what.items() if word in words and value is not None}
        given["step_on_epochs"] = not what.get("sched_on_updates", False)
        what = str(what.get("sched"))
    return from_timm(what, **given)


def _composer(name: str, updates: int | None = None, **given: Any) -> Imported:
    duration = {} if updates is None else {"max_duration": f"{updates}ba"}
    return from_composer(name, **{**duration, **given})


def _deepspeed(
    what: str | Mapping[str, Any], lr: float | None = None, updates: int | None = None, **given: Any
) -> Imported:
    config = what if isinstance(what, Mapping) else {"type": what, "params": given}
    return from_deepspeed(config, lr=lr, updates=updates)


def _olmo(what: str | Mapping[str, Any], **given: Any) -> Imported:
    """A scheduler, or the configuration of a whole run, as OLMo-core saves it."""
    if isinstance(what, Mapping) and "train_module" in what:
        module, duration = what["train_module"], what.get("trainer", {}).get("max_duration", {})
        given |= {"lr": module.get("optim", {}).get("lr", given.get("lr"))}
        given |= {"max_steps": duration["value"]} if duration.get("unit") == "steps" else {}
        what = module.get("scheduler")
    return from_olmo(what, **given)


def _fairseq(what: str | Mapping[str, Any], **given: Any) -> Imported:
    return from_fairseq({**given, **(what if isinstance(what, Mapping) else {"lr_scheduler": what})})


def _megatron(what: str | Mapping[str, Any], **given: Any) -> Imported:
    return from_megatron({**given, **(what if isinstance(what, Mapping) else {"lr_decay_style": what})})


LIBRARIES = {
    "torch": Library(from_torch_call, None, "horizon", "lr"),
    "transformers": Library(_transformers, "lr_scheduler_type", "num_training_steps", "learning_rate"),
    "timm": Library(_timm, "sched", "num_epochs", "lr"),
    "keras": Library(from_keras, "class_name"),
    "optax": Library(from_optax),
    "olmo": Library(_olmo, "_CLASS_", "max_steps", "lr"),
    "megatron": Library(_megatron, "lr_decay_style", "train_iters", "lr"),
    "deepspeed": Library(_deepspeed, "scheduler", "updates", "lr"),
    "composer": Library(_composer, None, "updates"),
    "fairseq": Library(_fairseq, "lr_scheduler", "max_update", "lr"),
    "fvcore": Library(from_fvcore, None, "updates"),
}
