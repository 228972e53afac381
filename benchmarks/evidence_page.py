"""Make docs/evidence.md again from the kept comparisons: every figure of that page comes from here.

python benchmarks/evidence_page.py
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import mean

from scipy import stats

from evidence_study import Study, name_of, studies
from lrlab.analysis.comparison.standing import Standing
from lrlab.analysis.comparison.statistics import Comparison
from lrlab.lab.tasks.common.variants import VARIANTS
from sizes import add_size

Made = tuple[Study, Comparison]
OPTIMIZERS = ("sgd", "momentum", "adagrad", "rmsprop", "adam", "adamw")
PLACE = Path(__file__).parents[1] / "docs" / "evidence.md"

BEGINNING = """# The evidence

Articles say of every strategy what it is good for: one-cycle for small data, cosine for deep networks, restarts
against local optima. Here is what runs show. Each strategy was trained around its own best LR: by factors of two, until
the best lies inside. Every verdict is that of [`lrlab compare`](compare.md), computed from the kept scores.

The models are small and the runs short: the direction of a difference is evidence for yours, its size is not.
[Ask your own task](howto/compare.md).

"Behind the best" is behind the strategy of the best mean on that task, with one interval for each of its strategies.
[`lrlab advise`](howto/choose.md) asks the same scores something else: its rules compare two named strategies, such as
fixed with warmup + linear, on every task, with intervals that hold together for that rule. So a strategy can be "not
told apart" here, and behind there.
"""

OPTIMIZERS_SAID = """Four tasks with each optimizer, each strategy on eight folds. In a cell: its mean rank among the
seventeen over the four tasks, and on how many of them it is worse, that is, told apart from the best.
"""

CELLS = """Below, a cell has the multiple of the optimizer's own LR that suits the strategy best, in bold where its mean
is the best of the column; "worse" with the difference to that where the two are told apart.
"""

VARIANTS_SAID = """What wins on a task alone was chosen for the task. Here are the same tasks with half a batch, noise,
twice the width, or a quarter of the data. The rank correlation is that of the means of the strategies between the task
and its variant: 1 where their order is the same.
"""

FREE_SAID = """Methods that set the LR or the average of the weights themselves, beside a schedule and beside averaged
weights, each at the best multiple of its own LR.
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


def runs_of(*found: Study) -> int:
    """How many runs were trained for these studies."""
    return sum(len(scores) for study in found for arm in study.arms.values() for scores in arm.scores.values())


def table(study: Study, compared: Comparison) -> list[str]:
    """Every strategy of one study."""
    rows = [f"| strategy | {study.metric} | behind the best | verdict | best LR | tried |", "|---|---|---|---|---|---|"]
    for line in compared.standings:
        behind = "" if line.rank == 1 or line.difference is None else f"{line.difference:+.3g}"
        if behind and line.low is not None and line.high is not None:
            behind += f" [{line.low:.3g}, {line.high:.3g}]"
        tried = sorted(study.arms[line.arm].scores)
        score = "diverged" if line.mean is None else f"{line.mean:.4g}"
        rows.append(
            f"| {line.arm} | {score} | {behind} | {verdict(line, compared)} "
            f"| {best_lr(line)} | {tried[0]:g} to {tried[-1]:g} |"
        )
    return rows


def told(study: Study, compared: Comparison) -> list[str]:
    """What a study comes to, and its strategies."""
    said = f"{len(study.arms)} strategies, {study.folds} folds, {study.updates} updates, {runs_of(study)} runs; "
    return [f"{said}less is better. {compared.advice}", "", *table(study, compared)]


def section(study: Study, compared: Comparison) -> list[str]:
    """The part of the page on one study."""
    first, *rest = told(study, compared)
    said = [f"## `{study.task}` with {study.optimizer}", "", first, "", f"```{{measured}} {study.name}\n```", *rest]
    return [*said, "", schedules(study)]


def schedules(study: Study) -> str:
    """What the strategies are."""
    beside = [
        f"{name}: `{arm.schedule}`" + (f", {arm.beside}" if arm.beside else "") for name, arm in study.arms.items()
    ]
    return "Schedules: " + "; ".join(beside) + "."


def grouped(found: list[Made], *labels: str) -> dict[str, list[Made]]:
    """The studies of some labels by task."""
    by_task: dict[str, list[Made]] = {}
    for study, compared in found:
        if study.label in labels:
            by_task.setdefault(study.task, []).append((study, compared))
    return by_task


