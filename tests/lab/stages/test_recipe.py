"""What sharing rests on: everything that can change a bit is in the recipe, and nothing else is in the key."""

import dataclasses

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import Arm
from lrlab.lab.identity.libraries import versions
from lrlab.lab.stages.job import Job
from lrlab.lab.stages.recipe import cell_of, changed, job_key, libraries_of, nearest_change, recipe_of
from lrlab.record.runs.run import content_key


def job(**changes):
    fields = {
        "arm": Arm("cosine", lr.cosine()), "lr": 1.0, "seed": 0, "fold": 0, "folds": 2, "updates": 60, "evals": 6
    }  # fmt: skip
    return Job(**{**fields, **changes})


CHANGES = {
    "averaging": {"arm": Arm("cosine", lr.cosine(), 0.1)},
    "the arm's config": {"arm": Arm("cosine", lr.cosine(), config={"optimizer": "adam"})},
    "seed": {"seed": 1},
    "fold": {"fold": 1},
    "folds": {"folds": 3},
    "updates": {"updates": 61},
    "evals": {"evals": 7},
    "config": {"config": {"width": 8}},
    "threads": {"threads": 2},
    "device": {"device": "cuda"},
}
ROWS = {"schedule": {"arm": Arm("cosine", lr.linear())}, "lr": {"lr": 0.5}}


@pytest.mark.parametrize("name", CHANGES)
def test_cell_and_key_change_with_everything_that_determines_a_training(quadratic, name):
    """One difference at a time."""
    assert cell_of(quadratic, job(**CHANGES[name])) != cell_of(quadratic, job())
    assert job_key(quadratic, job(**CHANGES[name])) != job_key(quadratic, job())


@pytest.mark.parametrize("name", ROWS)
def test_what_an_arm_sets_is_in_the_key_and_not_in_the_cell(quadratic, name):
    """Arms of one cell share states as long as they set the same."""
    assert cell_of(quadratic, job(**ROWS[name])) == cell_of(quadratic, job())
    assert job_key(quadratic, job(**ROWS[name])) != job_key(quadratic, job())


@pytest.mark.parametrize("change", [{"identity": "x"}, {"metric": "error"}, {"mode": "max"}])
def test_they_change_with_the_task(quadratic, change):
    """Its source and what it is judged by; its name and its defaults do not matter."""
    assert cell_of(dataclasses.replace(quadratic, **change), job()) != cell_of(quadratic, job())
    assert job_key(dataclasses.replace(quadratic, name="x"), job()) == job_key(quadratic, job())


def test_they_change_with_the_versions(quadratic, monkeypatch):
    """Another PyTorch gives other numbers."""
    before = job_key(quadratic, job())
    monkeypatch.setattr("lrlab.lab.stages.recipe.versions", lambda names: {**versions(names), "torch": "0.0"})
    assert job_key(quadratic, job()) != before
    assert {"python", "record", "numpy"} <= set(versions())


def test_the_key_does_not_change_with_the_name_of_the_arm(quadratic):
    """The same training under another name is the same run."""
    assert job_key(quadratic, job(arm=Arm("other", lr.parse("cosine(to=0.0)")))) == job_key(quadratic, job())


def test_config_must_be_plain(quadratic):
    """What cannot be written down cannot be part of an identity."""
    with pytest.raises(LrlabError, match=r"run.config"):
        job_key(quadratic, job(config={"net": object()}))


def test_the_parts_that_changed_are_named(quadratic):
    """So that nobody has to guess why everything is trained again."""
    mine, other = (recipe_of(quadratic, job(config={"width": width, "depth": 2})) for width in (8, 9))
    assert changed(mine, other) == {"config.width": (8, 9)}
    assert changed(mine, {**mine, "task": "x"}) == {"task": (quadratic.identity, "x")}
    far = {**other, "threads": 2}
    assert nearest_change(mine, [far, other]) == {"config.width": (8, 9)}
    assert nearest_change(mine, [far, mine]) == nearest_change(mine, []) == {}


def test_a_part_that_has_parts_on_one_side_alone():
    """Is told whole."""
    assert changed({"config": {"width": 8}}, {"config": 3}) == {"config": ({"width": 8}, 3)}
    assert changed({}, {"versions": {"torch": "2"}}) == {"versions": (None, {"torch": "2"})}


def test_the_libraries_of_a_task_are_packages(quadratic):
    """Of a module that it says it needs the package that it is of."""
    task = dataclasses.replace(quadratic, needs=("sklearn.datasets", "torch"))
    assert {"sklearn", "torch"} <= {*libraries_of(task)}
    assert not any("." in name or name == "datasets" for name in libraries_of(task))


def test_the_name_of_a_cell_has_32_characters(quadratic):
    """Stored states lie in a folder of that name: another length finds none."""
    assert cell_of(quadratic, job()) == content_key(recipe_of(quadratic, job()))[:32]
    assert len(cell_of(quadratic, job())) == 32
