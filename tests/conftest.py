"""What tests of several folders share: a browser, and the module `stored`, with runs as a store has them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="session")
def browse(tmp_path_factory):
    """A function: what a browser makes of a page within some milliseconds, its document in `stdout`."""
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")

    def dumped(page, *flags, wait=5000):
        profile = tmp_path_factory.mktemp("profile")
        asked = [*FLAGS, *flags, f"--virtual-time-budget={wait}", "--dump-dom", f"--user-data-dir={profile}"]
        try:
            command = [CHROMIUM, *asked, f"file://{page}"]
            return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        finally:
            shutil.rmtree(profile, ignore_errors=True)

    return dumped


@pytest.fixture(scope="module")
def one_core():
    """One core for this process and for those that it starts, and so one worker: each loads PyTorch for seconds."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = os.sched_getaffinity(0)
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])  # another one for each process of pytest-xdist
    os.sched_setaffinity(0, {sorted(cores)[number % len(cores)]})
    yield
    os.sched_setaffinity(0, cores)
