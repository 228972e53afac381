"""`lr.find`: within its budget, the same when called again, and honest where there is nothing to find."""

import json
import math
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.task.declaration import task

QUADRATIC = str(Path(__file__).parents[1] / "lab" / "quadratic.py") + ":train"
GIVEN = {"workers": 0, "quiet": True, "horizon": 200}


class Model:
    """A weight that follows its loss; `slope` says what an update does."""

    def __init__(self, rate=0.5):
        self.w, self.param_groups = 3.0, [{"lr": rate}]

    def state_dict(self):
        return {"w": self.w}

    def load_state_dict(self, state):
        self.w = state["w"]


def training(loss_of, metric="val_loss", step=None, report=True, log=None, **more):
    """A training function in plain Python, whose loss at a weight is known."""

    @task(metric=metric, updates=200, folds=2, **more)
    def train(run):
        model = Model()
        run.track(model=model, opt=model)
        for update, _ in run.steps([0]):
            rate = model.param_groups[0]["lr"]
            model.w = model.w - rate * model.w if step is None else step(model.w, rate, update)
            run.log(loss=(log or loss_of)(model.w, update))
            if run.eval_now and report:
                run.report(**{metric: loss_of(model.w, 0)})

    return train


def test_a_range_in_absolute_lrs(tmp_path):
    """Of the optimizer that the task made; complete runs, within the budget, all of it plain JSON."""
    found = lr.find(QUADRATIC, store=tmp_path, **GIVEN)
    assert found.own == (0.3,)
    assert found.cost <= 0.5
    record = json.loads(json.dumps(found.record(), allow_nan=False))
    assert (record["version"], record["unit"], record["updates"]) == (1, "lr", 200)
    assert record["verdict"] in ("range", "none")
    if record["verdict"] == "range":
        assert record["low"] <= record["lr"] <= record["high"]
        assert record["lr"] == pytest.approx(0.3 * record["multiple"])
    assert {row["updates"] for row in record["tried"]} <= {11, 22}
    assert [row["rule"] for row in record["rules"]] == [
        "steepest",
        "steepest per LR",
        "valley",
        "slide",
        "minimum / 10",
    ]


@pytest.mark.parametrize(
    ("metric", "of", "said"),
    [
        ("val_loss", "val_loss", ""),
        ("log_loss_val", "log_loss_val", "log_loss_val is taken for a loss, not for the logarithm of one"),
        ("val_log_mse", "val_mse", "val_log_mse is taken for the logarithm of val_mse"),
        ("val_log2_mse", "val_mse", ""),
    ],
)
def test_the_answer_does_not_depend_on_how_a_loss_is_told(tmp_path, metric, of, said):
    """As it is, or as a logarithm: the regrets are shares of the same; what it was taken for is said."""
    way = {"val_log_mse": math.log, "val_log2_mse": math.log2}.get(metric, float)

    def answered(metric, way):
        train = training(lambda w, _: way(0.1 + w * w), metric, log=lambda w, _: w * w, mode="min")
        return lr.find(train, store=tmp_path / metric, **GIVEN)

    found, plain = answered(metric, way), answered("loss", float)
    assert (found.record()["metric"], found.record()["of"]) == (metric, of)
    assert found.guess == pytest.approx(plain.guess, rel=1e-9)
    assert (found.verdict, found.answer.regret) == (plain.verdict, plain.answer.regret)
    last = str(found).splitlines()[-1]
    assert last.startswith(said) if said else "taken for" not in str(found)


def test_a_metric_that_may_be_either_is_asked_for(tmp_path):
    """Before anything is trained."""
    with pytest.raises(LrlabError, match=r"(?s)logarithm of a loss or a loss.*ln_val_loss, or val_loss"):
        lr.find(training(lambda w, _: w * w, "log_val_loss"), store=tmp_path, **GIVEN)
    assert not [*tmp_path.iterdir()]


def test_a_second_call_costs_nothing(tmp_path):
    """Interrupted or not: what is stored is not trained again, and the answer is the same."""
    first, again = (lr.find(QUADRATIC, store=tmp_path, **GIVEN) for _ in range(2))
    assert first.trained > 0
    assert again.trained == 0
    assert {**first.record(), "trained": 0} == again.record()


def test_other_lengths_seeds_and_schedules_are_other_runs(tmp_path):
    lr.find(QUADRATIC, store=tmp_path, **GIVEN)
    for more in ({"seed": 5}, {"schedule": "wsd()"}, {"horizon": 300}):
        assert lr.find(QUADRATIC, store=tmp_path, **{**GIVEN, **more}).trained > 0


