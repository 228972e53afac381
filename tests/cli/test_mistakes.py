"""`lrlab compare` on a task with a mistake ends in a sentence that names it, never in a ranking."""

import json
import re

import pytest
from click.testing import CliRunner

from lrlab.cli.main import main

TASK = """
import os, sys
import lrlab as lr

class Weight:
    def __init__(self, seed):
        self.w, self.param_groups = 1.0 + seed, [{{"lr": 0.1}}]
    def state_dict(self):
        return {{"w": self.w}}
    def load_state_dict(self, state):
        self.w = state["w"]

@lr.task({declared}, updates=12, folds=5, lrs={lrs}, evals=3)
def train(run):
    {first}
    model = Weight(run.fold)
    run.track(model=model, opt=model)
    for update, _ in run.steps([0]):
        step = model.param_groups[0]["lr"] * model.w
        {step}
        run.log(loss={loss})
        if run.eval_now:
            run.report({report})
"""
WHOLE = {
    "declared": 'metric="val_loss"',
    "lrs": "(0.5, 1.0, 2.0)",
    "first": "pass",
    "step": "model.w -= step",
    "loss": "model.w ** 2",
    "report": "val_loss=abs(model.w - 0.3)",
}
ARMS = ("--arm", "fixed=constant()", "--arm", "decay=linear()")


def compared(folder, *arguments, arms=ARMS, workers="0", **changes):
    """A comparison on a task with these changes."""
    (folder / "mine.py").write_text(TASK.format(**{**WHOLE, **changes}), encoding="utf-8")
    command = ["compare", f"{folder}/mine.py:train", *arms, "--store", str(folder / "runs"), "--workers", workers]
    return CliRunner().invoke(main, [*command, "--report", str(folder / "page.html"), *arguments])


def refused(done):
    """The sentence of a comparison that has none to rank."""
    assert done.exit_code in (1, 2), done.output
    assert not re.search(r"^ *1 +\S+ .*\bbest\b", done.stdout, re.MULTILINE), "no ranking"
    assert "lrlab/cli" not in done.stderr, "no traceback but the task's own"
    return done.stderr


def test_a_task_without_a_mistake_is_ranked(tmp_path):
    """So that what follows is refused for its mistake alone."""
    done = compared(tmp_path)
    assert done.exit_code == 0, done.stderr
    assert re.search(r"^1 +\w+ .* best", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("metric", ["acc", "val_accuracy", "f1", "auc", "r2", "bleu", "mAP", "iou", "reward", "q"])
def test_a_metric_whose_direction_nobody_gave(tmp_path, metric):
    """The worst strategy would be the best."""
    said = refused(compared(tmp_path, declared=f'metric="{metric}"', report=f"{metric}=model.w"))
    assert "is lower or higher better" in said
    assert metric in said
    assert 'mode="max"' in said


def test_a_direction_that_is_given_stands_in_the_answer(tmp_path):
    """In the head of the table and in the sentence."""
    done = compared(tmp_path, declared='metric="acc", mode="max"', report="acc=-abs(model.w - 0.3)")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.replace("\n", " ").count("more is") >= 1
    assert "; more is better" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--config", "siz=tiny"), "no configuration 'siz'"),
        (("--arm", "b=0.003*cosine()"), "looks like an absolute LR"),
        (("--arm", "b=constant(level=0.001)"), "looks like an absolute LR"),
        (("--lrs", "0.001,0.003"), "look like LRs themselves"),
        (("--arm", 'b=plateau(mode="max")'), "takes more of val_loss for better"),
        (("--arm", 'b=plateau(metric="acc", mode="max")'), "listens to acc, which run.report was not told"),
        (("--arm", 'b=cosine() * greedy(metric="val_los")'), "listens to val_los"),
        (("--report", "no/such/folder/page.html"), "there is no folder"),
        (("--folds", "1"), "nothing to pair"),
    ],
)
def test_a_question_that_cannot_be_meant(tmp_path, arguments, said):
    """Named, with the way out; the same in a document."""
    assert said in refused(compared(tmp_path, *arguments))
    document = json.loads(compared(tmp_path, *arguments, "--json").stdout)
    assert set(document) == {"version", "error"}
    assert said in document["error"]


