"""How well the loss laws foresee: accuracy, coverage, ranking and speed on held-out runs, against stated bars.

    python benchmarks/forecast.py --size smallest    (the curves that the tests have, no bars)
    python benchmarks/forecast.py DATA          (DATA holds the folders multi-power-law and lr-scheduling)

Every line gives what was measured and, where there is one, the bar; it ends with "ok" or "MISSED". Losses in nats.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # times are for one thread; must be set before NumPy is met

import argparse
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forecast_cases import (
    Case,
    Judged,
    cooldown_runs,
    group_cases,
    joint_cases,
    left_out_cases,
    other_lr_cases,
    paper_cases,
    paper_runs,
    same_lr_cases,
)
from lrlab.analysis.forecast import intervals
from lrlab.analysis.forecast.law import Law, fit_law
from lrlab.record.logs.readers import read_run
from sizes import add_size

TIE = 0.004  # finals closer than this are run noise: their order is not judged
PUBLISHED = {  # parameters of the 400M model with which the published schedule was found
    "floor": 2.37474466,
    "progress": 0.65421216,
    "alpha": 0.42878731,
    "noise": 523.42464371,
    "log_c": float(np.log(2.02462735)),
    "beta": 0.59350493,
    "gamma": 0.63472457,
}
missed: list[str] = []


@dataclass(frozen=True)
class Score:
    """One judged run: errors at its points, half widths of the 90 % interval there, predicted and measured final."""

    errors: np.ndarray
    loss: np.ndarray
    half: np.ndarray
    predicted: float
    final: float

    @property
    def mae(self) -> float:
        return float(np.abs(self.errors).mean())


def judge(law: Law, judged: Judged) -> Score:
    """Points after the warmup's wake count: from three warmups on, and from a tenth of a run not logged before."""
    run = judged.run
    prediction = law.predict(run.lrs)
    # The first collection begins after its warmup and is judged whole, as in its paper.
    wake = 0 if run.updates[0] >= run.warmup else max(3 * run.warmup, 0.1 * run.updates[-1])
    kept = run.updates >= max(judged.since, wake)
    at = run.updates[kept] - 1
    half = (prediction.high - prediction.loss)[at]
    final = judged.final if judged.final is not None else float(run.loss[-1])
    return Score(prediction.loss[at] - run.loss[kept], run.loss[kept], half, float(prediction.loss[-1]), final)


def scores(case: Case, law: str = "elr") -> list[Score]:
    fitted = fit_law(case.train, law)
    return [judge(fitted, judged) for judged in case.test]


def mae(found: Iterable[Score]) -> float:
    return float(np.mean([score.mae for score in found]))


def final_error(found: Iterable[Score]) -> float:
    return float(np.mean([abs(score.errors[-1]) for score in found]))


def pairs(found: list[Score]) -> float:
    """Share of pairs of finals put in their measured order; NaN where no two differ."""
    right = [
        (a.final - b.final) * (a.predicted - b.predicted) > 0
        for i, a in enumerate(found)
        for b in found[:i]
        if abs(a.final - b.final) > TIE
    ]
    return float(np.mean(right)) if right else float("nan")


def line(what: str, value: float, most: float | None = None, least: float | None = None, form: str = ".4f") -> None:
    bar, ok = "", True
    if most is not None:
        bar, ok = f"at most {most:{form}}", value <= most
    if least is not None:
        bar, ok = f"at least {least:{form}}", value >= least
    if not ok:
        missed.append(what)
    print(f"  {what:<58s} {value:>9{form}}  {bar:<18s} {'' if not bar else 'ok' if ok else 'MISSED'}")


