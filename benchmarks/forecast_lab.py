"""Do forecasts hold on the lab's own tasks? Ends from beginnings, other warmups, and the promise of `optimise`.

    python benchmarks/forecast_lab.py [--seeds 2] [--part best] [--tasks digits] [--store lrlab-evidence]

Every task at its tiny size; the loss is the training loss, averaged over 48 stretches of a run. All laws have
prior="auto".

Beginnings: from the first 65 % of each run its own last stretch; five schedules, two LRs, two optimizers. Longer: from
one annealed run, and from it and a constant one, the ends of runs twice and four times as long. Warmups: from a run
with one warmup the end of those with others, which shows what a warmup unlike the logged ones changes. Best: from a
constant and a linear run of two seeds, the best schedule at the logged peak, for two such pairs, trained with eight
other seeds beside the schedules that have a name. It is worse than the best of these where the paired 95 % interval of
the difference lies above 0.

`forecast_calibration.py --lab` chooses the widths by the first two. Runs are kept in the store: interrupted, the
script goes on where it was. An hour on an idle core.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

import lrlab as lr
from forecast_cases import share
from lrlab.errors import LrlabError
from lrlab.lab.task import built_in_tasks
from lrlab.record.logs.readers import from_record
from lrlab.record.runs.run import StoredRun
from sizes import add_size

STRETCHES, SHARE = 48, 0.65
SHAPES = {"constant": "constant()", "linear": "linear()", "cosine": "cosine()"}
MORE = SHAPES | {"wsd 20 %": 'constant() >> linear("20%")', "exponential": 'exponential(decay=0.01, every="100%")'}
OPTIMIZERS, RATES = ("momentum", "adamw"), (0.5, 1.0)
WARM = {name: f'warmup("5%") >> {text}' for name, text in SHAPES.items()}
WARMUPS = ("0%", "1%", "5%", "20%", "50%")
FIRST = 8  # seed of the runs that judge a best schedule
Runs = Mapping[str, Sequence[StoredRun]]
Logged = tuple[Sequence[lr.Run], lr.Run]  # what a law is fitted to, and the run whose end is asked


@dataclass(frozen=True)
class End:
    """The foreseen end of a run with its interval, the true one, and how many warnings there were."""

    foreseen: float
    low: float
    high: float
    true: float
    warned: int

    @property
    def error(self) -> float:
        """As a share of the true loss."""
        return self.foreseen / self.true - 1.0

    @property
    def half(self) -> float:
        """Half of the width of the interval, as a share of the true loss."""
        return (self.high - self.low) / (2.0 * self.true)

    @property
    def ratio(self) -> float:
        """How far off it was, in units of that side of the interval."""
        side = self.foreseen - self.low if self.true < self.foreseen else self.high - self.foreseen
        return abs(self.foreseen - self.true) / side


def trained(
    task: str,
    schedules: Mapping[str, str],
    given: argparse.Namespace,
    first: int = 0,
    lrs: tuple[float, ...] = (1.0,),
    **config: str,
) -> Runs:
    """The runs of each schedule, one for each LR and seed."""
    study = lr.compare(
        task,
        dict(schedules),
        horizon=given.updates,
        seeds=given.seeds,
        first_seed=first,
        folds=1,
        lrs=lrs,
        config={"size": "tiny", **config},
        store=given.store,
        workers=0,
    )
    return {name: [run for run in study.runs if run.arm == name and run.outcome == "finished"] for name in schedules}


def curve(runs: Sequence[StoredRun]) -> lr.Run:
    """The mean training loss of some runs of one schedule, over stretches, under the LR that they had."""
    logs = [from_record(run, "loss") for run in runs]
    parts = np.array_split(np.arange(len(logs[0].loss)), STRETCHES)
    loss = [float(np.mean([log.loss[part].mean() for log in logs])) for part in parts]
    return lr.Run.from_arrays([int(logs[0].updates[part[-1]]) for part in parts], loss, logs[0].lrs, name=runs[0].arm)


def beginning(log: lr.Run) -> lr.Run:
    """The first 65 %."""
    end = int(SHARE * log.horizon)
    kept = log.updates <= end
    return lr.Run.from_arrays(log.updates[kept], log.loss[kept], log.lrs[:end], name=log.name)


def end_of(logged: Sequence[lr.Run], asked: lr.Run) -> End | str:
    """The foreseen end, or the refusal."""
    try:
        law = lr.fit_law(list(logged))
        found = law.predict(asked.lrs[: int(asked.updates[-1])])
    except LrlabError as error:
        return str(error).partition("\n")[0]
    return End(*found.final, float(asked.loss[-1]), len(found.warnings))


def row(name: str, ends: Iterable[End | str]) -> None:
    """Mean error, bias with its standard error, mean half width, the share that held, the worst, the silent."""
    ends = list(ends)
    found = [end for end in ends if not isinstance(end, str)]
    refused = len(ends) - len(found)
    if not found:
        print(f"  {name:<34s} {refused} refused", flush=True)
        return
    error, half, ratio = (np.array([getattr(end, what) for end in found]) for what in ("error", "half", "ratio"))
    se = error.std() / np.sqrt(len(error))
    silent = sum(end.ratio > 2 and not end.warned for end in found)
    print(
        f"  {name:<34s} n {len(found):3d}  error {np.abs(error).mean():6.2%}  bias {error.mean():+6.2%} +- {se:5.2%}  "
        f"half {half.mean():6.2%}  medians {np.median(np.abs(error)):6.2%} {np.median(half):6.2%}  "
        f"held {share(ratio <= 1)}  worst {ratio.max():.1f}  "
        f"beyond 2 without a word {silent}  refused {refused}",
        flush=True,
    )


def first_parts(task: str, given: argparse.Namespace) -> Iterator[Logged]:
    """The first 65 % of every run, and the whole of it."""
    for optimizer in OPTIMIZERS:
        for runs in trained(task, MORE, given, lrs=RATES, optimizer=optimizer).values():
            for run in runs:
                log = curve([run])
                yield [beginning(log)], log


def longer_runs(task: str, given: argparse.Namespace) -> Iterator[tuple[str, Logged]]:
    """One or two runs, and others with other seeds that are twice and four times as long; with what was logged."""
    falling = {name: WARM[name] for name in ("linear", "cosine")}
    seen = trained(task, WARM, given)
    length = seen["linear"][0].updates
    for times in (2, 4):
        more = argparse.Namespace(**{**vars(given), "updates": times * length})
        asked = [curve([run]) for runs in trained(task, falling, more, first=10).values() for run in runs]
        for names in (("linear",), ("cosine",), ("constant", "linear")):
            for seed in range(given.seeds):
                logs = [curve([seen[name][seed]]) for name in names]
                yield from ((f"{' + '.join(names)}, {times}x", (logs, log)) for log in asked)


def beginnings(tasks: Sequence[str], given: argparse.Namespace) -> None:
    """From the first 65 % of every run."""
    print("from its first 65 %, the last stretch")
    every: list[End | str] = []
    for task in tasks:
        ends = [end_of(*case) for case in first_parts(task, given)]
        row(task, ends)
        every += ends
    row("all tasks", every)


def longer(tasks: Sequence[str], given: argparse.Namespace) -> None:
    """From one or two runs, the ends of others that are twice and four times as long, with other seeds."""
    print("runs twice and four times as long as the logged ones")
    every: dict[str, list[End | str]] = {}
    for task in tasks:
        found = []
        for name, case in longer_runs(task, given):
            found.append(end_of(*case))
            every.setdefault(name, []).append(found[-1])
        row(task, found)
    for name, ends in every.items():
        row(name, ends)
    row("all tasks", [end for ends in every.values() for end in ends])


def warmups(tasks: Sequence[str], given: argparse.Namespace) -> None:
    """From a run with one warmup, the ends of those with others, by how many octaves apart they are."""
    print("another warmup than the logged one")
    apart: dict[str, list[End | str]] = {}
    for task in tasks:
        arms = {share: ("linear()" if share == "0%" else f'warmup("{share}") >> linear()') for share in WARMUPS}
        logs = {share: curve(runs) for share, runs in trained(task, arms, given).items() if runs}
        for one, log in logs.items():
            for other, asked in logs.items():
                if one != other:
                    apart.setdefault(f"{one} logged, {other} asked", []).append(end_of([log], asked))
    for name, ends in apart.items():
        row(name, ends)
    row("all", [end for ends in apart.values() for end in ends])


def best(tasks: Sequence[str], given: argparse.Namespace) -> None:
    """The best schedule of each of some laws, each from two seeds, trained with seeds that no law has seen."""
    print(
        f"the best schedule, foreseen from a constant and a linear run of two seeds, trained with {given.judged} others"
    )
    verdicts = []
    for task in tasks:
        logged = {name: SHAPES[name] for name in ("constant", "linear")}
        seen = trained(task, logged, seeded(given, 2 * given.laws))
        pairs = [[curve(runs[2 * k : 2 * k + 2]) for runs in seen.values()] for k in range(given.laws)]
        laws = [lr.fit_law(logs) for logs in pairs]
        held = [law for law in laws if law.holds]
        for law in laws:
            if not law.holds:
                print(f"  {task:<9s} refused: the law misses its logs by {law.unexplained:.0%}")
        if not held:
            continue
        found = [law.optimise(pairs[0][0].horizon, peak=1.0, warmup=0) for law in held]
        named = {**SHAPES, "wsd 20 %": MORE["wsd 20 %"]}
        arms = named | {f"best {k}": str(each.schedule) for k, each in enumerate(found)}
        runs = trained(task, arms, seeded(given, given.judged), first=FIRST)
        ends = {name: np.array([curve([run]).loss[-1] for run in own]) for name, own in runs.items()}
        rival = min(named, key=lambda name: float(ends[name].mean()))
        for k, (law, each) in enumerate(zip(held, found, strict=True)):
            own = ends[f"best {k}"]
            gain = float((own - ends["linear"]).mean())
            inside = "inside" if each.low <= own.mean() <= each.high else "OUTSIDE"
            apart, half = paired(own - ends[rival])
            verdict = "WORSE" if apart > half else "better" if apart < -half else "not told apart"
            verdicts.append((inside, verdict))
            print(
                f"  {task:<9s} foreseen {each.loss:.4f} ({each.low:.4f} to {each.high:.4f}), trained {own.mean():.4f}: "
                f"{inside}; beside linear {each.gain:+.4f} foreseen, {gain:+.4f} trained; "
                f"beside {rival} {apart:+.4f} ({apart - half:+.4f} to {apart + half:+.4f}): {verdict}; "
                f"the law misses its logs by {law.unexplained:.1%}",
                flush=True,
            )
    within, worse = (sum(word in told for told in verdicts) for word in ("inside", "WORSE"))
    print(f"  {len(verdicts)} best schedules, {within} ends inside, {worse} worse")


def paired(apart: np.ndarray) -> tuple[float, float]:
    """The mean of paired differences, and half of its 95 % interval (Student's t)."""
    se = float(apart.std(ddof=1)) / np.sqrt(len(apart))
    return float(apart.mean()), float(stats.t.ppf(0.975, len(apart) - 1)) * se


def seeded(given: argparse.Namespace, seeds: int) -> argparse.Namespace:
    """The same with another number of seeds."""
    return argparse.Namespace(**{**vars(given), "seeds": seeds})


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--updates", type=int, help="of each run; the task's own if left out")
    options.add_argument("--store", default="lrlab-evidence")
    options.add_argument("--laws", type=int, default=2, help="of which the best schedule is trained, four at most")
    options.add_argument("--judged", type=int, default=8, help="seeds that judge it")
    options.add_argument("--tasks", nargs="+", choices=sorted(built_in_tasks()), help="these alone")
    options.add_argument("--part", choices=("beginnings", "longer", "warmups", "best"), help="one of the four")
    add_size(options)
    given = options.parse_args()
    tasks, few = given.tasks or sorted(built_in_tasks()), given.tasks or ["charlm", "digits", "series", "signals"]
    if given.size == "smallest":
        given.updates, given.laws, given.judged, tasks, few = 100, 1, 2, ["control"], ["control"]
    for part, of in ((beginnings, tasks), (longer, tasks), (warmups, few), (best, tasks)):
        if given.part in (None, part.__name__):
            part(of, given)


if __name__ == "__main__":
    main()
