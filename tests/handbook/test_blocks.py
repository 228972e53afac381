"""Every code block of README and handbook, run as its reader copies it; what stands side by side does the same."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import warnings
from importlib import import_module
from importlib.util import find_spec

import click
import pytest
from blocks import ROOT, Block, Story, pages, pairs, run, stories
from recorded import rates_of

PAGES = pages()
STORIES = [story for page in PAGES for story in stories(page)]
PAIRS = [pair for page in PAGES for pair in pairs(page)]
# What blocks may need beside PyTorch; what is missing is said.
LIBRARIES = ("keras", "jax", "optax", "lightning", "transformers", "accelerate", "optuna")
# Blocks that are not run here, by the beginning of their first command, and why. Their commands are looked at all the
# same: see the test of every command.
ELSEWHERE = {
    "python3 -m venv": ".ci/run does the same in environments of its own",
    "pip install": ".ci/run installs both ways that the README has",
    "lrlab compare digits": "minutes: .ci/run; each of its options in tests/cli/commands/test_compare.py",
    "lrlab compare signals --quick": "minutes: every task is trained in tests/lab/tasks",
    "lrlab auto control": "minutes: tests/cli/commands/test_auto.py",
    "lrlab find control": "a file of one's own: tests/cli/commands/test_find.py",
    "lrlab tune digits --budget 60": "minutes: tests/cli/commands/test_tune.py",
    "lrlab runs list": "its keys are examples: tests/cli/commands/test_runs.py",
    "ray start": "a cluster: tests/lab/executors/test_ray.py",
    "dask scheduler": "a cluster: tests/lab/executors/test_dask.py",
    "HEAD=$(scontrol": "a cluster with SLURM; what it starts: tests/lab/executors/test_ray.py",
}
TRAINERS = ("lightning", "transformers", "accelerate")  # warn of this machine, and of what is left out


@pytest.fixture(autouse=True)
def one_thread(monkeypatch):
    """Of tensors this small threads are more work than they do; for the tests of other files nothing changes."""
    torch = import_module("torch") if find_spec("torch") else None  # before it can read the variable
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # of commands
    threads = torch.get_num_threads() if torch else 0
    if torch:
        torch.set_num_threads(1)
    yield
    if torch:
        torch.set_num_threads(threads)


def needs(code: str) -> None:
    """Skip, and say so, where a library that the code imports is not there."""
    for name in ("torch", *LIBRARIES):
        if re.search(rf"^\s*(import|from) {name}\b", code, re.MULTILINE) and find_spec(name) is None:
            pytest.skip(f"{name} is not installed")


def commands(block: Block) -> list[str]:
    """The commands of a block, without comments."""
    joined = block.code.replace("\\\n", " ")
    lines = [line.split(" # ")[0].strip() for line in joined.splitlines() if not line.startswith("#")]
    return [part.strip() for line in lines for part in line.split(" && ") if part.strip()]


def left_out(story: Story) -> bool:
    """Whether a story begins with a command that is run elsewhere."""
    told = [command for block in story.blocks if block.language == "sh" for command in commands(block)]
    return bool(told) and told[0].startswith(tuple(ELSEWHERE))


HERE = [story for story in STORIES if not left_out(story)]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own, on reading a variable
@pytest.mark.usefixtures("one_core")
@pytest.mark.parametrize("story", HERE, ids=str)
def test_a_block_runs_as_it_stands(story, tmp_path, monkeypatch):
    """Alone in a fresh folder, or with what it continues."""
    needs(story.code)
    shell_is_there(story)
    ready(tmp_path, monkeypatch)
    with warnings.catch_warnings():
        if any(word in story.code for word in TRAINERS):
            warnings.simplefilter("ignore")
        run(story, tmp_path)


def shell_is_there(story: Story) -> None:
    """Skip, and say so, where commands cannot be run as they stand."""
    if any(block.language == "sh" for block in story.blocks) and (sys.platform == "win32" or not shutil.which("bash")):
        pytest.skip("no shell that reads these commands")


def ready(folder, monkeypatch):
    """A reader's folder: empty, and where Python looks first."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    monkeypatch.setattr(sys, "argv", ["example.py"])


