"""Saved states of PyTorch schedulers load, and go on with the same bits. The states here are never edited.

Each row says how the run was built, what state it had, and what every later update used.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch import PlanScheduler, Scheduler

HERE = Path(__file__).parent
SCHEDULERS = json.loads((HERE / "scheduler_2.json").read_text(encoding="utf-8"))
PLANS = json.loads((HERE / "plan_1.json").read_text(encoding="utf-8"))


def group(number: int, spec: dict[str, Any]) -> dict[str, Any]:
    """A parameter group with one small matrix."""
    parameter = torch.nn.Parameter(torch.eye(2) * (1 + number))
    made = {"params": [parameter], **spec}
    if made.pop("tensor", False):
        made["lr"] = torch.tensor(made["lr"], dtype=torch.float64)
    return made


def built(case: dict[str, Any]) -> tuple[list[torch.optim.Optimizer], Any]:
    """The optimizers and the scheduler as the code of the run builds them."""
    optimizers = []
    for kind, options, groups in case["optimizers"]:
        made = [group(k, spec) for k, spec in enumerate(groups)]
        optimizers.append(getattr(torch.optim, kind)(made, **options))
    horizon = lr.Horizon(**case["horizon"]) if isinstance(case["horizon"], dict) else case["horizon"]
    return optimizers, attached(case, optimizers, horizon)


def attached(case: dict[str, Any], optimizers: list[torch.optim.Optimizer], horizon: Any) -> Any:
    """The scheduler: of a plan, or of a schedule."""
    if "plan" in case:
        plan = lr.Plan.loads(json.dumps(case["plan"]))
        return PlanScheduler(optimizers, plan, horizon, **case.get("asked", {}))
    return Scheduler(optimizers[0], case["schedule"], horizon, **case.get("asked", {}))


def value(kept: Any) -> Any:
    return [value(one) for one in kept] if isinstance(kept, (tuple, list)) else float(kept)


def used(case: dict[str, Any], optimizers: list[torch.optim.Optimizer]) -> list[Any]:
    """What the next update uses: every driven hyper-parameter of every group."""
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    return [value(group[key]) for group in groups for key in case.get("keys", ["lr"]) if key in group]


def train(case: dict[str, Any], optimizers: list[Any], scheduler: Any, start: int, stop: int) -> list[Any]:
    """Updates and observations, and what each update used."""
    rows = []
    for i in range(start, stop):
        rows.append(used(case, optimizers))
        for optimizer in optimizers:
            for one in optimizer.param_groups:
                one["params"][0].grad = torch.ones(2, 2)
            optimizer.step()
        if "tokens" in case:
            scheduler.consume(tokens=case["tokens"] + 37 * (i % 5))
        scheduler.step()
        metric = 1.0 + 0.1 * ((i * 7) % 5)
        for name in case.get("observe", []):
            scheduler.observe(**{name: metric}) if name else scheduler.observe(metric)
    return rows


def as_written(found: Any, wanted: Any) -> bool:
    """Whether values are those that were written down: a power may differ in its last place on another processor."""
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(as_written, found, wanted))
    return bool(found == wanted or math.isclose(found, wanted, rel_tol=2**-51))


@pytest.mark.parametrize("case", SCHEDULERS + PLANS, ids=lambda case: case["name"])
def test_an_earlier_state_goes_on_with_the_same_bits(case):
    """Whatever it was of: groups, feedback, a change, tokens, several optimizers."""
    optimizers, scheduler = built(case)
    scheduler.load_state_dict(case["state"], **case.get("load", {}))
    assert scheduler.update == case["update"]
    assert as_written(
        train(case, optimizers, scheduler, case["update"], case["update"] + len(case["rows"])), case["rows"]
    )


UNCHANGED = [case for case in SCHEDULERS + PLANS if "before" in case]


@pytest.mark.parametrize("case", UNCHANGED, ids=lambda case: case["name"])
def test_today_s_run_has_the_bits_of_the_earlier_one(case):
    """From the first update on, for a run that nobody has changed on its way."""
    optimizers, scheduler = built(case)
    assert as_written(train(case, optimizers, scheduler, 0, case["update"]), case["before"])
    assert as_written(
        train(case, optimizers, scheduler, case["update"], case["update"] + len(case["rows"])), case["rows"]
    )