@pytest.mark.parametrize(
    ("changes", "verdict", "advice"),
    [
        ({"loss": "float('nan')"}, "diverged at update 0 (loss)", "hardly the LR"),
        ({"report": "val_loss=float('nan')"}, "diverged at update 3 (metric)", "look at what run.report is told"),
        ({"loss": "1.0 if update < 8 else float('inf')"}, "diverged at update 8 (loss)", "give lower ones"),
    ],
)
def test_nothing_finished(tmp_path, changes, verdict, advice):
    """Nobody is best, it is said where and by what they diverged, with advice that fits; exit code 1."""
    said = refused(compared(tmp_path, **changes))
    assert "no strategy finished" in said
    done = compared(tmp_path, **changes)
    flat = " ".join(done.stdout.split())
    assert "No strategy is best" in flat
    assert advice in flat
    assert ("lower" in advice) == ("give lower ones" in flat)
    again = compared(tmp_path, "--json", **changes)
    document = json.loads(again.stdout)
    assert (again.exit_code, document["best"], document["together"]) == (1, None, [])
    assert {arm["verdict"] for arm in document["arms"]} == {"diverged"}
    gone = document["arms"][0]["diverged"]
    assert verdict == f"diverged at update {gone['update']} ({gone['by']})"


def test_one_that_diverged_is_neither_best_nor_worse(tmp_path):
    """The other is the best, and it is told where this one was lost."""
    loss = "float('inf') if model.param_groups[0]['lr'] > 0.3 and update else 1.0"
    done = compared(tmp_path, arms=("--arm", "fixed=constant()", "--arm", "wild=9*constant()"), loss=loss)
    assert done.exit_code == 0, done.stderr
    assert "diverged at update 1" in " ".join(done.stdout.split())
    assert re.search(r"^fixed is best", done.stdout, re.MULTILINE)


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("sys.exit(3)", "sys.exit(3)"),
        ("exit('no data')", "sys.exit('no data')"),
        ("os._exit(3)", "os._exit(3)"),
    ],
)
def test_a_task_that_ends_its_process(tmp_path, first, said, workers):
    """It is named as what it is, in this process and in a worker."""
    sentence = refused(compared(tmp_path, first=first, workers=workers))
    assert said in sentence
    assert "memory" not in sentence


def test_an_error_in_the_first_lines_ends_it_soon(tmp_path):
    """Three stages that fail alike, before any has got anywhere, are enough: the others are not begun."""
    done = compared(tmp_path, "--seeds", "4", first="raise RuntimeError('out of cheese')", workers="1")
    assert done.exit_code == 1
    assert "all alike, and none got anywhere" in done.stderr
    failed, total = map(int, re.search(r"(\d+) of (\d+) runs failed", done.stderr).groups())
    assert failed < total / 4
    assert "best" not in done.stdout


def test_a_strategy_whose_best_lr_was_cut_off_is_not_worse(tmp_path):
    """It is marked in the table, in the document, and on the page, with the grid to try."""
    changes = {"report": "val_loss=abs(model.w - 0.3) * 0.001 + (0.2 if rows[run.fold] else 1.0) / top"}
    first = "rows = [1] * 5; top = run.control['lr']"
    arms = ("--arm", "fixed=constant()", "--arm", "low=0.1*constant()")
    document = json.loads(compared(tmp_path, "--json", arms=arms, first=first, **changes).stdout)
    rival = document["arms"][1]
    assert (rival["name"], rival["edge"], rival["verdict"]) == ("low", "highest", "open")
    done = compared(tmp_path, arms=arms, first=first, **changes)
    flat = " ".join(done.stdout.split())
    assert "worse so far" in flat
    assert "--lrs 0.5,1,2,4" in flat
    assert "--lrs 0.5,1,2,4" in (tmp_path / "page.html").read_text(encoding="utf-8")