@pytest.mark.exhaustive
@pytest.mark.parametrize("story", HERE, ids=str)
def test_a_block_runs_in_a_process_of_its_own(story, tmp_path):
    """As the test above, with nothing that another block has imported or set."""
    needs(story.code)
    shell_is_there(story)
    program = f"import sys, pathlib; sys.path.insert(0, {str(ROOT / 'tests' / 'handbook')!r}); import blocks\n"
    program += (
        f"story = next(s for s in blocks.stories(blocks.ROOT / {story.blocks[0].page!r}) if str(s) == {str(story)!r})\n"
    )
    program += "blocks.run(story, pathlib.Path.cwd())\n"
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.filterwarnings("ignore")  # the trainers' own, and those of old habits
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0].page}:{pair[0].line}")
def test_what_is_ported_has_the_same_rates(pair, tmp_path, monkeypatch):
    """The script before and the one after: the LR of every update is the same."""
    told = []
    for place, block in zip(("before", "after"), pair, strict=True):
        needs(block.code)
        folder = tmp_path / place
        folder.mkdir()
        ready(folder, monkeypatch)
        with rates_of(block.code) as rates:
            names = run(Story([block]), folder)
        if "import optax" in block.code:
            rates = [[float(names["schedule"](update))] for update in range(150)]
        told.append([rate for update in rates for rate in update])
    before, after = told
    assert len(before) == len(after) >= 10
    loose = any(word in pair[0].code for word in ("keras", "optax"))  # which compute in float32
    peak = max(before)
    assert after == pytest.approx(before, rel=1e-5 if loose else 1e-9, abs=peak * (1e-6 if loose else 1e-12))


OPTIONS = [c for s in STORIES for b in s.blocks if b.language == "sh" for c in commands(b) if c.startswith("lrlab ")]


@pytest.mark.parametrize("command", sorted(set(OPTIONS)))
def test_every_command_is_one_that_there_is(command):
    """Also where it is run elsewhere: its name, its options and their values are understood."""
    from lrlab.cli.main import main

    words = shlex.split(command)[1:]
    words = words[: next((i for i, word in enumerate(words) if word in ("|", ">", ">>")), len(words))]
    group, context = main, click.Context(main)
    while isinstance(group, click.Group) and words and not words[0].startswith("-"):
        found = group.get_command(context, words.pop(0))
        assert found is not None, command
        group = found
    group.make_context("lrlab", words, resilient_parsing=False)


def test_no_exception_outlives_its_command():
    """What is said to be run elsewhere is in a page."""
    told = [command for story in STORIES for block in story.blocks for command in commands(block)]
    for beginning in ELSEWHERE:
        assert any(command.startswith(beginning) for command in told), beginning


def test_a_block_that_continues_has_what_came_before(tmp_path):
    """The convention: names, files and the folder of the block above; a fresh folder without it."""
    page = tmp_path / "page.md"
    page.write_text(
        "```python\n# mine.py\nx = 1\n```\n\n```python\n# continues the block above\nassert x == 1\n```\n\n"
        "```sh\n# 接上一段代码\ntest -e mine.py\n```\n\n```text\nnot code\n```\n\n```sh\ntest ! -e mine.py\n```\n",
        encoding="utf-8",
    )
    told, alone = stories(page)
    assert [block.line for block in (*told.blocks, *alone.blocks)] == [1, 6, 11, 20]
    for story in (told, alone):
        folder = tmp_path / str(story.blocks[0].line)
        folder.mkdir()
        run(story, folder)
    with pytest.raises(AssertionError, match=r"page\.md:20"):
        run(alone, tmp_path / "1")


TRANSLATED = {"README.zh-CN.md": ("README.md",), "docs/zh/quickstart.md": ("quickstart.md", "coming-from-torch.md")}


def bare(code: str) -> str:
    """Code without its comments, which are translated."""
    return "\n".join(re.sub(r"\s*# .*", "", line) for line in code.splitlines())


@pytest.mark.parametrize("page", TRANSLATED)
def test_a_translation_has_the_code_of_the_original(page):
    """Block by block, in the README; every pair, in the quick start."""
    originals = [ROOT / name if name == "README.md" else ROOT / "docs" / name for name in TRANSLATED[page]]
    if page == "README.zh-CN.md":
        assert [bare(s.code) for s in stories(ROOT / page)] == [bare(s.code) for s in stories(originals[0])]
    told = [(before.code, after.code) for before, after in pairs(ROOT / page)]
    assert set(told) == {(before.code, after.code) for original in originals for before, after in pairs(original)}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_links_between_the_files_lead_somewhere(page):
    """On GitHub, too: but for the pages that the build of the handbook makes."""
    made = ("gallery/", "reference/")
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        address = link.partition("#")[0]
        if address and "://" not in address and not address.removeprefix("../").startswith(made):
            assert (page.parent / address).exists(), (page, link)
