"""One stage: repeatable to the last bit, an answer of names only; and one run alone, which all else is held against."""

import dataclasses
import importlib
import json
import math
import pickle
import random
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.arms.controls import ControlSpec
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.recipe import cell_of
from lrlab.lab.stages.stage import Stage, StageResult, _another, execute, run_of, train
from lrlab.lab.task.declaration import load_task
from lrlab.record.runs.states import StateAddress, States, StoredState
from lrlab.record.runs.store import Store
from lrlab.record.sealed import Torn


def job(**changes):
    fields = {
        "arm": Arm("cosine", lr.cosine()), "lr": 1.0, "seed": 0, "fold": 0, "folds": 2, "updates": 60, "evals": 6
    }  # fmt: skip
    return Job(**{**fields, **changes})


def stage(task, folder, **changes):
    fields = {
        "task": task.text, "identity": task.identity, "store": str(folder), "job": job(), "start": None, "stop": 60
    }  # fmt: skip
    return Stage(**{**fields, **changes})


def test_stages_and_answers_survive_the_way_to_another_process(quadratic, tmp_path):
    """As JSON and pickled; names and plain values only."""
    for start in (None, StateAddress(7, "0" * 32)):
        given = stage(
            quadratic,
            tmp_path,
            start=start,
            others=(ControlSpec(lr.constant(), 0.5, (("momentum", lr.linear()),)),),
            every=3,
        )
        assert Stage.from_json(json.loads(json.dumps(given.to_json()))) == given
        assert pickle.loads(pickle.dumps(given)) == given
        answer = StageResult(start, 3, 0.5)
        assert (
            StageResult.from_json(json.loads(json.dumps(answer.to_json())))
            == pickle.loads(pickle.dumps(answer))
            == answer
        )


def test_a_stage_done_twice_gives_the_same_state(quadratic, tmp_path):
    """Idempotent: the place is the same, and what is stored stays as it is."""
    first = execute(stage(quadratic, tmp_path, stop=20))
    (path,) = tmp_path.glob("states/*/20-*/state.json")
    before = path.read_bytes()
    random.seed(99)
    assert execute(stage(quadratic, tmp_path, stop=20)).place == first.place
    assert path.read_bytes() == before
    assert [place.at for place in States(tmp_path).places(cell_of(quadratic, job()))] == [20]


def test_two_stages_are_one_run(quadratic, tmp_path):
    """Stopped at any update and gone on from the state: the same record and the same end."""
    whole = execute(stage(quadratic, tmp_path / "whole"))
    cell = cell_of(quadratic, job())
    for stop in (1, 7, 10, 59):
        folder = tmp_path / str(stop)
        half = execute(stage(quadratic, folder, stop=stop))
        end = execute(stage(quadratic, folder, start=half.place))
        assert (half.place.at, end.place) == (stop, whole.place)
        mine, other = (States(f).get(cell, whole.place).record for f in (folder, tmp_path / "whole"))
        for record in (mine, other):
            record["ledger"].pop("seconds")
        assert (mine.pop("stages"), other.pop("stages")) == (2, 1)
        assert mine == other


def test_a_long_stage_is_stored_on_the_way(quadratic, tmp_path, monkeypatch):
    """Every few minutes, here at every update: the run is the same, and goes on from any of them."""
    whole = execute(stage(quadratic, tmp_path / "whole"))
    monkeypatch.setattr("lrlab.lab.training.run.KEEP_EVERY", 0.0)
    states, cell = States(tmp_path), cell_of(quadratic, job())
    assert execute(stage(quadratic, tmp_path)).place == whole.place
    places = states.places(cell)
    assert [place.at for place in places] == list(range(60, 0, -1))
    for place in places[1::20]:
        states.drop(cell, whole.place)
        assert execute(stage(quadratic, tmp_path, start=place)).place == whole.place
        assert (
            states.get(cell, whole.place).record["fingerprint"]
            == (States(tmp_path / "whole").get(cell, whole.place).record["fingerprint"])
        )


