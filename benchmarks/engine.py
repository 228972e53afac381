"""What does sharing save, and what does the engine cost?

    python benchmarks/engine.py [--digits] [--size smallest]

1. Updates saved on the sets of `lrlab.testing.stage_sets`, exactly counted, with forks anywhere and at epoch ends.
2. Overhead of a stage: with nothing to store, and with a state of 5 and 50 MiB that is read and written; the task's
   own building is measured alone and taken off. CPU time, for other work on the machine does not count.
3. Planning 66 schedules x 15 cells x 100 000 updates, and a finished study called again.
4. Runs per second on one core, by the loop and by a vectorised step, of four built-in tasks, in turns in one run: CPU
   time of the whole engine, in this process with one thread.
5. With --digits: `lrlab compare digits` with the stage engine and with every arm alone, in turns in one run.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

import lrlab as lr
from evidence import PURE
from lrlab.desk import experiment as desk
from lrlab.lab.arms.arms import Arm
from lrlab.lab.arms.controls import ControlSpec, ControlTrace
from lrlab.lab.arms.tree import tree, updates_of
from lrlab.lab.executors.local import Local
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import Job, jobs_of
from lrlab.lab.stages.planning import plan_of
from lrlab.lab.stages.stage import Stage, execute
from lrlab.lab.task.declaration import Settings, load_task
from lrlab.lab.training.run import TrainingRun
from lrlab.record.runs.store import Store
from lrlab.testing.stage_sets import PROMISED, SETS, UPDATES
from sizes import add_size

EPOCH = 100
REPEATS = 9


class Weights:
    """A model of so many bytes."""

    def __init__(self, size: int) -> None:
        self.param_groups = [{"lr": 1.0}]
        self.w = np.arange(size // 8, dtype=np.float64)

    def state_dict(self) -> dict[str, object]:
        return {"w": self.w}

    def load_state_dict(self, state: dict[str, np.ndarray]) -> None:
        self.w = state["w"]


def train(run: TrainingRun) -> None:
    """Train nothing; what remains is the engine."""
    run.track(model=Weights(run.config["bytes"]))
    for update, _ in run.steps([0]):
        assert run.control["lr"] >= 0
        if run.eval_now:
            run.report(val_loss=update)


def timed(call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of one call."""
    began = clock()
    call()
    return clock() - began


def savings() -> None:
    """1."""
    print(f"{'set':42}{'schedules':>10}{'stages':>8}{'saved':>8}{'promised':>10}{f'every {EPOCH}':>11}")
    for name, schedules in SETS.items():
        controls = [ControlTrace(ControlSpec(schedule, 1.0), UPDATES) for schedule in schedules]
        roots, naive = tree(controls, UPDATES), UPDATES * len(controls)
        by_epoch = 1 - updates_of(tree(controls, UPDATES, EPOCH)) / naive
        saved = 1 - updates_of(roots) / naive
        print(f"{name:42}{len(controls):10}{len(roots):8}{saved:8.1%}{PROMISED[name]:10.0%}{by_epoch:11.1%}")


def overhead(sizes: tuple[int, ...] = (0, 5, 50), repeats: int = REPEATS, runs: int = 100) -> None:
    """2. `sizes` in MiB."""
    task = load_task(f"{__file__}:train")
    print("\noverhead of a stage, median of", repeats)
    with tempfile.TemporaryDirectory() as folder:
        for mib in sizes:
            config = {"bytes": mib * 2**20}
            jobs = [Job(Arm("a", lr.constant()), 1.0, seed, 0, 1, 3, 1, config) for seed in range(repeats)]
            times, wall = [], []
            for job in jobs:
                stage = Stage(task.text, task.identity, folder, job, None, 1)
                if mib:
                    stage = dataclasses.replace(stage, start=execute(stage, task).place, stop=2)
                else:
                    stage = dataclasses.replace(stage, stop=3)
                wall.append(timed(functools.partial(execute, stage, task)))
                stage = dataclasses.replace(stage, store=f"{folder}/again" if not mib else folder)
                times.append(timed(functools.partial(execute, stage, task), time.process_time))
            built = statistics.median(
                timed(lambda m=mib: Weights(m * 2**20), time.process_time) for _ in range(repeats)
            )
            what = "nothing to go on from is stored" if not mib else f"{mib} MiB are read, restored, stored"
            cpu = 1000 * (statistics.median(times) - built)
            print(f"  {what:34}{cpu:8.1f} ms CPU, {1000 * statistics.median(wall):8.1f} ms on the clock")
        pool = Local(1)
        many = [Job(Arm("a", lr.constant()), 1.0, seed, 1, 2, 3, 1, {"bytes": 0}) for seed in range(runs)]
        run_jobs(task, many[:1], Store(folder), pool)
        took = timed(lambda: run_jobs(task, many, Store(folder), pool))
        pool.close()
        print(f"  {'by a worker process, run stored':34}{1000 * took / (runs - 1):8.1f} ms")