def paper(folder: Path) -> list[Score]:
    print("\nPaper's protocol, 25M: fitted on three curves, judged on six")
    cases = list(paper_cases(paper_runs(folder, 25)))
    for law in ("elr", "mpl", "momentum", "convex"):
        found = scores(cases[0], law)
        print(f"  {law:9s} MAE {mae(found):.4f}   at the last point {final_error(found):.4f}")
    found = scores(cases[0])
    r2 = np.mean([1 - (s.errors**2).sum() / ((s.loss - s.loss.mean()) ** 2).sum() for s in found])
    line("R2", float(r2), least=0.9993)
    line("MAE", mae(found), most=0.0026)
    line("RMSE", float(np.mean([np.sqrt((s.errors**2).mean()) for s in found])), most=0.0034)
    line("worst relative error", float(np.mean([np.abs(s.errors / s.loss).max() for s in found])), most=0.0045)
    line("error at the last point", final_error(found), most=0.0045)
    every = list(found)
    for case in cases[1:]:
        every += (found := scores(case))
        line(
            f"MAE from {case.name}", mae(found), most=0.0028 if case.name.startswith("constant_24000 + ws") else 0.0045
        )
    for size in (100, 400):
        found = [s for case in left_out_cases(paper_runs(folder, size), size) for s in scores(case)]
        line(f"{size}M: MAE of each training curve from the other two", mae(found))
        every += found
    return every


def second(folder: Path) -> list[Score]:
    runs = cooldown_runs(folder)
    every: list[Score] = []
    print("\nSecond collection, 124M: same peak LR, other shapes and horizons")
    rows = [(case, scores(case)) for case in same_lr_cases(runs)]
    table(rows)
    core = [row for row in rows if not row[0].name.startswith("0.0001")]
    line("MAE, mean over cases, LR 5e-4 ... 2e-3", float(np.mean([mae(f) for _, f in core])), most=0.0035)
    line("ordering of finals, mean, LR 5e-4 ... 2e-3", float(np.nanmean([pairs(f) for _, f in core])), least=0.975)
    line("MAE, mean over cases, LR 1e-4", float(np.mean([mae(f) for c, f in rows if c.name.startswith("0.0001")])))
    every += [s for _, found in rows for s in found]

    print("\nSecond collection, 124M: a peak LR that was not trained on")
    rows = [(case, scores(case)) for case in other_lr_cases(runs)]
    table(rows)
    line("MAE, mean over cases", float(np.mean([mae(found) for _, found in rows])), most=0.0085)
    every += [s for _, found in rows for s in found]

    print("\nSecond collection, 124M: order of all runs over LRs and horizons, from four curves")
    for case in joint_cases(runs):
        line(f"ordering of finals, {case.name}", pairs(scores(case)), least=0.97)
        others = "   ".join(f"{law} {pairs(scores(case, law)):.3f}" for law in ("mpl", "momentum", "convex"))
        print(f"    other laws: {others}")

    print("\nSecond collection, other sizes: from the constant run and its shortest cooldown")
    rows = [(case, scores(case)) for case in group_cases(runs)]
    table(rows)
    line("MAE, longer cooldowns", float(np.mean([mae(f) for c, f in rows if "longer" in c.name])), most=0.004)
    line("MAE, cosines at 2x LR", float(np.mean([mae(f) for c, f in rows if "2x" in c.name])), most=0.008)
    return every + [s for _, found in rows for s in found]


def table(rows: list[tuple[Case, list[Score]]]) -> None:
    print(f"  {'fitted on':<40s} {'runs':>4s}  MAE    last   order   (MAE of mpl, momentum)")
    for case, found in rows:
        others = [mae(scores(case, law)) for law in ("mpl", "momentum")]
        print(
            f"  {case.name:<40s} {len(found):>4d}  {mae(found):.4f} {final_error(found):.4f} {pairs(found):>6.3f}"
            f"   ({others[0]:.4f}, {others[1]:.4f})"
        )


def coverage(first: list[Score], other: list[Score]) -> None:
    print("\nIntervals at a nominal 90 %")
    both = first + other
    for name, found in (("both collections", both), ("first collection", first), ("second collection", other)):
        inside = np.concatenate([np.abs(s.errors) <= s.half for s in found])
        ends = [abs(s.errors[-1]) <= s.half[-1] for s in found]
        judged = name.startswith("both")
        for what, value in (("points", float(inside.mean())), (f"finals of {len(ends)} curves", float(np.mean(ends)))):
            line(f"covered, {name}, {what}", value, least=0.85 if judged else None, form=".3f")
            if judged:
                line("  and no more than", value, most=0.97, form=".3f")
    line("mean half width, first collection", float(np.mean([s.half.mean() for s in first])), most=0.010)
    for name, found, rest in (("first", first, other), ("second", other, first)):
        ratio = np.concatenate([np.abs(s.errors) / s.half for s in found])
        factor = float(np.quantile(ratio, 0.9))
        held = np.concatenate([np.abs(s.errors) <= factor * s.half for s in rest]).mean()
        line(
            f"scale from the {name} alone {intervals.CONFORMAL * factor:.2f}: covered on the other",
            float(held),
            form=".3f",
        )


