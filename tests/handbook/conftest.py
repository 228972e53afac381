"""The tests of the handbook share a module that reads its pages."""

import os
import sys
from pathlib import Path

# Of tensors this small, threads are more work than they do.
os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))
