"""What the README says, done: its examples run, its picture is the project's own, its commands exist."""

import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ("dialects", "feedback", "frameworks", "plans", "trainers", "tasks")  # of docs/, whose examples run
DOCS = "".join((ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8") for page in PAGES)
BLOCKS = re.findall(r"```python\n(.*?)```", README + DOCS, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=[block.split("\n")[0] for block in BLOCKS])
def test_the_examples_run(block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader who copies an example gets what it says."""
    (tmp_path / "example.py").write_text(block, encoding="utf-8")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.md", "exec"), {"__name__": "example"})


def test_the_page_on_resume_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One run is told there: each block goes on where the one before it ended."""
    page = (ROOT / "docs" / "resume.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    told = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    exec(compile(told, "resume.md", "exec"), {"__name__": "example"})


LAB = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "lab.md").read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own, on reading a variable
@pytest.mark.parametrize("script", LAB, ids=["function", "class", "functional", "keras"])
def test_the_four_doors_are_scripts_that_run(script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each as a file of its own, as its reader would run it."""
    (tmp_path / "mine.py").write_text(script, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(tmp_path / "mine.py"), run_name="__main__")


def test_the_users_task_of_the_readme_can_be_compared(tmp_path: Path) -> None:
    """The example of a task trains under two strategies."""
    from lrlab.desk import experiment as desk

    block = next(block for block in BLOCKS if "def train(run)" in block)
    (tmp_path / "mine.py").write_text(block, encoding="utf-8")
    experiment = desk.set_up(
        f"{tmp_path / 'mine.py'}:train",
        schedules={"fixed": "constant()", "linear": "linear()"},
        updates=20,
        folds=2,
        lrs=(1.0,),
        evals=2,
    )
    result = desk.run(experiment, tmp_path / "runs", desk.Resources(workers=0))
    assert {arm["name"] for arm in result.record()["arms"]} == {"fixed", "linear"}
    assert len(result.evidence.runs) == 4


def test_the_picture_is_drawn_by_the_project() -> None:
    """`lrlab show` with --svg makes the very file that the README shows."""
    from lrlab.desk import schedules as desk
    from lrlab.views.figure import svg

    drawn = svg(desk.show('warmup("5%") >> cosine(to=0.1)', 1000).figure)
    assert (ROOT / "docs" / "curve.svg").read_text(encoding="utf-8") == drawn


def test_the_test_command_is_what_ci_runs() -> None:
    """One command, written twice, must stay one."""
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    install = re.search(r'pip install (-c constraints.txt -e "\.\[\w+\]") && (pytest.*)', README)
    assert install
    assert install[1] in ci
    assert re.search(rf"^ *{re.escape(install[2])} ", ci, re.MULTILINE)
