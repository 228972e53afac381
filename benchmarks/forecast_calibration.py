"""Do the widths of intervals hold on logs that they were not chosen on? Chosen on one collection, judged on the other.

    python benchmarks/forecast_calibration.py DATA [--keep FILE] [--size smallest]    (DATA as for forecast.py; minutes)

Three constants say how wide an interval is: CONFORMAL (of the spread of the parameters), FURTHER (of the progress that
is foreseen beyond the logs) and DEEPER (of a decay that was not logged). Each is chosen so that 90 % of the finals of
one collection hold, in this order: CONFORMAL at the same peak LR, FURTHER on longer runs, DEEPER where the decay is
still to come; then all regimes of both collections are judged with them. Only the second collection has several peak
LRs, so what is said of other peaks cannot be judged so: there peaks are left out (`forecast_regimes.py`).

With --keep what was fitted is kept in a file, and read from there the next time.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from unittest import mock

import numpy as np

import forecast_regimes as regimes
from forecast_cases import Case, Judged, cooldown_runs, left_out_cases, paper_runs
from lrlab.analysis.forecast import doubts, intervals
from lrlab.analysis.forecast.law import Law, fit_law
from lrlab.record.logs.readers import read_run
from sizes import add_size

Z, LEVEL = 1.6448536, 0.9
CHOSEN = (("spread", "same peak LR"), ("further", "1.7 to 8 times as long"), ("deeper", "the decay is still to come"))
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
            mock.patch.object(intervals, "CONFORMAL", ones.get("spread", 0.0)),
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


def read(path: Path, make: Callable[[], Iterable[End]]) -> list[End]:
    """What was kept, or what is made now, and kept."""
    if path.is_file():
        return [End(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
    found = list(make())
    path.write_text(json.dumps([asdict(end) for end in found]), encoding="utf-8")
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("data", nargs="?", type=Path, default=Path("data"))
    options.add_argument("--keep", type=Path, help="the file in which the errors and parts are kept")
    add_size(options)
    given = options.parse_args()
    if given.size == "smallest":
        folder = Path(__file__).parents[1] / "tests" / "data" / "multi-power-law"
        run = read_run(folder / "cosine_24000.csv", warmup=2160, weight_decay=0.1)
        (end,) = ends([("from its first 65 %", [regimes.beginning("25M", Judged(run))])])
        print(f"error {end.error:+.4f}, half {end.half(SHIPPED):.4f}")
        return
    found = read(given.keep, lambda: ends(cases(given.data))) if given.keep else list(ends(cases(given.data)))
    report("as shipped", SHIPPED, found)
    for collection in (1, 2):
        report(f"chosen on collection {collection}", chosen([e for e in found if e.collection == collection]), found)


if __name__ == "__main__":
    main()
