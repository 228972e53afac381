"""One loss for all processes: their mean, the same on each."""

import math
import subprocess
import sys

import pytest

from lrlab.lab.training.ranks import mean_of_ranks

pytest.importorskip("torch")

WORKER = """
import math, sys, torch
from lrlab.lab.training.ranks import mean_of_ranks
rank = int(sys.argv[2])
torch.distributed.init_process_group("gloo", init_method="file://" + sys.argv[1], rank=rank, world_size=2)
print(mean_of_ranks(float(rank)), mean_of_ranks(math.nan if rank else 1.0))
torch.distributed.destroy_process_group()
"""


def test_alone_it_is_the_number_itself():
    assert mean_of_ranks(0.25) == 0.25


def test_two_processes_hear_the_same(tmp_path):
    """The mean; and NaN of one is NaN on both."""
    line = [sys.executable, "-c", WORKER, str(tmp_path / "meet")]
    workers = [subprocess.Popen([*line, rank], stdout=subprocess.PIPE, text=True) for rank in "01"]
    for worker in workers:
        mean, broken = map(float, worker.communicate(timeout=240)[0].split())
        assert mean == 0.5
        assert math.isnan(broken)
