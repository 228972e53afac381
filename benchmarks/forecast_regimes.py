"""Do the intervals of a forecast hold in every regime? Errors, bias and coverage of final losses, regime by regime.

    python benchmarks/forecast_regimes.py DATA [--detail] [--size smallest]    (DATA as for forecast.py; minutes)

A regime is what is asked beside what was logged: the same peak LR, one of two logged peaks, a peak that was not logged,
a longer run, a run whose LR has not fallen yet. Errors are those at the last logged point of runs that no fit has seen,
or has seen the first part of. The constants of `analysis/forecast` that say how wide an interval is were chosen by this
table: change one, run it, and compare the shares that held. "MISSED": they are outside of 0.85 to 0.97. Ends that are
foreseen to the same number by several laws count as one; a regime of fewer than 30 is not judged. The interval of a
share takes its ends as independent, which those of one collection hardly are.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, permutations
from pathlib import Path

import numpy as np

from forecast_cases import Case, Judged, Key, cooldown_runs, cut, paper_runs, share
from lrlab.analysis.forecast.law import fit_law
from lrlab.record.logs.log import LogRun
from lrlab.record.logs.readers import read_run
from sizes import add_size

ANNEALED = ("linear 0.2", "cosine to 0")
SIZE, LRS = "12x12", (1e-4, 5e-4, 1e-3, 2e-3)
JUDGED, LEAST, MOST = 30, 0.85, 0.97  # a regime of so many finals is judged by the share that lies in its intervals
FAR = 3.4  # times as long: judged by its bias
ALIKE = 1.1  # horizons within this ratio of the longest logged one count as the same
Runs = dict[Key, Judged]


@dataclass(frozen=True)
class End:
    """One final loss: how far the forecast was off (predicted less measured), and its half width.

    `times` is the length of the run over that of the longest logged one; `annealed`, whether an LR had fallen there.
    """

    case: str
    error: float
    half: float
    times: float
    annealed: bool

    @property
    def held(self) -> bool:
        return abs(self.error) <= self.half


@dataclass(frozen=True)
class Table:
    """Both collections: the second one by key, the 25M curves of the first by name."""

    second: Runs
    first: dict[str, LogRun]

    def pair(self, lr: float, updates: int = 25000) -> tuple[LogRun, ...]:
        """A constant and an annealed run at one peak LR; before 25 000 updates, both as far as they had come then."""
        constant = self.second[Key(SIZE, lr, "constant", 50000)].run
        if updates == 25000:
            return cut(constant, updates), self.second[Key(SIZE, lr, "linear 0.2", 25000)].run
        return cut(constant, updates), cut(self.second[Key(SIZE, lr, "cosine to 0", 25000)].run, updates)

    def at(self, lr: float, keep: Callable[[int], bool]) -> tuple[Judged, ...]:
        """What is judged at one peak LR: all but the annealed run of `pair`, of the horizons that are kept."""
        return tuple(
            judged
            for key, judged in self.second.items()
            if (key.size, key.lr) == (SIZE, lr) and key.schedule != "linear 0.2" and keep(key.updates)
        )

    def annealed(self, lr: float, shape: str) -> tuple[LogRun, ...]:
        """A constant run at one peak LR and one that is annealed in this way, both of 25 000 updates."""
        constant = cut(self.second[Key(SIZE, lr, "constant", 50000)].run, 25000)
        return constant, self.second[Key(SIZE, lr, shape, 25000)].run

    def others(self, lr: float, shape: str) -> tuple[Judged, ...]:
        """The runs of about that length at one peak LR but for the annealed one of this shape."""
        logged = Key(SIZE, lr, shape, 25000)
        here = {key: judged for key, judged in self.second.items() if (key.size, key.lr) == (SIZE, lr)}
        return tuple(judged for key, judged in here.items() if key != logged and alike(key.updates))


def alike(updates: int) -> bool:
    return updates <= ALIKE * 25000


def longer(updates: int) -> bool:
    return updates > ALIKE * 12500


def same(table: Table) -> Iterator[Case]:
    for lr in LRS:
        constant, annealed = table.pair(lr)
        yield Case(f"{lr:g}: constant + linear", (constant, annealed), table.at(lr, alike))
        yield Case(f"{lr:g}: linear", (annealed,), table.at(lr, alike))
        cosine = table.second[Key(SIZE, lr, "cosine to 0", 25000)]
        others = tuple(judged for judged in table.at(lr, alike) if judged is not cosine)
        yield Case(f"{lr:g}: constant + cosine", (constant, cosine.run), others)
    first = {name: run for name, run in table.first.items() if run.horizon <= ALIKE * 24000}
    for train in (("cosine_24000", "constant_24000", "wsdcon_9"), ("constant_24000", "wsdcon_9"), ("cosine_24000",)):
        test = tuple(Judged(run) for name, run in first.items() if name not in train)
        yield Case("25M: " + " + ".join(train), tuple(first[name] for name in train), test)


def one_of_two(table: Table) -> Iterator[Case]:
    for low, high in combinations(LRS, 2):
        for shape in ANNEALED:
            train = table.annealed(low, shape) + table.annealed(high, shape)
            for lr in (low, high):
                yield Case(f"{low:g} and {high:g}, constant + {shape}: {lr:g}", train, table.others(lr, shape))


def twins(table: Table) -> Iterator[Case]:
    for lr in LRS:
        for shape in ANNEALED:
            name = f"{lr:g}, constant + {shape}, the twin of those beside another peak"
            yield Case(name, table.annealed(lr, shape), table.others(lr, shape))


def other_from_one(table: Table) -> Iterator[Case]:
    for logged, asked in permutations(LRS, 2):
        if max(logged / asked, asked / logged) <= 5:
            yield Case(f"{logged:g} -> {asked:g}", table.pair(logged), table.at(asked, alike))


def far_peak(table: Table) -> Iterator[Case]:
    for logged, asked in permutations(LRS, 2):
        if max(logged / asked, asked / logged) > 5:
            yield Case(f"{logged:g} -> {asked:g}", table.pair(logged), table.at(asked, alike))


def other_from_two(table: Table) -> Iterator[Case]:
    for low, high in combinations(LRS, 2):
        for asked in LRS:
            if asked not in (low, high):
                train = table.pair(low) + table.pair(high)
                yield Case(f"{low:g} and {high:g} -> {asked:g}", train, table.at(asked, alike))


def long(table: Table) -> Iterator[Case]:
    for lr in LRS:
        yield Case(f"{lr:g}: 12500", table.pair(lr, 12500), table.at(lr, longer))
        yield Case(f"{lr:g}: 6250", table.pair(lr, 6250), table.at(lr, alike))
    for size, short in (("12x10", 10000), ("10x8", 7500), ("8x6", 3000)):
        own = {key: judged for key, judged in table.second.items() if key.size == size and key.lr == 1e-3}
        trunk = next(judged.run for key, judged in own.items() if key.schedule == "constant")
        train = (cut(trunk, short), own[Key(size, 1e-3, "linear 0.2", short)].run)
        yield Case(f"{size}: {short}", train, tuple(j for key, j in own.items() if key.updates > 1.5 * short))
    first = table.first
    for end in (6000, 12000, 24000):
        train = tuple(cut(first[name], end) for name in ("constant_24000", "cosine_24000"))
        test = tuple(Judged(run) for run in first.values() if run.horizon >= 1.9 * end)
        yield Case(f"25M: {end}", train, test)


def long_from_two(table: Table) -> Iterator[Case]:
    for low, high in combinations(LRS, 2):
        train = table.pair(low, 12500) + table.pair(high, 12500)
        for lr in (low, high):
            yield Case(f"{low:g} and {high:g}: {lr:g}, 12500", train, table.at(lr, longer))


def decay_to_come(table: Table) -> Iterator[Case]:
    """Constant so far: every decay is still to come."""
    for lr in LRS:
        constant = table.second[Key(SIZE, lr, "constant", 50000)].run
        yield Case(f"{lr:g}: constant", (cut(constant, 25000),), table.at(lr, alike))
    yield Case(
        "25M: constant",
        (table.first["constant_24000"],),
        tuple(Judged(run) for name, run in table.first.items() if run.horizon < 30000 and "constant" not in name),
    )


def beginning(name: str, judged: Judged) -> Case:
    return Case(name, (cut(judged.run, int(0.65 * judged.run.horizon)),), (judged,))


def first_part(table: Table) -> Iterator[Case]:
    """The first 65 % of each run, asked about its own end."""
    for key, judged in table.second.items():
        yield beginning(f"{key.size} {key.lr:g} {key.schedule}", judged)
    for name, run in table.first.items():
        yield beginning(f"25M {name}", Judged(run))


def shorter(table: Table) -> Iterator[Case]:
    for size, short in (("12x10", 10000), ("10x8", 7500), ("8x6", 3000)):
        own = {key: j for key, j in table.second.items() if key.size == size and key.lr == 1e-3}
        trunk = next(judged.run for key, judged in own.items() if key.schedule == "constant")
        longest = max(key.updates for key in own if key.schedule == "linear 0.2")
        train = (trunk, own[Key(size, 1e-3, "linear 0.2", longest)].run)
        yield Case(f"{size}: {longest}", train, tuple(j for key, j in own.items() if key.updates == short))
    lr = 5e-4
    asked = tuple(j for k, j in table.second.items() if (k.size, k.lr, k.updates) == (SIZE, lr, 15000))
    yield Case("0.0005: 25000", table.pair(lr), asked)


REGIMES: dict[str, Callable[[Table], Iterator[Case]]] = {
    "same peak LR": same,
    "one of two logged peaks": one_of_two,
    "  its twins from one peak": twins,
    "another peak, from one": other_from_one,
    "  10x and 20x away": far_peak,
    "another peak, from two": other_from_two,
    "1.7 to 8 times as long": long,
    "longer, two logged peaks": long_from_two,
    "the decay is still to come": decay_to_come,
    "from its first 65 %": first_part,
    "shorter": shorter,
}


def ends(cases: Iterable[Case]) -> list[End]:
    """The final losses of some cases, each case with a law of its own."""
    found = []
    for case in cases:
        law = fit_law(case.train)
        for judged in case.test:
            run = judged.run
            loss, low, high = law.predict(run.lrs[: int(run.updates[-1])]).final
            times = run.updates[-1] / law.known.longest
            found.append(End(case.name, loss - float(run.loss[-1]), (high - low) / 2, times, law.known.annealed))
    return found


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("data", nargs="?", type=Path, default=Path("data"))
    options.add_argument("--detail", action="store_true", help="every case in a row of its own")
    add_size(options)
    given = options.parse_args()
    print(f"{'regime':<36s} {'n':>4s}  error    bias    +-      half   worst  held (95 %)")
    if given.size == "smallest":
        folder = Path(__file__).parents[1] / "tests" / "data" / "multi-power-law"
        run = read_run(folder / "cosine_24000.csv", warmup=2160, weight_decay=0.1)
        row("from its first 65 %", ends([beginning("cosine_24000", Judged(run))]))
        return 0
    table = Table(cooldown_runs(given.data), paper_runs(given.data, 25))
    for name, cases in REGIMES.items():
        found = ends(cases(table))
        row(name, found, verdict(distinct(found)))
        if first := [end for end in found if end.case.startswith("25M")]:
            row("  on the first collection alone", first)
        if far := [end for end in found if end.annealed and end.times >= FAR]:
            row("  four times as long, the LR had fallen", far)
        if given.detail:
            for case in dict.fromkeys(end.case for end in found):
                row(f"    {case}", [end for end in found if end.case == case])
    return 0


def distinct(found: Iterable[End]) -> list[End]:
    """One of each group of ends that were foreseen to the same number."""
    return list({round(end.error, 12): end for end in found}.values())


def verdict(found: list[End]) -> str:
    """Whether the share that held is what it should be, where there are enough of them."""
    if len(found) < JUDGED:
        return f"{len(found)} distinct: not judged"
    return "" if LEAST <= np.mean([end.held for end in found]) <= MOST else "MISSED"


def row(name: str, found: list[End], told: str = "") -> None:
    """Mean error, bias with its standard error, mean half width, the worst in half widths, the share that held."""
    errors, half = np.array([end.error for end in found]), np.array([end.half for end in found])
    figures = (np.abs(errors).mean(), errors.mean(), errors.std() / np.sqrt(len(errors)), half.mean())
    print(f"{name:<36s} {len(found):>4d} ", " ".join(f"{figure:+.4f}" for figure in figures), end="  ")
    held = share(np.array([end.held for end in distinct(found)]))
    print(f"{np.max(np.abs(errors) / half):.2f}   {held}  {told}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
