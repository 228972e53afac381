"""The command as a shell runs it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def lrlab() -> Command:
    """Run the command in a process of its own."""

    def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-W", "error", "-m", "lrlab", *arguments]
        return subprocess.run(line, cwd=cwd, capture_output=True, text=True, timeout=120)

    return run
