"""The code of a task: a change in any file that it consists of is seen, and in no other."""

import sys
import textwrap
from pathlib import Path

import pytest

from lrlab.lab.identity.sources import _elsewhere, base_of, environment_of, imports_of, sources_of
from lrlab.lab.task.declaration import load_task

FILES = {
    "mine.py": "import helper\nfrom pack import part\nimport numpy\nif TYPE_CHECKING:\n    import types_only\n",
    "helper.py": "def f():\n    from pack.deep import more\n",
    "pack/__init__.py": "from . import near\n",
    "pack/part.py": "",
    "pack/near.py": "import mine\n",
    "pack/deep/more.py": "from ..part import x\n",
    "types_only.py": "",
    "TYPE.py": "",
}
TRAIN = "\ndef train(run): return WIDTH if run else 0\nother = train\n"
COUNT = {"mine.py", "helper.py", "pack/__init__.py", "pack/part.py", "pack/near.py", "pack/deep/more.py"}


@pytest.fixture
def made(tmp_path):
    """A folder of these files."""

    def make(files, folder=tmp_path):
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return folder

    return make


def names(source):
    return {*sources_of(source).files}


def test_what_is_imported_from_beside_it_counts(made):
    """Directly or by way of another, at the top or within a function, in a circle; libraries and types do not."""
    found = sources_of(made(FILES) / "mine.py")
    assert {*found.files} == COUNT
    assert {path.name for path in found.top} == {"mine.py", "helper.py", "__init__.py", "part.py", "near.py"}
    assert found.libraries == {"numpy"}


@pytest.mark.parametrize("name", FILES)
def test_a_change_is_another_identity_where_it_counts(made, name):
    """By content, and by the name of what is trained."""
    folder = made(FILES | {"mine.py": "def late():\n" + textwrap.indent(FILES["mine.py"], "    ") + TRAIN})
    before = load_task(f"{folder}/mine.py:train").identity
    (folder / name).write_text((folder / name).read_text() + "# changed\n")
    assert (load_task(f"{folder}/mine.py:train").identity != before) == (name in COUNT)
    assert load_task(f"{folder}/mine.py:other").identity != load_task(f"{folder}/mine.py:train").identity


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("import pkg.net", {"pkg/__init__.py", "pkg/net.py"}),
        ("from pkg.net import x", {"pkg/__init__.py", "pkg/net.py"}),
        ("if TYPE_CHECKING:\n    import pkg\nelse:\n    import helper", {"helper.py"}),
        ("if typing.TYPE_CHECKING: pass\nelse: import helper", {"helper.py"}),
        ("if not TYPE_CHECKING:\n    import helper\nelse:\n    import pkg", {"helper.py"}),
        ("import importlib\nh = importlib.import_module('helper')", {"helper.py"}),
        ("from importlib import import_module as f, import_module\nh = import_module('pkg.net')",
         {"pkg/__init__.py", "pkg/net.py"}),
        ("h = __import__('helper')", {"helper.py"}),
        ("def f():\n    class A:\n        import helper", {"helper.py"}),
        ("try:\n    import helper\nexcept ImportError:\n    helper = None", {"helper.py"}),
        ("from spaced import inner", {"spaced/inner.py"}),
    ],
)  # fmt: skip
def test_every_way_to_import(made, line, counts):
    """Parents of dotted names, what is there for no type checker, names in a text, folders without `__init__.py`."""
    folder = made({"mine.py": line, "helper.py": "", "pkg/__init__.py": "", "pkg/net.py": "", "spaced/inner.py": ""})
    assert names(folder / "mine.py") == {"mine.py"} | counts


def test_the_package_of_a_file_counts(made):
    """Python runs it before the file, whoever names it."""
    folder = made(
        {"pkg/__init__.py": "from . import more", "pkg/more.py": "", "pkg/deep/__init__.py": "", "pkg/deep/mine.py": ""}
    )
    assert names(folder / "pkg" / "deep" / "mine.py") == {
        "pkg/__init__.py", "pkg/more.py", "pkg/deep/__init__.py", "pkg/deep/mine.py"
    }  # fmt: skip


