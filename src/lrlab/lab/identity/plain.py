"""The content of plain values and of arrays in bytes, as it is in every process.

Plain are numbers, texts, bytes, and tuples and frozen sets of these: nobody can tell two equal ones apart, so that they
count by their value alone, wherever they are.
"""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import numpy as np

from lrlab.lab.training.values import as_numpy, is_array, of_torch

_SINGLE = (str, int, float, complex, bool, bytes, type(None), type(...), type(NotImplemented))


def digest_of_plain(value: Any) -> bytes | None:
    """The SHA-256 of a plain value; None for any other.

    >>> digest_of_plain((8, 8, 4)) == digest_of_plain((8, 4, 8)), digest_of_plain(1) == digest_of_plain(1.0)
    (False, False)
    >>> digest_of_plain([8]) is None
    True
    """
    kind = type(value)
    if kind in _SINGLE:
        return hashlib.sha256(f"{kind.__name__} ".encode() + _bytes(value)).digest()
    if kind is tuple or kind is frozenset:
        return _together(value, kind.__name__, {}) if len(value) < 10**6 else None
    if kind is slice or kind is range:
        parts = digest_of_plain((value.start, value.stop, value.step))
        return None if parts is None else hashlib.sha256(kind.__name__.encode() + parts).digest()
    return None


def _bytes(value: Any) -> bytes:
    if type(value) is bytes:
        return value
    if type(value) is str:
        return value.encode("utf-8", "surrogatepass")
    return (hex(value) if type(value) is int else repr(value)).encode()  # the decimal form has a limit


def _together(value: Any, name: str, known: dict[int, bytes | None]) -> bytes | None:
    """Of tuples within tuples, each once, however deep: without a call for each level."""
    waiting = [value]
    while waiting:
        each = waiting[-1]
        inner = [item for item in each if type(item) in (tuple, frozenset) and id(item) not in known]
        if inner:
            waiting += inner
            continue
        waiting.pop()
        parts = [known[id(item)] if type(item) in (tuple, frozenset) else digest_of_plain(item) for item in each]
        if None in parts:
            known[id(each)] = None
            continue
        ordered = parts if type(each) is tuple else sorted(part for part in parts if part is not None)
        joined = b"".join(part for part in ordered if part is not None)
        known[id(each)] = hashlib.sha256(f"{type(each).__name__} {len(parts)} ".encode() + joined).digest()
    return known[id(value)]


def has_text(value: Any) -> bool:
    """Whether the order of a set with this value in it depends on PYTHONHASHSEED."""
    return isinstance(value, str | bytes) or (isinstance(value, tuple | frozenset) and any(map(has_text, value)))


def array_of(value: Any) -> tuple[str, bytes] | None:
    """What tells of an array or a tensor of whatever library, its type and shape in words, and its content; None for
    what is none, or holds objects.

    >>> array_of(np.float32(0.5))
    ('numpy.float32 float32 []', b'\\x00\\x00\\x00?')
    """
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if of_torch(kind, "Tensor"):
        return _tensor(value, name)
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
    elif is_array(kind):
        try:
            array = np.asarray(as_numpy(value))
        except Exception:  # one that was given away, or is traced: it has no content any more
            return None
    else:
        return None
    if array.dtype.hasobject:
        return None
    return f"{name} {array.dtype} {[*array.shape]}", np.ascontiguousarray(array).tobytes()


def memory_of(value: Any) -> tuple[Any, int] | None:
    """Where the content of an array or a tensor lies, so that it can be told which share it, and the place in it."""
    if isinstance(value, np.ndarray):
        owner = value
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        start = owner.__array_interface__["data"][0]
        return (start, value.__array_interface__["data"][0] - start) if value.size else None
    if of_torch(type(value), "Tensor") and value.layout == sys.modules["torch"].strided and value.device.type == "cpu":
        try:
            return (value.untyped_storage().data_ptr(), value.storage_offset()) if value.numel() else None
        except (RuntimeError, NotImplementedError):
            return None
    return None


def _tensor(value: Any, name: str) -> tuple[str, bytes] | None:
    torch = sys.modules["torch"]
    if value.device.type == "meta":
        return f"{name} meta {value.dtype} {[*value.shape]}", b""
    try:
        held = value.detach()
        if held.layout != torch.strided:
            held = held.to_dense()
        held = held.resolve_conj().resolve_neg().cpu().contiguous().reshape(-1)
        content = held.view(torch.uint8).numpy().tobytes() if held.numel() else b""
    except (RuntimeError, NotImplementedError, TypeError):  # a quantised, lazy or wrapped one
        return None
    words = f"{name} {value.dtype} {[*value.shape]} {value.layout} {value.device.type} {value.requires_grad}"
    return words, content
