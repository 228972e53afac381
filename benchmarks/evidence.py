"""Train what the evidence page stands on: strategies x optimizers x built-in tasks, each around its own best LR.

    python benchmarks/evidence.py [--size tiny|smallest|full] [--store lrlab-evidence]
        [--only digits-momentum,...] [--minutes 90]

By default, in this order:

- the tasks as they are: digits under all strategies on eight folds, short runs of the others under eight on five;
- "all": control, digits, tabular and teacher, which have a pure form, with each of six optimizers, under seventeen
  strategies on eight folds, 32 runs at a time; digits and control at their own length;
- the variants of these four (batch, noisy, wide, less) in the same way with the optimizer of the task;
- "free": on these four, methods that set the LR or the average themselves beside two schedules.

Each strategy begins with LRs of 0.5, 1 and 2 times the task's own and is widened until its best is inside. The scores
of all runs are written to benchmarks/data/evidence, one small file a study, as soon as it is finished; runs are kept in
the store, so that a second call goes on. No study is begun after so many `--minutes`. --size full takes all tasks with
all optimizers under all strategies at the standard lengths: a night.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import lrlab as lr
from evidence_study import FOLDER, Contestant, Study, name_of
from lrlab.core.text.parse import parse
from lrlab.lab.arms.arms import Arm, default_arms
from lrlab.lab.task.declaration import load_task
from lrlab.lab.tasks.common.variants import VARIANTS

MORE = {
    "REX": "rex()",
    "long linear cooldown": 'warmup("5%") >> constant() >> linear("60%")',
    "squared": 'warmup("5%") >> polynomial(power=2)',
    "inverse square root": 'warmup("5%") >> inverse_sqrt("5%")',
}
CONTESTANTS = (
    Arm("schedule-free AdamW", parse('warmup("5%") >> constant()'), config={"optimizer": "schedule-free adamw"}),
    Arm("Prodigy + cosine", parse("cosine()"), config={"optimizer": "prodigyopt.Prodigy(lr=1.0)"}),
)
FEW = ("fixed", "step", "exponential", "cosine", "one-cycle", "warmup + linear", "WSD", "averaging")
BESIDE_FREE = ("warmup + linear", "averaging")
AT_ONCE = 32  # runs by one vectorised step
SMALL = ("control-adamw", "control-adamw-all")  # the studies at the smallest size


@dataclass(frozen=True)
class Planned:
    """A study to be made: its task, optimizer, updates of a run, strategies and folds.

    `label` tells it from others of the same task and optimizer: "all", "free", or the variant of the task. `vectorised`
    tasks have a pure form.
    """

    task: str
    optimizer: str
    updates: int
    strategies: tuple[Arm, ...]
    folds: int = 5
    label: str = ""
    vectorised: bool = False

    @property
    def name(self) -> str:
        return name_of(self.task, self.optimizer, self.label)


def chosen(*names: str) -> tuple[Arm, ...]:
    """The strategies of every comparison that have these names."""
    return tuple(arm for arm in default_arms() if arm.name in names)


EVERY = (*default_arms(), *(Arm(name, parse(text)) for name, text in MORE.items()))
OWN = (
    Planned("digits", "momentum", 320, (*EVERY[:15], *CONTESTANTS), 8),
    Planned("tabular", "adamw", 400, chosen(*FEW)),
    Planned("teacher", "momentum", 750, chosen(*FEW)),
    Planned("finetune", "adamw", 200, chosen(*FEW)),
    Planned("control", "adamw", 200, chosen(*FEW)),
    Planned("signals", "momentum", 250, chosen(*FEW)),
    Planned("charlm", "adamw", 200, chosen(*FEW)),
    Planned("series", "adamw", 200, chosen(*FEW)),
    Planned("digits", "adamw", 320, chosen(*FEW)),
)
PURE = {"control": 400, "digits": 320, "tabular": 400, "teacher": 750}  # tasks with a pure form, and updates of a run
OPTIMIZERS = ("sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw")


def planned(full: bool) -> Iterator[Planned]:
    """The studies in the order in which they are made."""
    if full:
        for each in OWN[:-1]:
            standard = replace(
                each, updates=load_task(each.task).settings.updates, strategies=(*EVERY, *CONTESTANTS), folds=8
            )
            others = (name for name in OPTIMIZERS if name != each.optimizer)
            yield from (standard, *(replace(standard, optimizer=name) for name in others))
        return
    yield from OWN
    for task, updates in PURE.items():
        for optimizer in OPTIMIZERS:
            yield Planned(task, optimizer, updates, EVERY, 8, "all", vectorised=True)
    for task, updates in PURE.items():
        first, _, *variants = load_task(task).config["optimizer"][0], *load_task(task).config["variant"]
        for variant in variants:
            yield Planned(task, first, updates, EVERY, 8, variant, vectorised=True)
    for task, updates in PURE.items():
        if task != "digits":  # the first study has them
            first = load_task(task).config["optimizer"][0]
            yield Planned(task, first, updates, (*chosen(*BESIDE_FREE), *CONTESTANTS), 8, "free")


def made(plan: Planned, store: str, size: str, more: Mapping[str, str] = MappingProxyType({})) -> Study:
    """Train it, or read it from the store; with more in the configuration of the task."""
    contestants, config = plan.strategies, {"optimizer": plan.optimizer, **more}
    if plan.label in VARIANTS:
        config["variant"] = plan.label
    if size in ("tiny", "smallest"):
        contestants, config = contestants[:2], {**config, "size": "tiny"}
    found = lr.compare(
        plan.task,
        {arm.name: arm for arm in contestants},
        horizon=24 if size in ("tiny", "smallest") else plan.updates,
        folds=plan.folds,
        seeds=1,
        evals=None if len(plan.strategies) > len(FEW) else 4,  # plateau hears evaluations
        lrs="auto",
        config=config,
        store=store,
        vectorise=AT_ONCE if plan.vectorised else 0,
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
        plan.label,
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
        if (
            small and (plan.task, plan.optimizer) != ("control", "adamw")
        ) or time.monotonic() - began > 60 * given.minutes:
            continue
        study = made(replace(plan, folds=2) if small else plan, given.store, given.size)
        (folder / f"{study.name}.json").write_text(study.written(), encoding="utf-8")
        told = study.compared()
        runs = sum(len(each) for arm in study.arms.values() for each in arm.scores.values())
        print(f"{study.name}: {runs} runs; best {told.best}; together {', '.join(told.together)}", flush=True)


if __name__ == "__main__":
    main()
