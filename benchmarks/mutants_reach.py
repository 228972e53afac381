"""Which tests reach which line: recorded once by coverage, with the name of the test beside each line.

As a plugin of pytest (`-p mutants_reach`) it tells coverage which test runs, and writes down how each of them ended.
Processes that a test starts are recorded as that test's, by the name that pytest leaves in their environment.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from functools import cache, cached_property
from pathlib import Path

import coverage
import pytest

OUTCOMES: dict[str, tuple[bool, float]] = {}  # of each test: whether it passed, and seconds
WHOLE = "lrlab.core.text.parse"  # imported first: pytest takes the examples of a file alone from a whole package only
NO_CLASSES = ["-W", "ignore::pytest.PytestCollectionWarning"]  # a source with a class Tested has no tests in it
SETTINGS = """[run]
source = {source}
data_file = {data}
parallel = true
concurrency = multiprocessing, thread
patch = subprocess, _exit
context = ${{PYTEST_CURRENT_TEST-}}
disable_warnings = no-data-collected, module-not-imported, module-not-measured, already-imported, trace-changed
"""


def pytest_runtest_logstart(nodeid: str) -> None:
    """What runs from here on is this test's."""
    if recording := coverage.Coverage.current():
        recording.switch_context(nodeid)


def pytest_runtest_logfinish(nodeid: str) -> None:
    """What runs between two tests is nobody's."""
    if recording := coverage.Coverage.current():
        recording.switch_context("")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test passes where its three parts do."""
    passed, seconds = OUTCOMES.get(report.nodeid, (True, 0.0))
    OUTCOMES[report.nodeid] = (passed and not report.failed, seconds + report.duration)


def pytest_sessionfinish() -> None:
    """Into the file that LRLAB_MUTANTS_OUTCOMES names."""
    Path(os.environ["LRLAB_MUTANTS_OUTCOMES"]).write_text(json.dumps(OUTCOMES), encoding="utf-8")


class Reach:
    """What is recorded in a folder of work, about the copy of the repository in it."""

    def __init__(self, work: Path, environment: dict[str, str]) -> None:
        self.copy, self.folder = work / "copy", work / "reach"
        self.source = self.copy / "src" / "lrlab"
        self.environment = environment
        self.outcomes: dict[str, tuple[bool, float]] = {}  # of each test: whether it passes unchanged, in which time
        self.folder.mkdir(exist_ok=True)
        for ended in sorted(self.folder.glob("*.json")):
            self._read(ended)

    def record(self, rooms: Iterable[str]) -> None:
        """Run the tests of these rooms once, folder by folder, as far as that is not done."""
        settings = self.folder / "coveragerc"
        settings.write_text(SETTINGS.format(source=self.source, data=self.folder / "data"), encoding="utf-8")
        places = [self.copy / "src" / "lrlab" / room for room in rooms]  # the examples
        places += sorted(path for room in rooms for path in (self.copy / "tests" / room).iterdir())
        for path in places:
            if path.is_dir() or path.match("test_*.py"):
                run = ["coverage", "run", f"--rcfile={settings}", "-m"]
                self.outcomes_of([path.relative_to(self.copy).as_posix()], run)
        if any(self.folder.glob("data.*")):
            combine = [sys.executable, "-m", "coverage", "combine", "-q", "--append", f"--rcfile={settings}"]
            subprocess.run(combine, cwd=self.copy, env=self.environment, check=True)

    def outcomes_of(self, paths: Sequence[str], run: Sequence[str] = ()) -> None:
        """How the tests of files or folders end without a change: they run once, unless that is known."""
        ended = self.folder / f"{'reach' if run else 'own'}_{paths[0].replace('/', '_')}.json"
        known = {test.partition("::")[0] for test in self.outcomes}
        if not ended.exists() and (run or not known.intersection(paths)):
            command = [sys.executable, "-m", *run, "pytest", "-q", "-p", "no:cacheprovider"]
            command += ["-p", WHOLE, "-p", "mutants_reach", *NO_CLASSES, *paths]
            environment = {**self.environment, "LRLAB_MUTANTS_OUTCOMES": str(ended)}
            subprocess.run(command, cwd=self.copy, env=environment, stdout=subprocess.DEVNULL)
            self._read(ended)

    def _read(self, ended: Path) -> None:
        for test, (passed, seconds) in json.loads(ended.read_text(encoding="utf-8")).items():
            self.outcomes[test] = (passed and self.outcomes.get(test, (True, 0.0))[0], seconds)

    @cached_property
    def data(self) -> coverage.CoverageData:
        """What coverage recorded."""
        data = coverage.CoverageData(self.folder / "data")
        data.read()
        return data

    @cache  # noqa: B019 - there is one for each process
    def lines(self, file: str) -> dict[int, set[str]]:
        """Of each line of a file: the tests that reach it; "" where it runs outside of tests, as on import."""
        contexts = self.data.contexts_by_lineno(str(self.source / file))
        return {line: {_test(context) for context in found} for line, found in contexts.items()}

    def of_lines(self, file: str, first: int, last: int) -> set[str]:
        """The tests that reach one of these lines."""
        lines = self.lines(file)
        return set().union(*(lines.get(line, ()) for line in range(first, last + 1)))

    def of_import(self, file: str) -> set[str]:
        """The tests that reach a function of the file, or of one that imports it."""
        found: set[str] = set()
        for reader in [file, *_importers(self.source)[file]]:
            found |= set().union(*self.lines(reader).values())
        return found


def _test(context: str) -> str:
    """The test of a context: "tests/a.py::test_b (call)" is what a process that it started records."""
    test = context.partition("|")[0]
    return test.rpartition(" (")[0] if test.endswith((" (setup)", " (call)", " (teardown)")) else test


@cache
def _importers(source: Path) -> dict[str, list[str]]:
    """Of each file: the files that import it by its name."""
    files = [path.relative_to(source).as_posix() for path in sorted(source.rglob("*.py"))]
    importers: dict[str, list[str]] = {file: [] for file in files}
    for file in files:
        for node in ast.walk(ast.parse((source / file).read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{name}" for name in names)]
            for name in names:
                imported = f"{name.removeprefix('lrlab.').replace('.', '/')}.py"
                if imported in importers and file not in importers[imported]:
                    importers[imported].append(file)
    return importers
