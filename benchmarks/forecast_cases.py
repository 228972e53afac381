"""The held-out cases of the forecast benchmark: which logged runs a law is fitted to, and on which it is judged.

Two public collections of language-model trainings, split by group: a case never judges a curve it was fitted to, and
a cooldown that branched off a longer run is judged from its decay on only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from lrlab.record.logs.log import LogRun
from lrlab.record.logs.readers import read_run

PAPER = ("cosine_24000", "constant_24000", "wsdcon_9")  # the training curves of the Multi-Power Law paper
_NAME = re.compile(r"(?P<kind>[^_]+)_.*_nlayers(\d+)_nhead(\d+)_lr([\d.e-]+)_sched_(\w+?)_warmup(\d+)(.*)_iter(\d+)_")


@dataclass(frozen=True)
class Judged:
    """A run on which a law is judged, from update `since` on; `final` is its full validation loss, if measured."""

    run: LogRun
    since: int = 0
    final: float | None = None


@dataclass(frozen=True)
class Case:
    """Fit on `train`, judge on `test`."""

    name: str
    train: tuple[LogRun, ...]
    test: tuple[Judged, ...]


@dataclass(frozen=True)
class Key:
    """A run of the second collection: model size, peak LR, schedule, updates."""

    size: str
    lr: float
    schedule: str
    updates: int


def paper_runs(folder: Path, size: int) -> dict[str, LogRun]:
    """The curves of one model size of the first collection, by name."""
    files = sorted((folder / "multi-power-law" / f"csv_{size}").glob("*.csv"))
    return {file.stem: read_run(file, warmup=2160, weight_decay=0.1, smooth=1) for file in files}


def cooldown_runs(folder: Path) -> dict[Key, Judged]:
    """The runs of the second collection; cooldowns are joined to the constant run that they branched from."""
    found = {_key(file): file for file in sorted((folder / "lr-scheduling").glob("*.json"))}
    trunks = {(key.size, key.lr): read_run(file) for key, file in found.items() if key.schedule == "constant"}
    return {key: _judged(key, file, trunks) for key, file in found.items()}


def _key(file: Path) -> Key:
    match = _NAME.match(file.name)
    if match is None:
        raise SystemExit(f"unknown file name: {file.name}")
    kind, layers, heads, lr, schedule, _, rest, updates = match.groups()
    if schedule == "cos":
        name = "cosine to 0" if "zero" in kind else "cosine to 0.1"
    elif kind.startswith("ann"):
        name = f"{'1-sqrt' if 'sqrt' in rest else 'linear'} {re.sub('ann(124-)?', '', kind)}"
    else:
        name = "constant"
    return Key(f"{layers}x{heads}", float(lr), name, int(updates))


def _judged(key: Key, file: Path, trunks: dict[tuple[str, float], LogRun]) -> Judged:
    final = json.loads(file.read_text())["history"].get("final-val", {}).get("final_val_loss") or [None]
    if key.schedule.startswith(("linear", "1-sqrt")):
        share = float(key.schedule.split()[1])
        run = read_run(file, parent=trunks[key.size, key.lr])
        return Judged(run, round(key.updates * (1 - share)), final[-1])
    return Judged(read_run(file), 0, final[-1])


def cut(run: LogRun, updates: int) -> LogRun:
    """The first `updates` updates of a run."""
    kept = run.updates <= updates
    return replace(run, updates=run.updates[kept], loss=run.loss[kept], lrs=run.lrs[:updates])


def paper_cases(runs: dict[str, LogRun]) -> Iterator[Case]:
    """Fits on three, two and one curves of the 25M size; the curves outside the paper's training set are judged."""
    judged = [name for name in runs if name not in PAPER]
    for train in (
        PAPER,
        ("constant_24000", "wsdcon_9"),
        ("constant_24000", "cosine_24000"),
        ("wsdld_20000_24000",),
        ("wsd_20000_24000",),
        ("cosine_24000",),
    ):
        test = tuple(Judged(runs[name]) for name in judged if name not in train)
        yield Case(" + ".join(train), tuple(runs[name] for name in train), test)


