"""Plans: which schedule drives which hyper-parameter of which parameter group.

    p = plan(
        lr=warmup("2%") >> cosine(),                   # every group
        weight_decay=linear(to=2),
        betas=(0.9, linear(start=0.99, to=0.999)),
        groups={"head*": {"lr": constant("20%", level=0) >> warmup("5%") >> cosine()}},
        layer_decay=0.75,
        layers=["embed*", "blocks.{}.*", "head*"],
    )

Like a schedule, a plan is a value: frozen, comparable, printable, JSON. It knows nothing of optimizers.

What a value means: for `lr` and `weight_decay` a **multiple of the group's own** (so that ratios between groups stay,
and a group without decay stays without); for `momentum`, `beta1`, `beta2`, `beta3` and `eps` the value itself.

The order of rules: for each hyper-parameter of a group, the **last** rule that matches the group and names the
hyper-parameter applies; the arguments of `plan(...)` besides `groups` are the first rule, for every group. Layer decay
and the warmup of groups that join later then multiply the LR, whichever rule it came from.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from lrlab.core.expression.fields import items, name, positive
from lrlab.core.expression.node import Schedule
from lrlab.core.expression.write import literal, record
from lrlab.core.plan.rules import EVERY, KINDS, Driven, Group, Rule, depths, unmatched
from lrlab.core.run.metered import sampled
from lrlab.core.shapes.base import constant
from lrlab.core.text.document import schedule_of
from lrlab.core.text.lint import refuse_odd
from lrlab.core.text.parse import parse
from lrlab.core.time.horizon import Horizon
from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded
from lrlab.shown import Shown

if TYPE_CHECKING:
    from lrlab.core.run.curve import Curve

VERSION = 1


@dataclass(frozen=True)
class Plan(Shown):
    """Several hyper-parameters x rules for parameter groups -> schedules. Made by `plan(...)`.

    >>> import lrlab as lr
    >>> p = lr.plan(lr=lr.cosine(), momentum=lr.linear(start=0.95, to=0.85))
    >>> p
    plan(lr=cosine(), momentum=linear(start=0.95, to=0.85))
    >>> lr.Plan.loads(p.dumps()) == p
    True
    """

    rules: tuple[Rule, ...]
    layer_decay: float | None = None
    layers: tuple[str, ...] = ()
    joining: Schedule | None = None

    # -- what it says for some groups -------------------------------------------------------------------------------

    def assign(self, groups: Sequence[Group], later: Collection[str] = ()) -> tuple[tuple[Driven, ...], ...]:
        """The schedules that drive each of these groups.

        Raises `LrlabError` if a rule matches no group, or no group that has the hyper-parameter. `later` are names of
        groups or parameters that may be missing now: a rule may wait for them.
        """
        below = [None for _ in groups] if self.layer_decay is None else depths(groups, self.layers)
        chosen: list[dict[str, tuple[Schedule, str]]] = [{} for _ in groups]
        for rule in self.rules:
            matched = [k for k, group in enumerate(groups) if group.matches(rule.pattern)]
            if not matched and any(fnmatchcase(word, rule.pattern) for word in later):
                continue
            if not matched:
                raise unmatched(f"the rule {rule.pattern!r}", rule.pattern, groups)
            for hyper, schedule in rule.schedules:
                having = [k for k in matched if hyper in groups[k].fields]
                if not having:
                    known = sorted({field for k in matched for field in groups[k].fields} & set(KINDS))
                    raise LrlabError(
                        worded(
                            f"no group that {rule.pattern!r} matches has the hyper-parameter {hyper}",
                            [groups[k].name for k in matched],
                            ", ".join(known),
                            _instead(hyper, known),
                        )
                    )
                for k in having:
                    chosen[k][hyper] = schedule, rule.pattern
        return tuple(
            tuple(
                Driven(hyper, schedule, (self.layer_decay or 1.0) ** (depth or 0) if hyper == "lr" else 1.0, pattern)
                for hyper, (schedule, pattern) in found.items()
            )
            for depth, found in zip(below, chosen, strict=True)
        )

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The different schedules in its rules, in order."""
        return tuple(dict.fromkeys(schedule for rule in self.rules for _, schedule in rule.schedules))

    @property
    def labels(self) -> list[str]:
        """What distinguishes the controllers of each of `schedules` from others of the same name: "momentum/", "lr of
        head/"."""
        first: dict[Schedule, str] = {}
        for rule in self.rules:
            for hyper, schedule in rule.schedules:
                first.setdefault(schedule, f"{hyper}/" if rule.pattern == EVERY else f"{hyper} of {rule.pattern}/")
        return list(first.values())

    @property
    def bare(self) -> Plan | Schedule:
        """The schedule alone, if the plan only drives the LR of every group by it."""
        schedule = self.schedules[0]
        return schedule if self == Plan((Rule(EVERY, (("lr", schedule),)),)) else self

    @property
    def drives_lr(self) -> list[bool]:
        """Whether each of `schedules` drives an LR."""
        of_lr = {schedule for rule in self.rules for hyper, schedule in rule.schedules if hyper == "lr"}
        return [schedule in of_lr for schedule in self.schedules]

    def replaced(self, schedules: Sequence[Schedule]) -> Plan:
        """The same plan with other schedules in place of `schedules`, in their order."""
        of = dict(zip(self.schedules, schedules, strict=True))
        rules = [Rule(rule.pattern, tuple((hyper, of[s]) for hyper, s in rule.schedules)) for rule in self.rules]
        return replace(self, rules=tuple(rules))

    # -- what it says for a run -------------------------------------------------------------------------------------

    def over(self, horizon: int | Horizon | None = None, *, absolute: bool = False) -> dict[Schedule, Curve]:
        """The curve of each schedule in it.

        With `absolute` the values of an LR are the LR itself. Raises `LrlabError` if a value is out of bounds at any
        update of the run: a negative LR or weight decay, a momentum or beta of 1 or more.

        >>> import lrlab as lr
        >>> lr.plan(momentum=lr.linear(start=0.9, to=1.1)).over(100)
        Traceback (most recent call last):
        ...
        lrlab.errors.LrlabError: plan: momentum is 1 at update 50
          given:   linear(start=0.9, to=1.1)
          allowed: at least 0 and below 1
        """
        curves = {schedule: schedule.over(horizon) for schedule in self.schedules}
        self.refuse_out_of_bounds(curves.values(), absolute=absolute)
        return curves

    def refuse_out_of_bounds(self, curves: Iterable[Curve], *, absolute: bool = False) -> None:
        """Raise `LrlabError` if one of the curves of its schedules has an impossible value."""
        found = {curve.schedule: curve for curve in curves}
        for hyper, schedule in dict.fromkeys(pair for rule in self.rules for pair in rule.schedules):
            frozen = False
            if self.bare is self:
                frozen = _refuse_out_of_bounds(hyper, found[schedule])
            if hyper == "lr":
                refuse_odd(found[schedule], absolute or frozen)

    def describe(self) -> str:
        """What it does, in plain words: a line for each hyper-parameter of each rule."""
        lines = []
        for rule in self.rules:
            whom = "every group" if rule.pattern == EVERY else f"groups {rule.pattern!r}"
            for hyper, schedule in rule.schedules:
                of = "times the group's own" if KINDS[hyper].multiple else "itself"
                lines.append(f"{whom}: {hyper} ({of}) {schedule.words()}.")
        if self.layer_decay is not None:
            lines.append(f"The LR is {self.layer_decay:g} times as high with each layer down from the top.")
        if self.joining is not None:
            lines.append(f"A group that joins later {self.joining.words()}, from when it came.")
        return "\n".join(lines)

    # -- text and JSON ----------------------------------------------------------------------------------------------

    def __str__(self) -> str:
        first = dict(self.rules[0].schedules) if self.rules[0].pattern == EVERY else {}
        rest = self.rules[1:] if first else self.rules
        texts = [f"{hyper}={schedule}" for hyper, schedule in first.items()]
        if rest:
            inner = ", ".join(
                f"{literal(r.pattern)}: {{{', '.join(f'{literal(h)}: {s}' for h, s in r.schedules)}}}" for r in rest
            )
            texts.append(f"groups={{{inner}}}")
        if self.layer_decay is not None:
            texts.append(f"layer_decay={literal(self.layer_decay)}")
        if self.layers:
            texts.append(f"layers={literal(self.layers)}")
        if self.joining is not None:
            texts.append(f"joining={self.joining}")
        return f"plan({', '.join(texts)})"

    __repr__ = __str__

    def record(self) -> dict[str, Any]:
        """The plan as plain JSON values."""
        written: dict[str, Any] = {
            "rules": [
                {"groups": rule.pattern, **{hyper: record(schedule) for hyper, schedule in rule.schedules}}
                for rule in self.rules
            ]
        }
        if self.layer_decay is not None:
            written["layer_decay"] = self.layer_decay
        if self.layers:
            written["layers"] = list(self.layers)
        if self.joining is not None:
            written["joining"] = record(self.joining)
        return written

    def document(self) -> dict[str, Any]:
        """The JSON document of the plan, before it is text."""
        return {"lrlab_plan": VERSION, **self.record()}

    def dumps(self, indent: int | None = None) -> str:
        """The JSON document of the plan: `Plan.loads(p.dumps()) == p`."""
        return json.dumps(self.document(), indent=indent, allow_nan=False)

    @staticmethod
    def loads(text: str | bytes, functions: Mapping[str, Callable[[int], float]] | None = None) -> Plan:
        """Read a plan from its JSON document.

        `functions` gives the user functions that it names. Raises only `LrlabError`.
        """
        try:
            document = json.loads(text)
        except (ValueError, TypeError, RecursionError) as error:
            raise LrlabError(worded(f"this is not JSON: {error}", text)) from None
        if not isinstance(document, dict) or document.get("lrlab_plan") != VERSION:
            raise LrlabError(worded("this is not a document of a plan", document, f'{{"lrlab_plan": {VERSION}, ...}}'))
        return plan_of({key: value for key, value in document.items() if key != "lrlab_plan"}, functions or {})

    def fingerprint(self) -> str:
        """The SHA-256 (hex) of the normal form."""
        canonical = json.dumps(self.record(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return sha256(f"lrlab plan {VERSION} {canonical}".encode()).hexdigest()


def plan(
    *,
    groups: Mapping[str, Mapping[str, Any]] | None = None,
    layer_decay: float | None = None,
    layers: Sequence[str] = (),
    joining: Schedule | str | None = None,
    **schedules: Any,
) -> Plan:
    """A plan: schedules by name of the hyper-parameter, for every group, and rules for some groups.

    lr of a group = its own * schedule(update) * layer_decay ** depth * joining(update - joined)

    `groups` maps a pattern ("head", "backbone.*", a group's name or its parameters' names, `fnmatch`; or a key of the
    group itself, "kind=muon") to schedules; a later one overrides an earlier one. `layer_decay` is the factor from a
    layer to the one below it; `layers` lists patterns from bottom to top, with "{}" for a layer's number; without it
    each group is a layer, the last one on top. `joining` multiplies the LR of a group that is added later, in updates
    since it was added. A schedule is a schedule, its text, or a number for a constant; `betas=(a, b)` is `beta1=a,
    beta2=b`.

    >>> import lrlab as lr
    >>> lr.plan(lr="cosine()", groups={"head*": {"lr": lr.constant("20%", level=0) >> lr.linear()}}, layer_decay=0.9)
    plan(lr=cosine(), groups={"head*": {"lr": constant("20%", level=0) >> linear()}}, layer_decay=0.9)

    Howard & Ruder, Universal Language Model Fine-tuning, 2018, arXiv:1801.06146 (layer-wise LRs); Clark et al.,
    ELECTRA, 2020, arXiv:2003.10555 (layer-wise decay).
    """
    if groups is not None and not isinstance(groups, Mapping):
        raise LrlabTypeError(
            worded("plan: groups maps patterns to schedules", groups, hint='groups={"head*": {"lr": ...}}')
        )
    given = [(EVERY, schedules)] if schedules else []
    rules = tuple(_rule(pattern, by_name) for pattern, by_name in [*given, *(groups or {}).items()])
    if not rules:
        raise LrlabError(worded("the plan is empty", allowed=", ".join(KINDS), hint="plan(lr=cosine())"))
    if layers and layer_decay is None:
        raise LrlabError(worded("plan: layers without a decay", list(layers), hint="layer_decay=0.75"))
    return Plan(
        rules,
        None if layer_decay is None else positive(layer_decay, "plan: layer_decay"),
        tuple(name(layer, "plan: layers") for layer in items(layers, "plan: layers")) if layers else (),
        None if joining is None else _without_controllers(_schedule(joining, "plan: joining")),
    )


def plan_of(written: Mapping[str, Any], functions: Mapping[str, Callable[[int], float]]) -> Plan:
    """A plan from its plain JSON values."""
    try:
        rest = {key: value for key, value in written.items() if key != "rules"}
        if not written["rules"] or not rest.keys() <= {"layer_decay", "layers", "joining"}:
            raise KeyError(*sorted(rest))
        if "joining" in rest:
            rest["joining"] = schedule_of(rest["joining"], functions)
        rules = [
            _rule(rule["groups"], {hyper: schedule_of(s, functions) for hyper, s in rule.items() if hyper != "groups"})
            for rule in written["rules"]
        ]
        return replace(plan(lr=1, **rest), rules=tuple(rules))
    except LrlabError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise LrlabError(worded(f"this is not a document of a plan: {error}", dict(written))) from None


def _rule(pattern: object, by_name: object) -> Rule:
    pattern = name(pattern, "plan: a pattern")
    if not isinstance(by_name, Mapping) or not by_name:
        raise LrlabTypeError(
            worded(f"plan: {pattern!r} needs schedules by name", by_name, hint=f'{{"{pattern}": {{"lr": cosine()}}}}')
        )
    found: dict[str, Schedule] = {}
    for hyper, given in by_name.items():
        if hyper == "betas":
            if not isinstance(given, (tuple, list)):
                raise LrlabTypeError(worded("plan: betas is a pair of schedules", given, hint="betas=(0.9, 0.99)"))
            found |= {f"beta{k}": _schedule(beta, f"plan: beta{k}") for k, beta in enumerate(given, 1)}
        else:
            found[hyper] = _schedule(given, f"plan: {hyper}")
    for hyper in found:
        if hyper not in KINDS:
            raise LrlabError(
                worded(
                    f"plan: the hyper-parameter {hyper!r} is not known", hyper, ", ".join(KINDS), nearest(hyper, KINDS)
                )
            )
    return Rule(pattern, tuple(sorted(found.items(), key=lambda item: list(KINDS).index(item[0]))))


def _schedule(given: object, what: str) -> Schedule:
    if isinstance(given, Schedule):
        return given
    if isinstance(given, str):
        return parse(given)
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return constant(level=float(given))
    raise LrlabTypeError(worded(f"{what} must be a schedule", given, "a schedule, its text or a number"))


def _without_controllers(schedule: Schedule) -> Schedule:
    for part in schedule.walk():
        if part.neutral and not part.parts():
            raise LrlabError(worded(f"plan: joining has no observations for {part}", str(schedule), hint="warmup(500)"))
    return schedule


def _instead(hyper: str, known: Sequence[str]) -> str:
    """The name that another optimizer has for the same hyper-parameter."""
    other = {"momentum": "beta1", "beta1": "momentum"}.get(hyper, "")
    return f"{other}=" if other in known else ""


def _refuse_out_of_bounds(hyper: str, curve: Curve) -> bool:
    """Raise `LrlabError` for an impossible value; return whether all values are 0."""
    import numpy as np

    times, values = sampled(curve)
    below = KINDS[hyper].below
    wrong = ~((values >= 0) & (values < below))  # also where the value is not a number
    if wrong.any():
        at = int(np.flatnonzero(wrong)[0])
        bounds = "at least 0" if below == math.inf else f"at least 0 and below {below:g}"
        unit = "update" if curve.unit == "updates" else f"{curve.unit}:"
        raise LrlabError(worded(f"plan: {hyper} is {values[at]:g} at {unit} {times[at]}", curve.schedule, bounds))
    return not values.any()
