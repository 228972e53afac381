"""Do forecasts hold on the lab's own tasks? Ends from beginnings, other warmups, and the promise of `optimise`.

    python benchmarks/forecast_lab.py [--seeds 2] [--part best] [--tasks digits] [--store lrlab-evidence]

Every task at its tiny size under three schedules; the loss is the training loss, averaged over 48 stretches of a run.
All laws have prior="auto".

Beginnings: from the first 65 % of each run its own last stretch. Longer: from one annealed run, and from it and a
constant one, the ends of runs twice and four times as long. Warmups: from a run with one warmup the end of those
with others, which shows what a warmup unlike the logged ones changes. Best: from a constant and a linear run of two
seeds, the best schedule at the logged peak, for two such pairs, trained with eight other seeds beside the schedules
that have a name.

Runs are kept in the store: interrupted, the script goes on where it was. Half an hour on an idle core.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import argparse
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.task import built_in_tasks
from lrlab.record.logs.readers import from_record
from lrlab.record.runs.run import StoredRun
from sizes import add_size

STRETCHES, SHARE = 48, 0.65
SHAPES = {"constant": "constant()", "linear": "linear()", "cosine": "cosine()"}
WARM = {name: f'warmup("5%") >> {text}' for name, text in SHAPES.items()}
WARMUPS = ("0%", "1%", "5%", "20%", "50%")
FIRST = 8  # seed of the runs that judge a best schedule
Runs = Mapping[str, Sequence[StoredRun]]


def trained(task: str, schedules: Mapping[str, str], given: argparse.Namespace, first: int = 0) -> Runs:
    """The runs of each schedule, one for each seed."""
    study = lr.compare(
        task,
        dict(schedules),
        horizon=given.updates,
        seeds=given.seeds,
        first_seed=first,
        folds=1,
        lrs=(1.0,),
        config={"size": "tiny"},
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


def end_of(logged: Sequence[lr.Run], asked: lr.Run) -> tuple[float, float, float] | str:
    """The error of the foreseen end as a share of the loss, the half width, and how many warnings; or the refusal."""
    try:
        law = lr.fit_law(list(logged))
        found = law.predict(asked.lrs[: int(asked.updates[-1])])
    except LrlabError as error:
        return str(error).partition("\n")[0]
    loss, low, high = found.final
    true = float(asked.loss[-1])
    return loss / true - 1.0, max(high - loss, loss - low) / true, len(found.warnings)


def row(name: str, ends: Iterable[tuple[float, float, float] | str]) -> None:
    """Mean error, bias with its standard error, mean half width, the share that held, the worst, the silent."""
    ends = list(ends)
    refused = sum(isinstance(end, str) for end in ends)
    found = np.array([end for end in ends if not isinstance(end, str)])
    if not len(found):
        print(f"  {name:<34s} {refused} refused", flush=True)
        return
    error, half, warned = found.T
    ratio = np.abs(error) / half
    se = error.std() / np.sqrt(len(error))
    silent = int(((ratio > 2) & (warned == 0)).sum())
    print(
        f"  {name:<34s} n {len(found):3d}  error {np.abs(error).mean():6.2%}  bias {error.mean():+6.2%} +- {se:5.2%}  "
        f"half {half.mean():6.2%}  held {np.mean(ratio <= 1):.2f}  worst {ratio.max():.1f}  "
        f"beyond 2 without a word {silent}  refused {refused}",
        flush=True,
    )


def beginnings(tasks: Sequence[str], given: argparse.Namespace) -> None:
    """From the first 65 % of every run."""
    print("from its first 65 %, the last stretch")
    every = []
    for task in tasks:
        logs = [curve([run]) for runs in trained(task, SHAPES, given).values() for run in runs]
        ends = [end_of([beginning(log)], log) for log in logs]
        row(task, ends)
        every += ends
    row("all tasks", every)


def longer(tasks: Sequence[str], given: argparse.Namespace) -> None:
    """From one or two runs, the ends of others that are twice and four times as long, with other seeds."""
    print("runs twice and four times as long as the logged ones")
    falling = {name: WARM[name] for name in ("linear", "cosine")}
    every: dict[str, list[tuple[float, float, float] | str]] = {}
    for task in tasks:
        seen = trained(task, WARM, given)
        length = seen["linear"][0].updates
        found = []
        for times in (2, 4):
            more = argparse.Namespace(**{**vars(given), "updates": times * length})
            asked = [curve([run]) for runs in trained(task, falling, more, first=10).values() for run in runs]
            for names in (("linear",), ("cosine",), ("constant", "linear")):
                for seed in range(given.seeds):
                    logs = [curve([seen[name][seed]]) for name in names]
                    ends = [end_of(logs, log) for log in asked]
                    every.setdefault(f"{' + '.join(names)}, {times}x", []).extend(ends)
                    found += ends
        row(task, found)
    for name, ends in every.items():
        row(name, ends)
    row("all tasks", [end for ends in every.values() for end in ends])


def warmups(tasks: Sequence[str], given: argparse.Namespace) -> None:
    """From a run with one warmup, the ends of those with others, by how many octaves apart they are."""
    print("another warmup than the logged one")
    apart: dict[str, list[tuple[float, float, float] | str]] = {}
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
    for task in tasks:
        logged = {name: SHAPES[name] for name in ("constant", "linear")}
        seen = trained(task, logged, seeded(given, 2 * given.laws))
        pairs = [[curve(runs[2 * k : 2 * k + 2]) for runs in seen.values()] for k in range(given.laws)]
        found = [lr.fit_law(logs).optimise(logs[0].horizon, peak=1.0, warmup=0) for logs in pairs]
        named = {**SHAPES, "wsd 20 %": 'constant() >> linear("20%")'}
        arms = named | {f"best {k}": str(each.schedule) for k, each in enumerate(found)}
        runs = trained(task, arms, seeded(given, given.judged), first=FIRST)
        ends = {name: np.array([curve([run]).loss[-1] for run in own]) for name, own in runs.items()}
        rival = min(named, key=lambda name: float(ends[name].mean()))
        for k, each in enumerate(found):
            own = ends[f"best {k}"]
            apart, gain = own - ends[rival], float((own - ends["linear"]).mean())
            inside = "inside" if each.low <= own.mean() <= each.high else "OUTSIDE"
            print(
                f"  {task:<9s} foreseen {each.loss:.4f} ({each.low:.4f} to {each.high:.4f}), trained {own.mean():.4f}: "
                f"{inside}; beside linear {each.gain:+.4f} foreseen, {gain:+.4f} trained; "
                f"beside {rival} {apart.mean():+.4f} +- {apart.std(ddof=1) / np.sqrt(len(apart)):.4f}",
                flush=True,
            )


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
