"""The tests of the handbook share a module that reads its pages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
