"""A snapshot: the whole state that a training continues from, as plain JSON and tensors; exact, never pickled.

A state is a tree of dictionaries, lists, tuples, numbers, texts, arrays and tensors. Arrays and tensors go into one
file in the safetensors format, which has the same bytes for the same content. All else goes into JSON, which keeps
every bit of a float. Therefore the hash of the two identifies the state.
"""

from __future__ import annotations

import random
import sys
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lrlab.errors import LrlabTypeError, missing, worded
from lrlab.lab.training.determinism import seed_of
from lrlab.record.runs.states import fingerprint

_PLAIN = (str, int, float, bool, type(None))
_KEY = "$"  # marks types that JSON does not have


@dataclass(frozen=True)
class TrainingSnapshot:
    """Plain JSON values that refer to arrays by number, and the bytes of these arrays."""

    plain: Any
    tensors: bytes

    @property
    def fingerprint(self) -> str:
        """The SHA-256 (hex) of the content."""
        return fingerprint(self.plain, self.tensors)


def taken(state: Any, what: str) -> TrainingSnapshot:
    """The snapshot of a state. Raises `LrlabTypeError`, naming `what`, for a value that could only be pickled.

    >>> snapshot = taken({"step": 3, "momentum": np.arange(2.0)}, "the optimizer")
    >>> restored(snapshot)
    {'step': 3, 'momentum': array([0., 1.])}
    """
    arrays: dict[str, Any] = {}
    plain = _encoded(state, arrays, what)
    return TrainingSnapshot(plain, _safetensors().save(arrays) if arrays else b"")


def restored(snapshot: TrainingSnapshot) -> Any:
    """The state of a snapshot; every array and tensor is a new one."""
    arrays = _safetensors().load(snapshot.tensors) if snapshot.tensors else {}
    return _decoded(snapshot.plain, arrays)


def digest(value: Any) -> str | None:
    """The fingerprint of a value such as a batch, or None if it cannot be stored in a snapshot."""
    try:
        return taken(value, "the batch").fingerprint
    except LrlabTypeError:
        return None


def random_state() -> dict[str, Any]:
    """The state of the random numbers of Python, NumPy and, if loaded, PyTorch (with every GPU in use) and Keras."""
    state: dict[str, Any] = {"python": random.getstate(), "numpy": np.random.get_state()}
    torch = sys.modules.get("torch")
    if torch is not None:
        state["torch"] = torch.get_rng_state()
        if torch.cuda.is_initialized():
            state["cuda"] = torch.cuda.get_rng_state_all()
    keras = sys.modules.get("keras")
    if keras is not None and hasattr(keras, "random") and (seeds := _seeds_of_keras(keras)) is not None:
        state["keras"] = seeds
    return state


def drawn_state(seed: int, fold: int) -> dict[str, Any]:
    """The state of the random numbers of a run, without those of PyTorch where none was drawn since they were seeded.

    It is then the same in a process that has not loaded PyTorch, and a training goes on in either.
    """
    state, torch, number = random_state(), sys.modules.get("torch"), seed_of(seed, fold)
    if torch is not None and torch.initial_seed() == number and "cuda" not in state:
        fresh = torch.Generator().manual_seed(number).get_state()
        if torch.equal(state["torch"], fresh):
            del state["torch"]
    return state


def _seeds_of_keras(keras: Any) -> Any:
    """The state of Keras' default generator; None if it has not been created yet."""
    generator = keras.src.backend.common.global_state.get_global_attribute("global_seed_generator")
    return None if generator is None else np.array(keras.ops.convert_to_numpy(generator.state.value))


def set_random_state(state: Mapping[str, Any]) -> None:
    """Set the random numbers to a state that `random_state` returned."""
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    if "torch" in state:
        torch = sys.modules["torch"]
        torch.set_rng_state(state["torch"])
        if "cuda" in state:
            torch.cuda.set_rng_state_all(state["cuda"])
    if state.get("keras") is not None:
        sys.modules["keras"].src.random.seed_generator.global_seed_generator().state.assign(state["keras"])


