"""The conditions under which training is repeatable to the last bit: random numbers, threads, deterministic kernels."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from lrlab.errors import LrlabError, worded

# They must be set in the environment before any library is loaded.
_THREADS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "PJRT_NPROC",  # JAX
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)
_BLAS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def environment(threads: int) -> dict[str, str]:
    """The environment variables of a process that trains with this number of threads.

    >>> environment(2)["OMP_NUM_THREADS"]
    '2'
    """
    return {
        **dict.fromkeys(_THREADS, str(threads)),
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "PYTHONHASHSEED": "0",  # the order of sets of texts
    }


def seed_of(seed: int, fold: int) -> int:
    """What the random numbers of a run are seeded with."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{fold}".encode()).digest()[:4])


@contextmanager
def seeded(seed: int, fold: int) -> Iterator[None]:
    """Seed the random numbers of Python, NumPy and, if loaded, PyTorch and TensorFlow, from seed and fold only.

    Raises `LrlabError` if PyTorch is first imported inside the context: it would not have been seeded.
    """
    number = seed_of(seed, fold)
    random.seed(number)
    np.random.seed(number)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(number)
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and hasattr(tensorflow, "random"):  # the module may be an empty placeholder
        tensorflow.random.set_seed(number)
    yield
    if torch is None and "torch" in sys.modules:
        raise LrlabError(
            worded(
                "torch was first imported while training, too late for its random numbers to be seeded",
                hint='import torch at the top of the file, or @task(needs=("torch",))',
            )
        )


@contextmanager
def pinned(threads: int, device: str) -> Iterator[None]:
    """Fix the threads of NumPy and, if loaded, of PyTorch, and use deterministic kernels on a GPU; undo it at the end.

    The last bits of a sum depend on the number of threads, and some kernels of a GPU differ from call to call.
    """
    with _threads_of_numpy(threads), _pinned_torch(threads, device):
        yield


def can_pin_numpy(threads: int) -> bool:
    """Whether NumPy can be held to this number of threads: it was started with it, or threadpoolctl is installed."""
    return _started_with(threads) or importlib.util.find_spec("threadpoolctl") is not None


def _started_with(threads: int) -> bool:
    return all(os.environ.get(name) == str(threads) for name in _BLAS)


@contextmanager
def _threads_of_numpy(threads: int) -> Iterator[None]:
    """Fix the threads of NumPy's matrix products; a worker has them fixed from its start."""
    if _started_with(threads) or not can_pin_numpy(threads):
        yield
        return
    import threadpoolctl

    with threadpoolctl.threadpool_limits(limits=threads, user_api="blas"):
        yield


@contextmanager
def _pinned_torch(threads: int, device: str) -> Iterator[None]:
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), torch.backends.cudnn.benchmark
    torch.set_num_threads(threads)
    if device != "cpu":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", environment(threads)["CUBLAS_WORKSPACE_CONFIG"])
        torch.use_deterministic_algorithms(True)
        torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1])
        torch.backends.cudnn.benchmark = before[2]
