"""Tasks are found by name, declare their defaults, and are identified by their source."""

import subprocess
import sys

import pytest

from lrlab.errors import LrlabError, MissingExtra
from lrlab.lab.task.declaration import Declaration, Settings, built_in_tasks, declaration_of, load_task, task, task_of


def write(folder, text, name="mine.py"):
    path = folder / name
    path.write_text(text)
    return path


def test_a_declared_task_of_a_file(quadratic):
    """What the decorator said, under the name file:function."""
    assert quadratic.name == "quadratic:train"
    assert quadratic.settings == Settings(updates=60, folds=2, seeds=1, lrs=(0.5, 1.0), evals=6)
    assert quadratic.quick == Settings(updates=15, folds=2, seeds=1, lrs=(0.5, 1.0), evals=6)
    assert (quadratic.metric, quadratic.mode) == ("val_loss", "min")


def test_a_task_without_declaration_has_the_documented_defaults(quadratic):
    """No decorator is needed."""
    plain = load_task(quadratic.text.replace(":train", ":undeclared"))
    assert (plain.metric, plain.settings, plain.quick) == (
        Declaration.metric,
        Settings(widen=True),
        Settings(updates=250, folds=3, widen=True),
    )
    assert Settings() == Settings(updates=1000, folds=5, seeds=1, lrs=(0.5, 1.0, 2.0), evals=20)


def test_identity_follows_the_source(tmp_path):
    """Another text is another task; the same text again, or another function of it, is told apart as it should."""
    path = write(tmp_path, "def train(run): ...\ndef other(run): ...\n")
    first = load_task(f"{path}:train")
    assert load_task(f"{path}:train").identity == first.identity
    assert load_task(f"{path}:other").identity != first.identity
    write(tmp_path, "def train(run): ...  # changed\ndef other(run): ...\n")
    assert load_task(f"{path}:train").identity != first.identity


def test_a_file_may_import_its_neighbours_and_hold_dataclasses(tmp_path, monkeypatch):
    """As if it were run from its own folder."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    write(tmp_path, "width = 3\n", "lrlab_test_neighbour.py")
    path = write(
        tmp_path,
        "from __future__ import annotations\nfrom dataclasses import dataclass\nimport lrlab_test_neighbour\n"
        "@dataclass\nclass C:\n    x: int\ndef train(run): return C(lrlab_test_neighbour.width)\n",
    )
    assert load_task(f"{path}:train").function(None).x == 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("digts", r"(?s)no such task.*try: +digits"),
        ("nowhere.py:train", r"no such file"),
        ("nowhere.py", r"(?s)which function.*nowhere.py:train"),
        ("", r"no such task"),
        ("a:b:c", r"no such task"),
        ("__init__", r"no such task"),
    ],
)
def test_names_that_are_none(text, said):
    """What is there, and the nearest."""
    with pytest.raises(LrlabError, match=said):
        load_task(text)


def test_a_function_that_the_file_does_not_have(quadratic):
    """The nearest of those it has."""
    with pytest.raises(LrlabError, match=r"(?s)no function trian.*try: +train"):
        load_task(quadratic.text.replace(":train", ":trian"))


def test_an_exception_of_the_file_passes_through(tmp_path):
    """With its own type: it is the user's."""
    path = write(tmp_path, "1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        load_task(f"{path}:train")


def test_a_missing_library_is_said_before_anything_starts(tmp_path):
    """`needs` of the declaration."""
    path = write(
        tmp_path,
        "from lrlab.lab.task.declaration import task\n@task(needs=('no_such_library',))\ndef train(run): ...\n",
    )
    with pytest.raises(MissingExtra, match=r"mine:train needs no_such_library"):
        load_task(f"{path}:train")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"updates": 0}, "updates"),
        ({"folds": -1}, "folds"),
        ({"lrs": ()}, "lrs"),
        ({"lrs": (1, 0)}, "lrs"),
        ({"lrs": (1, float("inf"))}, "lrs"),
        ({"lrs": (1, float("nan"))}, "lrs"),
        ({"evals": 2.0}, "evals"),
        ({"seeds": True}, "seeds"),
        ({"mode": "low"}, "mode"),
    ],
)
def test_declarations_that_cannot_be_meant(arguments, said):
    """Refused where they are written, not in the first run."""
    with pytest.raises(LrlabError, match=said):
        task(**arguments)


