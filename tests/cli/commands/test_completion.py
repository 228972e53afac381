"""`lrlab completion`, driven as a shell drives it."""

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


def test_a_real_bash_completes(tmp_path):
    """The script is sourced, its function called as bash calls it, and lrlab answers from the path."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash on this system")
    lrlab = tmp_path / "lrlab"
    lrlab.write_text(f"#!{sys.executable}\nfrom lrlab.cli.main import main\nmain()\n", encoding="utf-8")
    lrlab.chmod(0o755)
    lines = [
        f'export PATH="{tmp_path}:$PATH"',
        'eval "$(lrlab completion bash)"',
        "complete -p lrlab",
        'offer() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _lrlab_completion lrlab',
        'echo "${COMPREPLY[*]}"; }',
        *(f"offer lrlab {typed}" for typed, _ in OFFERED[:6]),
    ]
    done = subprocess.run([bash, "--norc", "-c", "\n".join(lines)], capture_output=True, text=True, timeout=120)
    registered, *answers = done.stdout.splitlines()
    assert "_lrlab_completion lrlab" in registered, done.stderr
    assert len(answers) == 6
    for answer, (_, meant) in zip(answers, OFFERED, strict=False):
        assert meant in answer.split()
