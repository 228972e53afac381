"""The trials of small sweeps: the settings of each run (size, batch, horizon, LR) and its final loss.

    size,batch,horizon,lr,loss
    7e6,32,2000,1e-3,3.41
    7e6,32,2000,2e-3,3.38

A table in a file (CSV, JSON lines, a JSON document), rows in memory, or runs of a store.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded
from lrlab.record.logs.choice import refuse
from lrlab.record.logs.formats.registry import rows
from lrlab.record.logs.roles import Role, loss, refuse_scaled, role
from lrlab.record.logs.rows import Config, Remark, Unreadable, Unusable
from lrlab.record.logs.steps import number
from lrlab.record.logs.units import counted
from lrlab.record.runs.run import StoredRun

# The names of each value in people's tables.
NAMES: Mapping[str, tuple[str, ...]] = {
    "size": ("size", "params", "parameters", "n_params", "num_params", "n_parameters", "model_size"),
    "batch": ("batch", "batch_size", "bs", "global_batch_size", "train_batch_size"),
    "horizon": ("horizon", "updates", "steps", "max_steps", "num_steps", "total_steps", "iterations", "iters"),
    "lr": ("lr", "learning_rate", "peak_lr", "max_lr", "base_lr", "eta"),
    "loss": ("final_val_loss", "val_loss", "validation_loss", "eval_loss", "final_loss", "loss", "smooth_loss"),
    "width": ("width", "d_model", "n_embd", "hidden_size", "dim"),
    "seed": ("seed",),
}
MEANS = {
    "size": "the number of parameters",
    "batch": "the batch of an update, in samples or tokens",
    "horizon": "the number of updates",
    "lr": "the peak LR",
    "loss": "the final loss",
}
_ALIKE = (
    "optimizer",
    "optimiser",
    "optim",
    "schedule",
    "scheduler",
    "method",
    "arm",
    "task",
    "dataset",
)  # in one transfer
_SUFFIX = {"k": 1e3, "m": 1e6, "b": 1e9, "g": 1e9, "t": 1e12}
_DIVERGED = ("", "none", "null", "na", "n/a", "-", "diverged", "failed", "crashed")
_NUMBER = re.compile(r"([-+]?[\d.]+(?:e[-+]?\d+)?)\s*([kmbgt]?)", re.IGNORECASE)

Table = str | PathLike[str] | Sequence[Mapping[str, Any]] | Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Trial:
    """One finished training. `loss` is NaN if it diverged; `width` is None if it is not known."""

    size: float
    batch: float
    horizon: float
    lr: float
    loss: float
    seed: str = ""
    width: float | None = None


def read_trials(table: Table, columns: Mapping[str, str] | None = None) -> tuple[Trial, ...]:
    """The trials in a table: a file, a list of rows, or columns by name.

    `columns` gives the column of a value if it is not found by itself: {"lr": "rate"}. A missing or non-finite loss
    means that the run diverged. A row that stands twice counts once.

    Raises `LrlabError` if a column is missing, if an LR, size, batch or horizon is not a positive number, if the trials
    are of several optimizers (schedules, tasks ...), or if a run has several rows.

    >>> read_trials({"params": ["7M"], "bs": [32], "steps": [100], "lr": [0.1], "val_loss": [2.5]})[0].size
    7000000.0
    """
    found = list(_rows(table))
    if not found:
        raise LrlabError(worded("the table of trials has no rows", _place(table), "one row for each run"))
    known = list(dict.fromkeys(name for row in found for name in row))
    named = _columns(known, dict(columns or {}))
    refuse_scaled(str(named["lr"]), _place(table))
    _one_kind(found, named)
    trials = [_trial(row, named, f"row {at}") for at, row in enumerate(found, 1)]
    _one_row_each(found, trials, named)
    return tuple(dict.fromkeys(trials))


def of_runs(runs: Iterable[StoredRun], given: Mapping[str, str], place: str) -> tuple[Trial, ...]:
    """The trials among the runs of a store; `given` has their size and batch, and the arm if there are several.

    The LR of a stored run is a multiple of the task's own LR: transfer only among runs of one task.

    Raises `LrlabError` if size or batch is not given, if there are several arms and none is given, if the runs are of
    several recipes, and if more of their metric is better.
    """
    allowed = ("size", "batch", "width", "arm", "task")
    for name in given:
        if name not in allowed:
            meant = nearest(name, allowed)
            raise LrlabError(worded(f"{place}: unknown setting", name, ", ".join(allowed), meant and f"{meant}=..."))
    for name in ("size", "batch"):
        if name not in given:
            hint = f"{place} size=7e6,batch=32"
            raise LrlabError(worded(f"a store does not know {MEANS[name]}", dict(given), f"{name}=", hint))
    kept = [run for run in runs if given.get("arm", run.arm) == run.arm and given.get("task", run.task) == run.task]
    for name in ("task", "arm"):
        values = sorted({getattr(run, name) for run in kept})
        if len(values) > 1:
            raise LrlabError(
                worded(f"{place}: the runs of one transfer share their {name}", values, "one", f"{name}={values[0]}")
            )
    if not kept:
        raise LrlabError(worded(f"{place}: no such runs", dict(given), "a store with finished runs"))
    _one_recipe(kept, place)
    if kept[0].way != "min":
        why = "more of it is better" if kept[0].way else "its name does not say which way it is better"
        said = f"{place}: a transfer is of a loss, of which less is better"
        raise LrlabError(worded(said, f"{kept[0].metric}: {why}", "runs that were judged by a loss"))
    width = _positive(given["width"], "width", place) if "width" in given else None
    size, batch = (_positive(given[name], name, place) for name in ("size", "batch"))
    return tuple(
        Trial(size, batch, run.updates, run.lr, _loss(run.score, place), f"{run.seed}/{run.fold}", width)
        for run in kept
    )


def _one_recipe(runs: Sequence[StoredRun], place: str) -> None:
    """Raise `LrlabError` for runs that differ in more than LR, length, seed and fold: their best LRs are not one."""
    cells = {(run.updates, run.lr, run.seed, run.fold) for run in runs}
    if len(cells) < len(runs) or len({(run.schedule, run.averaging, run.metric) for run in runs}) > 1:
        said = f"{place} has runs of {runs[0].task} from several recipes: its code, settings or libraries differ"
        raise LrlabError(worded(said, f"{len(runs)} runs of {runs[0].arm}", "one recipe", "a store for each"))


def amount(text: object) -> float | None:
    """A number as people write it, 1.3B for 1.3e9; None for anything else.

    >>> amount("1.3B"), amount("2k"), amount(7), amount("many")
    (1300000000.0, 2000.0, 7.0, None)
    """
    if isinstance(text, bool) or text is None:
        return None
    if (found := number(text)) is not None:
        return found
    try:
        return float(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        match = _NUMBER.fullmatch(str(text).strip().replace(",", "").replace("_", ""))
        return float(match[1]) * _SUFFIX.get(match[2].lower(), 1.0) if match and match[1].count(".") < 2 else None


def _rows(table: Table) -> Iterable[Mapping[str, Any]]:
    if isinstance(table, str | PathLike):  # a text is also a sequence
        path = Path(table)
        if not path.exists():
            raise LrlabError(worded("there is no such table of trials", str(path), "a CSV, JSON or JSON lines file"))
        for item in rows(path):
            if isinstance(item, Unreadable):
                raise LrlabError(worded(f"{path}: {item.where} of the table cannot be read: {item.why}"))
            if not isinstance(item, Config | Remark | Unusable):
                yield item
    elif isinstance(table, Mapping):
        lengths = {name: len(values) for name, values in table.items()}
        if len(set(lengths.values())) > 1:
            raise LrlabError(worded("the columns of the table differ in length", lengths, "one value for each run"))
        yield from (dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True))
    elif isinstance(table, Sequence) and all(isinstance(row, Mapping) for row in table):
        yield from (row for row in table if isinstance(row, Mapping))
    else:
        allowed = 'a path, a list of rows {"lr": 0.1, ...}, or columns {"lr": [0.1, ...], ...}'
        raise LrlabTypeError(worded("this is not a table of trials", table, allowed))


def _one_kind(rows_: Sequence[Mapping[str, Any]], named: Mapping[str, str]) -> None:
    """Raise `LrlabError` if a column tells optimizers, schedules, tasks ... apart: their best LRs are not one law's."""
    for name in dict.fromkeys(name for row in rows_ for name in row):
        if str(name).strip().lower() in _ALIKE and name not in named.values():
            values = sorted({str(row[name]) for row in rows_ if row.get(name) not in (None, "")})
            if len(values) > 1:
                raise LrlabError(
                    worded(f"the trials of one transfer share their {name}", values, "one", "one table for each")
                )


