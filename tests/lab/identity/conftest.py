"""The programs lie beside the tests that draw them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
collect_ignore_glob = ["programs.py"]
