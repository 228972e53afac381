"""An experiment as one value: its trainings, and what could not be judged."""

import dataclasses

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.experiment import Experiment
from lrlab.lab.stages.resources import Resources
from lrlab.lab.task.declaration import Settings

ARMS = (Arm("a", lr.constant()), Arm("b", lr.linear()))


def test_its_jobs_are_its_arms_on_every_unit_with_these_resources(quadratic):
    """By seed, fold, LR and arm."""
    settings = dataclasses.replace(quadratic.settings, folds=2, seeds=2)
    experiment = Experiment(quadratic, ARMS, settings, first_seed=7, config={"slow": 0})
    jobs = experiment.jobs(Resources(threads=3, device="cuda"))
    assert len(jobs) == experiment.runs == 2 * 2 * 2 * 2
    assert [(job.seed, job.fold, job.lr, job.arm.name) for job in jobs[:3]] == [
        (7, 0, 0.5, "a"),
        (7, 0, 0.5, "b"),
        (7, 0, 1.0, "a"),
    ]
    assert {(job.threads, job.device, job.config["slow"]) for job in jobs} == {(3, "cuda", 0)}
    assert experiment.title == "2 strategies on quadratic:train"


@pytest.mark.parametrize(
    ("arms", "changes", "said"),
    [
        (ARMS[:1], {}, "one strategy alone"),
        (ARMS, {"folds": 1, "seeds": 1}, "nothing to pair"),
    ],
)
def test_what_could_not_be_judged_is_refused(quadratic, arms, changes, said):
    """When it is made."""
    with pytest.raises(LrlabError, match=said):
        Experiment(quadratic, arms, dataclasses.replace(quadratic.settings, **changes))


def test_a_comparison_needs_a_pair(quadratic):
    """Two arms, and two folds or two seeds; that is enough."""
    arms = (Arm("a", lr.constant()), Arm("b", lr.linear()))
    for folds, seeds in ((2, 1), (1, 2)):
        made = Experiment(quadratic, arms, dataclasses.replace(quadratic.settings, folds=folds, seeds=seeds))
        assert {job.seed for job in made.jobs(Resources())} == set(range(seeds))
    with pytest.raises(LrlabError, match="nothing to pair"):
        Experiment(quadratic, arms, dataclasses.replace(quadratic.settings, folds=1, seeds=1))
    with pytest.raises(LrlabError, match="one strategy alone"):
        Experiment(quadratic, arms[:1], quadratic.settings)


def test_a_question_is_told_by_six_characters(quadratic):
    """A task by its text and by what it computes: a change of it is another question, whose page has another name."""

    def experiment(task):
        return Experiment(task, (Arm("a", lr.constant()), Arm("b", lr.linear())), Settings(10, 2))

    assert len(experiment(quadratic).digest) == 6
    assert experiment(quadratic).digest == experiment(dataclasses.replace(quadratic)).digest
    moved = dataclasses.replace(quadratic, identity="other")
    assert experiment(moved).digest != experiment(quadratic).digest
    blind = dataclasses.replace(quadratic.decided, unseen=("a socket",))
    one, two = (dataclasses.replace(quadratic, decided=blind, identity=each) for each in ("one", "other"))
    assert experiment(one).digest == experiment(two).digest  # random in each process
    here = [dataclasses.replace(quadratic, text="", identity=identity) for identity in ("one", "other")]
    assert len({experiment(task).digest for task in (*here, quadratic)}) == 3