def planning(updates: int = 100_000, count: int = 66, seeds: int = 6) -> None:
    """3."""
    task = load_task(f"{__file__}:train")
    schedules = list(dict.fromkeys(schedule for every in SETS.values() for schedule in every))[:count]
    arms = [Arm(str(k), schedule) for k, schedule in enumerate(schedules)]
    with tempfile.TemporaryDirectory() as folder:
        jobs = jobs_of(arms, Settings(updates=updates, folds=3, seeds=5, lrs=(1.0,)), config={"bytes": 0})
        took = timed(lambda: print("\n" + str(plan_of(task, jobs, Store(folder), workers=2))))
        print(f"planned in {took:.2f} s")
        small = [Arm(str(k), lr.wsd(warmup=0, decay=f"{5 * k + 5}%")) for k in range(10)]
        few_jobs = jobs_of(small, Settings(updates=50, folds=5, seeds=seeds, lrs=(1.0,)), config={"bytes": 0})
        run_jobs(task, few_jobs, Store(folder), Here(task))
        again = timed(lambda: run_jobs(task, few_jobs, Store(folder), Here(task)))
        print(f"a finished study of {len(few_jobs)} runs again: {again:.2f} s")


def vectorised(share: float = 1.0, width: int = 32, times: int = 2, tasks: Iterable[str] = PURE) -> None:
    """4. `share` of the updates of each task; the best of so many `times`, for other work only takes away."""
    print(f"\nruns per second of CPU, {width} at once, a run of {share:.0%} of the task's own length")
    print(f"  {'task':10}{'loop':>8}{'vectorised':>12}{'ratio':>8}")
    for name in tasks:
        task = load_task(name)
        settings = dataclasses.replace(task.settings, updates=round(share * task.settings.updates), folds=8)
        settings = dataclasses.replace(settings, lrs=(0.5, 1.0, 2.0, 4.0), widen=False)
        rates: dict[int, float] = {}
        for _ in range(times):
            for many in (0, width):
                jobs = jobs_of([Arm("linear", lr.linear())], settings, vectorise=many)[: many or 3]
                with tempfile.TemporaryDirectory() as folder:
                    call = functools.partial(run_jobs, task, jobs, Store(folder), Here(task))
                    rates[many] = max(rates.get(many, 0.0), len(jobs) / timed(call, time.process_time))
        print(f"  {name:10}{rates[0]:8.2f}{rates[width]:12.2f}{rates[width] / rates[0]:8.1f}", flush=True)


def digits() -> None:
    """5."""
    experiment = desk.set_up("digits")
    with tempfile.TemporaryDirectory() as folder:
        for name, fork_every in (("stage engine", 1), ("every arm alone", 0)):
            result = desk.run(experiment, Path(folder, name), desk.Resources(), fork_every=fork_every)
            print(f"\ncompare digits, {name}: {result.seconds:.0f} s\n  {result.effort}")


def main() -> None:
    """Print what was measured."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--digits", action="store_true", help="also train the main comparison twice (minutes)")
    add_size(options)
    given = options.parse_args()
    savings()
    if given.size == "smallest":
        overhead((0, 1), 1, 2)
        planning(1000, 10, 1)
        vectorised(0.02, 2, 1)
    else:
        overhead()
        planning()
        vectorised()
    if given.digits:
        sys.stdout.flush()
        digits()


if __name__ == "__main__":
    main()
