"""Make docs/evidence.md again from the kept comparisons: every figure of that page comes from here.

python benchmarks/evidence_page.py
"""

from __future__ import annotations

import argparse
from pathlib import Path

from evidence_study import Study, studies
from lrlab.analysis.comparison.statistics import Comparison, Standing
from sizes import add_size

PLACE = Path(__file__).parents[1] / "docs" / "evidence.md"

BEGINNING = """# The evidence

Articles say of every strategy what it is good for: one-cycle for small data, cosine for deep networks, restarts
against local optima. Here is what runs show. Each strategy was trained around its own best LR: by factors of two, until
the best lies inside. Every verdict is that of [`lrlab compare`](compare.md), computed from the kept scores.

The models are small and the runs short: the direction of a difference is evidence for yours, its size is not.
[Ask your own task](howto/compare.md). What was not trained yet is not said: the tasks are few, most with one optimizer.

"Behind the best" is behind the strategy of the best mean on that task, with one interval for each of its strategies.
[`lrlab advise`](howto/choose.md) asks the same scores something else: its rules compare two named strategies, such as
fixed with warmup + linear, on every task, with intervals that hold together for that rule. So a strategy can be "not
told apart" here, and behind there.
"""

ELSEWHERE = (
    ("Which advice has a published source?", "[Choose a strategy](howto/choose.md)", "the papers named there"),
    ("What do small tasks tell apart?", "[The tasks](tasks.md#what-separates)", "runs of this repository"),
    (
        "How often does a comparison call equal strategies different?",
        "[Does it tell the truth?](compare.md#does-it-tell-the-truth)",
        "simulations, and runs on digits",
    ),
    (
        "How often does a search lose the winner?",
        "[Rungs](tune.md#how-often-does-a-rung-lose-the-winner)",
        "16 schedules on five tasks",
    ),
    (
        "How good are forecasts of the loss?",
        "[How good it is](forecast.md#how-good-it-is)",
        "public logs, and small language models",
    ),
)

END = f"""
## How to make it again

```text
python benchmarks/evidence.py          # trains what is not stored yet; --size full takes a night
python benchmarks/evidence_page.py     # this page, from benchmarks/data/evidence
```

## What else was measured

| question | where | what carries it |
|---|---|---|
{chr(10).join(f"| {' | '.join(row)} |" for row in ELSEWHERE)}
"""

SHORT = {"best": "**best**", "leads": "leads", "not distinguishable": "not told apart", "equally good": "equally good"}


def verdict(line: Standing, compared: Comparison) -> str:
    """The verdict; the first one leads where others cannot be told from it."""
    return "leads" if line.verdict == "best" and len(compared.together) > 1 else line.verdict


def short(line: Standing, compared: Comparison) -> str:
    """A verdict in a cell, with the LR that was chosen most often."""
    if (said := verdict(line, compared)) in SHORT:
        return SHORT[said]
    return line.verdict if line.difference is None else f"{line.verdict}, +{line.difference:.2g}"


def overview(found: list[tuple[Study, Comparison]]) -> list[str]:
    """One row for each strategy that all studies have, one column for each study."""
    shared = set.intersection(*(set(study.arms) for study, _ in found))
    verdicts = {study.name: {line.arm: line for line in compared.standings} for study, compared in found}
    ranks = {arm: sum(lines[arm].rank / len(lines) for lines in verdicts.values()) for arm in shared}
    rows = ["| strategy | " + " | ".join(f"`{study.task}`, {study.optimizer}" for study, _ in found) + " |"]
    rows += ["|---|" + "---|" * len(found)]
    for arm in sorted(shared, key=lambda arm: ranks[arm]):
        rows.append(
            f"| {arm} | " + " | ".join(short(verdicts[study.name][arm], compared) for study, compared in found) + " |"
        )
    return rows


def table(study: Study, compared: Comparison) -> list[str]:
    """Every strategy of one study."""
    rows = [f"| strategy | {study.metric} | behind the best | verdict | best LR | tried |", "|---|---|---|---|---|---|"]
    for line in compared.standings:
        behind = "" if line.rank == 1 or line.difference is None else f"{line.difference:+.3g}"
        if behind and line.low is not None and line.high is not None:
            behind += f" [{line.low:.3g}, {line.high:.3g}]"
        means = {point.lr: point.mean for point in line.profile if point.mean is not None}
        best = min(means, key=lambda lr: means[lr]) if means else None
        tried = sorted(study.arms[line.arm].scores)
        edge = " (an edge)" if line.edge else ""
        mean = "diverged" if line.mean is None else f"{line.mean:.4g}"
        rows.append(
            f"| {line.arm} | {mean} | {behind} | {verdict(line, compared)} "
            f"| {'' if best is None else f'× {best:g}{edge}'} | {tried[0]:g} to {tried[-1]:g} |"
        )
    return rows


def section(study: Study, compared: Comparison) -> list[str]:
    """The part of the page on one study."""
    runs = sum(len(scores) for arm in study.arms.values() for scores in arm.scores.values())
    said = [
        f"## `{study.task}` with {study.optimizer}",
        "",
        f"{len(study.arms)} strategies, {study.folds} folds, {study.updates} updates, {runs} runs; less is better. "
        f"{compared.advice}",
        "",
        f"```{{measured}} {study.name}\n```",
        "",
        *table(study, compared),
    ]
    beside = [
        f"{name}: `{arm.schedule}`" + (f", {arm.beside}" if arm.beside else "") for name, arm in study.arms.items()
    ]
    return [*said, "", "Schedules: " + "; ".join(beside) + "."]


def page() -> str:
    """The whole page."""
    found = [(study, study.compared()) for study in studies()]
    lines = [BEGINNING, "## At a glance", "", *overview(found), ""]
    lines += [
        "The strategies that every comparison has, by their mean rank; behind a verdict the difference to the best."
    ]
    for study, compared in found:
        lines += ["", *section(study, compared)]
    return "\n".join([*lines, END])


def main() -> None:
    """Write it."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    add_size(options)
    smallest = options.parse_args().size == "smallest"
    place = Path("evidence.md") if smallest else PLACE
    place.write_text(page(), encoding="utf-8")
    print(f"{place}: {len(list(studies()))} studies")


if __name__ == "__main__":
    main()
