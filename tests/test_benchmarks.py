"""Every benchmark still runs: at its smallest size, which says nothing about its figures."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SCRIPTS = sorted(
    file.name
    for file in BENCHMARKS.glob("*.py")
    if "__main__" in file.read_text(encoding="utf-8") and not file.name.startswith("reliability_")  # its parts
)


def test_every_benchmark_is_described():
    """In the README beside them."""
    described = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    assert [name for name in SCRIPTS if name not in described] == []


@pytest.mark.usefixtures("one_core")
@pytest.mark.parametrize("name", SCRIPTS)
def test_the_smallest_size_runs(name, tmp_path):
    done = subprocess.run(
        [sys.executable, BENCHMARKS / name, "--size", "smallest"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout
