"""`lr.compare` as a script uses it: what it will take, its runs, its answer; and what it refuses."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.opened import opened

QUADRATIC = str(Path(__file__).parents[1] / "lab" / "quadratic.py") + ":train"
SCHEDULES = {"fixed": lr.constant(), "late": 'wsd(warmup=0, decay="20%")', "early": lr.wsd(warmup=0, decay="50%")}


def halved(update):
    return 0.5


def compared(folder, **more):
    return lr.compare(QUADRATIC, SCHEDULES, folds=5, seeds=1, store=folder, **{"lrs": (1.0,), "workers": 0, **more})


def test_a_study_plans_trains_and_answers(tmp_path):
    """Nothing is trained before it is asked for; then everything follows from the runs."""
    study = compared(tmp_path, audit=2)
    assert "not asked for yet" in str(study)
    assert "not asked for yet" in study._repr_mimebundle_()["text/html"]
    with pytest.raises(LrlabError, match="no such folder"):
        study.report(tmp_path / "no" / "page.html")
    plan = study.plan()
    assert (plan.runs, plan.naive, plan.saved > 0.3) == (15, 900, True)
    assert [compared(tmp_path, lrs=lrs).plan().widens for lrs in ((1.0,), "auto")] == [False, True]
    assert not any(tmp_path.iterdir())
    assert len(study.runs) == 15
    assert {standing.arm for standing in study.comparison.standings} == set(SCHEDULES)
    assert study.result.effort.trained == plan.shared
    assert study.result.audit.passed
    assert study.result.record()["audit"]["passed"] is True
    assert f"{plan.shared} updates in {plan.stages} stages instead of 900" in str(study)
    assert repr(study).splitlines()[1].split()[0] == "1"
    assert "<table>" in study._repr_mimebundle_()["text/html"]
    assert repr(study.comparison).splitlines()[0].split()[0] == "arm"
    page = study.report(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "identical to the last bit" in page
    assert compared(tmp_path).run(quiet=True).effort.trained == 0
    assert study.plan().runs == 0


def test_what_is_printed_has_the_metric_at_every_lr(tmp_path):
    """Where several were tried; with one alone there is nothing to compare."""
    one, several = (compared(tmp_path, lrs=lrs) for lrs in ((1.0,), (0.5, 1.0)))
    assert "LR × 1" not in repr(one.run(quiet=True))
    assert "LR × 0.5" in repr(several.run(quiet=True))
    assert "LR × 0.5" in several._repr_mimebundle_()["text/html"]


def test_the_store_may_be_a_url(tmp_path):
    """With the audit in it, which leaves nothing there; one that cannot be is said at once."""
    url = f"memory://{tmp_path}"
    outcome = compared(url, audit=1).run(quiet=True)
    assert outcome.audit.passed
    assert outcome.record()["store"] == url
    assert compared(url).plan().runs == 0
    assert [name for name in opened(url).names() if name.startswith(".")] == []
    with pytest.raises(LrlabError, match="no store can be found there"):
        compared("nosuch://bucket/runs")


def test_a_study_stops_when_it_is_settled(tmp_path):
    """Arms that do the same are as settled after five folds as after twelve; a later call has the rest to train."""
    same = {"fixed": lr.constant(), "the same": lr.multistep(["50%"], gamma=1.0)}
    how = {"folds": 12, "seeds": 1, "lrs": (1.0,), "store": tmp_path, "workers": 0}
    seen = lr.compare(QUADRATIC, same, until_settled=True, audit=1, **how)
    assert (len(seen.runs), {run.fold for run in seen.runs}) == (10, {0, 1, 2, 3, 4})
    assert seen.result.looked.startswith("Settled after 5 of 12 folds. It was looked at after 5 folds, of 3 planned")
    assert (seen.comparison.settled, round(seen.comparison.level, 4)) == (True, 0.9833)
    assert seen.result.record()["looks"] == {"unit": "fold", "units": (5, 10, 12), "level": 0.95}
    assert "Settled after 5 of 12" in seen.report(tmp_path / "page.html").read_text(encoding="utf-8")
    whole = lr.compare(QUADRATIC, same, **how)
    assert whole.runs[:10] == seen.runs
    assert (len(whole.runs), whole.result.reused, whole.result.looked) == (24, 10, "")


def test_a_study_that_is_not_settled_goes_on_to_its_end(tmp_path, monkeypatch):
    """It is looked at on the way: every run is trained once, in the order of the whole, and its steps are counted."""
    monkeypatch.setattr("lrlab.analysis.comparison.wording.advice", lambda *given: ("undecided", False))
    how = {"folds": 12, "seeds": 1, "lrs": (1.0,), "workers": 0}
    close = {"fixed": lr.constant(), "nearly": lr.constant(level=0.99)}
    some = lr.compare(QUADRATIC, close, until_settled=True, store=tmp_path / "a", **how)
    whole = lr.compare(QUADRATIC, close, store=tmp_path / "b", **how)
    assert [run.key for run in some.runs] == [run.key for run in whole.runs]
    assert some.result.effort == whole.result.effort
    assert "after 5, 10 and 12 folds" in some.result.looked


def test_the_lrs_are_widened_until_the_best_of_each_arm_is_inside(tmp_path):
    """By factors of 2, for each arm by itself; what it takes is trained once, and kept."""
    arms = {"whole": lr.constant(), "quarter": lr.constant(level=0.25)}
    how = {"folds": 5, "store": tmp_path, "workers": 0}
    found = lr.compare(QUADRATIC, arms, lrs="auto", **how)
    tried = {arm: sorted({run.lr for run in found.runs if run.arm == arm}) for arm in arms}
    for line in found.comparison.standings:
        assert (line.edge, line.wider) == (None, None)
        assert [point.lr for point in line.profile] == tried[line.arm]
    assert all(b == 2 * a for lrs in tried.values() for a, b in itertools.pairwise(lrs))
    assert len(found.runs) == 5 * sum(map(len, tried.values()))
    assert min(tried["whole"]) < min(tried["quarter"])
    again = lr.compare(QUADRATIC, arms, lrs="auto", until_settled=True, **how)
    assert again.result.reused == len(again.runs)
    narrow = lr.compare(QUADRATIC, arms, lrs=(0.5, 1.0), **how)
    assert {run.lr for run in narrow.runs} == {0.5, 1.0}


def test_a_function_of_a_script_is_found_by_the_workers(tmp_path):
    """By its file and name; the script must not begin to train when a worker loads it."""
    script = tmp_path / "script.py"
    body = Path(QUADRATIC.removesuffix(":train")).read_text()
    call = "study = lr.compare(train, {'a': lr.constant(), 'b': lr.linear()}, folds=5, lrs=(1.0,), workers=1)"
    script.write_text(
        f"{body}\nimport lrlab as lr\nif __name__ == '__main__':\n    {call}\n    print(len(study.runs))\n"
    )
    done = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["10"], done.stderr
    script.write_text(f"{body}\nimport lrlab as lr\n{call}\nstudy.run()\n")
    with pytest.raises(LrlabError, match=r"(?s)being loaded.*__main__"):
        load_task(f"{script}:train")


def test_what_differs_from_the_tasks_own_is_said(tmp_path):
    """Length, LRs, evaluations, configuration, arms with averaging; the rest stays."""
    arms = {"a": Arm("x", lr.constant(), averaging=0.1), "b": lr.cosine()}
    study = lr.compare(
        QUADRATIC, arms, horizon=lr.Horizon(updates=30), evals=3, config={"slow": 0}, store=tmp_path, threads=2
    )
    job = study.experiment.jobs(study.resources)[0]
    assert (job.arm.name, job.arm.averaging, job.updates, job.evals) == ("a", 0.1, 30, 3)
    assert (job.config, job.threads, job.folds, job.lr) == ({"slow": 0}, 2, 2, 0.5)
    assert len(lr.compare(QUADRATIC).experiment.arms) == 13


def test_a_plan_is_an_arm(tmp_path):
    """It sets more than the LR, of every group alike."""
    plans = {"a": lr.plan(lr=lr.cosine(), momentum=0.9), "b": lr.plan(weight_decay="linear()")}
    first, second = lr.compare(QUADRATIC, plans, store=tmp_path).experiment.arms
    assert (first.schedule, dict(first.also)) == (lr.cosine(), {"momentum": lr.constant(level=0.9)})
    assert (second.schedule, dict(second.also)) == (lr.constant(), {"weight_decay": lr.linear()})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"horizon": lr.Horizon(epochs=3)}, "does not tell"),
        ({"horizon": 2.5}, "number of updates"),
        ({"horizon": 0}, "number of updates"),
        ({"executor": "moon"}, "no such executor"),
        ({"schedules": {"a": lr.warmup(1000), "b": lr.cosine()}}, "of 60"),
        ({"schedules": {"a": lr.cosine()}}, "one strategy alone"),
        ({"schedules": {}}, "by name"),
        ({"schedules": [lr.cosine(), lr.linear()]}, "by name"),
        ({"schedules": {"a": lr.cosine(), "b": 0.5}}, "b is not a schedule"),
        ({"schedules": {"a": lr.cosine(), "b": lr.function(halved)}}, "known by its name alone"),
        ({"folds": 1}, "nothing to pair"),
        ({"threads": 0}, "threads"),
        ({"audit": -1}, "audit"),
        ({"seeds": "3"}, "whole number"),
        ({"lrs": (1.0, float("nan"))}, "above 0"),
        ({"lrs": 1.0}, "above 0"),
        ({"seeds": 0}, "at least 1"),
        ({"schedules": {"a": lr.plan(lr=lr.cosine(), layer_decay=0.5)}}, "every parameter group alike"),
        ({"lrs": ()}, "above 0"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_trained(arguments, said):
    """In a sentence."""
    with pytest.raises(LrlabError, match=said):
        lr.compare(QUADRATIC, **arguments)


def test_a_horizon_may_tell_its_updates_in_epochs():
    """Whatever it follows from; spans in epochs are those of this run."""
    horizon = lr.Horizon(epochs=3, updates_per_epoch=7)
    arms = {"a": lr.warmup("1ep") >> lr.cosine(), "b": lr.plan(lr=lr.linear(), momentum=lr.linear("1ep", to=0.5))}
    study = lr.compare(QUADRATIC, arms, horizon=horizon, workers=0)
    assert study.experiment.settings.updates == 21
    a, b = study.experiment.arms
    assert (a.schedule, b.also["momentum"]) == (lr.warmup(7) >> lr.cosine(), lr.linear(7, to=0.5))


def test_a_training_may_change_the_working_directory(tmp_path, monkeypatch):
    """A store that is named from here stays here: for later parts, the audit, and the plan."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    quadratic = load_task(QUADRATIC).function

    @lr.task(metric="val_loss", updates=60, lrs=(1.0,), evals=6)
    def train(run):
        os.chdir(elsewhere)
        quadratic(run)

    study = lr.compare(train, SCHEDULES, folds=6, store="here", workers=0, audit=2, until_settled=True)
    found = study.run(quiet=True)
    assert len(found.audit.findings) == 2
    assert study.plan().runs == 0 or len(study.runs) < 18
    assert not any(elsewhere.iterdir())


def test_a_function_that_no_file_holds_is_trained_here(tmp_path, capsys):
    """A notebook's: said when the study is made, without being asked; others that were asked for are refused there."""
    quadratic = load_task(QUADRATIC).function

    @lr.task(metric="val_loss", updates=60, folds=2, lrs=(1.0,), evals=6)
    def train(run):
        quadratic(run)

    study = lr.compare(train, SCHEDULES, store=tmp_path)
    assert "is trained in this one" in capsys.readouterr().err
    assert study.resources.workers == 0
    assert len(study.runs) == 6
    for asked in ({"workers": 2}, {"executor": "ray"}, {"executor": "dask://a:1"}):
        with pytest.raises(LrlabError, match="in no file"):
            lr.compare(train, SCHEDULES, store=tmp_path, **asked)


@pytest.mark.parametrize("wrong", [{"audit": -1}, {"audit": 1.5}, {"fork_every": 0.5}, {"fork_every": True}])
def test_counts_that_are_no_whole_numbers_are_refused_before_anything_is_trained(tmp_path, wrong):
    (option,) = wrong
    with pytest.raises(LrlabError, match=f"{option} is a number, 0 for none"):
        compared(tmp_path, **wrong)