def load_into(target: Any, state: Any) -> None:
    """Load a state into the object that it was taken from, or into a similar one."""
    if isinstance(state, dict) and hasattr(now := target.state_dict(), "_metadata"):
        state = OrderedDict(state)
        state._metadata = now._metadata  # PyTorch's modules read their versions there
    target.load_state_dict(state)


def _encoded(value: Any, arrays: dict[str, Any], what: str) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        if all(type(key) is str and not key.startswith(_KEY) for key in value):
            return {key: _encoded(item, arrays, what) for key, item in value.items()}
        pairs = [[_encoded(key, arrays, what), _encoded(item, arrays, what)] for key, item in value.items()]
        return {_KEY + "dict": pairs}
    if isinstance(value, list):
        return [_encoded(item, arrays, what) for item in value]
    if isinstance(value, tuple):
        return {_KEY + "tuple": [_encoded(item, arrays, what) for item in value]}
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biuf":
        kind = "array" if isinstance(value, np.ndarray) else "scalar"
        return {_KEY + kind: _kept(np.asarray(value), arrays)}
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return _encoded_tensor(torch, value, arrays)
    raise LrlabTypeError(
        worded(
            f"the state of {what} holds something that cannot be stored without pickling it",
            type(value).__name__,
            "numbers, texts, tensors, arrays, and dictionaries, lists and tuples of these",
            "leave it out of state_dict(), or put it into one of these",
        )
    )


def _encoded_tensor(torch: Any, value: Any, arrays: dict[str, Any]) -> dict[str, Any]:
    held = value.detach().cpu().contiguous()
    found: dict[str, Any] = {_KEY + "tensor": ""}
    if held.dtype in _as_numpy(torch):
        array = held.numpy()
    else:  # NumPy lacks the type (bfloat16, 8-bit floats) or the format lacks it (complex): the bytes are kept
        found |= {"dtype": str(held.dtype).removeprefix("torch."), "shape": list(held.shape)}
        array = held.reshape(-1).view(torch.uint8).numpy()
    found[_KEY + "tensor"] = _kept(array, arrays)
    if value.device.type != "cpu":
        found["device"] = str(value.device)
    return found


def _as_numpy(torch: Any) -> tuple[Any, ...]:
    whole = (torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
    return (*whole, torch.float16, torch.float32, torch.float64)


def _kept(array: Any, arrays: dict[str, Any]) -> str:
    name = f"{len(arrays):06d}"
    arrays[name] = np.ascontiguousarray(array).reshape(array.shape)
    return name


def _decoded(value: Any, arrays: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_decoded(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if _KEY + "dict" in value:
        return {_decoded(key, arrays): _decoded(item, arrays) for key, item in value[_KEY + "dict"]}
    if _KEY + "tuple" in value:
        return tuple(_decoded(item, arrays) for item in value[_KEY + "tuple"])
    if _KEY + "array" in value:
        return _writable(arrays[value[_KEY + "array"]])
    if _KEY + "scalar" in value:
        return arrays[value[_KEY + "scalar"]][()]
    if _KEY + "tensor" in value:
        import torch

        tensor = torch.from_numpy(_writable(arrays[value[_KEY + "tensor"]]))
        if "dtype" in value:
            tensor = tensor.view(getattr(torch, value["dtype"])).reshape(value["shape"])
        return tensor.to(value["device"]) if "device" in value else tensor
    return {key: _decoded(item, arrays) for key, item in value.items()}


def _writable(array: Any) -> Any:
    """An array that has just been read, copied only if its library returned a read-only view."""
    return np.require(array, requirements="W")


def _safetensors() -> Any:
    try:
        import safetensors.numpy
    except ModuleNotFoundError:
        raise missing("safetensors", "lab", "training with lrlab") from None
    return safetensors.numpy
