"""`lrlab show` draws a change of plan: before and after, with what is wrong said in a sentence."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from lrlab.cli.change import chosen
from lrlab.cli.main import main
from lrlab.core.resume.change import HOWS
from lrlab.desk import schedules as desk
from lrlab.errors import LrlabError


def shown(*arguments):
    return CliRunner().invoke(main, ["show", *arguments])


@pytest.mark.parametrize("how", HOWS)
def test_an_extension_is_drawn_beside_the_plan(how):
    """Two lines, the changed one as long as the run now is."""
    done = shown("warmup(50) >> cosine(to=0.1)", "--steps", "1000", "--at", "600", "--extend", "2000", "--how", how)
    assert done.exit_code == 0, done.output
    assert "changed" in done.output
    assert "as planned" in done.output
    preview = desk.show("cosine(to=0.1)", 1000, None, chosen(600, 2000, how, None, None, None))
    assert [len(line.y) for line in preview.figure.lines] == [2000, 1000]
    assert preview.figure.lines[0].y[:600] == preview.figure.lines[1].y[:600]


@pytest.mark.parametrize(
    "arguments", [("--finish", "200"), ("--finish", "25%"), ("--branch", "200"), ("--branch", "25%")]
)
def test_an_end_and_a_branch_are_drawn(arguments):
    found = json.loads(shown("wsd(warmup=50)", "--steps", "1000", "--at", "600", *arguments, "--json").output)
    assert found["horizon"] == {"updates": 800}
    assert found["phases"][-1]["start"] == 600


def test_the_process_itself():
    """As a user types it."""
    done = subprocess.run(
        [sys.executable, "-m", "lrlab", "show", "linear()", "--steps", "10", "--at", "5", "--finish", "5", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["horizon"] == {"updates": 10}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--at", "5"),
        ("--extend", "2000"),
        ("--at", "600", "--extend", "2000"),
        ("--at", "600", "--how", "keep"),
        ("--at", "600", "--extend", "2000", "--how", "keep", "--finish", "5"),
        ("--finish", "20"),
        ("--at", "600", "--branch", "20%"),
        ("--at", "600", "--finish", "soon"),
        ("--peak", "0.5"),
    ],
)
def test_what_does_not_go_together_is_a_sentence(arguments):
    done = shown("cosine()", *arguments)
    assert done.exit_code == 1
    assert done.output.startswith("lrlab: ")


def test_no_option_is_no_change():
    assert chosen(None, None, None, None, None, None) is None
    with pytest.raises(LrlabError, match="--at 600"):
        chosen(None, 5, "keep", None, None, None)


def test_a_way_of_another_door_says_which():
    """`on_change="splice"` is for a checkpoint, and no `--how`."""
    done = shown("cosine()", "--steps", "9", "--at", "3", "--extend", "12", "--how", "splice")
    assert done.exit_code == 2
    assert 'that is on_change="splice" where the scheduler is made' in done.output
