"""Arrays, tensors and random generators of other libraries, handled without importing these libraries."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from lrlab.errors import LrlabTypeError, worded

_NUMPYS = (np.random.Generator, np.random.BitGenerator, np.random.RandomState)


def digest_of(content: bytes) -> str:
    """A short digest of some bytes."""
    return hashlib.blake2b(content, digest_size=8).hexdigest()


def of_torch(kind: type, name: str) -> bool:
    """Whether a type is, or inherits from, the PyTorch type with this name; False if PyTorch is not loaded.

    >>> of_torch(int, "nn.Module")
    False
    """
    found: Any = sys.modules.get("torch")
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is not None and issubclass(kind, found)


def is_array(kind: type) -> bool:
    """Whether it is an array type of another library that NumPy can read: of JAX, TensorFlow, Keras or pandas."""
    return all(hasattr(kind, name) for name in ("dtype", "shape", "__array__"))


def as_numpy(value: Any) -> Any:
    """An array of another library as a NumPy array; of a JAX key, its data."""
    jax = sys.modules.get("jax")
    if jax is not None and isinstance(value, jax.Array) and jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key):
        value = jax.random.key_data(value)
    return np.asarray(value)


def array_digest(array: Any) -> str:
    """The digest of a NumPy array; for a long one, from the sums of its rows and columns, which is fast."""
    whole = np.ascontiguousarray(array)
    raw = whole.reshape(-1).view(np.uint8)
    head = f"{whole.dtype} {list(np.shape(array))}"
    if raw.nbytes <= 2**16:
        return f"{head} {digest_of(raw.tobytes())}"
    cut = raw.nbytes // 2**15 * 2**15
    words = raw[:cut].view(np.uint64).reshape(-1, 2**12)
    sums = np.add.reduce(words, axis=1), np.bitwise_xor.reduce(words, axis=0)
    return f"{head} {digest_of(b''.join(part.tobytes() for part in sums) + raw[cut:].tobytes())}"


def tensor_digest(value: Any) -> str:
    """The digest of a PyTorch tensor of any type on any device."""
    torch = sys.modules["torch"]
    if value.layout != torch.strided:
        value = value.detach().coalesce()
        return f"sparse {tensor_digest(value.indices())} {tensor_digest(value.values())}"
    held = value.detach().resolve_conj().resolve_neg().cpu().contiguous()
    name = str(value.dtype).removeprefix("torch.")
    return f"{name} {list(value.shape)} {array_digest(held.reshape(-1).view(torch.uint8).numpy())}"


def is_random(kind: type) -> bool:
    """Whether it is a random number generator of Python, NumPy or PyTorch with a readable state."""
    return issubclass(kind, (random.Random, *_NUMPYS)) or of_torch(kind, "Generator")


def random_state_of(value: Any) -> Any:
    """The state of a random number generator."""
    if isinstance(value, random.Random):
        return value.getstate()
    if isinstance(value, np.random.Generator):
        return value.bit_generator.state
    return value.state if isinstance(value, np.random.BitGenerator) else value.get_state()


def set_random_state_of(value: Any, state: Any) -> None:
    """Restore the state of a random number generator."""
    if isinstance(value, random.Random):
        value.setstate(state)
    elif isinstance(value, np.random.Generator):
        value.bit_generator.state = state
    elif isinstance(value, np.random.BitGenerator):
        value.state = state
    else:
        value.set_state(state)


def attributes_of(value: Any) -> dict[str, Any] | None:
    """The attributes of an object, including those in slots; None if it cannot have any.

    >>> class Point: __slots__ = ("x",)
    >>> point = Point(); point.x = 3; attributes_of(point), attributes_of(3)
    ({'x': 3}, None)
    """
    found: dict[str, Any] = {}
    slots = [name for kind in type(value).__mro__ for name in _slots(kind)]
    for name in slots:
        try:
            found[name] = object.__getattribute__(value, name)
        except AttributeError:
            continue
    try:
        found.update(object.__getattribute__(value, "__dict__"))
    except (AttributeError, TypeError):
        return found if slots else None
    return found


def _slots(kind: type) -> Iterable[str]:
    slots = vars(kind).get("__slots__", ())
    for name in (slots,) if isinstance(slots, str) else slots:
        if name not in ("__dict__", "__weakref__"):
            hidden = name.startswith("__") and not name.endswith("__")
            yield f"_{kind.__name__.lstrip('_')}{name}" if hidden else name


# The objects held so far, by id: when one is met again, it is left as it is.
Memo = dict[int, Any]


class Unholdable(Exception):
    """A state cannot be stored or cannot be given back; the text says which."""


def number_of(value: Any) -> float:
    """A number, or the single entry of an array; `item` does not warn if a gradient is attached."""
    try:
        return float(value.item() if hasattr(value, "item") else value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise LrlabTypeError(worded("a loss or metric must be one number", value)) from error