@pytest.mark.parametrize(
    ("train", "why"),
    [
        (training(lambda w, update: math.nan), "not finite from the first update"),
        (training(lambda w, update: 2.0, step=lambda w, rate, update: w + 0.001), "flat"),
        (training(lambda w, update: 2.0 + 0.3 * math.sin(97 * update), step=lambda w, r, u: w + 0.001), "flat"),
        (training(lambda w, update: w * w + 1, step=lambda w, rate, update: 5 * w), "diverged"),
    ],
)
def test_there_is_no_usable_range(tmp_path, train, why):
    """NaN at once, a task that never learns, divergence at every LR."""
    found = lr.find(train, store=tmp_path, **GIVEN)
    assert found.verdict == "none"
    assert why in found.answer.why
    assert found.lr is found.low is found.high is None
    assert "No usable range" in str(found)


def test_where_more_is_better(tmp_path):
    """An accuracy: the best LR is the one that ends highest."""
    train = training(lambda w, update: 1 / (1 + w * w), "val_acc", mode="max", log=lambda w, update: w * w + 0.1)
    found = lr.find(train, store=tmp_path, **GIVEN)
    best = max((row for row in found.tried if row["updates"] == 22 and row["loss"]), key=lambda row: row["loss"])
    assert best["lr"] / 4 < found.guess < best["lr"] * 4
    assert found.record()["guess"] == found.guess


def test_without_an_optimizer_lrs_are_multiples(tmp_path):
    """`run.control` is a multiple of an LR that nobody has told."""

    @task(updates=200, folds=1)
    def train(run):
        model = {"w": 3.0}
        run.track(model=model)
        for _ in run.steps([0]):
            model["w"] -= 0.5 * run.control["lr"] * model["w"]
            run.log(loss=model["w"] ** 2 + 0.1)
            if run.eval_now:
                run.report(val_loss=model["w"] ** 2 + 0.1)

    found = lr.find(train, store=tmp_path, **GIVEN)
    assert found.own == ()
    assert found.record()["unit"] == "multiple"
    assert "times the task's own LR" in str(found)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"budget": 0.1}, "budget is too small"),
        ({"budget": -1}, "budget is in runs"),
        ({"budget": "lots"}, "budget is in runs"),
        ({"level": 1.0}, "level is a probability"),
        ({"horizon": 0}, "horizon"),
        ({"schedule": "cosin()"}, "cosine"),
        ({"schedule": "warmup(50) >> linear()"}, "add up to 50"),
        ({"schedule": "linear() * plateau()"}, "listens to the run"),
        ({"schedule": '0.1 * (warmup("5%") >> linear())'}, "highest value of this schedule is 0.1"),
        ({"executor": "cloud"}, "no such executor"),
        ({"config": {"nonsense": 1}}, "nonsense"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, wrong, said):
    """In a sentence, before anything is trained."""
    with pytest.raises(LrlabError, match=said):
        lr.find(QUADRATIC, store=tmp_path, **{**GIVEN, **wrong})
    assert not any(tmp_path.iterdir())


def test_a_task_without_its_metric_is_a_sentence(tmp_path):
    """As from any run of the lab; and a metric below zero has no shares."""
    with pytest.raises(LrlabError, match=r"run\.report"):
        lr.find(training(lambda w, update: w * w, report=False), store=tmp_path, **GIVEN)
    with pytest.raises(LrlabError, match="shares of val_loss"):
        lr.find(training(lambda w, update: w * w - 20), store=tmp_path, **GIVEN)


def test_a_default_above_half_a_run_is_said_before(tmp_path, capsys):
    """Short runs take 80 updates, whatever that is of a run; what is asked for needs no such line."""
    found = lr.find(QUADRATIC, store=tmp_path, workers=0, quiet=True, horizon=50)
    assert found.cost > 1
    assert "80 updates are the least that a range test takes: 1.6 runs of 50." in capsys.readouterr().err
    lr.find(QUADRATIC, store=tmp_path, workers=0, quiet=True, horizon=50, budget=1.6)
    lr.find(QUADRATIC, store=tmp_path, workers=0, quiet=True, horizon=200)
    assert "least" not in capsys.readouterr().err


def test_a_task_at_an_lr_of_zero_is_refused(tmp_path):
    @task(updates=200, folds=1)
    def train(run):
        model = Model(0.0)
        run.track(model=model, opt=model)
        for _ in run.steps([0]):
            run.log(loss=1.0)

    with pytest.raises(LrlabError, match="a multiple of an LR of 0 is 0"):
        lr.find(train, store=tmp_path, **GIVEN)


def test_an_unknown_task_names_the_nearest(tmp_path):
    with pytest.raises(LrlabError, match=r"(?s)no such task.*digits"):
        lr.find("digit", store=tmp_path)
