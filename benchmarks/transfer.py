"""Does the LR carry over from small sweeps? Each size, batch and horizon left out in turn, beside the field's rules.

    python benchmarks/transfer.py [TABLE] [--drawn 4] [--size smallest]    (TABLE: benchmarks/data/transfer.csv)

Of a table of sweeps (`transfer_sweeps.py` trains it) all those of one size are left out, the LR of each is asked of the
others, and its regret is read off the sweep itself: the loss there above the least, as a share of it, on a smooth curve
through its trials (a cubic in log LR, in which trials far above the best count little). The rules start from the
optimum of the nearest sweep that was left in. Then the same with one batch, and with one horizon.

Before that, as a yardstick, what the sweep of the very setting is worth: its optimum with one seed, judged by the
others.

"held": the share of sweeps whose own optimum lies in the 90 % interval. "risk held": whose regret is at most the risk
that was said. Both are judged by an optimum that is read off noisy trials, and so is another than the true one. What
that costs is told by tables that are drawn: from the law that was fitted to the table, at the noise and the curvature
that were found, where true optimum and regret are known, judged once by these and once by a reading as that of the
table.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lrlab.analysis.transfer.sweeps import FACTORS, Setting, Sweep, gather
from lrlab.analysis.transfer.transfer import Transfer, fit_sweeps
from lrlab.record.trials import Trial, read_trials
from sizes import add_size

TABLE = Path(__file__).parent / "data" / "transfer.csv"
BAR, LEAST, MOST = 0.005, 0.85, 0.97  # regret at the 90th percentile, and the share that lies in its interval
Floats = NDArray[np.float64]


Truth = tuple[float, Callable[[float], float]]  # the best LR of a sweep, and the regret of any


@dataclass(frozen=True)
class Asked:
    """One sweep that was left out: what was said of it, its own optimum, and the regret of an LR."""

    said: Transfer
    optimum: float
    regret: Callable[[float], float]

    @property
    def held(self) -> bool:
        """Whether its optimum lies in the interval."""
        return self.said.low <= self.optimum <= self.said.high

    @property
    def within(self) -> bool:
        """Whether the regret is at most the risk."""
        return self.regret(self.said.lr) <= self.said.risk


def read_off(sweep: Sweep) -> Truth:
    """The LR at which the loss of a sweep is least, and the regret of any LR; beyond the trials, of the last one.

    Each seed counts about its own mean, for a seed that lies higher as a whole has no other optimum.
    """
    x, z = sweep.log_lr, sweep.log_loss - np.array([sweep.log_loss[sweep.group == each].mean() for each in sweep.group])
    above = z - z.min()
    cubic = np.polynomial.Polynomial.fit(x, z, min(3, len(sweep.lrs) - 1), w=(3e-3**2 + (0.2 * above) ** 2) ** -0.5)
    grid = np.linspace(x.min(), x.max(), 400)
    values = np.asarray(cubic(grid))
    least = float(values.min())
    return float(np.exp(grid[values.argmin()])), lambda lr: float(np.expm1(np.interp(np.log(lr), grid, values) - least))


def by_other_seeds(sweep: Sweep) -> list[float]:
    """The regret of the optimum that the sweep has with each one of its seeds, read off the others."""

    def of(chosen: NDArray[np.bool_]) -> Truth:
        parts = {name: getattr(sweep, name)[chosen] for name in ("log_lr", "log_loss", "group")}
        return read_off(replace(sweep, **parts))

    seeds = np.unique(sweep.group)
    pairs = [(of(sweep.group == seed), of(sweep.group != seed)) for seed in seeds if len(seeds) > 1]
    return [regret(optimum) for (optimum, _), (_, regret) in pairs]


def left_out(
    trials: Sequence[Trial], factor: str, prior: str | None, truth: Callable[[Sweep], Truth] = read_off
) -> list[Asked]:
    """Every sweep, asked of those that have another value of the factor."""
    found, at, sweeps = [], FACTORS.index(factor), gather(trials)
    for value in sorted({getattr(trial, factor) for trial in trials}):
        fitted = fit_sweeps([trial for trial in trials if getattr(trial, factor) != value], prior)
        for sweep in sweeps:
            if sweep.setting[at] != value:
                continue
            said = fitted.at(**dict(zip(FACTORS, sweep.setting, strict=True)))
            found.append(Asked(said, *truth(sweep)))
    return found


def drawn(trials: Sequence[Trial], seed: int) -> tuple[list[Trial], Callable[[Sweep], Truth]]:
    """A table as this one, drawn from the law that is fitted to it, with the truth of each of its sweeps.

    Settings, LRs and seeds are those of the table. A sweep lies where the law says, off by the scatter that the law
    has; its curvature varies by 0.4 from sweep to sweep; trials have the noise that was found, more of it far from the
    best.
    """
    fitted, random = fit_sweeps(trials), np.random.default_rng(seed)
    places, curvatures = dict[Setting, float](), dict[Setting, float]()
    part = max(fitted.law.parts, key=lambda each: each.share)
    for setting in fitted.settings:
        scatter = part.scatter * fitted.law.flatness.at(setting)
        places[setting] = float(fitted.law.form.columns(setting) @ part.mode + scatter * random.normal())
        usual = np.exp(fitted.optima.curvature.at(setting)[0])
        curvatures[setting] = usual * max(1.0 + 0.4 * random.normal(), 0.05)

    def rise(setting: Setting, lr: float) -> float:
        return 0.5 * curvatures[setting] * (np.log(lr) - places[setting]) ** 2

    made = []
    for trial in trials:
        above = rise((trial.size, trial.batch, trial.horizon), trial.lr)
        noise = np.hypot(fitted.optima.noise, 0.15 * above) * random.normal()
        made.append(replace(trial, loss=float(np.exp(1.0 + above + noise))))

    def true(sweep: Sweep) -> Truth:
        return float(np.exp(places[sweep.setting])), lambda lr: float(np.expm1(rise(sweep.setting, lr)))

    return made, true


def report_drawn(factor: str, trials: Sequence[Trial], count: int) -> None:
    """What holds of tables that are drawn, by their truth, and by what is read off them."""
    known, read = list[Asked](), list[Asked]()
    for seed in range(count):
        made, true = drawn(trials, seed)
        known += left_out(made, factor, "public", true)
        read += left_out(made, factor, "public")
    shares = [np.mean([getattr(each, what) for each in of]) for of in (known, read) for what in ("held", "within")]
    print("  drawn tables, by their truth: held {:.2f}, risk held {:.2f}; read off: {:.2f}, {:.2f}".format(*shares))


def report(name: str, asked: Sequence[Asked]) -> None:
    """A row for ours, and one for each rule."""
    held, within = np.mean([each.held for each in asked]), np.mean([each.within for each in asked])
    wide = np.median([each.said.high / each.said.low for each in asked])
    ours = [each.regret(each.said.lr) for each in asked]
    met = "met" if np.quantile(ours, 0.9) <= BAR and LEAST <= held <= MOST else "MISSED"
    print(f"{name}: {len(asked)} sweeps; interval {wide:.1f}x wide, held {held:.2f}, risk held {within:.2f}: {met}")
    line("from all sweeps", ours)
    for at, rule in enumerate(asked[0].said.rules):
        line(rule.name, [each.regret(each.said.rules[at].lr) for each in asked])


def complete(trials: Sequence[Trial]) -> tuple[Trial, ...]:
    """Without the seeds of a sweep that lack some of its LRs: a mean over other LRs is another one."""
    lrs: dict[tuple[float, float, float, str], set[float]] = {}
    for trial in trials:
        lrs.setdefault((trial.size, trial.batch, trial.horizon, trial.seed), set()).add(trial.lr)
    most = max(len(each) for each in lrs.values())
    return tuple(t for t in trials if len(lrs[t.size, t.batch, t.horizon, t.seed]) == most)


def line(name: str, regrets: Sequence[float]) -> None:
    """Median, 90th percentile and largest regret, in percent of the loss."""
    figures = np.quantile(regrets, (0.5, 0.9, 1.0)) * 100
    print(f"  {name:<22s}" + "".join(f"{figure:9.3f}" for figure in figures), flush=True)


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("table", nargs="?", type=Path, default=TABLE)
    options.add_argument("--drawn", type=int, default=4, help="tables that are drawn for each factor")
    add_size(options)
    given = options.parse_args()
    trials, factors = complete(read_trials(given.table)), FACTORS
    if given.size == "smallest":
        trials, factors = tuple(trial for trial in trials if trial.batch in (2, 16) and trial.horizon == 500), ("size",)
        given.drawn = 1
    print(f"{len(trials)} trials; regret in % of the loss: median, 90th percentile, largest")
    if known := [regret for sweep in gather(trials) for regret in by_other_seeds(sweep)]:
        line("the sweep, one seed", known)
    for factor in factors:
        report(f"a {factor} left out", left_out(trials, factor, "public"))
        report_drawn(factor, trials, given.drawn)
    if given.size == "full":
        report("a size left out, prior=None", left_out(trials, "size", None))
    return 0


if __name__ == "__main__":
    sys.exit(main())
