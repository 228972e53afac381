"""Train what the evidence page stands on: strategies x optimizers x built-in tasks, each around its own best LR.

    python benchmarks/evidence.py [--size tiny|smallest|full] [--store lrlab-evidence]
        [--only digits-momentum,...] [--minutes 90]

By default digits under all strategies on eight folds, then short runs of the other tasks under eight strategies on five
folds, then digits with other optimizers. Each strategy begins with LRs of 0.5, 1 and 2 times the task's own and is
widened until its best is inside. The scores of all runs are written to benchmarks/data/evidence, one small
file a study, as soon as it is finished; runs are kept in the store, so that a second call goes on. No study is begun
after so many `--minutes`. --size full takes the standard lengths, eight folds, and all tasks with all optimizers under
all strategies: a night.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import lrlab as lr
from evidence_study import FOLDER, Contestant, Study
from lrlab.core.text.parse import parse
from lrlab.lab.arms.arms import Arm, default_arms
from lrlab.lab.task.declaration import load_task

MORE = {
    "REX": "rex()",
    "long linear cooldown": 'warmup("5%") >> constant() >> linear("60%")',
}
CONTESTANTS = (
    Arm("schedule-free AdamW", parse('warmup("5%") >> constant()'), config={"optimizer": "schedule-free adamw"}),
    Arm("Prodigy + cosine", parse("cosine()"), config={"optimizer": "prodigyopt.Prodigy(lr=1.0)"}),
)
FEW = ("fixed", "step", "exponential", "cosine", "one-cycle", "warmup + linear", "WSD", "averaging")


@dataclass(frozen=True)
class Planned:
    """A study to be made: its task, optimizer, updates of a run, and folds; whether all strategies take part."""

    task: str
    optimizer: str
    updates: int
    whole: bool = False
    folds: int = 5

    @property
    def name(self) -> str:
        return f"{self.task}-{self.optimizer.replace(' ', '-')}"


OWN = (
    Planned("digits", "momentum", 320, whole=True, folds=8),
    Planned("tabular", "adamw", 400),
    Planned("teacher", "momentum", 750),
    Planned("finetune", "adamw", 200),
    Planned("control", "adamw", 200),
    Planned("signals", "momentum", 250),
    Planned("charlm", "adamw", 200),
    Planned("series", "adamw", 200),
)
OTHERS = ("sgd", "adagrad", "rmsprop", "adam", "adamw", "momentum")


def planned(full: bool) -> Iterator[Planned]:
    """The studies in the order in which they are made: what is cheap comes first."""
    if not full:
        yield from OWN
        yield from (replace(OWN[0], optimizer=name, whole=False, folds=5) for name in ("adamw", "sgd"))
        return
    for each in OWN:
        standard = replace(each, updates=load_task(each.task).settings.updates, whole=True, folds=8)
        yield standard
        yield from (replace(standard, optimizer=name) for name in OTHERS if name != each.optimizer)


def arms(whole: bool) -> tuple[Arm, ...]:
    """The contestants of a study."""
    known = default_arms()
    if not whole:
        return tuple(arm for arm in known if arm.name in FEW)
    return (*known, *(Arm(name, parse(text)) for name, text in MORE.items()), *CONTESTANTS)


def made(
    plan: Planned, store: str, size: str, few: tuple[Arm, ...] = (), more: Mapping[str, str] = MappingProxyType({})
) -> Study:
    """Train it, or read it from the store; with these few contestants, and more in the configuration of the task."""
    contestants = few or arms(plan.whole)
    config = {"optimizer": plan.optimizer, **more}
    if size in ("tiny", "smallest"):
        contestants, config = contestants[:2], {**config, "size": "tiny"}
    found = lr.compare(
        plan.task,
        {arm.name: arm for arm in contestants},
        horizon=8 if size in ("tiny", "smallest") else plan.updates,
        folds=plan.folds,
        seeds=1,
        evals=None if plan.whole else 4,  # plateau hears evaluations
        lrs="auto",
        config=config,
        store=store,
    ).result.evidence
    scores: dict[str, dict[float, list[float | None]]] = {arm.name: {} for arm in contestants}
    for run in sorted(found.runs, key=lambda run: (run.lr, run.fold)):
        score = None if run.outcome == "diverged" else float(f"{run.score:.7g}")
        scores[run.arm].setdefault(run.lr, []).append(score)
    return Study(
        plan.task,
        plan.optimizer,
        found.metric,
        found.mode,
        found.runs[0].updates,
        plan.folds,
        {
            arm.name: Contestant(
                str(arm.schedule), arm.beside, {x: tuple(each) for x, each in scores[arm.name].items()}
            )
            for arm in contestants
        },
        {name: version for name, version in found.runs[0].versions.items() if name in ("lrlab", "torch", "numpy")},
    )


def main() -> None:
    """Make every study, and say what each came to."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--size", choices=("full", "default", "tiny", "smallest"), default="default")
    options.add_argument("--store", default="lrlab-evidence")
    options.add_argument("--only", default="", help="names of studies, with commas between them")
    options.add_argument("--minutes", type=float, default=90.0, help="begin no study after so many")
    options.add_argument("--into", type=Path, help="where the studies are written")
    given = options.parse_args()
    small = given.size in ("tiny", "smallest")
    folder = given.into or (Path("studies") if small else FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    for plan in planned(given.size == "full"):
        if given.only and plan.name not in given.only.split(","):
            continue
        if (small and plan.task != "control") or time.monotonic() - began > 60 * given.minutes:
            continue
        study = made(replace(plan, folds=2) if small else plan, given.store, given.size)
        (folder / f"{study.name}.json").write_text(study.written(), encoding="utf-8")
        told = study.compared()
        runs = sum(len(each) for arm in study.arms.values() for each in arm.scores.values())
        print(f"{study.name}: {runs} runs; best {told.best}; together {', '.join(told.together)}", flush=True)


if __name__ == "__main__":
    main()