def _one_row_each(rows_: Sequence[Mapping[str, Any]], trials: Sequence[Trial], named: Mapping[str, str]) -> None:
    """Raise `LrlabError` if another counter than the horizon differs between rows of one run: they are its curve."""
    counters = [name for name in dict.fromkeys(n for row in rows_ for n in row) if counted(str(name))]
    for name in counters:
        if name in named.values():
            continue
        seen: dict[Trial, set[str]] = {}
        for row, trial in zip(rows_, trials, strict=True):
            seen.setdefault(replace(trial, loss=0.0), set()).add(str(row.get(name)))
        several = next((values for values in seen.values() if len(values) > 1), None)
        if several:
            given = f"{name} {', '.join(sorted(several)[:5])} at one setting and LR"
            raise LrlabError(worded("a run has several rows", given, "its last one", f"a table without {name}"))


def _place(table: Table) -> str:
    return str(table) if isinstance(table, str | PathLike) else "a table in memory"


def _columns(known: Sequence[str], given: dict[str, str]) -> dict[str, str]:
    """The column of each value."""
    for name, column in given.items():
        if name not in NAMES:
            raise LrlabError(
                worded("a table of trials has no such value", name, ", ".join(NAMES), nearest(name, NAMES))
            )
        if column not in known:
            hint = f"--column {name}={nearest(column, known) or known[0]}"
            raise LrlabError(worded("the table has no such column", column, ", ".join(known), hint))
    refuse(str(given.get("loss", "")))
    guesses = {name: given.get(name) or _guess(name, known) for name in NAMES}
    found = {name: column for name, column in guesses.items() if column is not None}
    for name, means in MEANS.items():
        if name not in found:
            meant = _meant(name, [str(column) for column in known if column not in found.values()])
            given_ = f"columns {', '.join(map(str, known))}"
            allowed = f"one called {', '.join(dict.fromkeys((name, *NAMES[name])))}"
            hint = f'columns={{"{name}": "{meant or "..."}"}}, or --column {name}={meant or "..."}'
            hint = f"did you mean {meant!r}? {hint}" if meant else hint
            raise LrlabError(worded(f"the table does not say {means}", given_, allowed, hint))
    return found


