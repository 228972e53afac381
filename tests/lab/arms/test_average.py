"""How weights are averaged: read, told, and refused; trained and forked to the same bits."""

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm, arms_named, average_arms
from lrlab.lab.arms.average import Average, average_of
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import Job, jobs_of
from lrlab.lab.task.declaration import Settings, load_task
from lrlab.lab.training.averaging import WeightAverage
from lrlab.record.runs.store import Store


@pytest.mark.parametrize(
    ("given", "found", "told"),
    [
        (0.1, Average("ema", 0.1), "weights averaged over 10% of the run (ema 10%)"),
        ("ema 10%", Average("ema", 0.1), "weights averaged over 10% of the run (ema 10%)"),
        ("swa 25%", Average("swa", 0.25), "weights averaged over the last 25% of the run (swa 25%)"),
        ("lawa 5", Average("lawa", 5), "weights averaged over the latest 5 of 20 states (lawa 5)"),
        (1, Average("ema", 1.0), "weights averaged over 100% of the run (ema 100%)"),
        ("ema 1%", Average("ema", 0.01), "weights averaged over 1% of the run (ema 1%)"),
        ("ema 2.5%", Average("ema", 0.025), "weights averaged over 2.5% of the run (ema 2.5%)"),
        (0.0035, Average("ema", 0.0035), "weights averaged over 0.35% of the run (ema 0.35%)"),
        ("swa 100%", Average("swa", 1.0), "weights averaged over the last 100% of the run (swa 100%)"),
        ("lawa 1", Average("lawa", 1), "weights averaged over the latest 1 of 20 states (lawa 1)"),
        ("lawa 20", Average("lawa", 20), "weights averaged over the latest 20 of 20 states (lawa 20)"),
        (
            "merge linear()",
            Average("merge", 1.0, "linear()"),
            "weights merged as linear() would have left them (merge linear())",
        ),
    ],
)
def test_each_is_read_and_told(given, found, told):
    """A number is the memory of the moving average, to the last bit."""
    assert average_of(given) == found
    assert Arm("a", lr.constant(), given).beside == told
    assert average_of(0.07).amount == 0.07


@pytest.mark.parametrize(
    "wrong",
    [
        0,
        1.5,
        True,
        float("nan"),
        "swa",
        "swa 25",
        "swa 0%",
        "ema 101%",
        "lawa 5%",
        "lawa 0",
        "lawa 21",
        "lawa 2.5",
        "lawa nan",
        "ema nan%",
        "ema inf%",
        "ema 1e-400%",
        "merge",
        "mean 5%",
        None,
    ],
)
def test_what_is_none_is_refused(wrong):
    """With all that there are."""
    with pytest.raises(LrlabError, match=r"(?s)averaging is a share.*swa 25%.*lawa 5"):
        average_of(wrong)


@pytest.mark.parametrize(
    ("averaging", "shortest"),
    [
        ("ema 10%", 11),
        ("swa 25%", 6),
        ("lawa 5", 2),
        ("lawa 1", None),
        ("merge linear()", 2),
        ("merge constant()", None),
    ],
)
def test_in_a_short_run_an_average_is_the_state_after_the_last_update(averaging, shortest):
    """There the average of what was trained, made update by update, is that state or an older one, alone."""
    average = average_of(averaging)
    for updates in range(1, 60):
        states = [float(2**k) for k in range(updates + 1)]  # no mean of two is a third
        held = Held()
        weights = WeightAverage(held, average, updates)
        for held.w in states[1:]:
            weights.update()
        weights.swap_in()
        assert average.is_one_state(updates) == (held.w in states) == (shortest is None or updates < shortest)


class Held:
    """A model of one weight."""

    w = 1.0

    def state_dict(self):
        return {"w": self.w}

    def load_state_dict(self, state):
        self.w = state["w"]


def test_an_arm_whose_average_holds_one_state_is_refused():
    """It would be one without, under another name; a merge that cannot be made is said at once, too."""
    arms = {"a": Arm("a", lr.constant(), 0.1), "b": "constant()"}
    with pytest.raises(LrlabError, match=r"arm a: in a run of 10 updates nothing is averaged"):
        lr.compare("control", arms, horizon=10, config={"size": "tiny"})
    lr.compare("control", arms, horizon=11, config={"size": "tiny"})
    rising = {"a": Arm("a", lr.constant(), "merge linear(start=0, to=1)"), "b": "constant()"}
    with pytest.raises(LrlabError, match="never rise"):
        lr.compare("control", rising, horizon=100, config={"size": "tiny"})


def test_what_means_the_same_is_the_same_arm():
    """And so is its run the same, whichever way it was written."""
    for one, other in (("ema 10%", 0.1), ("swa 25%", " swa 25.0%"), ("merge linear()", "merge linear(to=0)")):
        assert Arm("a", lr.constant(), one) == Arm("a", lr.constant(), other)


def test_they_are_a_set_of_arms():
    """Each kind has a row of its own beside the constant LR as it is, and two decays."""
    arms = {arm.name: arm for arm in average_arms()}
    assert arms_named("averages") == average_arms()
    assert [name for name, arm in arms.items() if arm.averaging is not None] == ["EMA", "SWA", "LAWA", "merge"]
    assert {str(arm.schedule) for name, arm in arms.items() if arm.averaging is not None} == {"constant()"}


@pytest.mark.parametrize("averaging", ["swa 50%", "lawa 5"])
def test_a_fork_gives_the_same_bits(averaging, tmp_path):
    """Two averaged arms that part in the middle are each what they are alone."""
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    texts = ("constant()", 'multistep(["50%"], gamma=0.1)')
    arms = [Arm(str(k), lr.parse(text), averaging) for k, text in enumerate(texts)]
    settings = Settings(updates=20, folds=5, lrs=(1.0,), evals=4)
    jobs = jobs_of(arms, settings, config={"size": "tiny"})[:2]
    assert [Job.from_json(job.to_json()) for job in jobs] == list(jobs)
    task = load_task("control")
    shared, effort = run_jobs(task, jobs, Store(tmp_path / "shared"), Here(task))
    alone, _ = run_jobs(task, jobs, Store(tmp_path / "alone"), Here(task), fork_every=0)
    assert effort.trained == 30
    assert [(run.fingerprint, run.evals) for run in shared] == [(run.fingerprint, run.evals) for run in alone]
    assert shared[0].evals != shared[1].evals
