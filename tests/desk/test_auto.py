"""`lr.auto`: within its budget, judged on what nothing has seen, the same when called again."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

import lrlab as lr
from lrlab.analysis.comparison.statistics import compare
from lrlab.desk import trainer
from lrlab.desk.auto import shares_of
from lrlab.errors import LrlabError
from lrlab.lab.executors.local import Local

QUADRATIC = str(Path(__file__).parents[1] / "lab" / "quadratic.py") + ":train"
GIVEN = {"budget": 12, "horizon": 160, "workers": 0, "quiet": True}


def chosen(folder, **more):
    return lr.auto(QUADRATIC, store=folder, **{**GIVEN, **more})


def test_what_was_chosen_can_be_used(tmp_path):
    """A schedule's text, an absolute LR, code, a gain, and a cost within the budget; a second call is free."""
    found = chosen(tmp_path)
    assert str(lr.parse(found.schedule)) == found.schedule
    assert found.lr == pytest.approx(0.3 * found.multiple)
    assert found.spent <= found.budget == 12 * 160
    assert found.trained <= found.spent
    compile(found.code, "code", "exec")
    low, middle, high = found.gain
    if low is not None and high is not None:
        assert low <= middle <= high
        assert (found.answer == "better") == (low > 0)
    record = json.loads(json.dumps(found.record(), allow_nan=False))
    assert {"version", "schedule", "lr", "gain", "code", "cost"} <= set(record)
    assert record["averaging"] == found.averaging
    assert len(record["screened"]) == 3 * (1 + len({row["name"] for row in record["screened"]} - {"constant"}))
    again = chosen(tmp_path)
    assert again.trained == 0
    assert {**again.record(), "trained": 0, "range": 0} == {**record, "trained": 0, "range": 0}


def test_it_is_judged_on_what_nothing_has_seen(tmp_path, monkeypatch):
    """Range test and screening on two folds, the verdict on others; two arms, whole runs."""
    seen = []
    engine = trainer.run_jobs

    def watched(task, jobs, *given, **how):
        seen.append(jobs)
        return engine(task, jobs, *given, **how)

    monkeypatch.setattr(trainer, "run_jobs", watched)
    chosen(tmp_path)
    units = [{(job.seed, job.fold) for job in jobs} for jobs in seen]
    assert units[-1].isdisjoint(set().union(*units[:-1]))
    assert {job.updates for job in seen[-1]} == {160}
    assert len({job.arm.name for job in seen[-1]}) == 2
    assert all(job.updates < 160 for jobs in seen[:-1] for job in jobs)


def test_the_same_workers_train_all_of_it(tmp_path, monkeypatch):
    """One process for the range test, the screening and the verdict: each that starts loads the libraries anew."""
    begun = []

    def spawned(self, environment, spawn=Local._spawn):
        begun.append(spawn(self, environment))
        return begun[-1]

    monkeypatch.setattr(Local, "_spawn", spawned)
    assert chosen(tmp_path, workers=1).trained > 0
    assert len(begun) == 1


def test_the_gain_is_positive_where_the_schedule_is_better(tmp_path):
    """The quadratic ends with the noise of its LR: a decay wins on every fold."""
    found = chosen(tmp_path, budget=40, horizon=400)
    first = found.comparison.standings[0]
    assert (found.gain[1] > 0) == (first.arm != "constant")


def test_where_the_best_schedule_is_worse_the_constant_lr_is_chosen(tmp_path):
    """What a program takes without reading on is the better of the two; what lost, and by how much, is told."""
    found = chosen(tmp_path)
    scores = {found.best.name: [1.0, 1.1, 1.2, 1.05], "constant": [0.5, 0.61, 0.69, 0.55]}
    verdict = compare({name: {1.0: np.array([row])} for name, row in scores.items()})
    lost = dataclasses.replace(found, comparison=verdict)
    assert (lost.answer, lost.name, lost.schedule) == ("worse", "constant", "constant()")
    assert lost.lr == pytest.approx(0.3 * lost.fixed)
    assert "ConstantLR(optimizer, factor=1.0" in lost.code
    record = lost.record()
    assert (record["schedule"], record["best"]["schedule"]) == ("constant()", found.best.schedule)
    assert record["gain"][1] == pytest.approx(-0.5)
    assert f"tried, {found.best.whole} at {0.3 * found.best.multiple:.3g}, is worse than a constant LR" in str(lost)
    assert "worse by 0.5 (95% interval 0.4" in str(lost)