def _meant(name: str, others: Sequence[str]) -> str:
    """The column with a similar name, or with this name inside its own."""
    words = (name, *NAMES[name])
    close = [near for word in words if (near := nearest(word, others))]
    within = [column for word in words for column in others if word in column.lower()]
    return next(iter([*close, *within]), "")


def _guess(name: str, known: Sequence[str]) -> str | None:
    plain = {str(column).strip().lower().replace(" ", "_").replace("-", "_"): column for column in reversed(known)}
    if (column := next((plain[word] for word in NAMES[name] if word in plain), None)) is not None:
        return column
    if name == "lr":
        rates = [column for column in known if role(str(column)) is Role.RATE]
        return rates[0] if len(rates) == 1 else None
    if name == "loss":
        losses = [column for column in known if role(str(column)) is Role.LOSS]
        judged = [column for column in losses if loss(str(column)).validation] or losses
        return judged[0] if len(judged) == 1 else None
    return None


def _trial(row: Mapping[str, Any], named: Mapping[str, str], where: str) -> Trial:
    size, batch, horizon, lr = (
        _positive(row.get(named[name]), named[name], where) for name in ("size", "batch", "horizon", "lr")
    )
    width = _positive(row.get(named["width"]), named["width"], where) if "width" in named else None
    return Trial(
        size, batch, horizon, lr, _loss(row.get(named["loss"]), where), str(row.get(named.get("seed", ""), "")), width
    )


def _positive(value: object, name: str, where: str) -> float:
    found = amount(value)
    if found is None or not (math.isfinite(found) and found > 0):
        raise LrlabError(worded(f"{where}: {name} must be a positive number", value, "such as 1e-3, 7e6 or 7M"))
    return found


def _loss(value: object, where: str) -> float:
    """A loss; NaN if it is missing or infinite. Raises `LrlabError` for a word, and for 0 and below."""
    found = amount(value)
    if found is None and value is not None and str(value).strip().lower() not in _DIVERGED:
        raise LrlabError(worded(f"{where}: the loss must be a number", value, "2.31, or nan for a run that diverged"))
    if found is None or not math.isfinite(found):
        return math.nan
    if found <= 0:
        raise LrlabError(worded(f"{where}: the loss must be positive, for distances are shares of it", found))
    return found
