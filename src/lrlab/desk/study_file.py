"""Study files: a comparison, a search or a plan as TOML, to be read, checked and put under version control.

    [compare]                               # lrlab compare --file study.toml
    task = "digits"
    folds = 8
    lrs = [0.5, 1, 2]
    [compare.arm]
    early = 'wsd(decay="40%")'
    late = "wsd()"

    [tune]                                  # lrlab tune --file study.toml
    task = "train.py:train"
    budget = "30min"

    [plan]                                  # lr.read_plan("study.toml"), lrlab show --file study.toml
    lr = 'warmup("2%") >> cosine()'
    weight_decay = "linear(to=2)"
    [plan.groups."head*"]
    lr = "cosine()"

The keys are the long options of the command with `_` for `-`; options on the command line override the file. The types
below define it completely: they read the file, and `lrlab schema study` is generated from them.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

from lrlab.core.plan.plan import Plan
from lrlab.core.plan.plan import plan as plan_of
from lrlab.desk.typed import typed
from lrlab.errors import LrlabError, worded
from lrlab.record.regular import content
from lrlab.record.shape import Misshapen, shaped

LARGEST = 10**7  # bytes
ScheduleText = str | float


@dataclass(frozen=True)
class CompareTable:
    """A comparison: the options of `lrlab compare`; `arm` holds strategies by name, `arms` is a whole set.

    Behind an @ of a strategy stand its optimizer and the average of its weights: "constant() @ ema 10%".

    `more` are the tasks beside the first, where there are several.
    """

    task: str
    more: tuple[str, ...] = ()
    quick: bool = False
    arm: Mapping[str, str] = field(default_factory=dict)
    arms: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    variant: str | None = None
    updates: int | None = None
    folds: int | None = None
    seeds: int | None = None
    first_seed: int | None = None
    lrs: tuple[float, ...] | Literal["auto"] = ()
    store: str | None = None
    report: str | None = None
    workers: int | None = None
    executor: str | None = None
    vectorise: int | None = None
    until_settled: bool = False
    matters: str | float | None = None
    overlapping: bool = False
    fork_every: int | None = None
    audit: int | None = None


@dataclass(frozen=True)
class TuneTable:
    """A search: the options of `lrlab tune`; `arm` holds strategies with slots, by name; behind an @ an average."""

    task: str
    budget: float | str
    arm: Mapping[str, str] = field(default_factory=dict)
    updates: int | None = None
    lrs: tuple[float, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    workers: int | None = None
    executor: str | None = None
    store: str | None = None


@dataclass(frozen=True)
class PlanTable:
    """A plan: a schedule or a number for each hyper-parameter, for every group and for the `groups` of a pattern."""

    lr: ScheduleText | None = None
    weight_decay: ScheduleText | None = None
    momentum: ScheduleText | None = None
    betas: tuple[ScheduleText, ...] = ()
    eps: ScheduleText | None = None
    groups: Mapping[str, Mapping[str, ScheduleText]] = field(default_factory=dict)
    layer_decay: float | None = None
    layers: tuple[str, ...] = ()
    joining: str | None = None


@dataclass(frozen=True)
class StudyFile:
    """The contents of the file: one or several of these tables."""

    compare: CompareTable | None = None
    tune: TuneTable | None = None
    plan: PlanTable | None = None


def read_file(path: str | Path) -> StudyFile:
    """Read and check a file. Raises `LrlabError` if it is not valid, saying what is wrong and where."""
    try:
        found = tomllib.loads(content(path, LARGEST).decode())
    except OSError as error:
        raise LrlabError(worded(f"the file cannot be read: {error.strerror}", str(path))) from None
    except (ValueError, RecursionError) as error:
        raise LrlabError(worded(f"this is not TOML: {error}", str(path))) from None
    if not found:
        raise LrlabError(worded("nothing is in the file", str(path), "[compare], [tune], [plan]", "lrlab schema study"))
    try:
        tables = {field.name: _table(field.name, found) for field in fields(StudyFile) if field.name in found}
        odd = {name: value for name, value in found.items() if name not in tables}
        return StudyFile(**tables) if not odd else shaped(StudyFile, odd)
    except Misshapen as error:
        raise LrlabError(worded(f"{path}: {error}", hint="lrlab schema study")) from None


_TABLES = {"compare": CompareTable, "tune": TuneTable, "plan": PlanTable}


def _table(name: str, found: Mapping[str, Any]) -> Any:
    """One of the tables, read alone so that the error says what is wrong inside it."""
    try:
        return shaped(_TABLES[name], found[name])
    except Misshapen as error:
        raise error.inside(f".{name}") from None


def options(table: CompareTable | TuneTable) -> dict[str, Any]:
    """The table as typed options of the command, by name; missing ones are left out."""
    given: dict[str, Any] = {}
    for each in fields(table):
        value = getattr(table, each.name)
        if value is None or value == () or value == {} or value is False:
            continue
        if each.name == "arm":
            given["schedules"] = [_typed(name, text) for name, text in value.items()]
        elif each.name == "config":
            given["config"] = [f"{name}={_json(name, item)}" for name, item in value.items()]
        elif each.name == "lrs":
            given["lrs"] = value if isinstance(value, str) else ",".join(map(repr, value))
        else:
            given["horizon" if (each.name, type(table)) == ("updates", TuneTable) else each.name] = value
    return given


def _typed(name: str, text: str) -> str:
    given = typed(name.strip(), text)
    if given == text:
        raise LrlabError(worded("a strategy's name has no = and no (", name, hint="early"))
    return given


def _json(name: str, value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        raise LrlabError(worded(f"config.{name} is not a plain value", value, "texts, numbers, true, false")) from None


def table_of(path: str | Path, kind: str) -> Any:
    """The table of this kind in a file. Raises `LrlabError` if there is none."""
    file = read_file(path)
    found = getattr(file, kind)
    if found is None:
        there = ", ".join(f"[{field.name}]" for field in fields(file) if getattr(file, field.name) is not None)
        raise LrlabError(worded(f"the file has no [{kind}]", str(path), there))
    return found


def read_plan(path: str | Path) -> Plan:
    """Read a plan from the table [plan] of a TOML file; see `lr.plan`.

    Raises `LrlabError` if there is none, or if a schedule in it cannot be read.

    >>> import lrlab as lr
    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> file = Path(mkdtemp(), "plan.toml")
    >>> file.write_text('[plan]\\nlr = "cosine()"\\nmomentum = 0.9')
    37
    >>> lr.read_plan(file)
    plan(lr=cosine(), momentum=constant(level=0.9))
    """
    found: PlanTable = table_of(path, "plan")
    given = {each.name: getattr(found, each.name) for each in fields(found)}
    return plan_of(**{name: value for name, value in given.items() if value not in (None, (), {})})
