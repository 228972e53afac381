"""Hugging Face Transformers: `get_scheduler(name, num_warmup_steps, num_training_steps, scheduler_specific_kwargs)`.

    from_transformers("cosine", num_warmup_steps=100, num_training_steps=1000)

Its rules: update t uses f(t); a linear warmup of W updates starts at LR 0 and the peak is at t = W; of N updates the
decay takes N - W. The values after N depend on the name.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from lrlab.core.expression.fields import not_negative
from lrlab.core.expression.node import Schedule
from lrlab.core.shapes.base import Transition, constant
from lrlab.core.shapes.cosines import cosine
from lrlab.core.shapes.timescales import cosine_wave, inverse_sqrt
from lrlab.core.shapes.transitions import linear, one_minus_sqrt, polynomial
from lrlab.core.text.lint import Finding
from lrlab.dialects.parts.fractional import MOST, boundaries, piece
from lrlab.dialects.parts.imported import Imported, Rule, imported, reading
from lrlab.dialects.parts.library import Library
from lrlab.dialects.parts.phases import climb, flat, known, settled, steps, then, wave
from lrlab.dialects.parts.plateaus import as_torch
from lrlab.dialects.parts.transformers_words import GETTERS, LAMBDAS, STEPS, WORDS
from lrlab.dialects.source.call_syntax import Call, without_optimizer
from lrlab.dialects.source.documents import filled, number, plainly, words_of
from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

STAYS_AT_0 = "after the end the LR stays at 0"
SWINGS = "the cosine is a wave: after the end the LR climbs back"


@reading("transformers")
def from_transformers(
    lr_scheduler_type: Any,
    num_warmup_steps: float = 0,
    num_training_steps: int | None = None,
    scheduler_specific_kwargs: Mapping[str, Any] | None = None,
    *,
    learning_rate: float | None = None,
    **arguments: Any,
) -> Imported:
    """The schedule that `transformers.get_scheduler` makes, or a Trainer with these TrainingArguments.

    A `num_warmup_steps` below 1 is a share of the training steps, as in TrainingArguments, whose words may be given
    too (`warmup_ratio`, `warmup_steps`, `max_steps`), also all of them in place of a name: as an object, or in the
    dict that was saved. The scheduler's own arguments (`min_lr`) may stand beside them.
    `learning_rate` is the optimizer's own LR; only absolute floors (`lr_end`, `min_lr`) need it. Raises `LrlabError`
    for a name or an argument that the library does not have.

    >>> found = from_transformers("linear", num_warmup_steps=100, num_training_steps=1000)
    >>> found.schedule
    linear(100, start=0, to=1) >> linear(900)
    >>> [finding.code for finding in found.findings]
    ['zero-first']
    >>> saved = {"lr_scheduler_type": "linear", "warmup_ratio": 0.1, "max_steps": 1000, "output_dir": "out"}
    >>> from_transformers(saved).schedule
    linear(100, start=0, to=1) >> linear(900)
    """
    if hasattr(lr_scheduler_type, "to_dict"):
        lr_scheduler_type = lr_scheduler_type.to_dict()
    if arguments or isinstance(lr_scheduler_type, Mapping):
        document = (
            lr_scheduler_type if isinstance(lr_scheduler_type, Mapping) else {"lr_scheduler_type": lr_scheduler_type}
        )
        steps_given = {"num_warmup_steps": num_warmup_steps or None, "num_training_steps": num_training_steps}
        kind = document.get("lr_scheduler_type", "linear")
        recipe = RECIPES.get(str(getattr(kind, "value", kind)))
        takes = inspect.signature(recipe).parameters.keys() - WORDS.keys() if recipe else set()
        own = {**_mapping(scheduler_specific_kwargs), **{w: v for w, v in arguments.items() if w in takes}}
        beside = {**steps_given, "lr_scheduler_kwargs": own or None, "learning_rate": learning_rate}
        words = {word: value for word, value in arguments.items() if word not in own}
        return _file({**document, **words}, {word: v for word, v in beside.items() if v is not None}, {})
    name = str(getattr(lr_scheduler_type, "value", lr_scheduler_type))
    recipe = known(name, RECIPES, "transformers: lr_scheduler_type")
    total = None if num_training_steps is None else steps(num_training_steps, "num_training_steps")
    warmup = num_warmup_steps
    if 0 < warmup < 1:
        if total is None:
            what = "a share of the training steps needs num_training_steps"
            raise LrlabError(worded(what, num_warmup_steps, hint="num_training_steps=..., or --steps 10000"))
        warmup = math.ceil(total * warmup)
    facts = {"warmup": steps(warmup, "num_warmup_steps"), "total": total, "learning_rate": learning_rate}
    wanted = inspect.signature(recipe).parameters
    given = dict(scheduler_specific_kwargs or {})
    allowed = [word for word in wanted if word not in facts]
    for word in given:
        if word not in allowed:
            raise LrlabTypeError(
                worded(
                    f"transformers: {name} has no argument {word!r}",
                    given,
                    ", ".join(allowed) or "no arguments",
                    nearest(word, [*allowed, *WORDS]),
                )
            )
    for fact in ("total", "learning_rate"):
        if fact in wanted and wanted[fact].default is inspect.Parameter.empty and facts[fact] is None:
            missing, option = {
                "total": ("num_training_steps", "--steps 10000"),
                "learning_rate": ("learning_rate", "--lr 1e-4"),
            }[fact]
            raise LrlabError(worded(f"transformers: {name} needs {missing}", hint=f"{missing}=..., or {option}"))
    rule = recipe(**{word: facts[word] for word in facts if word in wanted}, **given)
    base = None if learning_rate is None else not_negative(learning_rate, "transformers: learning_rate")
    return imported(f"transformers {name}", replace(rule, updates=total), base_lr=base)


def recipe_of(target: Any) -> Rule | None:
    """The rule of a function that `get_scheduler` gave to a LambdaLR; None for any other function."""
    function, given = getattr(target, "func", target), dict(getattr(target, "keywords", {}))
    if getattr(function, "__module__", "") != "transformers.optimization":
        return None
    name = LAMBDAS.get(function.__name__)
    if name is None:
        return None
    if name == "cosine" and "min_lr_rate" in given:
        name = "cosine_with_min_lr"
    renamed = {"num_warmup_steps": "warmup", "num_training_steps": "total", "lr_init": "learning_rate"}
    rule = RECIPES[name](**{renamed.get(str(word), str(word)): value for word, value in given.items()})
    wsd = ("num_warmup_steps", "num_stable_steps", "num_decay_steps")
    end = sum(given[word] for word in wsd) if name == "warmup_stable_decay" else given.get("num_training_steps")
    return replace(rule, updates=end)


def _constant() -> Rule:
    return Rule(constant(), after="the LR never changes")


def _constant_with_warmup(warmup: int) -> Rule:
    return Rule(then(climb(warmup), constant()), after="after the warmup the LR never changes")


def _linear(warmup: int, total: int) -> Rule:
    fall = linear(total - warmup) if total > warmup else constant(level=0)
    return Rule(then(climb(warmup), fall), after=STAYS_AT_0)


def _cosine(warmup: int, total: int, num_cycles: float = 0.5) -> Rule:
    return Rule(then(climb(warmup), wave(max(1, total - warmup), num_cycles)), after=SWINGS)


def _cosine_with_restarts(warmup: int, total: int, num_cycles: float = 1) -> Rule:
    n, cycles = max(1, total - warmup), float(num_cycles)
    if cycles <= 0:
        raise LrlabError(worded("transformers: num_cycles must be above 0", num_cycles))

    def index(t: int) -> int:
        return math.floor(cycles * (t / n))  # in floats, as in Transformers: may still give the old cycle at a boundary

    length, count = n / cycles, min(math.ceil(cycles), MOST + 2)
    ends = [*boundaries(index, [k * length for k in range(count)]), n]
    if [n * k for k in range(count + 1)] == [end * count for end in ends] and cycles == count:
        falls: Schedule = cosine(n // count)
        return Rule(
            then(climb(warmup), falls if count == 1 else falls.repeat(count), constant(level=0)), after=STAYS_AT_0
        )
    parts = [piece(cosine, ends[k], ends[k + 1], k * length, length) for k in range(count)]
    return Rule(then(climb(warmup), *parts, constant(level=0)), after=STAYS_AT_0)


def _polynomial(warmup: int, total: int, learning_rate: float, lr_end: float = 1e-7, power: float = 1.0) -> Rule:
    if not learning_rate > lr_end:
        raise LrlabError(worded("transformers: lr_end must be below the learning rate", lr_end))
    end = lr_end / learning_rate
    if total <= warmup:
        return Rule(
            then(climb(warmup), constant(level=end)),
            after=f"transformers raises at update {total}, where it divides by 0",
        )
    fall = piece(polynomial, 0, total - warmup, 0, total - warmup, to=end, power=power)
    closing = constant(level=end) if power == 0 else None
    return Rule(then(climb(warmup), fall, closing), after="after the end the LR stays at lr_end")


def _inverse_sqrt(warmup: int, timescale: int | None = None) -> Rule:
    scale = (warmup or 10_000) if timescale is None else timescale
    return Rule(then(climb(warmup), inverse_sqrt(scale)), after="the LR has no end: it falls forever")


def _floor(min_lr: float | None, min_lr_rate: float | None, learning_rate: float | None) -> float:
    if (min_lr is None) == (min_lr_rate is None):
        raise LrlabError(worded("transformers needs one of min_lr and min_lr_rate", (min_lr, min_lr_rate)))
    if min_lr_rate is not None:
        return min_lr_rate
    if learning_rate is None:
        raise LrlabError(worded("min_lr is an absolute LR: it needs the learning rate", hint="learning_rate=..."))
    assert min_lr is not None
    return min_lr / learning_rate


def _cosine_with_min_lr(
    warmup: int,
    total: int,
    learning_rate: float | None = None,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
) -> Rule:
    floor = _floor(min_lr, min_lr_rate, learning_rate)
    return Rule(then(climb(warmup), _above_0(wave(max(1, total - warmup), num_cycles, floor))), after=SWINGS)


def _cosine_warmup_with_min_lr(
    warmup: int,
    total: int,
    learning_rate: float | None = None,
    num_cycles: float = 0.5,
    min_lr: float | None = None,
    min_lr_rate: float | None = None,
    warmup_lr_rate: float | None = None,
) -> Rule:
    floor = _floor(min_lr, min_lr_rate, learning_rate)
    n = max(1, total - warmup)
    if warmup > (0 if warmup_lr_rate is None else 1):
        start = 1 / warmup if warmup_lr_rate is None else warmup_lr_rate
        swing = _above_0(wave(n, num_cycles, floor))  # the wave begins where the warmup reaches 1, at its last update
        return Rule(then(climb(warmup - 1, start), swing), after=SWINGS)
    swing = _above_0(wave(n, num_cycles, floor, phase=num_cycles / n))
    return Rule(then(flat(warmup, warmup_lr_rate or 0.0), swing), after=SWINGS)


def _above_0(schedule: Schedule) -> Schedule:
    to = getattr(schedule, "to", getattr(getattr(schedule, "schedule", None), "to", 0.0))
    return schedule.clip(low=0) if to < 0 else schedule


def _warmup_stable_decay(
    warmup: int,
    total: int | None = None,
    num_decay_steps: int | None = None,
    num_stable_steps: int | None = None,
    warmup_type: str = "linear",
    decay_type: str = "cosine",
    min_lr_ratio: float = 0.0,
    num_cycles: float = 0.5,
) -> Rule:
    if num_decay_steps is None:
        raise LrlabError(worded("transformers: warmup_stable_decay needs num_decay_steps"))
    decay = steps(num_decay_steps, "num_decay_steps")
    if num_stable_steps is None:
        if total is None:
            raise LrlabError(worded("transformers: warmup_stable_decay needs num_training_steps or num_stable_steps"))
        stable = total - warmup - decay
    else:
        stable = steps(num_stable_steps, "num_stable_steps")
    rises: dict[str, tuple[type[Transition], dict[str, float]]] = {
        "linear": (linear, {}),
        "cosine": (cosine, {}),
        "1-sqrt": (polynomial, {"power": 0.5}),
    }
    shape, arguments = known(warmup_type, rises, "transformers: warmup_type")
    rise = shape(warmup, start=min_lr_ratio, to=1, **arguments) if warmup else None
    falls: dict[str, type[Transition]] = {"linear": linear, "cosine": cosine, "1-sqrt": one_minus_sqrt}
    fall = known(decay_type, falls, "transformers: decay_type")
    late = max(0, -stable)  # without room for a stable phase, the decay begins before the warmup ends
    end: Schedule | None = None
    if late < decay:
        if decay_type == "cosine" and num_cycles != 0.5:
            end = cosine_wave(
                abs(num_cycles), every=decay, to=min_lr_ratio, phase=num_cycles * late / decay, span=decay - late
            )
        else:
            end = piece(fall, late, decay, 0, decay, to=min_lr_ratio)
    after = "after the end the LR stays at its floor"
    if end is None:
        return Rule(then(rise, flat(stable), constant(level=min_lr_ratio)), after=after)
    return Rule(settled(then(rise, flat(stable), end), min_lr_ratio), after=after)


RECIPES: dict[str, Callable[..., Rule]] = {
    "linear": _linear,
    "cosine": _cosine,
    "cosine_with_restarts": _cosine_with_restarts,
    "polynomial": _polynomial,
    "constant": _constant,
    "constant_with_warmup": _constant_with_warmup,
    "inverse_sqrt": _inverse_sqrt,
    "reduce_lr_on_plateau": as_torch,
    "cosine_with_min_lr": _cosine_with_min_lr,
    "cosine_warmup_with_min_lr": _cosine_warmup_with_min_lr,
    "warmup_stable_decay": _warmup_stable_decay,
}


# -- its words, calls and files -----------------------------------------------------------------------------------


def _words(name: str, /, *args: Any, **given: Any) -> Imported:
    """The arguments of get_scheduler, or those of TrainingArguments; all others are the scheduler's own."""
    if name in GETTERS:
        kind, words = GETTERS[name]
        if name == "get_scheduler":
            kind = str(args[0] if args else given.pop("name", None)).lower()
            args = args[1:]
        call = without_optimizer(Call(name, args, given))
        if len(call.args) > len(words) + ("last_epoch" not in words):
            raise LrlabTypeError(worded(f"transformers: {name} takes fewer arguments", call.args, ", ".join(words)))
        given = {**given, **dict(zip(words, call.args, strict=False))}
        given = {word: value for word, value in given.items() if word not in ("last_epoch", "optimizer")}
        name = kind
    elif args:
        raise LrlabTypeError(
            worded("transformers: arguments are given by their names", args, hint="num_warmup_steps=...")
        )
    given = {WORDS.get(word, word): value for word, value in given.items() if value is not None}
    share = given.pop("warmup_ratio", 0.0)
    own = {**_mapping(given.pop("lr_scheduler_kwargs", None)), **_mapping(given.pop("scheduler_specific_kwargs", None))}
    words = (*STEPS, "learning_rate")
    facts = {word: given.pop(word) for word in words if word in given}
    counted = facts.get("num_warmup_steps")
    facts["num_warmup_steps"] = counted or share
    made = from_transformers(name, scheduler_specific_kwargs={**own, **given}, **facts)
    if not (counted and share):
        return made
    note = f"warmup_steps={counted:g} takes the place of warmup_ratio={share:g}, which is not used"
    return replace(made, findings=(*made.findings, Finding("two-warmups", note, "leave one of them out")))