def test_a_stage_ends_where_one_of_the_others_decides(quadratic, tmp_path):
    """The plateau cuts after the report at 30: there, and not where the stage was to end."""
    plateau = lr.plateau(patience=2, factor=0.5)
    alone = train(quadratic, job(arm=Arm("p", plateau)))
    first = next(decision.update for decision in alone.decisions if decision.event == "cut")
    fixed = job(arm=Arm("fixed", lr.constant()))
    reached = execute(stage(quadratic, tmp_path, job=fixed, others=(ControlSpec(plateau),)))
    assert reached.place.at == first < 60


def test_a_torn_start_is_an_answer(quadratic, tmp_path):
    """It is forgotten; the engine goes on from an earlier state."""
    half = execute(stage(quadratic, tmp_path, stop=20))
    (path,) = tmp_path.glob("states/*/20-*/state.json")
    record = json.loads(path.read_text())
    record["plain"]["tracked"]["model"][1]["w"] += 1e-9
    path.write_text(json.dumps(record))
    answer = execute(stage(quadratic, tmp_path, start=half.place))
    assert (answer.place, answer.torn) == (None, True)
    assert not path.exists()


def test_a_process_may_outlive_a_change_of_the_source(quadratic, tmp_path):
    """The next study's stages are of the new source; those of the old one are refused."""
    path = tmp_path / "mine.py"
    text = Path(quadratic.text.removesuffix(":train")).read_text()
    stages = []
    for change in ("", "# another"):
        path.write_text(text + change)
        stages.append(stage(load_task(f"{path}:train"), tmp_path))
        assert execute(stages[-1]).place.end
    with pytest.raises(LrlabError, match="changed while it was trained"):
        execute(dataclasses.replace(stages[0], identity="old"))


def test_loading_is_no_training_time(quadratic, tmp_path, monkeypatch):
    """Budgets in minutes rest on the time of a run, and a file and its libraries are loaded once for many stages."""
    clock = [0.0]

    def slowly(load):
        def loaded(name):
            clock[0] += 100.0
            return load(name)

        return loaded

    monkeypatch.setattr("lrlab.lab.stages.stage.time.perf_counter", lambda: clock[0])
    monkeypatch.setattr("lrlab.lab.stages.stage.load_task", slowly(load_task))
    monkeypatch.setattr("lrlab.lab.stages.ready.importlib.import_module", slowly(importlib.import_module))
    fresh = dataclasses.replace(stage(quadratic, tmp_path), task=quadratic.text.replace("/lab/", "/lab/./"))
    assert execute(fresh).seconds == 0.0
    assert train(dataclasses.replace(quadratic, needs=("math",)), job()).seconds == 0.0
    assert clock == [200.0]


def test_training_twice_gives_the_same_bits(quadratic):
    """Whatever the random numbers did before."""
    first = train(quadratic, job())
    random.seed(99)
    second = train(quadratic, job())
    assert dataclasses.replace(second, seconds=first.seconds) == first
    assert first.outcome == "finished"
    assert first.score == first.evals["val_loss"].values[-1]
    assert first.evals["val_loss"].updates == (10, 20, 30, 40, 50, 60)
    assert (first.task, first.arm, first.schedule) == ("quadratic:train", "cosine", "cosine()")


def test_arms_share_the_initial_weights_and_the_batches(quadratic):
    """The first loss is the same for every arm, LR and length; it differs by seed and by fold."""
    changes = {
        "same": {},
        "schedule": {"arm": Arm("cosine", lr.linear())},
        "averaging": {"arm": Arm("cosine", lr.cosine(), 0.1)},
        "lr": {"lr": 0.5},
        "updates": {"updates": 61},
        "seed": {"seed": 1},
        "fold": {"fold": 1},
    }
    first = {name: train(quadratic, job(**change)).loss.values[0] for name, change in changes.items()}
    assert {first[name] for name in changes if name not in ("seed", "fold")} == {first["same"]}
    assert len({first["same"], first["seed"], first["fold"]}) == 3


def test_averaging_wins_at_a_constant_lr(quadratic):
    """The noise of the last iterates is averaged out, and the training itself is not touched."""
    scores = {
        averaging: [
            train(quadratic, job(arm=Arm("a", lr.constant(), averaging), lr=2.0, seed=seed, updates=200))
            for seed in range(20)
        ]
        for averaging in (None, 0.3)
    }
    assert [r.loss for r in scores[None]] == [r.loss for r in scores[0.3]]
    mean = {averaging: sum(r.score for r in runs) / 20 for averaging, runs in scores.items()}
    assert mean[0.3] < mean[None] / 2