def test_averaged_weights_are_tried_and_chosen(tmp_path):
    """The quadratic ends with the noise of its LR, which an average takes away; it is told, with its code."""
    found = chosen(tmp_path, budget=60, horizon=400)
    short = [row for row in found.screened if row.updates == 100]
    assert {(row.name, row.schedule) for row in short if row.averaging is not None} == {("averaging", "constant()")}
    averaged = [row for row in short if row.averaging is not None]
    assert {row.multiple for row in averaged} == {row.multiple for row in short if row.name == "constant"}
    assert [row.score for row in averaged] != [row.score for row in short if row.name == "constant"]
    record = found.record()
    assert {row["averaging"] for row in record["screened"]} == {None, 0.1}
    lost = {"averaging": [0.5, 0.61, 0.69, 0.55], "constant": [1.0, 1.1, 1.2, 1.05]}
    verdict = compare({name: {1.0: np.array([row])} for name, row in lost.items()})
    best = dataclasses.replace(found.best, name="averaging", schedule="constant()", averaging=0.1)
    won = dataclasses.replace(found, best=best, comparison=verdict)
    assert (won.answer, won.schedule, won.averaging) == ("better", "constant()", 0.1)
    assert str(won).startswith("constant() with weights averaged over 10% of the run (ema 10%) at LR ")
    assert "without averaged weights: val_loss better by" in str(won)
    assert "AveragedModel(model" in won.code
    assert "min(0.975, n / (n + 9))" in won.code
    assert (won.record()["averaging"], won.record()["best"]["averaging"]) == (0.1, 0.1)
    assert won.report().sections[0].rows[0][0] == "constant() with weights averaged over 10% of the run (ema 10%)"
    verdict = compare({name: {1.0: np.array([row])} for name, row in zip(lost, reversed(lost.values()), strict=True)})
    worse = dataclasses.replace(won, comparison=verdict)
    assert (worse.answer, worse.averaging, worse.record()["averaging"]) == ("worse", None, None)
    assert "AveragedModel" not in worse.code
    assert str(worse).startswith("constant() at LR ")


@pytest.mark.parametrize(
    ("allowed", "shares"),
    [
        (10_000, None),
        (11_000, (2, 0, 3)),
        (16_000, (4, 0, 4)),
        (20_000, (4, 0, 6)),
        (31_999, (4, 0, 6)),
        (32_000, (4, 1, 6)),
        (38_000, (4, 2, 6)),
        (99_000, (4, 4, 6)),
    ],
)
def test_a_budget_is_shared_out(allowed, shares):
    """More schedules before more folds before whole runs of some; never more than there is."""
    found = shares_of(allowed, updates=1000, tried=2, judged=6)
    assert (found and (found.schedules, found.finalists, found.judged)) == shares


def test_the_best_are_tried_as_whole_runs_where_the_budget_has_room(tmp_path):
    """The constant and others around their best LRs, on what was searched; what is judged is the best of these."""
    found = chosen(tmp_path, budget=38)
    short, whole = ([row for row in found.screened if row.updates == updates] for updates in (40, 160))
    assert found.spent <= 38 * 160
    assert len(short) == 15
    assert len(whole) <= 9
    finalists = {row.name for row in whole}
    order = dict.fromkeys(row.name for row in sorted(short, key=lambda row: row.score) if row.name != "constant")
    assert finalists == {"constant", *[*order][: len(finalists) - 1]}
    assert len(finalists) >= 3
    for name in finalists:
        rows = sorted((row for row in short if row.name == name), key=lambda row: row.multiple)
        best = min(rows, key=lambda row: row.score)
        around = {best.multiple / 2, best.multiple, best.multiple * 2}
        around -= {best.multiple * 2} if best is rows[0] else {best.multiple / 2} if best is rows[-1] else set()
        assert around <= {row.multiple for row in whole if row.name == name}
    winner = min((row for row in whole if row.name != "constant"), key=lambda row: row.score)
    assert (found.name, found.multiple) == (winner.name, winner.multiple)


def test_whole_runs_go_on_beyond_the_last_lr_while_there_is_room(tmp_path):
    """Until the best of each lies inside."""
    found = chosen(tmp_path, budget=200)
    assert found.spent <= 200 * 160
    whole = [row for row in found.screened if row.updates == 160]
    for name in {row.name for row in whole}:
        rows = sorted((row for row in whole if row.name == name), key=lambda row: row.multiple)
        assert rows[0].score > min(row.score for row in rows) < rows[-1].score


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"budget": 3}, "budget is too small"),
        ({"budget": "soon"}, "not a duration"),
        ({"horizon": 0}, "horizon"),
        ({"questions": {"task": "cooking"}}, "cooking"),
        ({"config": {"nonsense": 1}}, "nonsense"),
        ({"executor": "cloud"}, "no such executor"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, wrong, said):
    """In a sentence, before anything is trained."""
    with pytest.raises(LrlabError, match=said):
        chosen(tmp_path, **wrong)
    assert not any(tmp_path.iterdir())


