"""What a process brings beside code."""

import os
import subprocess
import sys

import numpy as np
import pytest

from lrlab.lab.identity.environment import order_of_sets, switches, variables


def test_variables_that_the_code_names(monkeypatch):
    """Those that are set; not those that the lab sets for its workers."""
    monkeypatch.setenv("WIDTH_", "8")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert variables(["WIDTH_", "OMP_NUM_THREADS", "not set", "PYTHONHASHSEED"]) == {"WIDTH_": "8"}


def test_switches_that_were_set():
    """Nothing, where all stand as at the start."""
    torch = pytest.importorskip("torch")
    before = switches()
    torch.set_default_dtype(torch.float64)
    try:
        assert {*switches()} - {*before} == {"torch default dtype"}
    finally:
        torch.set_default_dtype(torch.float32)
    with np.errstate(all="raise"):
        assert "numpy errors" in switches()
    assert switches() == before


def test_the_order_of_sets():
    """Pinned is 0; else each seed has its own."""

    def of(seed):
        code = "from lrlab.lab.identity.environment import order_of_sets; print(order_of_sets())"
        given = {"env": {**os.environ, "PYTHONHASHSEED": seed}, "capture_output": True, "text": True, "check": True}
        return subprocess.run([sys.executable, "-c", code], **given).stdout.strip()

    assert of("0") == "0"
    assert of("1") == of("1") != of("2")
    assert order_of_sets() == order_of_sets()
