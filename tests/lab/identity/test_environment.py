"""What a process brings beside code."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from lrlab.lab.identity import environment
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


def stand_ins(**changed):
    """Modules that stand for JAX and Keras, with switches as they are at the start, but for those that are changed."""
    usual = {
        "jax_enable_x64": False,
        "jax_default_matmul_precision": None,
        "jax_default_prng_impl": "threefry2x32",
        "jax_disable_jit": False,
        "floatx": "float32",
        "epsilon": 1e-7,
    } | changed
    keras = SimpleNamespace(floatx=lambda: usual["floatx"], epsilon=lambda: usual["epsilon"])
    return {"jax": SimpleNamespace(config=SimpleNamespace(**usual)), "keras": SimpleNamespace(config=keras)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("jax_enable_x64", True),
        ("jax_default_matmul_precision", "float32"),
        ("jax_default_prng_impl", "rbg"),
        ("jax_disable_jit", True),
        ("floatx", "float16"),
        ("epsilon", 1e-3),
    ],
)
def test_switches_of_jax_and_keras(monkeypatch, name, value):
    """Each where it stands otherwise than at the start; an empty stand-in of a library has none."""
    for empty in ("torch", "jax", "keras"):
        monkeypatch.setitem(sys.modules, empty, SimpleNamespace())
    assert switches() == {}
    for library, module in stand_ins().items():
        monkeypatch.setitem(sys.modules, library, module)
    assert switches() == {}
    for library, module in stand_ins(**{name: value}).items():
        monkeypatch.setitem(sys.modules, library, module)
    assert switches() == {name if name.startswith("jax") else f"keras {name}": str(value)}
    for missing in ("torch", "jax", "keras"):
        monkeypatch.delitem(sys.modules, missing)
    assert switches() == {}


def test_the_order_of_sets_is_told_by_sixteen_digits(monkeypatch):
    """Of the hash of a text, in 64 bits."""
    monkeypatch.setattr(environment, "sys", SimpleNamespace(flags=SimpleNamespace(hash_randomization=1)))
    for found, told in ((-1, "f" * 16), (1, "0" * 15 + "1"), (-(2**63), "8" + "0" * 15)):
        monkeypatch.setattr(environment, "hash", lambda text, found=found: found, raising=False)
        assert order_of_sets() == told
