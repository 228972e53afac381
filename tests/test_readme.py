"""What the README says: its task can be compared, its picture is the project's own, its test command is that of CI.

Its examples and those of the handbook are run by `tests/handbook/test_blocks.py`.
"""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


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

    drawn = svg(desk.show('warmup("5%") >> cosine()', 1000).figure)
    assert (ROOT / "docs" / "curve.svg").read_text(encoding="utf-8") == drawn


def test_the_test_command_is_what_ci_runs() -> None:
    """One command, written twice, must stay one."""
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    install = re.search(r'pip install (-c constraints.txt -e "\.\[\w+\]") && (pytest.*)', README)
    assert install
    assert install[1] in ci
    assert re.search(rf"^ *{re.escape(install[2])} ", ci, re.MULTILINE)
