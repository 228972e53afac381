"""The stored comparisons that `lrlab advise` calls on: condensed from the kept evidence, and one that is trained here.

    python benchmarks/advice_studies.py [--train] [--store lrlab-evidence] [--write] [--size smallest]

Of each study of `data/evidence` there is a score for every strategy and fold, at LRs that were weighed on the other
folds. Beside them stands a very short fine-tuning, because it comes to something else; --train trains it again, three
minutes on two idle cores, else it stays as it is stored. With --write all go into
src/lrlab/analysis/advice/studies.json, where the rules of advice find them.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scipy import stats

import evidence_study
from lrlab.analysis.comparison.statistics import Comparison
from lrlab.desk import experiment as desk
from lrlab.lab.task.declaration import load_task
from sizes import add_size

PLACE = Path(__file__).parents[1] / "src" / "lrlab" / "analysis" / "advice" / "studies.json"
TOGETHER = 128  # intervals that a rule may have at most
CROSS_VALIDATED = ("digits", "finetune", "charlm", "control")  # whose folds share training data
LABELS = ("", "all")  # of the studies that advice rests on: the tasks as they are
SHORT = ("finetune-short", "finetune", ["--quick", "--folds", "8", "--lrs", "auto", "--overlapping"])


def condensed(
    comparison: Comparison, schedules: Mapping[str, str], versions: Mapping[str, str], facts: Mapping[str, Any]
) -> dict[str, Any]:
    """What is kept of a comparison: the strategies that diverged nowhere, with their scores."""
    arms = {line.arm: line.scores for line in comparison.standings if None not in line.scores}
    folds = len(next(iter(arms.values())))
    return {
        **facts,
        "overlapping": facts["task"] in CROSS_VALIDATED,
        "critical": critical(folds),
        "versions": {name: versions[name] for name in ("python", "numpy", "torch", "scikit-learn") if name in versions},
        "schedules": {arm: schedules[arm] for arm in arms},
        "scores": {
            arm: [float(f"{score:.6g}") for score in scores if score is not None] for arm, scores in arms.items()
        },
    }


def critical(folds: int) -> list[float]:
    """Student's t of 1, 2, 3 ... intervals that hold together."""
    return [float(f"{stats.t.ppf(1 - 0.025 / count, folds - 1):.6g}") for count in range(1, TOGETHER + 1)]


def of_evidence(name: str) -> dict[str, Any]:
    """A study of the evidence."""
    found = evidence_study.study(name)
    options = ["--updates", str(found.updates), "--folds", str(found.folds), "--lrs", "auto"]
    options += ["--overlapping"] * (found.task in CROSS_VALIDATED)
    if found.optimizer != load_task(found.task).config["optimizer"][0]:
        options += ["--config", f"optimizer={found.optimizer}"]
    if found.label:
        options += ["--vectorise", "32"]
    command = shlex.join(["lrlab", "compare", found.task, *options])
    facts = {
        "task": found.task,
        "metric": found.metric,
        "mode": found.mode,
        "updates": found.updates,
        "command": command,
    }
    schedules = {arm: contestant.schedule for arm, contestant in found.arms.items()}
    return condensed(found.compared(), schedules, found.versions, facts)


def trained(store: str, smallest: bool) -> dict[str, Any]:
    """The very short fine-tuning, trained here."""
    _, task, options = SHORT
    small: dict[str, Any] = {"quick": True, "folds": 8, "lrs": "auto"}
    if smallest:
        few = {"fixed": "constant()", "linear": "linear()"}
        small |= {"config": {"size": "tiny"}, "schedules": few, "updates": 8, "folds": 2, "lrs": (1.0,), "evals": 1}
    result = desk.run(desk.set_up(task, **small), store, desk.Resources(), overlapping=True)
    print(result)
    found, runs = result.evidence, result.evidence.runs
    facts = {
        "task": task,
        "metric": found.metric,
        "mode": found.mode,
        "updates": runs[0].updates,
        "command": shlex.join(["lrlab", "compare", task, *options]),
    }
    schedules = {arm: str(schedule) for arm, schedule in found.schedules.items()}
    return condensed(found.comparison, schedules, runs[0].versions, facts)


def written(studies: dict[str, Any]) -> str:
    """The file of the studies, a line for each strategy."""
    lines = json.dumps(studies, indent=1)
    return re.sub(r"\[[^\]]*\]", lambda found: " ".join(found[0].split()), lines) + "\n"


def main() -> None:
    """Make the studies, and say which."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--train", action="store_true")
    options.add_argument("--store", default="lrlab-evidence")
    options.add_argument("--write", action="store_true")
    add_size(options)
    asked = options.parse_args()
    found = {each.name: of_evidence(each.name) for each in evidence_study.studies() if each.label in LABELS}
    smallest = asked.size == "smallest"
    kept = json.loads(PLACE.read_text(encoding="utf-8"))
    short = trained(asked.store, smallest) if asked.train or smallest else kept[SHORT[0]]
    found[SHORT[0]] = {**short, "critical": critical(len(next(iter(short["scores"].values()))))}
    for name, study in found.items():
        print(f"{name}: {len(study['scores'])} strategies, {study['updates']} updates")
    if asked.write:
        PLACE.write_text(written(found), encoding="utf-8")


if __name__ == "__main__":
    main()
