"""What tests of several folders share: a browser, and the module `stored`, with runs as a store has them."""

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
