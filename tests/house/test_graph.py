"""The graph of imports: folders and files stand on each other in one direction."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("graph.py")
spec = spec_from_file_location("graph", SCRIPT)
graph = module_from_spec(spec)
spec.loader.exec_module(graph)


def test_no_folder_and_no_file_stands_on_itself():
    """A circle, or a look upward that nobody has named. To see all of it: python tests/house/graph.py."""
    assert graph.faults() == []


def test_a_person_can_run_it():
    """It prints every folder, from the lowest floor up."""
    ran = subprocess.run([sys.executable, SCRIPT, "core"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "no circle")
    lines = [line.split()[1] for line in ran.stdout.splitlines() if line.split()[0].isdigit()]
    rooms = ["core.time", "core.expression", "core.shapes", "core.feedback", "core.run", "core.text", "core.resume"]
    assert [line for line in lines if line in rooms] == rooms


@pytest.fixture
def made(tmp_path):
    """A package of these files."""

    def make(**files):
        for name, text in files.items():
            path = tmp_path.joinpath(*name.split("__")).with_suffix(".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            for folder in path.parents[: len(path.relative_to(tmp_path).parts) - 1]:
                (folder / "__init__.py").touch()
        return tmp_path

    return make


@pytest.mark.parametrize(
    "upward",
    [
        "from lrlab.high.b import y",
        "def f():\n    from lrlab.high import b",
        "def f():\n    import lrlab.high.b",
        'HOMES = {"y": ("lrlab.high.b", "y")}',
    ],
)
def test_every_way_to_import_is_seen(made, upward):
    """At the top, inside a function, by the name of the module in a text."""
    root = made(low__a=upward, high__b="from lrlab.low.a import x")
    assert graph.graph(root)["low.a"] == {"high.b"}
    assert [circle for circle in graph.circles(graph.graph(root))] == [{"low.a", "high.b"}]


def test_types_are_no_imports(made):
    """What a type checker alone reads."""
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from lrlab.high.b import y"
    assert graph.graph(made(low__a=text, high__b="from lrlab.low.a import x"))["low.a"] == set()


def test_folders_in_a_circle_without_files_in_one(made):
    """Two folders each of which needs a file of the other."""
    root = made(one__a="", one__b="import lrlab.two.c", two__c="", two__d="import lrlab.one.a")
    assert graph.circles(graph.graph(root)) == []
    assert graph.circles(graph.folders(graph.graph(root), graph.modules(root))) == [{"one", "two"}]
    said = [line.strip() for line in graph.faults(root) if "CIRCLES" not in line and "UPWARD" not in line]
    assert said == ["folders in a circle: one, two", "one.b imports two.c", "two.d imports one.a"]


def test_floors(made):
    """Each above all that it stands on; a file beside folders stands for itself."""
    root = made(low__a="", mid__b="import lrlab.low.a", top="import lrlab.mid.b, lrlab.low.a", low__deep__c="")
    arrows = graph.folders(graph.graph(root), graph.modules(root))
    assert graph.floors(arrows) == {"low": 1, "low.a": 1, "low.deep": 1, "mid": 2, "top": 3}


def test_a_name_that_is_true_no_more_is_a_fault(made):
    """The lists of what is meant do not outlive it."""
    said = graph.faults(made(low__a=""))
    assert sum("which is no more" in line for line in said) == len(graph.UPWARD)
