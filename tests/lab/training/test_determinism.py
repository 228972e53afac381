"""What makes training repeatable: seeds that reach every library, and threads that are pinned."""

import contextlib
import hashlib
import importlib.util
import random
import sys
from types import SimpleNamespace

import pytest

from lrlab.errors import LrlabError
from lrlab.lab.training.determinism import can_pin_numpy, environment, pinned, seeded


def test_seeding_reaches_numpy_and_torch():
    """Where they are loaded: equal seed and fold, equal numbers; else different ones."""
    numpy, torch = pytest.importorskip("numpy"), pytest.importorskip("torch")

    def draw(seed, fold):
        with seeded(seed, fold):
            return random.random(), float(numpy.random.random()), float(torch.rand(()))

    assert draw(0, 1) == draw(0, 1)
    for other in ((0, 2), (1, 1), (1, 0)):
        assert not set(draw(0, 1)) & set(draw(*other))


def test_torch_that_comes_too_late_to_be_seeded_is_named(monkeypatch):
    """Imported first inside the training function: the first run would not be repeatable."""
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with pytest.raises(LrlabError, match=r"(?s)first imported while training.*at the top"), seeded(0, 0):
        monkeypatch.setitem(sys.modules, "torch", object())


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_pinned_and_put_back(threads):
    """Sums differ in the last bits with the number of threads: it is part of the recipe."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    with pinned(threads, "cpu"):
        assert torch.get_num_threads() == threads
        assert not torch.are_deterministic_algorithms_enabled()
    assert torch.get_num_threads() == before
    assert environment(threads)["OMP_NUM_THREADS"] == str(threads)


def test_a_gpu_has_to_be_deterministic():
    """Only within, and only there."""
    torch = pytest.importorskip("torch")
    with pinned(1, "cuda"):
        assert torch.are_deterministic_algorithms_enabled()
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("stand_in", [True, False])
def test_tensorflow_is_seeded_where_it_is_there(monkeypatch, stand_in):
    """By the same number as the others; an empty stand-in of its name is passed over."""
    seeds = []
    generators = SimpleNamespace(set_seed=seeds.append)
    monkeypatch.setitem(
        sys.modules, "tensorflow", SimpleNamespace() if stand_in else SimpleNamespace(random=generators)
    )
    with seeded(3, 2):
        pass
    number = int.from_bytes(hashlib.sha256(b"3/2").digest()[:4])
    assert seeds == ([] if stand_in else [number])
    monkeypatch.delitem(sys.modules, "tensorflow")
    with seeded(3, 2):
        pass
    assert len(seeds) == (0 if stand_in else 1)


BLAS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@pytest.mark.parametrize("installed", [True, False])
@pytest.mark.parametrize("started", ["2", "1", None])
def test_numpys_threads_are_pinned_by_the_start_or_by_threadpoolctl(monkeypatch, installed, started):
    """Where a process was started with so many, all is done; else only with that library."""
    limits = []

    @contextlib.contextmanager
    def limited(**how):
        limits.append(how)
        yield

    monkeypatch.setitem(sys.modules, "threadpoolctl", SimpleNamespace(threadpool_limits=limited))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if installed else None)
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in BLAS:
        monkeypatch.delenv(name, raising=False)
        if started:
            monkeypatch.setenv(name, started)
    assert can_pin_numpy(2) == (installed or started == "2")
    with pinned(2, "cpu"):
        pass
    assert limits == ([{"limits": 2, "user_api": "blas"}] if installed and started != "2" else [])
    monkeypatch.setenv(BLAS[0], "3")
    assert can_pin_numpy(2) == installed  # all of them count


@pytest.mark.parametrize(("deterministic", "benchmark"), [(True, False), (False, True)])
def test_what_a_gpu_needs_is_put_back(monkeypatch, deterministic, benchmark):
    """Each as it was; within, kernels are deterministic and not chosen by a race."""
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", benchmark)
    torch.use_deterministic_algorithms(deterministic)
    try:
        with pinned(1, "cuda"):
            assert (torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark) == (True, False)
        assert torch.are_deterministic_algorithms_enabled() == deterministic
        assert torch.backends.cudnn.benchmark == benchmark
    finally:
        torch.use_deterministic_algorithms(False)