def test_a_task_without_a_usable_range_says_why(tmp_path):
    """It is not screened at an LR that nothing speaks for."""

    class Model:
        def __init__(self):
            self.w, self.param_groups = 3.0, [{"lr": 0.1}]

        def state_dict(self):
            return {"w": self.w}

        def load_state_dict(self, state):
            self.w = state["w"]

    @lr.task(metric="val_loss", updates=160, folds=2)
    def train(run):
        model = Model()
        run.track(model=model, opt=model)
        for _ in run.steps([0]):
            model.w += 0.001
            run.log(loss=2.0)
            if run.eval_now:
                run.report(val_loss=2.0)

    with pytest.raises(LrlabError, match="no usable range of LRs: flat"):
        lr.auto(train, store=tmp_path, **GIVEN)


class Model:
    """A loss that is least at an LR of its own; it diverges above another, in runs that are long enough."""

    def __init__(self):
        self.param_groups = [{"lr": 0.1}]

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


def task(best, *, of_short=None, whole=400, breaks=float("inf")):
    """A task whose best peak LR is `best`; of runs shorter than `whole` it is `of_short`. Longer ones end as NaN above
    `breaks`."""

    @lr.task(metric="val_loss", updates=whole, folds=2)
    def train(run):
        model, peak = Model(), 0.0
        run.track(model=model, opt=model)
        for _ in run.steps([0]):
            rate = model.param_groups[0]["lr"]
            peak = max(peak, rate)
            long = run.updates >= whole
            at = best if long or of_short is None else of_short
            run.log(loss=math.nan if long and peak > breaks else 1.0 + 0.3 * math.log(rate / at) ** 2)
            if run.eval_now:
                run.report(val_loss=1.0 + 0.3 * math.log(peak / at) ** 2)

    return train


@pytest.mark.parametrize(
    ("best", "edge", "beyond"), [(0.8, "highest", "above"), (0.1, None, ""), (0.0125, "lowest", "below")]
)
def test_an_lr_at_the_end_of_those_tried_says_so(tmp_path, best, edge, beyond):
    """The whole run wants another LR than the short ones, and the budget has no room to go there."""
    found = lr.auto(task(best, of_short=0.1), store=tmp_path, budget=36, workers=0, quiet=True)
    record = found.record()
    assert (record["edge"], record["constant_edge"]) == (edge, edge)
    for text in (str(found), found.report().lead):
        assert [end for end in ("lowest", "highest") if f"is the {end} of the whole runs" in text] == [edge] * bool(
            edge
        )
        assert not edge or f"may lie {beyond}" in text
        assert not edge or f"--budget {record['farther']}" in text


def test_where_every_whole_run_diverged_it_says_so(tmp_path):
    """Not that the screening did."""
    with pytest.raises(LrlabError, match="every whole run diverged") as raised:
        lr.auto(task(0.1, breaks=1e-5), store=tmp_path, budget=36, workers=0, quiet=True)
    assert "screening" not in str(raised.value)
    assert "more budget" in str(raised.value)


def test_lower_lrs_are_tried_where_every_whole_run_diverged(tmp_path):
    """While the budget has room for them."""
    found = lr.auto(task(0.1, breaks=0.02), store=tmp_path, budget=90, workers=0, quiet=True)
    assert found.lr <= 0.02
    assert found.edge is None  # what is above diverged, and what is below was tried


def test_where_the_screening_diverged_it_says_so(tmp_path):
    """Here every run of a quarter of the length, not those of the range test."""
    with pytest.raises(LrlabError, match="every run of the screening diverged"):
        lr.auto(task(0.1, whole=100, breaks=1e-5), store=tmp_path, budget=12, horizon=400, workers=0, quiet=True)


def test_averaged_weights_always_have_a_place(tmp_path):
    """Whatever the advice has before them, and with the least budget; not where the task tracks no model."""
    least = lr.auto(task(0.1), store=tmp_path, budget=12, questions={"task": "language"}, workers=0, quiet=True)
    assert [row.name for row in least.screened[::3]] == ["constant", "warmup + linear", "averaging"]

    @lr.task(metric="val_loss", updates=400, folds=2)
    def train(run):
        weights = Model()
        run.track(weights=weights)
        for _ in run.steps([0]):
            rate = weights.param_groups[0]["lr"]
            run.log(loss=1.0 + 0.3 * math.log(rate / 0.1) ** 2)
            if run.eval_now:
                run.report(val_loss=1.0 + 0.3 * math.log(rate / 0.1) ** 2)

    bare = lr.auto(train, store=tmp_path, budget=20, workers=0, quiet=True)
    assert {row.averaging for row in bare.screened} == {None}
    assert len(bare.screened) == 15


@pytest.mark.parametrize(("updates", "there"), [(40, False), (44, True)])
def test_an_average_of_the_newest_weights_alone_is_not_tried(tmp_path, updates, there):
    """A tenth of a screening of 10 updates is one update: its runs would be those of the constant LR again."""
    found = chosen(tmp_path, horizon=updates, budget=20)
    assert ("averaging" in {row.name for row in found.screened}) is there
