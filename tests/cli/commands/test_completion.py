"""`lrlab completion`, driven as a shell drives it."""

import os
import re
import select
import shutil
import subprocess
import sys

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from lrlab.cli.main import main

OFFERED = [
    ("compare digits --fol", "--folds"),
    ("sho", "show"),
    ("forecast f", "fit"),
    ("compare dig", "digits"),
    ("tune dig", "digits"),
    ("show cosi", "cosine"),
    ("convert transf", "transformers:"),
    ("convert x --to op", "optax"),
    ("show x --how re-", "re-warm"),
    ("compare digits --arms opt", "optimizers"),
    ("compare digits --executor das", "dask://"),
    ("completion z", "zsh"),
    ("schema comp", "compare"),
    ("advise --mod", "--model"),
    ("refine dig", "digits"),
    ("advise --model pre", "pretrained"),
]


@pytest.mark.parametrize(("typed", "meant"), OFFERED)
def test_words_tasks_libraries_and_options_are_offered(typed, meant):
    """What click asks for, in any shell."""
    *before, begun = typed.split()
    found = ShellComplete(main, {}, "lrlab", "_LRLAB_COMPLETE").get_completions(before, begun)
    assert meant in [item.value for item in found]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell):
    """It calls lrlab for what may follow."""
    script = CliRunner().invoke(main, ["completion", shell]).output
    assert f"_LRLAB_COMPLETE={shell}_complete" in script


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder in which a shell finds the command, and no settings of anybody."""
    lrlab = tmp_path / "lrlab"
    lrlab.write_text(f"#!{sys.executable}\nfrom lrlab.cli.main import main\nmain()\n", encoding="utf-8")
    lrlab.chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shell(name):
    """The program, or a skip where this system has none."""
    found = shutil.which(name)
    if found is None or sys.platform == "win32":
        pytest.skip(f"{name} is not installed")
    return found


ASKED = [OFFERED[k] for k in (0, 1, 2, 3, 5, 6, 7)]  # an option, commands, a task, a word, libraries


def test_a_real_bash_completes(home):
    """The script is sourced, its function called as bash calls it, and lrlab answers from the path."""
    lines = [
        'eval "$(lrlab completion bash)"',
        "complete -p lrlab",
        'offer() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _lrlab_completion lrlab',
        'echo "${COMPREPLY[*]}"; }',
        *(f"offer lrlab {typed}" for typed, _ in ASKED),
    ]
    done = subprocess.run(
        [shell("bash"), "--norc", "-c", "\n".join(lines)], capture_output=True, text=True, timeout=120
    )
    registered, *answers = done.stdout.splitlines()
    assert "_lrlab_completion lrlab" in registered, done.stderr
    for answer, (_, meant) in zip(answers, ASKED, strict=True):
        assert meant in answer.split()


def test_a_real_fish_completes(home):
    """The script is sourced, and fish is asked what it would offer."""
    lines = ["lrlab completion fish | source", *(f"complete -C 'lrlab {typed}'; echo =" for typed, _ in ASKED)]
    done = subprocess.run(
        [shell("fish"), "--no-config", "-c", "\n".join(lines)], capture_output=True, text=True, timeout=120
    )
    answers = done.stdout.split("=\n")[:-1]
    for answer, (_, meant) in zip(answers, ASKED, strict=True):
        assert meant in answer.split(), done.stderr


def test_a_real_zsh_completes(home):
    """The script is sourced in a terminal; after a tab the line is what was meant, and zsh prints it."""
    zsh = shell("zsh")
    import pty

    (home / "lrlab.zsh").write_text(CliRunner().invoke(main, ["completion", "zsh"]).output, encoding="utf-8")
    terminal, end = pty.openpty()
    child = subprocess.Popen(
        [zsh, "-f", "-i"], stdin=end, stdout=end, stderr=end, env={**os.environ, "TERM": "dumb"}, start_new_session=True
    )
    os.close(end)
    try:
        heard = ""
        for line in ("PS1= RPS1= PROMPT_SP=", "autoload -U compinit && compinit -u", "source lrlab.zsh"):
            os.write(terminal, f"{line}\n".encode())
        for number, (typed, meant) in enumerate(ASKED):
            os.write(terminal, f"lrlab {typed}\t\x01echo {number}: \n".encode())
            answer, heard = told(terminal, rf"^{number}: (lrlab .*?)\s*$", heard)
            assert answer.split()[-1] == meant, answer
    finally:
        child.kill()
        child.wait()
        os.close(terminal)


def told(terminal, pattern, heard):
    """What a terminal prints on a line of this form, and all that it has printed."""
    while True:
        found = re.search(pattern, heard.replace("\r", ""), re.MULTILINE)
        if found:
            return found[1], heard
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, heard
        heard += os.read(terminal, 4096).decode(errors="replace")
