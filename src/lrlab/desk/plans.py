"""Looking at the plan of a file: what drives each hyper-parameter of each group over a run, and what looks odd."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypedDict

from lrlab.core.expression.node import Schedule
from lrlab.core.plan.plan import Plan
from lrlab.core.plan.rules import EVERY, KINDS
from lrlab.core.time.horizon import Horizon
from lrlab.desk import VERSION
from lrlab.desk.schedules import POINTS, FindingRecord, ShowDocument, with_length
from lrlab.desk.study_file import read_plan
from lrlab.errors import LrlabError, worded
from lrlab.views.model import Figure
from lrlab.views.seen import drawn_plan


class DrivenRecord(TypedDict):
    """What drives a hyper-parameter of the groups of a pattern: multiples of the group's own, or values themselves.

    `points` are updates with their values.
    """

    groups: str
    hyper: str
    multiple: bool
    schedule: str
    points: list[list[float]]


class PlanDocument(TypedDict):
    """A plan over a run; `document` reads back as the plan."""

    version: Literal[1]
    plan: str
    document: dict[str, Any]
    horizon: dict[str, float]
    driven: list[DrivenRecord]
    description: str
    findings: list[FindingRecord]


ShownDocument = ShowDocument | PlanDocument


@dataclass(frozen=True)
class PlanPreview:
    """A plan over a run: a picture for each hyper-parameter, words, and what looks unintended."""

    figures: tuple[Figure, ...]
    words: str
    findings: tuple[Any, ...]
    record: PlanDocument


def lr_schedules(plan: Plan) -> tuple[Schedule, ...]:
    """Those of its schedules that drive an LR: what looks unintended in one of them may be right for a momentum.

    >>> import lrlab as lr
    >>> lr_schedules(lr.plan(lr=lr.cosine(), momentum=lr.linear(start=0.9, to=0.8)))
    (cosine(),)
    """
    return tuple(schedule for schedule, drives in zip(plan.schedules, plan.drives_lr, strict=True) if drives)


def plan_code(plan: Plan, target: str, horizon: Horizon) -> str:
    """A plan as a text, as JSON, as a TOML table, or as the call that gives it to PyTorch's optimizer.

    Raises `LrlabError` for other libraries, which have no word for a plan.
    """
    match target:
        case "text":
            return f"{plan}\n"
        case "json":
            return plan.dumps(indent=2) + "\n"
        case "toml":
            return _toml(plan)
        case "torch":
            lines = ["import lrlab as lr", "from lrlab.adapters.torch import Scheduler", "", f"plan = {_call(plan)}"]
            lines += [f"scheduler = Scheduler(optimizer, plan, horizon={horizon.total})", "..."]
            return "\n".join([*lines, "optimizer.step(), scheduler.step()"]) + "\n"
        case "python":
            return f"import lrlab as lr\n\nplan = {_call(plan)}\n"
    allowed = "PyTorch, Python, TOML, JSON"
    raise LrlabError(worded("a plan of several schedules is not written for this library", target, allowed))


def _call(plan: Plan) -> str:
    """The call that makes a plan, a schedule a line, each as a text."""
    rules = [(rule.pattern, {hyper: str(schedule) for hyper, schedule in rule.schedules}) for rule in plan.rules]
    own = rules[0][1] if rules[0][0] == EVERY else {}
    lines = [f"    {hyper}={text!r}," for hyper, text in own.items()]
    if rest := dict(rules[1:] if own else rules):
        lines += ["    groups={", *(f"        {pattern!r}: {texts!r}," for pattern, texts in rest.items()), "    },"]
    joining = None if plan.joining is None else str(plan.joining)
    extra = {"layer_decay": plan.layer_decay, "layers": list(plan.layers) or None, "joining": joining}
    lines += [f"    {name}={value!r}," for name, value in extra.items() if value is not None]
    return "\n".join(["lr.plan(", *lines, ")"])


def _toml(plan: Plan) -> str:
    """The table of a study file, which `lr.read_plan` reads."""
    lines = ["[plan]"]
    if plan.layer_decay is not None:
        lines.append(f"layer_decay = {plan.layer_decay}")
    if plan.layers:
        lines.append(f"layers = {json.dumps(list(plan.layers))}")
    if plan.joining is not None:
        lines.append(f"joining = {json.dumps(str(plan.joining))}")
    for rule in plan.rules:
        if rule.pattern != EVERY or rule is not plan.rules[0]:
            lines += ["", f"[plan.groups.{json.dumps(rule.pattern)}]"]
        lines += [f"{hyper} = {json.dumps(str(schedule))}" for hyper, schedule in rule.schedules]
    return "\n".join(lines) + "\n"


def show_plan(path: str | Path, run: Horizon) -> PlanPreview:
    """Preview the plan that stands in a file, over a run: 1000 updates where nothing is said.

    Raises `LrlabError` where there is none, or a schedule in it cannot be read or laid out.
    """
    plan = read_plan(path)
    horizon = with_length(run)
    curves = plan.over(horizon)
    driven: list[DrivenRecord] = []
    for rule in plan.rules:
        for hyper, schedule in rule.schedules:
            times, values = curves[schedule].some()
            few = range(0, len(times), max(1, len(times) // POINTS))
            driven.append(
                {
                    "groups": rule.pattern,
                    "hyper": hyper,
                    "multiple": KINDS[hyper].multiple,
                    "schedule": str(schedule),
                    "points": [[int(times[i]), float(values[i])] for i in few],
                }
            )
    findings = tuple(finding for schedule in lr_schedules(plan) for finding in schedule.lint(horizon))
    return PlanPreview(
        drawn_plan(plan, horizon),
        plan.describe(),
        findings,
        {
            "version": VERSION,
            "plan": str(plan),
            "document": plan.document(),
            "horizon": horizon.record(),
            "driven": driven,
            "description": plan.describe(),
            "findings": [{"code": f.code, "message": f.message, "hint": f.hint, "update": f.update} for f in findings],
        },
    )