def speed(folder: Path) -> None:
    print("\nSpeed, one thread (best of 5, seconds of CPU)")
    case = next(iter(paper_cases(paper_runs(folder, 25))))
    line("fit of three curves", best(lambda: fit_law(case.train)), most=0.5, form=".3f")
    law, long = fit_law(case.train), np.interp(np.arange(72000), [0, 2160, 72000], [1e-6, 3e-4, 3e-5])
    line("prediction with interval, 72000 updates", best(lambda: law.predict(long)), most=0.3, form=".3f")
    line(
        "best schedule, 24000 updates, law elr",
        best(lambda: law.optimise(24000, peak=3e-4, warmup=2160)),
        most=1.0,
        form=".3f",
    )

    print("\nBest schedule under the published parameters (400M, law mpl)")
    mpl = Law.from_parameters("mpl", PUBLISHED, peak=3e-4, horizon=24000)
    rise = (np.arange(2160) + 1) / 2161 * 3e-4
    published = np.append(rise, np.load(folder / "multi-power-law" / "optimized_400.npy"))
    line("seconds", best(lambda: mpl.optimise(24000, peak=3e-4, warmup=2160)), most=0.58, form=".3f")
    found = mpl.optimise(24000, peak=3e-4, warmup=2160)
    objective = mpl.predict(published).final[0]
    line("objective of the published schedule", objective, form=".6f")
    line("objective found, less the published", found.loss - objective, most=1e-5, form=".7f")
    curve = found.schedule.over(24000).values()[2160:]
    line("largest fall in one update, share of the peak", float(-np.diff(curve).min()), most=0.005)
    steps = np.append(rise, staircase(published[2160:], 160))
    elr = fit_law([paper_runs(folder, 400)[name] for name in ("cosine_24000", "constant_24000", "wsdcon_9")])
    print(
        f"  a staircase of 160 steps against the published: mpl {mpl.predict(steps).final[0] - objective:+.5f},",
        end=" ",
    )
    print(f"elr {elr.predict(steps).final[0] - elr.predict(published).final[0]:+.5f}")


def staircase(lrs: np.ndarray, steps: int) -> np.ndarray:
    """The same fall in equal steps of log LR."""
    levels = np.geomspace(lrs[0], lrs[-1], steps + 1)
    return levels[np.searchsorted(-levels, -lrs, side="left").clip(0, steps)]


def best(work: object, times: int = 5) -> float:
    spent = []
    for _ in range(times):
        begun = time.process_time()
        work()  # type: ignore[operator]
        spent.append(time.process_time() - begun)
    return min(spent)


def smallest() -> int:
    """Whether it still runs: one case of the curves that are in this repository."""
    folder = Path(__file__).parents[1] / "tests" / "data" / "multi-power-law"
    runs = {file.stem: read_run(file, warmup=2160, weight_decay=0.1, smooth=1) for file in sorted(folder.glob("*.csv"))}
    for case in [*paper_cases(runs)][:1]:
        line(f"MAE from {case.name}", mae(scores(case)))
    return 0


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("data", nargs="?", type=Path, default=Path("data"))
    add_size(options)
    given = options.parse_args()
    if given.size == "smallest":
        return smallest()
    folder = given.data
    if not (folder / "multi-power-law").is_dir():
        print(__doc__)
        return 2
    first = paper(folder)
    coverage(first, second(folder))
    speed(folder)
    print(f"\n{len(missed)} bars missed" + "".join(f"\n  {what}" for what in missed))
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main())