def test_a_package_that_is_installed_as_a_link_counts(made, tmp_path, monkeypatch):
    """It lies elsewhere, and is no library."""
    made({"linked/__init__.py": "", "linked/net.py": "", "linked/other.py": ""}, tmp_path / "elsewhere")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    folder = made({"here/mine.py": "from linked.net import x"})
    assert names(folder / "here" / "mine.py") == {"mine.py", "linked/__init__.py", "linked/net.py"}


def test_libraries_beside_an_installed_package_do_not_count(made, monkeypatch):
    """They are in the same folder, and as large as they are: their versions are in the recipe."""
    folder = made(
        {
            "site-packages/own/__init__.py": "import library\nfrom own import part",
            "site-packages/own/part.py": "",
            "site-packages/library/__init__.py": "import own.other",
        }
    )
    found = sources_of(folder / "site-packages" / "own" / "__init__.py")
    assert ({*found.files}, found.libraries) == ({"own/__init__.py", "own/part.py"}, {"library"})


def test_a_task_of_lrlab_does_not_lead_to_the_libraries_around_it():
    """Of lrlab its tasks count, and nothing else is read, wherever it is installed."""
    module = sys.modules["lrlab.lab.tasks.signals"] if load_task("signals") else None
    files = names(Path(module.__file__))
    assert {"lrlab/lab/tasks/signals.py", "lrlab/lab/tasks/common/data.py"} <= files
    assert all(name.startswith("lrlab/lab/tasks/") for name in files)


def test_the_names_of_a_package_begin_above_it(tmp_path):
    """Its files count by whichever name they are imported, also by the one that they have beside the file."""
    files = {
        "mine/__init__.py": "",
        "mine/deep/__init__.py": "",
        "mine/deep/train.py": "from ..data import x\nimport mine.more\nfrom near import y\nimport os",
        "mine/data.py": "from mine import other",
        "mine/more.py": "",
        "mine/other.py": "",
        "mine/deep/near.py": "",
        "mine/deep/os.py": "",
        "mine/nobody.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    source = tmp_path / "mine" / "deep" / "train.py"
    assert base_of(source) == tmp_path
    found = {path.name for path in sources_of(source).files.values()}
    assert {"train.py", "data.py", "more.py", "other.py", "near.py", "__init__.py"} <= found
    assert "nobody.py" not in found


def test_it_does_not_depend_on_the_place(made, tmp_path):
    """The same files elsewhere are the same task."""
    one, two = (made({"mine.py": "WIDTH = 8" + TRAIN}, tmp_path / name) for name in ("one", "two"))
    assert load_task(f"{one}/mine.py:train").identity == load_task(f"{two}/mine.py:train").identity


def test_imports_are_read_as_they_are_written():
    """Dots, names, and whether they are within a function."""
    (one, two) = imports_of(b"from ..a import b, c\ndef f(): import d.e")
    assert (one.name, one.level, one.of, one.lazy) == ("a", 2, ("b", "c"), False)
    assert (two.name, two.level, two.of, two.lazy) == ("d.e", 0, (), True)


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("import os\nx = os.environ['A'] + 'b'", {"A", "b"}),
        ("from os import environ\nx = environ['A']", {"A"}),
        ("from os import getenv as ask\nx = ask('A')", {"A"}),
        ("import os\nx = os.getenv('A')\nprint(x)", {"A"}),
        ("import os\nx = print('A', os.sep)", set()),
    ],
)
def test_texts_count_where_the_environment_is_read(source, texts):
    """All of them, for any may be a name; in a file that reads none, none."""
    assert environment_of(source.encode()) == texts


def test_a_folder_without_an_init_is_a_package(tmp_path, monkeypatch):
    """The file that it might have is where its modules lie."""
    (tmp_path / "spaced_").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    assert _elsewhere("spaced_") == tmp_path / "spaced_" / "__init__.py"
    assert _elsewhere("no_such_module_") is None
    assert _elsewhere("json").name == "__init__.py"
    assert _elsewhere("math") is None
