"""The versions of what a task computes with: Python, the libraries that it names and those that these need, and the
switches by which Keras and JAX choose how they compute. Read from the installation; no library is imported."""

from __future__ import annotations

import functools
import importlib.metadata
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from lrlab.record.runs.run import CONTENT

KEY = 2  # of how a run is identified; a part of every key
_ALWAYS = ("lrlab", "numpy", "torch", "jax", "jaxlib", "keras", "tensorflow")
SWITCHES = ("KERAS_BACKEND", "JAX_ENABLE_X64", "JAX_DEFAULT_MATMUL_PRECISION", "JAX_DEFAULT_PRNG_IMPL")
# What Keras computes with, and writes into its file when it is imported first, where nobody has chosen otherwise.
_KERAS = {"backend": "tensorflow", "floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}


def versions(libraries: Iterable[str] = ()) -> dict[str, str]:
    """What the numbers depend on besides the code; `libraries` are the packages that the task names.

    >>> {"python", "record", "numpy", "optax"} <= set(versions(["optax"]))
    True
    """
    found = {name: os.environ[name] for name in SWITCHES if name in os.environ}
    return {**_installed(frozenset(libraries)), **found, **_keras()}


@functools.lru_cache(maxsize=64)
def _installed(libraries: frozenset[str]) -> Mapping[str, str]:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = {"python": python, "record": str(CONTENT), "key": str(KEY)}
    waiting = [*_ALWAYS, *sorted(name for each in libraries for name in _distributions(each))]
    done: set[str] = set()
    while waiting:
        name = _normal(waiting.pop())
        if name not in done:
            done.add(name)
            version, needs = _distribution(name)
            if version:
                found[name] = version
                waiting += needs if name not in _ALWAYS or name in libraries else ()
    return found


@functools.lru_cache(maxsize=1024)
def _distribution(name: str) -> tuple[str, tuple[str, ...]]:
    """The version of a distribution, and what it needs always; without a version if it is not installed."""
    try:
        found = importlib.metadata.distribution(name)
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return "", ()
    needs = [line for line in found.requires or () if "extra ==" not in line]
    names = [re.match(r"[\w.-]+", line) for line in needs]
    return found.version or "", tuple(match.group() for match in names if match)


def _distributions(package: str) -> tuple[str, ...]:
    """The distributions that an imported package belongs to: usually one of the same name."""
    if _distribution(_normal(package))[0]:
        return (package,)
    return tuple(_packages().get(package, ()))


@functools.lru_cache(maxsize=1)
def _packages() -> Mapping[str, Iterable[str]]:
    return importlib.metadata.packages_distributions()


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _keras() -> dict[str, str]:
    """What keras.json chooses; the back end only where no variable does, as Keras reads it."""
    folder = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    said: object = None
    with suppress(OSError, ValueError):
        said = json.loads((Path(folder) / "keras.json").read_text(encoding="utf-8"))
    if not isinstance(said, dict):
        return {}
    found = {f"keras.json {name}": str(said[name]) for name, usual in _KERAS.items() if said.get(name, usual) != usual}
    if "KERAS_BACKEND" in os.environ:
        found.pop("keras.json backend", None)
    return found
