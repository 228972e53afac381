"""timm: the arguments of `timm.scheduler.create_scheduler_v2`, and the LR of the optimizer.

    from_timm("cosine", lr=1e-3, num_epochs=300, warmup_epochs=5, warmup_lr=1e-5, min_lr=1e-6)

Its rules: one step of the schedule is one epoch, or one update with `step_on_epochs=False`. Before the first step the
optimizer has its own LR, or `warmup_lr` if there is a warmup. By default, without `warmup_prefix`, the warmup replaces
the beginning of the schedule instead of preceding it, and the LR jumps where the warmup ends. A milestone m acts at
step m - 1. After the end the LR stays at `min_lr`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from inspect import signature
from typing import Any

from lrlab.core.text.lint import Finding
from lrlab.dialects.parts.fractional import Growing
from lrlab.dialects.parts.imported import Imported, Rule, imported, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import known, real, steps
from lrlab.dialects.parts.timm_recipes import RECIPES, Given, Warmup
from lrlab.dialects.source.call_syntax import Call, made, without_optimizer
from lrlab.dialects.source.documents import filled, number, plainly, words_of
from lrlab.errors import LrlabError, LrlabTypeError, worded


@reading("timm")
def from_timm(
    sched: str = "cosine",
    *,
    lr: float,
    num_epochs: int = 300,
    decay_epochs: float | None = None,
    decay_milestones: Sequence[float] = (90, 180, 270),
    cooldown_epochs: int = 0,
    patience_epochs: int = 10,
    decay_rate: float = 0.1,
    min_lr: float = 0.0,
    warmup_lr: float = 1e-5,
    warmup_epochs: float = 0,
    warmup_prefix: bool = False,
    noise: object = None,
    noise_pct: float = 0.67,
    noise_std: float = 1.0,
    noise_seed: int = 42,
    cycle_mul: float = 1.0,
    cycle_decay: float = 0.1,
    cycle_limit: int = 1,
    k_decay: float = 1.0,
    decay_fn: str | None = None,
    stable_timescale: float | None = None,
    plateau_mode: str = "max",
    step_on_epochs: bool = True,
    updates_per_epoch: int = 0,
) -> Imported:
    """The schedule that `create_scheduler_v2` makes for an optimizer with this LR.

    Raises `LrlabError` for names and arguments that timm refuses, and for noise, which cannot be expressed.

    >>> from_timm("cosine", lr=1e-3, num_epochs=100, warmup_epochs=5, warmup_lr=0, warmup_prefix=True).schedule
    linear(5, start=0, to=1) >> cosine(100)
    """
    recipe = known(sched, RECIPES, "timm: sched")
    base = real(lr, "lr")
    if base <= 0:
        raise LrlabError(worded("timm: lr must be above 0", lr))
    if noise is not None:
        raise LrlabError(worded("timm: noise on the LR cannot be expressed", noise, "noise=None"))
    per_epoch = 1 if step_on_epochs else steps(updates_per_epoch, "updates_per_epoch", 1)
    warmup = Warmup(steps(warmup_epochs * per_epoch, "warmup"), real(warmup_lr, "warmup_lr") / base, warmup_prefix)
    given = Given(
        base=base,
        warmup=warmup,
        n=steps(num_epochs * per_epoch, "num_epochs", 1),
        per_epoch=per_epoch,
        floor=real(min_lr, "min_lr") / base,
        rate=decay_rate,
        cycles=Growing(num_epochs * per_epoch, cycle_mul),
        cycle_decay=cycle_decay,
        cycle_limit=steps(cycle_limit, "cycle_limit"),
        k=k_decay,
        decay_epochs=decay_epochs,
        milestones=tuple(decay_milestones),
        decay_fn=decay_fn,
        timescale=stable_timescale,
        patience=patience_epochs,
        mode=plateau_mode,
    )
    made: Rule = recipe(given)
    unit = "one step is one epoch" if step_on_epochs else "one step is one update"
    cooldown = steps(cooldown_epochs * per_epoch, "cooldown_epochs")
    made = replace(made, updates=None if made.updates is None else made.updates + cooldown)
    return imported(f"timm {sched}", made, base_lr=base, unit=unit)


# -- its words, calls and files -----------------------------------------------------------------------------------

WORDS = {  # options of its training script, and their names in the factory
    **{word: word for word in ("sched", "lr", "min_lr", "decay_epochs", "decay_milestones", "decay_rate")},
    **{word: word for word in ("cooldown_epochs", "patience_epochs", "warmup_lr", "warmup_epochs", "warmup_prefix")},
    "epochs": "num_epochs",
    "lr_noise": "noise",
    "lr_noise_pct": "noise_pct",
    "lr_noise_std": "noise_std",
    "lr_cycle_mul": "cycle_mul",
    "lr_cycle_decay": "cycle_decay",
    "lr_cycle_limit": "cycle_limit",
    "lr_k_decay": "k_decay",
    "lr_decay_fn": "decay_fn",
    "lr_stable_timescale": "stable_timescale",
    "sched_on_updates": "step_on_epochs",
    "updates_per_epoch": "updates_per_epoch",
    "dr": "decay_rate",
}
SCRIPT = {  # defaults of its training script that the factory does not have
    "num_epochs": 300,
    "warmup_epochs": 5,
    "decay_epochs": 90,
    "cycle_decay": 0.5,
}
CHANGED = (
    "min_lr",
    "warmup_lr",
    "warmup_epochs",
    "decay_epochs",
    "cooldown_epochs",
)  # defaults that differ between versions
OTHERS = frozenset(
    [
        "lr_base",
        "lr_base_size",
        "lr_base_scale",
        "model_ema_warmup",
        "layer_decay",
        "epoch_repeats",
        "start_epoch",
        "plateau_mode",
        "opt_eps",
        "decay_iters",
        "eval_metric",
        "mixup_off_epoch",
        "bce_loss",
        "min_crop_objects",
    ]
)
FACTORY = tuple(word for word in signature(from_timm).parameters if word not in ("sched", "lr"))


def _words(name: str, /, *args: Any, **given: Any) -> Imported:
    """A name with the arguments of the factory, or a call of the factory or of a class."""
    if name in CLASSES:
        return from_timm(CLASSES[name][0], **_class_words(name, without_optimizer(Call(name, args, given))))
    if name != "create_scheduler_v2":
        if args:
            raise LrlabTypeError(worded("timm: arguments are given by their names", args, hint="num_epochs=..."))
        given = {WORDS.get(word, word) if word != "sched_on_updates" else word: v for word, v in given.items()}
        found: Imported = made(from_timm, Call(name, (name,), given), "timm")
        return found
    call = without_optimizer(Call(name, args, given))
    words = ("sched", *FACTORY)
    if len(call.args) > len(words):
        raise LrlabTypeError(worded(f"timm: {name} takes fewer arguments", call.args, ", ".join(words)))
    whole = {**call.kwargs, **dict(zip(words, call.args, strict=False))}
    return from_timm(whole.pop("sched", "cosine"), **whole)


SHARED = ("cycle_mul", "cycle_decay", "cycle_limit", "warmup_t", "warmup_lr_init", "warmup_prefix", "t_in_epochs")
CLASSES: dict[str, tuple[str, tuple[str, ...]]] = {  # the name in the factory, and the arguments in order
    "CosineLRScheduler": ("cosine", ("t_initial", "lr_min", *SHARED)),
    "TanhLRScheduler": ("tanh", ("t_initial", "lb", "ub", "lr_min", *SHARED)),
    "PolyLRScheduler": ("poly", ("t_initial", "power", "lr_min", *SHARED)),
    "StepLRScheduler": ("step", ("decay_t", "decay_rate", *SHARED[3:])),
    "MultiStepLRScheduler": ("multistep", ("decay_t", "decay_rate", *SHARED[3:])),
}
OF_A_CLASS = {  # arguments of a class, and their names in the factory
    "t_initial": "num_epochs",
    "lr_min": "min_lr",
    "warmup_t": "warmup_epochs",
    "warmup_lr_init": "warmup_lr",
    "power": "decay_rate",
}
OF_ALL = ("num_epochs", "lr", "initialize", "k_decay")  # facts known of the run, and further arguments


def _class_words(name: str, call: Call) -> dict[str, Any]:
    """The arguments of a class under their names in the factory, with the defaults of the class."""
    sched, words = CLASSES[name]
    if len(call.args) > len(words):
        raise LrlabTypeError(worded(f"timm: {name} takes fewer arguments", call.args, ", ".join(words)))
    given = {**dict(zip(words, call.args, strict=False)), **call.kwargs}
    given.pop("updates_per_epoch", None)
    unknown = next((word for word in given if word not in (*words, *OF_ALL)), "")
    if unknown or (given.pop("lb", -7.0), given.pop("ub", 3.0)) != (-7.0, 3.0):
        raise LrlabTypeError(worded(f"timm: {name} with {unknown or 'lb, ub'} is not read", given, ", ".join(words)))
    given.pop("initialize", None)
    if sched in ("step", "multistep"):
        given["decay_epochs" if sched == "step" else "decay_milestones"] = given.pop("decay_t", None)
        given = {"decay_rate": 1.0, "warmup_prefix": True, **given}
        if "num_epochs" not in given:
            raise LrlabError(
                worded(f"timm: {name} does not say how long the run is", hint="num_epochs=..., or --steps")
            )
    elif "t_initial" in given:
        given.pop("num_epochs", None)
    if sched == "poly":
        given = {"power": 0.5, **given}
    by_epoch = given.pop("t_in_epochs", True)
    whole = {"cycle_decay": 1.0, "warmup_lr_init": 0.0, **given, "step_on_epochs": by_epoch, "updates_per_epoch": 1}
    return {OF_A_CLASS.get(word, word): value for word, value in whole.items()}


def _file(document: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, Any]) -> Imported:
    """The arguments of timm's training script, as the script saves them or from its command line."""
    found = words_of("timm", document, WORDS, OTHERS)
    if "sched" not in found:
        raise LrlabError(worded("timm: sched is missing", sorted(found)))
    saved = {WORDS[word]: number(value) for word, value in found.items()}
    beside = {WORDS.get(word, word): value for word, value in given.items()}
    whole = filled("timm", saved, beside, known)
    whole["step_on_epochs"] = not found.get("sched_on_updates", False)
    if isinstance(whole.get("decay_milestones"), (int, float)):
        whole["decay_milestones"] = [whole["decay_milestones"]]
    sched = str(whole.pop("sched"))
    left_out = [word for word in CHANGED if word not in whole and (word != "decay_epochs" or sched == "step")]
    if sched in ("wsd", "rsqrt") and "decay_epochs" not in whole:
        left_out.append("decay_epochs")
    imported = from_timm(sched, **{**SCRIPT, **whole})
    if not left_out:
        return imported
    note = f"left out, and taken as in timm 1.0's train.py: {', '.join(left_out)}; other versions have other values"
    return replace(imported, findings=(*imported.findings, Finding("left-out", note, "the args.yaml of the run")))


def _is_timm(document: Mapping[str, Any]) -> bool:
    saved = plainly(document)
    own = {"epochs", "warmup_epochs", "decay_epochs", "warmup_lr", "sched_on_updates", "decay_rate", "cooldown_epochs"}
    return str(saved.get("sched")) in RECIPES and bool(own & set(saved))


LIBRARY = Library(
    "timm",
    words=_words,
    file=_file,
    recognise=_is_timm,
    keys=WORDS,
    calls=("create_scheduler_v2", *CLASSES),
    modules=("timm",),
    facts={"steps": "num_epochs", "epochs": "num_epochs", "lr": "lr", "updates_per_epoch": "updates_per_epoch"},
)