def left_out_cases(runs: dict[str, LogRun], size: int) -> Iterator[Case]:
    """Each of the paper's training curves from the other two, where only those three are there."""
    for left in PAPER:
        train = tuple(runs[name] for name in PAPER if name != left)
        yield Case(f"{size}M: {left}", train, (Judged(runs[left]),))


def same_lr_cases(runs: dict[Key, Judged], size: str = "12x12") -> Iterator[Case]:
    """Other shapes and horizons at the peak LR of the training curves."""
    for lr in (1e-4, 5e-4, 1e-3, 2e-3):
        here = {key: judged for key, judged in runs.items() if (key.size, key.lr) == (size, lr)}
        constant = cut(runs[Key(size, lr, "constant", 50000)].run, 25000)
        for shape in ("cosine to 0", "linear 0.2"):
            own = Key(size, lr, shape, 25000)
            test = tuple(judged for key, judged in here.items() if key != own)
            yield Case(f"{lr:g}: constant + {shape}", (constant, runs[own].run), test)
            if len(test) > 5:  # a single curve is judged where there are enough others
                yield Case(f"{lr:g}: {shape}", (runs[own].run,), test)


def other_lr_cases(runs: dict[Key, Judged], size: str = "12x12") -> Iterator[Case]:
    """A peak LR that is not among the training curves (constant + linear 0.2 at each of theirs)."""
    for train, target in (
        ((5e-4, 2e-3), 1e-3),
        ((5e-4, 1e-3), 2e-3),
        ((1e-3, 2e-3), 5e-4),
        ((5e-4, 1e-3), 1e-4),
        ((1e-3,), 5e-4),
        ((1e-3,), 2e-3),
    ):
        test = tuple(judged for key, judged in runs.items() if (key.size, key.lr) == (size, target))
        name = f"{', '.join(f'{lr:g}' for lr in train)} -> {target:g}"
        yield Case(name, _pairs(runs, size, train), test)


def joint_cases(runs: dict[Key, Judged], size: str = "12x12") -> Iterator[Case]:
    """Every run of one size, over all LRs and horizons, from four curves at two LRs."""
    test = tuple(judged for key, judged in runs.items() if key.size == size)
    for train in ((5e-4, 2e-3), (5e-4, 1e-3)):
        yield Case(f"all, from {train[0]:g} and {train[1]:g}", _pairs(runs, size, train), test)


def _pairs(runs: dict[Key, Judged], size: str, lrs: tuple[float, ...]) -> tuple[LogRun, ...]:
    pairs = []
    for lr in lrs:
        pairs.append(cut(runs[Key(size, lr, "constant", 50000)].run, 25000))
        pairs.append(runs[Key(size, lr, "linear 0.2", 25000)].run)
    return tuple(pairs)


def group_cases(runs: dict[Key, Judged]) -> Iterator[Case]:
    """Other model sizes: a longer cooldown at the LR of the training curves, and cosines at twice that LR."""
    for size in ("12x10", "10x8", "8x6"):
        keys = [key for key in runs if key.size == size]
        first, *longer = sorted((key for key in keys if key.schedule == "linear 0.2"), key=lambda key: key.updates)
        trunk = next(runs[key].run for key in keys if key.schedule == "constant")
        train = (cut(trunk, first.updates), runs[first].run)
        yield Case(f"{size}: longer", train, tuple(runs[key] for key in longer))
        cosines = tuple(runs[key] for key in keys if key.schedule.startswith("cosine"))
        yield Case(f"{size}: cosine, 2x LR", train, cosines)


def share(held: np.ndarray) -> str:
    """The share that held, with its 95 % interval (Clopper and Pearson)."""
    low, high = binomtest(int(held.sum()), len(held)).proportion_ci(0.95)
    return f"{held.mean():.2f} ({low:.2f} to {high:.2f})"
