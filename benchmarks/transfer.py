"""Does the LR carry over from small sweeps? Each size, batch and horizon left out in turn, beside the field's rules.

    python benchmarks/transfer.py [TABLE] [--size smallest]    (TABLE: benchmarks/data/transfer.csv)

Of a table of sweeps (`transfer_sweeps.py` trains it) all those of one size are left out, the LR of each is asked of the
others, and its regret is read off the sweep itself: the loss there above the least, as a share of it, on a smooth curve
through its trials (a cubic in log LR, in which trials far above the best count little). The rules start from the
optimum of the nearest sweep that was left in. Then the same with one batch, and with one horizon.

"held": the share of sweeps whose own optimum lies in the 90 % interval. "risk held": whose regret is at most the risk
that was said.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.transfer.sweeps import FACTORS, Sweep, gather
from lrlab.analysis.transfer.transfer import Transfer, fit_sweeps
from lrlab.record.trials import Trial, read_trials
from sizes import add_size

TABLE = Path(__file__).parent / "data" / "transfer.csv"
BAR, LEAST, MOST = 0.005, 0.85, 0.97  # regret at the 90th percentile, and the share that lies in its interval
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Asked:
    """One sweep that was left out: what was said of it, its own optimum, and the regret of an LR."""

    said: Transfer
    optimum: float
    regret: Callable[[float], float]


def truth(sweep: Sweep) -> tuple[float, Callable[[float], float]]:
    """The LR at which the loss of a sweep is least, and the regret of any LR; beyond the trials, of the last one."""
    x, z = sweep.log_lr, sweep.log_loss
    above = z - z.min()
    cubic = np.polynomial.Polynomial.fit(x, z, min(3, len(sweep.lrs) - 1), w=(3e-3**2 + (0.2 * above) ** 2) ** -0.5)
    grid = np.linspace(x.min(), x.max(), 400)
    values = np.asarray(cubic(grid))
    least = float(values.min())
    return float(np.exp(grid[values.argmin()])), lambda lr: float(np.expm1(np.interp(np.log(lr), grid, values) - least))


def left_out(trials: Sequence[Trial], factor: str, prior: str | None) -> list[Asked]:
    """Every sweep, asked of those that have another value of the factor."""
    found = []
    for value in sorted({getattr(trial, factor) for trial in trials}):
        kept = [trial for trial in trials if getattr(trial, factor) != value]
        fitted = fit_sweeps(kept, prior)
        for sweep in gather([trial for trial in trials if getattr(trial, factor) == value]):
            said = fitted.at(**dict(zip(FACTORS, sweep.setting, strict=True)))
            found.append(Asked(said, *truth(sweep)))
    return found


def report(name: str, asked: Sequence[Asked]) -> None:
    """A row for ours, and one for each rule."""
    held = np.mean([each.said.low <= each.optimum <= each.said.high for each in asked])
    within = np.mean([each.regret(each.said.lr) <= each.said.risk for each in asked])
    wide = np.median([each.said.high / each.said.low for each in asked])
    ours = [each.regret(each.said.lr) for each in asked]
    met = "met" if np.quantile(ours, 0.9) <= BAR and LEAST <= held <= MOST else "MISSED"
    print(f"{name}: {len(asked)} sweeps; interval {wide:.1f}x wide, held {held:.2f}, risk held {within:.2f}: {met}")
    line("from all sweeps", ours)
    for at, rule in enumerate(asked[0].said.rules):
        line(rule.name, [each.regret(each.said.rules[at].lr) for each in asked])


def line(name: str, regrets: Sequence[float]) -> None:
    """Median, 90th percentile and largest regret, in percent of the loss."""
    figures = np.quantile(regrets, (0.5, 0.9, 1.0)) * 100
    print(f"  {name:<22s}" + "".join(f"{figure:9.3f}" for figure in figures), flush=True)


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("table", nargs="?", type=Path, default=TABLE)
    add_size(options)
    given = options.parse_args()
    trials, factors = read_trials(given.table), FACTORS
    if given.size == "smallest":
        trials, factors = tuple(trial for trial in trials if trial.batch in (2, 16) and trial.horizon == 500), ("size",)
    print(f"{len(trials)} trials; regret in % of the loss: median, 90th percentile, largest")
    for factor in factors:
        report(f"a {factor} left out", left_out(trials, factor, "public"))
    if given.size == "full":
        report("a size left out, prior=None", left_out(trials, "size", None))
    return 0


if __name__ == "__main__":
    sys.exit(main())