def test_the_built_in_tasks_are_modules():
    """A new one is a new file, and nothing else."""
    assert "digits" in built_in_tasks()
    for name in built_in_tasks():
        assert load_task(name).name == name


def test_loading_the_digits_imports_no_framework():
    """A finished comparison is shown again without waiting for PyTorch."""
    code = (
        "import sys; from lrlab.lab.task.declaration import load_task; load_task('digits');"
        "print([m for m in ('torch', 'sklearn', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_file_of_a_package_imports_from_there(tmp_path, monkeypatch):
    """By relative and by whole names; a module of the package does not take the place of one of Python's."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder = tmp_path / "packaged" / "deep"
    folder.mkdir(parents=True)
    for place in (folder, folder.parent):
        (place / "__init__.py").touch()
    (folder.parent / "data.py").write_text("SCALE = 2\n")
    (folder / "colorsys.py").write_text("raise ImportError\n")
    (folder / "train.py").write_text(
        "import colorsys\nfrom ..data import SCALE\nimport packaged.data\n"
        "def train(run): return SCALE, packaged.data.SCALE\n"
    )
    task = load_task(f"{folder}/train.py:train")
    assert (task.name, task.function(None)) == ("train:train", (2, 2))
    (folder.parent / "data.py").write_text("SCALE = 3\n")
    assert load_task(task.text).identity != task.identity


def test_settings_where_none_are_given():
    """A thousand updates on five folds, twenty evaluations, LRs of 0.5, 1, 2 and what lies beyond them;
    quick: a quarter of the updates, on three folds. LRs that are given are not widened."""
    assert Settings() == Settings(updates=1000, folds=5, seeds=1, lrs=(0.5, 1.0, 2.0), evals=20)
    made = load_declaration(task(metric="val_loss"))
    assert made.settings == Settings(widen=True)
    assert load_declaration(task(metric="val_loss", lrs=(0.5, 1.0, 2.0))).settings == Settings()
    assert (made.quick.updates, made.quick.folds, made.quick.seeds) == (250, 3, 1)
    for updates, quick in ((1, 1), (3, 1), (7, 1), (8, 2)):
        assert load_declaration(task(metric="val_loss", updates=updates, folds=2, seeds=4)).quick == Settings(
            quick, folds=2, seeds=1, widen=True
        )


def load_declaration(decorator):
    def train(run): ...

    return declaration_of(decorator(train))


def test_a_function_of_a_file_is_found_there_by_another_process(quadratic):
    """One that no file holds is not."""
    found = task_of(quadratic.function)
    assert (found.name, found.text) == (quadratic.name, quadratic.text)
    assert task_of(lambda run: None).text == ""


def test_the_folders_of_a_file_come_first_and_last(tmp_path, monkeypatch):
    """Its neighbours are found before all else; those within a package by their plain names, after all else."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    folder = tmp_path / "whole"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "lrlab_test_beside.py").write_text("WIDTH = 5\n")
    path = write(folder, "import lrlab_test_beside\ndef train(run): return lrlab_test_beside.WIDTH\n")
    assert load_task(f"{path}:train").function(None) == 5
    assert (sys.path[0], sys.path[-1]) == (str(tmp_path), str(folder))
    before = [*sys.path]
    load_task(f"{path}:train")
    assert sys.path == before


def test_a_module_for_a_file_is_told_the_file(tmp_path, monkeypatch):
    """`lrlab compare bow:train`, as Python writes it."""
    (tmp_path / "bow.py").write_text("")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LrlabError, match=r"try: +bow\.py:train"):
        load_task("bow:train")
