"""Do the widths of intervals hold on logs that they were not chosen on? Chosen on one part, judged on the other.

    python benchmarks/forecast_calibration.py DATA [--keep FILE] [--size smallest]    (DATA as for forecast.py; minutes)
    python benchmarks/forecast_calibration.py --lab [--store lrlab-evidence]          (runs of forecast_lab.py; minutes)

For language models three constants say how wide an interval is: CONFORMAL (of the spread of the parameters), FURTHER
(of the progress that is foreseen beyond the logs) and DEEPER (of a decay that was not logged). Each is chosen so that
90 % of the finals of one collection hold, in this order: CONFORMAL at the same peak LR, FURTHER on longer runs, DEEPER
where the decay is still to come; then all regimes of both collections are judged with them. Only the second collection
has several peak LRs, so what is said of other peaks cannot be judged so: there peaks are left out
(`forecast_regimes.py`).

With --lab: the two constants of prior="generic", GENERIC (of the spread of the parameters) and ON (of a loss that falls
on beyond the logs), on the lab's tasks: chosen on all tasks but one, judged on that one. What is chosen has the lowest
mean interval score, which is the width and twenty times the distance of those outside, in units of the loss at the end
of the log; beginnings and longer runs of each task count the same.

With --keep what was fitted is kept in a file, and read from there the next time.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar
from unittest import mock

import numpy as np

import forecast_lab
import forecast_regimes as regimes
import lrlab as lr
from forecast_cases import Case, Judged, cooldown_runs, left_out_cases, paper_runs, share
from lrlab.analysis.forecast import doubts, intervals
from lrlab.analysis.forecast import law as laws
from lrlab.analysis.forecast.law import Law, fit_law
from lrlab.errors import LrlabError
from lrlab.lab.task import built_in_tasks
from lrlab.record.logs.readers import read_run
from sizes import add_size

Z, LEVEL = 1.6448536, 0.9
CHOSEN = (("spread", "same peak LR"), ("further", "1.7 to 8 times as long"), ("deeper", "the decay is still to come"))
Kept = TypeVar("Kept", "End", "Generic")
FACTORS = tuple(round(0.1 * k, 1) for k in range(4, 15))  # tried for GENERIC
ONS = tuple(round(0.1 * k, 1) for k in range(13))  # and for ON
SHIPPED = {"spread": intervals.CONFORMAL, "further": doubts._FURTHER, "deeper": doubts._DEEPER}


@dataclass(frozen=True)
class End:
    """The error of one final loss, and what its interval is made of, standard deviations for constants of 1."""

    regime: str
    collection: int
    error: float
    other: float
    spread: float
    further: float
    deeper: float

    def half(self, constants: dict[str, float]) -> float:
        """Half the width of its interval."""
        parts = [constants[name] * getattr(self, name) for name in constants]
        return Z * math.hypot(self.other, *parts)

    def needed(self, name: str, constants: dict[str, float]) -> float:
        """The value of one constant from which on the interval holds."""
        rest = self.half({**constants, name: 0.0})
        own = Z * getattr(self, name)
        missing = self.error**2 - rest**2
        return 0.0 if missing <= 0 else math.sqrt(missing) / own if own > 0 else math.inf


def end_of(law: Law, judged: Judged, regime: str, collection: int) -> End:
    """What the interval of a final is made of: the final under constants of 0 and of 1."""
    run = judged.run
    lrs = run.lrs[: int(run.updates[-1])]

    def half(**ones: float) -> tuple[float, float]:
        with (
            mock.patch.object(laws, "CONFORMAL", ones.get("spread", 0.0)),
            mock.patch.object(doubts, "_FURTHER", ones.get("further", 0.0)),
            mock.patch.object(doubts, "_DEEPER", ones.get("deeper", 0.0)),
        ):
            loss, _, high = law.predict(lrs).final
        return loss, (high - loss) / Z

    loss, other = half()
    parts = {name: math.sqrt(max(half(**{name: 1.0})[1] ** 2 - other**2, 0.0)) for name, _ in CHOSEN}
    return End(regime, collection, loss - float(run.loss[-1]), other, **parts)


def ends(named: Iterable[tuple[str, Iterable[Case]]]) -> Iterator[End]:
    """All finals of all cases."""
    for regime, cases in named:
        for case in cases:
            law = fit_law(case.train)
            yield from (end_of(law, judged, regime, 1 if "M" in case.name else 2) for judged in case.test)


def cases(data: Path) -> Iterator[tuple[str, Iterable[Case]]]:
    """Those regimes that both collections have, and the curves of the larger models of the first."""
    table = regimes.Table(cooldown_runs(data), paper_runs(data, 25))
    names = [regime for _, regime in CHOSEN] + ["from its first 65 %"]
    yield from ((name, regimes.REGIMES[name](table)) for name in names)
    for size in (100, 400):
        runs = paper_runs(data, size)
        yield names[0], left_out_cases(runs, size)
        yield names[3], (regimes.beginning(f"{size}M {name}", Judged(run)) for name, run in runs.items())


def chosen(found: Sequence[End]) -> dict[str, float]:
    """The constants with which 90 % of these finals hold, each in its regime."""
    constants = {name: 0.0 for name, _ in CHOSEN}
    for name, regime in CHOSEN:
        needed = sorted(end.needed(name, constants) for end in found if end.regime == regime)
        constants[name] = needed[min(math.ceil(LEVEL * (len(needed) + 1)), len(needed)) - 1]
    return constants


def report(name: str, constants: dict[str, float], found: Sequence[End]) -> None:
    """The constants, and how both collections hold under them."""
    print(name + ": " + ", ".join(f"{key} {value:.3f}" for key, value in constants.items()))
    for collection in (1, 2):
        for regime in dict.fromkeys(end.regime for end in found):
            own = [end for end in found if (end.regime, end.collection) == (regime, collection)]
            held = np.mean([abs(end.error) <= end.half(constants) for end in own])
            half = np.mean([end.half(constants) for end in own])
            error = np.array([end.error for end in own])
            bias = f"bias {error.mean():+.4f} +- {error.std() / math.sqrt(len(own)):.4f}"
            print(f"  collection {collection}  {regime:<28s} n {len(own):3d}  {bias}  half {half:.4f}  held {held:.2f}")


def kept(path: Path | None, kind: type[Kept], make: Callable[[], Iterable[Kept]]) -> list[Kept]:
    """What was kept in a file, or what is made now, and kept there if there is to be one."""
    if path and path.is_file():
        return [kind(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    found = list(make())
    if path:
        path.write_text(json.dumps([asdict(end) for end in found]), encoding="utf-8")
    return found


@dataclass(frozen=True)
class Generic:
    """The error of one end under prior="generic", and what its interval is made of, in units of the log's last loss.

    `other` and `spread` are standard deviations on both sides, `below` one on the low side; `loss` is the foreseen one.
    """

    task: str
    part: str
    loss: float
    error: float
    other: float
    spread: float
    below: float

    def sides(self, factor: float, on: float) -> tuple[float, float]:
        """How far its interval reaches down and up."""
        up = math.hypot(self.other, factor * self.spread)
        return min(Z * math.hypot(up, on * self.below), self.loss), Z * up

    def held(self, factor: float, on: float) -> bool:
        down, up = self.sides(factor, on)
        return -up <= self.error <= down

    def score(self, factor: float, on: float) -> float:
        """The interval score at 90 %: the width, and twenty times the distance of what lies outside."""
        down, up = self.sides(factor, on)
        return down + up + 2.0 / (1.0 - LEVEL) * max(self.error - down, -self.error - up, 0.0)


def generic_ends(store: str) -> Iterator[Generic]:
    """All ends of `forecast_lab.py` from beginnings and from shorter runs, but for those that are refused."""
    given = argparse.Namespace(updates=None, seeds=2, store=store)
    for task in sorted(built_in_tasks()):
        cases = [("first 65 %", case) for case in forecast_lab.first_parts(task, given)]
        cases += [("longer", case) for _, case in forecast_lab.longer_runs(task, given)]
        for part, (logged, asked) in cases:
            try:
                law = fit_law(list(logged))
                end = generic_end(law, logged, asked, task, part)
            except LrlabError:
                continue
            if law.prior == "generic":
                yield end


def generic_end(law: Law, logged: Sequence[lr.Run], asked: lr.Run, task: str, part: str) -> Generic:
    """The end with the parts of its interval: the upper side under constants of 0 and of 1."""
    lrs = asked.lrs[: int(asked.updates[-1])]
    up = []
    for factor in (0.0, 1.0):
        with mock.patch.object(laws, "GENERIC", factor):
            found = law.predict(lrs)
        up.append(float(found.high[-1] - found.loss[-1]) / Z)
    unit = min(float(np.mean(log.loss[-5:])) for log in logged)
    loss = float(found.loss[-1])
    below = float(doubts.below(law.known, found.loss)[-1]) / doubts._ON
    parts = (loss, loss - float(asked.loss[-1]), up[0], math.sqrt(max(up[1] ** 2 - up[0] ** 2, 0.0)), below)
    return Generic(task, part, *(each / unit for each in parts))


def lowest(found: Sequence[Generic]) -> tuple[float, float]:
    """The constants with the lowest mean score; every task and part of it counts the same."""
    groups: dict[tuple[str, str], list[Generic]] = {}
    for end in found:
        groups.setdefault((end.task, end.part), []).append(end)

    def mean(constants: tuple[float, float]) -> float:
        return float(np.mean([np.mean([end.score(*constants) for end in own]) for own in groups.values()]))

    return min(itertools.product(FACTORS, ONS), key=mean)


def report_generic(found: Sequence[Generic]) -> None:
    """Task by task with what the others would have chosen, and with what is shipped."""
    shipped = (intervals.GENERIC, doubts._ON)
    print(f"shipped: GENERIC {shipped[0]:g}, ON {shipped[1]:g}; all tasks would choose {lowest(found)}")
    every: dict[tuple[str, str], list[tuple[bool, float]]] = {}
    for task in sorted({end.task for end in found}):
        others = lowest([end for end in found if end.task != task])
        for part in ("first 65 %", "longer"):
            own = [end for end in found if (end.task, end.part) == (task, part)]
            for name, constants in (("by the other tasks", others), ("as shipped", shipped)):
                told = [(end.held(*constants), sum(end.sides(*constants)) / 2.0) for end in own]
                every.setdefault((part, name), []).extend(told)
                print_widths(f"{task}, {part}, {name} {constants}", told, own)
    for part, name in every:
        print_widths(f"all, {part}, {name}", every[part, name], [end for end in found if end.part == part])


def print_widths(name: str, told: Sequence[tuple[bool, float]], ends: Sequence[Generic]) -> None:
    held, half = np.array([one for one, _ in told]), np.array([other for _, other in told])
    error = np.array([abs(end.error) for end in ends])
    print(
        f"  {name:<58s} n {len(told):3d}  error {error.mean():6.1%}  half {half.mean():6.1%}  "
        f"medians {np.median(error):6.1%} {np.median(half):6.1%}  held {share(held)}",
        flush=True,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("data", nargs="?", type=Path, default=Path("data"))
    options.add_argument("--keep", type=Path, help="the file in which the errors and parts are kept")
    options.add_argument("--lab", action="store_true", help='the widths of prior="generic", on the lab\'s tasks')
    options.add_argument("--store", default="lrlab-evidence")
    add_size(options)
    given = options.parse_args()
    if given.size == "smallest":
        folder = Path(__file__).parents[1] / "tests" / "data" / "multi-power-law"
        run = read_run(folder / "cosine_24000.csv", warmup=2160, weight_decay=0.1)
        (end,) = ends([("from its first 65 %", [regimes.beginning("25M", Judged(run))])])
        print(f"error {end.error:+.4f}, half {end.half(SHIPPED):.4f}")
        return
    if given.lab:
        report_generic(kept(given.keep, Generic, lambda: generic_ends(given.store)))
        return
    found = kept(given.keep, End, lambda: ends(cases(given.data)))
    report("as shipped", SHIPPED, found)
    for collection in (1, 2):
        report(f"chosen on collection {collection}", chosen([e for e in found if e.collection == collection]), found)


if __name__ == "__main__":
    main()
