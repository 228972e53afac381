"""Looking at the plan of a file: what drives each hyper-parameter of each group over a run, and what looks odd."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypedDict

from lrlab.core.expression.node import Schedule
from lrlab.core.plan.plan import Plan
from lrlab.core.plan.rules import KINDS
from lrlab.core.time.horizon import Horizon
from lrlab.desk import VERSION
from lrlab.desk.schedules import LENGTH, POINTS, FindingRecord, ShowDocument
from lrlab.desk.study_file import read_plan
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


def show_plan(path: str | Path, run: Horizon) -> PlanPreview:
    """Preview the plan that stands in a file, over a run: 1000 updates where nothing is said.

    Raises `LrlabError` where there is none, or a schedule in it cannot be read or laid out.
    """
    plan = read_plan(path)
    horizon = run if run.total is not None else replace(run, updates=LENGTH)
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
