"""The command line as a whole."""

import json
import pkgutil
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from lrlab.cli import commands
from lrlab.cli.main import main
from lrlab.desk import schedules

FILES = sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


def test_an_unknown_command_is_answered_with_the_known_ones(lrlab):
    """A slip of the finger costs no search."""
    done = lrlab("shw", "cosine()")
    assert done.returncode == 2
    assert "show" in done.stderr


def test_whatever_is_interrupted_says_so_in_a_sentence(monkeypatch):
    """Ctrl-C before a command has begun to train, too: exit code 130, and that nothing is lost."""

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(schedules, "words", interrupted)
    done = CliRunner().invoke(main, ["list"])
    assert done.exit_code == 130
    assert "stopped" in done.output
    assert "goes on" in done.output


def test_the_folder_is_the_list_of_commands():
    """Each file is a command of its name, with a line of help; nothing else is one."""
    context = click.Context(main)
    assert {"show", "list", "compare", "forecast"} <= {*FILES}
    assert main.list_commands(context) == FILES
    assert all(main.get_command(context, name).get_short_help_str() for name in FILES)
    assert main.get_command(context, "main") is None


def test_a_command_loads_its_own_file_alone():
    """`lrlab list` does not wait for what `lrlab compare` needs."""
    program = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    program += "from lrlab.cli.main import main; main(['list'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.rpartition(".")[2] for name in done.stderr.split() if name.startswith(f"{commands.__name__}.")}
    assert loaded == {"list"}


def test_help_meets_nothing_but_the_commands():
    """It is there at once: no schedule, no NumPy, nothing of a desk."""
    program = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    program += "from lrlab.cli.main import main; main(['--help'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stderr.split())
    assert not loaded & {"numpy", "rich"}
    ours = {name.removeprefix("lrlab.") for name in loaded if name.startswith("lrlab.")}
    assert {name for name in ours if name.partition(".")[0] != "cli"} <= {
        "desk",
        "errors",
        "version",
        "views",
        "views.names",
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["shw"], 2),
        (["show"], 2),
        (["show", "cosine()", "--steps", "many"], 2),
        (["list", "--nonsense"], 2),
        (["show", "cosine()", "--svg", "no/such/folder/a.svg"], 2),
        (["forecast", "rank"], 2),
        (["compare", "nonsense"], 1),
        (["compare", "TASK", "--arm", "a=constant()", "--arm", "b=linear()", "--folds", "2", "--workers", "0"], 1),
        (["compare", "LOAD", "--arm", "a=constant()", "--arm", "b=linear()"], 1),
        (["replay", "nowhere"], 1),
        (["forecast", "predict", "nowhere", "cosine()", "--steps", "5"], 1),
    ],
)
def test_json_is_always_a_document(lrlab, tmp_path, arguments, code):
    """A slip of the command line, a file that is not there, an error of the task: {"version", "error"}."""
    (tmp_path / "mine.py").write_text("def train(run):\n    raise RuntimeError('out of cheese')\n")
    (tmp_path / "load.py").write_text("raise RuntimeError('out of cheese')\n")
    known = {"TASK": "mine.py:train", "LOAD": "load.py:train"}
    done = lrlab(*[known.get(word, word) for word in arguments], "--json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert (done.returncode, set(document)) == (code, {"version", "error"}), done.stderr
    if {"TASK", "LOAD"} & {*arguments}:
        assert document["error"] == "RuntimeError: out of cheese"
        assert "Traceback" in done.stderr


def test_an_error_of_a_task_in_this_process_has_its_traceback(tmp_path):
    """Without --json it is Python's own, for whoever debugs."""
    (tmp_path / "mine.py").write_text("def train(run):\n    raise RuntimeError('out of cheese')\n")
    arms = ["--arm", "a=constant()", "--arm", "b=linear()", "--folds", "2", "--workers", "0"]
    done = CliRunner().invoke(main, ["compare", f"{tmp_path}/mine.py:train", *arms, "--store", str(tmp_path / "runs")])
    assert isinstance(done.exception, RuntimeError)
