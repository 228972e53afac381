"""The code of a task: a change in any file that it consists of is seen, and in no other."""

from pathlib import Path

import pytest

from lrlab.lab.task.declaration import load_task
from lrlab.lab.task.identity import base_of, identity_of, sources_of

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
COUNT = {"mine.py", "helper.py", "pack/__init__.py", "pack/part.py", "pack/near.py", "pack/deep/more.py"}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_what_is_imported_from_beside_it_counts(folder):
    """Directly or by way of another, at the top or within a function, in a circle; libraries and types do not."""
    assert sources_of(folder / "mine.py", folder) == {folder / name for name in COUNT}


@pytest.mark.parametrize("name", FILES)
def test_a_change_is_another_identity_where_it_counts(folder, name):
    """By content, and by the name of what is trained."""
    before = identity_of(folder / "mine.py", "train", folder)
    (folder / name).write_text((folder / name).read_text() + "# changed\n")
    assert (identity_of(folder / "mine.py", "train", folder) != before) == (name in COUNT)
    assert identity_of(folder / "mine.py", "other", folder) != identity_of(folder / "mine.py", "train", folder)


def test_libraries_beside_an_installed_package_do_not_count(folder, monkeypatch):
    """They are in the same folder, and as large as they are: their versions are in the recipe."""
    monkeypatch.setattr("lrlab.lab.task.identity._LIBRARIES", (folder,))
    (folder / "pack/deep/__init__.py").write_text("import helper\nfrom pack import part\n")
    own = {folder / name for name in ("pack/deep/__init__.py", "pack/__init__.py", "pack/part.py", "pack/near.py")}
    assert sources_of(folder / "pack/deep/__init__.py", folder) == own
    assert sources_of(folder / "mine.py", folder) == {folder / "mine.py"}


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
    found = {path.name for path in sources_of(source, tmp_path)}
    assert {"train.py", "data.py", "more.py", "other.py", "near.py", "__init__.py"} <= found
    assert "nobody.py" not in found


def test_it_does_not_depend_on_the_place(folder, tmp_path_factory):
    """The same files elsewhere are the same task."""
    other = tmp_path_factory.mktemp("elsewhere")
    for name in FILES:
        (other / name).parent.mkdir(parents=True, exist_ok=True)
        (other / name).write_text((folder / name).read_text())
    assert identity_of(folder / "mine.py", "train", folder) == identity_of(other / "mine.py", "train", other)


def test_built_in_tasks_count_what_they_share():
    """Their helpers are part of their code; the engine is not."""
    package = Path(load_task("signals").function.__code__.co_filename).parents[3]
    names = {path.name for path in sources_of(package / "lrlab" / "lab" / "tasks" / "signals.py", package)}
    assert {"signals.py", "data.py", "fitting.py", "optimizers.py"} <= names
    assert not {"engine.py", "live.py", "curve.py"} & names
