"""The stored comparisons that `lrlab advise` calls on: makes them again, one after the other.

    python benchmarks/advice_studies.py [--only digits] [--store lrlab-evidence] [--write] [--size smallest]

Each study is one comparison of all the usual strategies on a built-in task, each at its own best LR, widened until that
is inside. Runs are kept in the store: interrupted, the script goes on where it was. With --write the scores go into
src/lrlab/analysis/advice/studies.json, where the rules of advice find them. Two hours on two cores; a study takes from
three minutes (`finetune-short`) to half an hour (`charlm`).
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scipy import stats

from lrlab.desk import experiment as desk
from lrlab.desk.result import ComparisonRecord
from lrlab.lab.stages.engine import Progress
from sizes import add_size

PLACE = Path(__file__).parents[1] / "src" / "lrlab" / "analysis" / "advice" / "studies.json"
CROSS_VALIDATED = ("digits", "finetune", "charlm")  # whose folds share training data
STUDIES: dict[str, tuple[str, dict[str, Any]]] = {
    "digits": ("digits", {"folds": 6}),
    "finetune": ("finetune", {"folds": 6}),
    "finetune-short": ("finetune", {"quick": True, "folds": 8}),
    "series": ("series", {"folds": 6}),
    "tabular": ("tabular", {"folds": 6}),
    "signals": ("signals", {"folds": 6}),
    "charlm": ("charlm", {"folds": 6}),
    "teacher": ("teacher", {"folds": 6}),
}


def study(found: ComparisonRecord, command: str, versions: Mapping[str, str], *, overlapping: bool) -> dict[str, Any]:
    """What is kept of a comparison: strategies that diverged nowhere, with their scores."""
    arms = [arm for arm in found["arms"] if None not in arm["scores"]]
    return {
        "task": found["task"],
        "metric": found["metric"],
        "mode": found["mode"],
        "updates": found["updates"],
        "overlapping": overlapping,
        "critical": float(stats.t.ppf(0.975, found["folds"] - 1)),
        "command": command,
        "versions": {name: versions[name] for name in ("python", "numpy", "torch", "scikit-learn") if name in versions},
        "schedules": {arm["name"]: arm["schedule"] for arm in arms},
        "scores": {arm["name"]: [float(f"{score:.6g}") for score in arm["scores"]] for arm in arms},
    }


def written(studies: dict[str, Any]) -> str:
    """The file of the studies, a line for each strategy."""
    lines = json.dumps(studies, indent=1)
    return re.sub(r"\[[^\]]*\]", lambda found: " ".join(found[0].split()), lines) + "\n"


def command(task: str, given: dict[str, Any], *, overlapping: bool) -> str:
    """What one types to make a study again."""
    options = ["--quick"] * bool(given.get("quick")) + ["--folds", str(given["folds"]), "--lrs", "auto"]
    return shlex.join(["lrlab", "compare", task, *options, *["--overlapping"] * overlapping])


def moved(progress: Progress) -> None:
    """A line now and then."""
    if progress.done % 50 == 0:
        print(f"  {progress.done} of {progress.total} runs", file=sys.stderr)


def main() -> None:
    """Make the studies, and print how far each strategy is behind the best."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--only", choices=STUDIES, action="append", help="this one; give several")
    options.add_argument("--store", default="lrlab-evidence")
    options.add_argument("--write", action="store_true")
    add_size(options)
    asked = options.parse_args()
    small: dict[str, Any] = {}
    names = asked.only or [*STUDIES]
    if asked.size == "smallest":
        names, few = ["digits"], {"fixed": "constant()", "linear": "linear()"}
        small = {"config": {"size": "tiny"}, "schedules": few, "updates": 8, "folds": 2, "lrs": (1.0,), "evals": 1}
    kept = json.loads(PLACE.read_text(encoding="utf-8"))
    for name in names:
        task, given = STUDIES[name]
        overlapping = task in CROSS_VALIDATED
        experiment = desk.set_up(task, **{"lrs": "auto", **given, **small})
        result = desk.run(experiment, asked.store, desk.Resources(), overlapping=overlapping, on_progress=moved)
        print(f"\n{name}\n{result}")
        versions = result.evidence.runs[0].versions
        kept[name] = study(
            result.record(), command(task, given, overlapping=overlapping), versions, overlapping=overlapping
        )
    if asked.write:
        ordered = {name: kept[name] for name in STUDIES if name in kept}
        PLACE.write_text(written(ordered), encoding="utf-8")


if __name__ == "__main__":
    main()