def test_divergence_is_a_result(quadratic):
    """Score inf, what was recorded until then, and no error."""
    run = train(quadratic, job(lr=10.0, updates=200))
    assert (run.outcome, run.score, run.fingerprint) == ("diverged", math.inf, None)
    assert 0 < len(run.loss.values) < 200
    worst = train(dataclasses.replace(quadratic, mode="max"), job(lr=10.0, updates=200))
    assert worst.score == -math.inf
    assert (run.mode, worst.mode) == ("min", "max")


def test_a_controller_that_gives_up_ends_the_run_as_diverged(quadratic):
    """The divergence guard after its last try: a result, with the decision that led to it."""
    guard = lr.guard(after=1, patience=1, tries=1, cooldown=0, deviations=1e-9, multiple=1.0)
    run = train(quadratic, job(arm=Arm("g", lr.constant() * guard), lr=2.5, updates=60, evals=60))
    assert run.outcome == "diverged"
    assert run.decisions[-1].event == "stop"
    assert len(run.loss.values) < 60


def test_an_exception_passes_through_and_says_where(quadratic):
    """The user's own exception, with its traceback, and a note on the run."""
    with pytest.raises(RuntimeError, match="out of cheese") as caught:
        train(quadratic, job(config={"raise": True}))
    assert caught.traceback[-1].path.name == "quadratic.py"
    assert caught.value.__notes__ == ["in the task quadratic:train: arm cosine, lr 1, seed 0, fold 0"]


def test_what_cannot_be_stored_is_named(quadratic):
    """Rather than pickled: what would be loaded from a store could run code."""

    def train_with_an_object(run):
        quadratic.function(Smuggler(run))

    class Smuggler:
        def __init__(self, run):
            self.__dict__ = {"run": run}

        def __getattr__(self, name):
            return getattr(self.run, name)

        def track(self, model, opt):
            opt.state_dict = lambda: {"hook": print}
            self.run.track(model=model, opt=opt)

    with pytest.raises(LrlabError, match=r"(?s)cannot be stored without pickling.*builtin_function"):
        train(dataclasses.replace(quadratic, function=train_with_an_object), job())


def test_an_end_that_lacks_its_judgement_counts_as_none(quadratic, tmp_path):
    """As one of an earlier format may, which had no digest: it is dropped, and trained again."""
    job, store = Job(Arm("a", lr.linear()), 1.0, 0, 0, 2, 20, 2), Store(tmp_path)
    ((run,), _) = run_jobs(quadratic, [job], store, Here(quadratic))
    cell = cell_of(quadratic, job)
    (end,) = [place for place in States(tmp_path).places(cell) if place.end]
    state = States(tmp_path).get(cell, end)
    record = {**state.record, "ledger": {**state.record["ledger"], "reports": []}}
    with pytest.raises(Torn, match="no report of val_loss"):
        run_of(quadratic, job, record)
    States(tmp_path).drop(cell, end)
    States(tmp_path).put(cell, end, StoredState(record, b""))
    store.forget(f"{run.key}.json")
    ((again,), effort) = run_jobs(quadratic, [job], store, Here(quadratic))
    assert (again.score, again.loss) == (run.score, run.loss)
    assert effort.trained > 0


@pytest.mark.parametrize(
    ("there", "said", "given"),
    [
        ({}, "the source of quadratic:train changed", None),
        ({f"{k}.py": "new" for k in "dcba"}, "the source of quadratic:train changed", "a.py, b.py, c.py"),
        ({k: "new" for k in "dcba"}, "is not the same in the process that asks", "a, b, c"),
    ],
)
def test_what_differs_from_where_it_was_planned_is_named(quadratic, tmp_path, monkeypatch, there, said, given):
    """Up to three files, or else other parts; where nothing is known to, the source."""
    monkeypatch.setattr("lrlab.lab.stages.stage.parts_of", lambda task: there)
    found = _another(
        quadratic, stage(quadratic, tmp_path, parts={"e": "old", **dict.fromkeys(there, "old")} if there else {})
    )
    assert said in found
    told = [line.partition(":")[2].strip(" '") for line in found.splitlines() if line.startswith("  given:")]
    assert told == ([given] if given else [])