def over_optimizers(found: list[Made]) -> list[str]:
    """One row for each strategy, one column for each optimizer, over all tasks."""
    columns: dict[str, list[dict[str, Standing]]] = {}
    for study, compared in found:
        columns.setdefault(study.optimizer, []).append({line.arm: line for line in compared.standings})
    order = [name for name in OPTIMIZERS if name in columns]
    arms = list(found[0][0].arms)
    ranks = {arm: mean([lines[arm].rank for all_ in columns.values() for lines in all_]) for arm in arms}
    rows = ["| strategy | " + " | ".join(order) + " | all |", "|---|" + "---|" * (len(order) + 1)]
    for arm in sorted(arms, key=lambda arm: ranks[arm]):
        cells = [_ranked(arm, columns[name]) for name in order]
        cells.append(_ranked(arm, [lines for name in order for lines in columns[name]]))
        rows.append(f"| {arm} | {' | '.join(cells)} |")
    return rows


def _ranked(arm: str, studies_: list[dict[str, Standing]]) -> str:
    worse = sum(lines[arm].verdict in ("worse", "diverged") for lines in studies_)
    return f"{mean([lines[arm].rank for lines in studies_]):.1f}" + (f", worse on {worse}" if worse else "")


def side_by_side(found: list[Made], heads: list[str]) -> list[str]:
    """One row for each strategy, one column for each study: the verdict, and the LR that suits it best."""
    verdicts = [({line.arm: line for line in compared.standings}, compared) for _, compared in found]
    arms = sorted(found[0][0].arms, key=lambda arm: mean([lines[arm].rank for lines, _ in verdicts]))
    rows = ["| strategy | " + " | ".join(heads) + " |", "|---|" + "---|" * len(heads)]
    for arm in arms:
        cells = [cell(lines[arm], compared) for lines, compared in verdicts]
        rows.append(f"| {arm} | {' | '.join(cells)} |")
    return rows


def cell(line: Standing, compared: Comparison) -> str:
    """The best LR: in bold of the strategy of the best mean, with the difference where it is worse."""
    if line.rank == 1:
        return f"**{best_lr(line)}**"
    said = short(line, compared)
    return best_lr(line) if said in SHORT.values() else f"{best_lr(line)}, {said}"


def best_lr(line: Standing) -> str:
    """The multiple of the LR with the best mean; whether it is an edge of those that were tried."""
    means = {point.lr: point.mean for point in line.profile if point.mean is not None}
    return f"× {min(means, key=lambda lr: means[lr]):g}" + (" (an edge)" if line.edge else "") if means else ""


def alike(one: Comparison, other: Comparison) -> float:
    """The rank correlation of the strategies' means in two comparisons."""
    means = {line.arm: line.mean for line in other.standings}
    pairs = [(line.mean, means[line.arm]) for line in one.standings if line.mean is not None and means.get(line.arm)]
    return float(stats.spearmanr(*zip(*pairs, strict=True)).statistic)


def with_optimizers(task: str, found: list[Made]) -> list[str]:
    """A task with each optimizer."""
    found = sorted(found, key=lambda each: OPTIMIZERS.index(each[0].optimizer))
    studies_ = [study for study, _ in found]
    first = studies_[0]
    return [
        f"### `{task}` with six optimizers",
        "",
        f"{first.metric}, {first.folds} folds, {first.updates} updates, {runs_of(*studies_)} runs.",
        "",
        *side_by_side(found, [study.optimizer for study in studies_]),
        "",
    ]


def on_variants(task: str, found: list[Made], plain: Comparison) -> list[str]:
    """A task in its variants; `plain` is the task itself with the same optimizer."""
    studies_ = [study for study, _ in found]
    first = studies_[0]
    said = ", ".join(f"{study.label} {alike(plain, compared):.2f}" for study, compared in found)
    return [
        f"### `{task}` with {first.optimizer}, varied",
        "",
        f"{first.folds} folds, {first.updates} updates, {runs_of(*studies_)} runs. "
        f"Rank correlation with the task itself: {said}.",
        "",
        *side_by_side(found, [study.label for study in studies_]),
        "",
    ]


def page() -> str:
    """The whole page."""
    found = [(study, study.compared()) for study in studies()]
    plain = [each for each in found if not each[0].label]
    lines = [BEGINNING, "## At a glance", "", *overview(plain), ""]
    lines += [
        "The strategies that every comparison has, by their mean rank; behind a verdict the difference to the best."
    ]
    whole = grouped(found, "all")
    every = [each for those in whole.values() for each in those]
    lines += [
        "",
        "## With six optimizers",
        "",
        OPTIMIZERS_SAID,
        *over_optimizers(every),
        "",
        schedules(every[0][0]),
        "",
    ]
    lines += [CELLS]
    for task, those in whole.items():
        lines += with_optimizers(task, those)
    lines += ["## On variants of the tasks", "", VARIANTS_SAID]
    compared_of = {study.name: compared for study, compared in found}
    for task, those in grouped(found, *VARIANTS).items():
        lines += on_variants(task, those, compared_of[name_of(task, those[0][0].optimizer, "all")])
    lines += ["## Without a schedule of the LR", "", FREE_SAID]
    for those in grouped(found, "free").values():
        for study, compared in those:
            lines += [f"### `{study.task}`, set by the method", "", *told(study, compared), ""]
    for study, compared in plain:
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
