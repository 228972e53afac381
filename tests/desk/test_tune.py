"""`lr.tune` as a script uses it: within its budget, judged where it has not searched, the same when called again."""

import dataclasses
import json
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.desk import trainer
from lrlab.desk.tune import tune
from lrlab.errors import LrlabError
from lrlab.lab.stages.stage import execute
from lrlab.lab.task.declaration import Settings, task
from lrlab.record.runs.store import Store

QUADRATIC = str(Path(__file__).parents[1] / "lab" / "quadratic.py") + ":train"
SPACE = {"WSD": 'wsd(warmup="5%", decay="{decay: 20..80 by 20}%", to={floor: 0|0.1})', "fixed": lr.constant()}
GIVEN = {"budget": 30, "horizon": 40, "lrs": (0.5, 1.0), "workers": 0, "quiet": True}


def tuned(folder, **more):
    return tune(QUADRATIC, SPACE, store=folder, **{**GIVEN, **more})


def test_what_was_found_can_be_used(tmp_path):
    """The winner is a schedule's text; the record is plain JSON; nothing exceeds the budget."""
    found = tuned(tmp_path)
    assert str(lr.parse(found.schedule)) == found.schedule
    assert found.lr in GIVEN["lrs"]
    assert found.spent <= found.budget == 30 * 40
    assert found.spent <= found.naive
    assert found.trained <= found.spent
    record = json.loads(json.dumps(found.record(), allow_nan=False))
    assert record["version"] == 1
    assert record["answer"] in ("better", "undecided", "worse", "baseline")
    assert [rung["updates"] for rung in record["rungs"]] == [10, 20, 40]
    assert sum(rung["spent"] for rung in record["rungs"]) <= record["spent"]
    assert found.schedule in str(found)
    assert f"of {found.budget / 40:.1f}" in str(found)


def test_an_average_is_searched_with_its_schedule(tmp_path):
    """Its memory is a slot like any; the winner is judged with its average, and told with it."""
    found = tune(
        QUADRATIC, {"averaged": "constant() @ ema {memory: 25|50}%"}, store=tmp_path, **{**GIVEN, "lrs": (1.0, 2.0)}
    )
    runs = Store(tmp_path).listing().runs
    assert {(run.arm, run.averaging) for run in runs} == {
        ("warmup + linear", None),
        ("averaged", 0.25),
        ("averaged", 0.5),
    }
    assert found.averaging in (0.25, 0.5)  # the noise of the last updates is all that is left at these LRs
    searched = {(run.seed, run.fold) for run in runs if run.updates < 40}
    judged = [run for run in runs if (run.seed, run.fold) not in searched]
    assert {run.averaging for run in judged if run.arm == "averaged"} == {found.averaging}
    assert str(found).startswith(f"constant() @ ema {found.averaging:.0%} at ")


def test_the_same_call_goes_on_where_it_was(tmp_path, monkeypatch):
    """Interrupted in mid-rung, it trains only what is missing, and finds the same; a third call trains nothing."""
    whole = tuned(tmp_path / "whole")
    left = 30

    def dying(*given):
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return execute(*given)

    with monkeypatch.context() as patched:
        patched.setattr("lrlab.lab.stages.executor.execute", dying)
        with pytest.raises(KeyboardInterrupt):
            tuned(tmp_path / "parts")
    again = tuned(tmp_path / "parts")
    assert 0 < again.trained < whole.trained
    assert dataclasses.replace(again, trained=whole.trained) == whole
    assert tuned(tmp_path / "parts").trained == 0


def test_it_is_judged_on_what_it_has_not_seen(tmp_path, monkeypatch):
    """Two folds for the search, six others for the verdict; with one fold, seeds."""
    seen = []
    engine = trainer.run_jobs

    def watched(task, jobs, *given, **how):
        seen.append(jobs)
        return engine(task, jobs, *given, **how)

    monkeypatch.setattr(trainer, "run_jobs", watched)
    found = tuned(tmp_path, seed=3)
    units = [{(job.seed, job.fold) for job in jobs} for jobs in seen]
    if found.comparison is not None:
        assert units.pop() == {(0, fold) for fold in range(2, 8)}
    assert all(each == {(0, 0), (0, 1)} for each in units)


def test_a_fixed_split_is_judged_over_seeds(tmp_path):
    """A task with one fold has nothing else to be paired by."""

    @task(metric="val_loss", updates=40, folds=1)
    def train(run):
        model = Model(run.seed)
        run.track(model=model, opt=model)
        for _ in run.steps([0]):
            model.w -= model.param_groups[0]["lr"] * model.w
            run.log(loss=model.w**2)
            if run.eval_now:
                run.report(val_loss=model.w**2 + (0.5 if model.param_groups[0]["lr"] > 0.02 else 0.0))

    found = tune(train, {"fixed": "constant()"}, store=tmp_path, **{**GIVEN, "budget": 40})
    assert found.answer == "baseline"
    assert "take that" in str(found)
    worse = tune(train, {"half": "linear(to=0.001)"}, store=tmp_path, **{**GIVEN, "budget": 40})
    assert worse.answer in ("better", "worse", "undecided", "baseline")


class Model:
    def __init__(self, seed):
        self.w, self.param_groups = 1.0 + seed, [{"lr": 0.1}]

    def state_dict(self):
        return {"w": self.w}

    def load_state_dict(self, state):
        self.w = state["w"]


def test_minutes_are_turned_into_runs_once(tmp_path):
    """By the time of a first run, which the store remembers: the same budget again."""
    found = tuned(tmp_path, budget="60s", horizon=64)
    assert found.spent <= found.budget
    assert tuned(tmp_path, budget="60s", horizon=64).budget == found.budget
    with pytest.raises(LrlabError, match=r"(?s)too small.*runs or more"):
        tuned(tmp_path, budget="0.0001s", horizon=64)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"budget": 3}, "too small"),
        ({"budget": 0}, "in runs or in minutes"),
        ({"budget": float("nan")}, "in runs or in minutes"),
        ({"budget": True}, "in runs or in minutes"),
        ({"budget": "10%"}, "in runs or in minutes"),
        ({"budget": "soon"}, "not a duration"),
        ({"lrs": ()}, "multiples"),
        ({"lrs": (1.0, 1.0)}, "different multiples"),
        ({"lrs": (0.0, 1.0)}, "above 0"),
        ({"lrs": ("1", 2)}, "above 0"),
        ({"horizon": 3}, "too short"),
        ({"horizon": 0}, "horizon"),
        ({"executor": "cloud"}, "no such executor"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, wrong, said):
    """In a sentence, before anything is trained."""
    with pytest.raises(LrlabError, match=said):
        tuned(tmp_path, **wrong)
    assert not any(tmp_path.iterdir())


def test_the_settings_are_the_tasks_own(tmp_path):
    """Length and evaluations, unless given otherwise."""
    assert Settings().updates == 1000
    with pytest.raises(LrlabError, match="too small"):
        tune("digits", budget=2, store=tmp_path)
