"""Do the tests notice a change? Random single changes in the sources, one at a time, and which of them survive.

    python benchmarks/mutants.py [--count 20] [--seed 0] [--rooms core,record,analysis,lab] [--work FOLDER]

A change is one comparison (< for <=), operator (+ for -), `and` for `or`, `not` taken off, or a constant (n + 1, True
for False) in a copy of the repository. A change is met by the tests and the examples of its own file, and after them by
every test of these rooms that reaches its line, until the first failure: one run of all of them without a change tells
which these are. Killed: a test fails that passes without the change, or hangs. Survived: all of them passed.
`mutants_equivalent.toml` lists changes that change nothing, each with its reason; they do not run.

With `--work` the copy and what is known so far stay in that folder, and a second call goes on where the first stopped.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib.util
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from mutants_changes import Mutant, mutants_of
from mutants_reach import NO_CLASSES, WHOLE, Reach
from sizes import add_size

ROOT = Path(__file__).parents[1]
EQUIVALENT = Path(__file__).with_name("mutants_equivalent.toml")
ROOMS = "core,record,analysis,lab"
FROZEN = "tests/house/test_frozen.py::test_a_dataclass_is_frozen"  # reads every source
PATIENCE = 60, 5  # seconds that a run may always take, and how many times as long as without a change
MEMORY = 8 * 2**30  # bytes: a change may make a list that never ends


class Judge:
    """Says what becomes of a change, by the tests that reach it."""

    def __init__(self, work: Path) -> None:
        self.copy, self.source = work / "copy", work / "source"
        paths = os.pathsep.join([str(self.copy / "src"), str(Path(__file__).parent)])
        self.environment = {**os.environ, "PYTHONPATH": paths, "CI": "true"}  # hypothesis draws the same each time
        self.reach = Reach(work, self.environment)
        listed = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).get("equivalent", [])
        self.equivalent = {(entry["file"], entry["before"], entry["after"]) for entry in listed}

    def listed(self, mutant: Mutant) -> bool:
        """Whether a change is known to change nothing."""
        return (mutant.file, mutant.before, mutant.after) in self.equivalent

    def text(self, mutant: Mutant) -> str:
        """The source without the change."""
        return (self.source / mutant.file).read_text(encoding="utf-8")

    def by_its_own(self, mutant: Mutant) -> str:
        """The test of the file, the example in it, or the test of all files, that notices a change; "" where none."""
        place = Path(mutant.file)
        own = (Path("tests") / place.parent / f"test_{place.name}").as_posix()
        paths = [own] if (self.copy / own).exists() else []
        paths += [f"src/lrlab/{mutant.file}", f"{FROZEN}[{mutant.file}]"]
        self.reach.outcomes_of(paths)
        return self.failed(paths, mutant)

    def by_all(self, mutant: Mutant) -> str:
        """The first test, of those that reach the line, that notices a change; the quickest are asked first."""
        reaching = self.reach.of_lines(mutant.file, mutant.first, mutant.last)
        if mutant.on_import or "" in reaching:
            reaching |= self.reach.of_import(mutant.file)
        seconds = {test: took for test, (passed, took) in self.reach.outcomes.items() if passed}
        tests = sorted(reaching & seconds.keys(), key=lambda test: (seconds[test], test))
        failed = self.failed(tests, mutant) if tests else ""
        sure = failed in ("", "hangs") or not self.failed([failed])  # asked once more: it may fail by chance
        return failed if sure else "?"

    def failed(self, tests: list[str], mutant: Mutant | None = None) -> str:
        """The first of the tests that fails with a change; "hangs" where they do not end, and "" where none fails."""
        known = self.reach.outcomes
        failing = [test for test, (passed, _) in known.items() if not passed and test not in tests]
        chosen = set(tests)
        took = sum(seconds for test, (_, seconds) in known.items() if {test, test.partition("::")[0]} & chosen)
        arguments = [*tests, *(f"--deselect={test}" for test in failing)]
        with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False, encoding="utf-8") as listed:
            listed.write("\n".join(arguments))
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", WHOLE, *NO_CLASSES]
        command.append(f"@{listed.name}")
        try:
            with self.applied(mutant):
                code, printed = run_bounded(command, self.copy, self.environment, PATIENCE[0] + PATIENCE[1] * took)
        except subprocess.TimeoutExpired:
            return "hangs"
        finally:
            os.unlink(listed.name)
        if code in (0, 5):
            return ""
        named = re.findall(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", printed, re.MULTILINE)
        return named[0] if named else tests[0]

    @contextlib.contextmanager
    def applied(self, mutant: Mutant | None) -> Iterator[None]:
        """The copy with the change in it."""
        if mutant is None:
            yield
            return
        path, text = self.reach.source / mutant.file, self.text(mutant)
        _write(path, mutant.applied(text))
        try:
            yield
        finally:
            _write(path, text)


def run_bounded(command: list[str], folder: Path, environment: dict[str, str], seconds: float) -> tuple[int, str]:
    """The exit code and what was printed. After these seconds the process ends, with all that it started."""
    bounded = {} if os.name == "nt" else {"start_new_session": True, "preexec_fn": _bound_memory}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, text=True, encoding="utf-8", errors="replace",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **bounded,
    )  # fmt: skip
    try:
        printed, _ = process.communicate(timeout=seconds)
    finally:
        if os.name == "nt":
            process.kill()
        else:
            with contextlib.suppress(ProcessLookupError):  # nothing is left of it
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, printed


def _bound_memory() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


def _write(path: Path, text: str) -> None:
    """Write a source, and forget what is compiled of it: its time may be that of the last change."""
    path.write_text(text, encoding="utf-8")
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)


def _copied(work: Path) -> None:
    """The repository as it is now, unless the folder has one already; its sources without what an end left in them."""
    ignored = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", "lrlab-*")
    if not (work / "source").exists():
        shutil.copytree(ROOT, work / "copy", ignore=ignored, dirs_exist_ok=True)
        shutil.copytree(ROOT / "src" / "lrlab", work / "half", ignore=ignored, dirs_exist_ok=True)
        (work / "half").rename(work / "source")
    shutil.copytree(work / "source", work / "copy" / "src" / "lrlab", dirs_exist_ok=True)


def _drawn(source: Path, rooms: list[str], count: int, seed: int) -> list[Mutant]:
    """Random changes of all files, of which each is valid Python."""
    files = sorted(file for room in rooms for file in (source / room).rglob("*.py"))
    texts = {file.relative_to(source).as_posix(): file.read_text(encoding="utf-8") for file in files}
    every = [mutant for file, text in texts.items() for mutant in mutants_of(file, text)]
    random.Random(seed).shuffle(every)
    print(f"{len(every)} possible changes", flush=True)
    return list(islice((mutant for mutant in every if _valid(mutant.applied(texts[mutant.file]))), count))


def _valid(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def main() -> None:
    """Make the changes, and print what became of each."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--count", type=int, default=20)
    options.add_argument("--rooms", default=ROOMS, help="folders of src/lrlab, and of the tests")
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--work", type=Path, help="a folder to go on in")
    add_size(options)
    given = options.parse_args()
    if given.size == "smallest":
        given.count, given.rooms, given.seed = 2, "core/time", 3
    with tempfile.TemporaryDirectory() as temporary:
        work = (given.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        _copied(work)
        judge, rooms = Judge(work), given.rooms.split(",")
        fates = Fates(work / "fates.jsonl")
        drawn = _drawn(judge.source, rooms, given.count, given.seed)
        own = judge.by_its_own if given.size == "full" else lambda _: ""  # the smallest goes the long way
        for mutant in drawn:
            if mutant not in fates:
                fates.add(mutant, "equivalent" if judge.listed(mutant) else _fate(own(mutant), "left"))
        print(f"{sum(fates[mutant] == 'left' for mutant in drawn)} are left for the tests of other files", flush=True)
        for mutant in drawn:
            if fates[mutant] == "left":
                judge.reach.record(rooms)
                fates.add(mutant, _fate(judge.by_all(mutant), "SURVIVED"))
    _tell({mutant: fates[mutant] for mutant in drawn})


def _fate(test: str, otherwise: str) -> str:
    return {"": otherwise, "?": "unclear", "hangs": "killed: it hangs"}.get(test, f"killed by {test}")


class Fates:
    """What became of each change, in a file that is read again."""

    def __init__(self, file: Path) -> None:
        self.file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.known = {tuple(entry["change"]): entry["fate"] for entry in map(json.loads, lines)}

    def __contains__(self, mutant: Mutant) -> bool:
        return mutant.change in self.known

    def __getitem__(self, mutant: Mutant) -> str:
        return self.known[mutant.change]

    def add(self, mutant: Mutant, fate: str) -> None:
        """Write it down, and print it."""
        self.known[mutant.change] = fate
        with self.file.open("a", encoding="utf-8") as file:
            print(json.dumps({"change": mutant.change, "fate": fate}), file=file)
        print(f"{mutant}  {fate}", flush=True)


def _tell(fates: dict[Mutant, str]) -> None:
    """The figures, and each change that no test noticed."""
    count = Counter(fate.split()[0].rstrip(":") for fate in fates.values())
    judged = count["killed"] + count["SURVIVED"]
    print(f"\n{count['killed']} of {judged} killed ({count['killed'] / max(judged, 1):.1%}), ", end="")
    print(f"{count['SURVIVED']} survived; {count['equivalent']} equivalent, {count['unclear']} unclear")
    for mutant, fate in fates.items():
        if fate == "SURVIVED":
            print(f"  {mutant}")


if __name__ == "__main__":
    main()