def _mapping(given: Any) -> Mapping[str, Any]:
    """Arguments of a scheduler: a dict, or the text of one, as the Trainer itself reads it."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = given or None
    if not isinstance(given, Mapping | None):
        what = "transformers: lr_scheduler_kwargs is a dict, or the text of one in JSON"
        raise LrlabTypeError(worded(what, given, hint='{"min_lr": 2e-5}'))
    return given or {}


def _file(document: Mapping[str, Any], given: Mapping[str, Any], known: Mapping[str, Any]) -> Imported:
    """TrainingArguments as saved in a file, or from a command line."""
    found = words_of("transformers", document, WORDS, ("schedule", "deepspeed"))
    told = {word: value for word, value in found.items() if (word, value) != ("max_steps", -1)}  # by epochs
    saved = {WORDS[word]: number(value) for word, value in told.items()}
    if not found:
        raise LrlabError(worded("transformers: no word of its LR is in this", sorted(document)[:10], ", ".join(WORDS)))
    saved.setdefault("name", "linear")
    saved = {word: value for word, value in saved.items() if value or word not in ("num_warmup_steps", "warmup_ratio")}
    beside = {WORDS.get(word, word): value for word, value in given.items()}
    whole = filled("transformers", saved, beside, known)
    imported = _words(_plain_name(whole.pop("name")), **whole)
    if plainly(document).get("deepspeed"):
        note = "a scheduler in the DeepSpeed configuration takes the place of this one"
        return replace(
            imported, findings=(*imported.findings, Finding("other-scheduler", note, "convert ds_config.json"))
        )
    return imported


def _plain_name(given: Any) -> str:
    return str(given).rpartition(".")[2].lower()


def _is_transformers(document: Mapping[str, Any]) -> bool:
    """Whether it names a scheduler of the library, or names none (linear) but has keys that only the library has."""
    given = plainly(document)
    if "lr_scheduler_type" in given:
        return _plain_name(given["lr_scheduler_type"]) in RECIPES
    others = {"lr_scheduler", "scheduler", "sched", "lr"} & set(given)
    marks = {"per_device_train_batch_size", "num_train_epochs", "model_name_or_path"} & set(given)
    return "learning_rate" in given and bool(marks) and not others


LIBRARY = Library(
    "transformers",
    words=_words,
    file=_file,
    recognise=_is_transformers,
    keys=WORDS,
    calls=GETTERS,
    modules=("transformers",),
    facts={"steps": "num_training_steps", "lr": "learning_rate"},
)
