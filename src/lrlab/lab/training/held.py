"""Take the state of an object as plain values and arrays, and give it back in place, to it or to a similar object.

| what is held | what is stored of it |
|---|---|
| a module or an optimizer of PyTorch | its `state_dict`, and what that omits (see `held_torch`) |
| anything else with `state_dict` and `load_state_dict` | the result of `state_dict()` |
| a random number generator of Python, NumPy or PyTorch | its state |
| an array, a tensor | its content; for a tensor also the gradient |
| a list, a dictionary, a set, a deque; tuples and objects in them | its items |
| a user-defined object, such as an environment or a buffer | its attributes |

Nothing is pickled. Values without a state (functions, classes, locks) are left as they are. A value with a state that
cannot be read, such as an iterator, is `Unholdable`. Add a new kind in `_KINDS`: a type test and two functions.
"""

from __future__ import annotations

import functools
import logging
import threading
import types
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from lrlab.lab.training import foreign, held_keras, held_torch, values
from lrlab.lab.training.values import Memo, Unholdable

_PLAIN = frozenset((str, int, float, bool, type(None)))
_NO_STATE: tuple[type, ...] = (
    *(type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, functools.partial),
    *(logging.Logger, type(threading.Lock()), type(threading.RLock()), np.dtype),
)
_COLLECTIONS: tuple[type, ...] = (Counter, OrderedDict, defaultdict)
_LEFT = "left as it is"


class _Kind(NamedTuple):
    """How values of the matching types are stored, under a name; without `take` they have no state."""

    name: str
    fits: Callable[[type], bool]
    take: Callable[[Any, str, Memo], Any] | None = None
    give: Callable[[Any, Any], Any] | None = None


def hold(value: Any, path: str, memo: Memo) -> Any:
    """The state of a value, as `lrlab.lab.training.snapshot.taken` stores it. Raises `Unholdable`, naming `path`.

    >>> box = {"best": 0.5, "seen": [1, 2]}
    >>> kept = hold(box, "box", {}); box["best"] = 9; box["seen"].append(3)
    >>> give_back(box, kept), box
    ({'best': 0.5, 'seen': [1, 2]}, {'best': 0.5, 'seen': [1, 2]})
    """
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    if id(value) in memo and kind is not tuple:  # Python has one empty tuple, and one for each constant of a code
        return [_LEFT]
    memo[id(value)] = value
    held = _kind_of(kind)
    return [held.name, held.take(value, path, memo)] if held.take else [_LEFT]


def declared(value: Any, path: str) -> Any:
    """The trained result of an object: the state that it declares, or else the state that would be stored.

    For a user-defined object, only the attributes that hold arrays, because a path or the time of a call differs in
    each run. Raises `Unholdable`.
    """
    kind: Any = type(value)
    name = _kind_of(kind).name
    if name in ("module", "optimizer", "stateful"):
        return value.state_dict()
    held = hold(value, path, {})
    return [name, {key: item for key, item in held[1].items() if _has_array(item)}] if name == "object" else held


def _has_array(held: Any) -> bool:
    if isinstance(held, list | tuple | dict):
        return any(map(_has_array, held.values() if isinstance(held, dict) else held))
    return hasattr(held, "dtype")


def give_back(now: Any, kept: Any) -> Any:
    """A value with the stored state: `now` itself, changed in place, if possible; else a new value."""
    if not isinstance(kept, list):
        return kept
    give = next(kind.give for kind in _KINDS if kind.name == kept[0])
    return give(now, kept[1]) if give else now


def can_be_tracked(value: Any) -> bool:
    """Whether the object has a state that can be given back to it in place."""
    kind: Any = type(value)
    if kind is tuple:
        return bool(value) and all(map(can_be_tracked, value))
    return kind not in _PLAIN and _kind_of(kind).name not in (_LEFT, "foreign array")


# -- the kinds -----------------------------------------------------------------------------------------------


def _take_array(value: Any, path: str, memo: Memo) -> Any:
    return np.array(value)


def _give_array(now: Any, state: Any) -> Any:
    if isinstance(now, np.ndarray) and now.shape == state.shape and now.dtype == state.dtype and now.flags.writeable:
        now[...] = state
        return now
    return state


def _take_foreign(value: Any, path: str, memo: Memo) -> Any:
    return foreign.stored(value)


def _give_foreign(now: Any, state: Any) -> Any:
    return foreign.restored(state, now)


def _take_random(value: Any, path: str, memo: Memo) -> Any:
    return values.random_state_of(value)


def _give_random(now: Any, state: Any) -> Any:
    values.set_random_state_of(now, state)
    return now


def _take_items(value: Any, path: str, memo: Memo) -> Any:
    return [hold(item, f"{path}[{k}]", memo) for k, item in enumerate(value)]


def _given(now: Any, state: list[Any]) -> list[Any]:
    before = [*now] if isinstance(now, list | tuple | deque) else []
    return [give_back(before[k] if k < len(before) else None, kept) for k, kept in enumerate(state)]


def _give_list(now: Any, state: Any) -> Any:
    items = _given(now, state)
    if not isinstance(now, list):
        return items
    now[:] = items
    return now


def _give_tuple(now: Any, state: Any) -> Any:
    items = _given(now, state)
    if isinstance(now, tuple) and len(now) == len(items) and all(a is b for a, b in zip(now, items, strict=True)):
        return now
    kind = type(now) if isinstance(now, tuple) else tuple
    return kind(*items) if hasattr(kind, "_fields") else kind(items)


def _take_deque(value: Any, path: str, memo: Memo) -> Any:
    return [value.maxlen, _take_items(value, path, memo)]


def _give_deque(now: Any, state: Any) -> Any:
    items = _given(now, state[1])
    if not isinstance(now, deque):
        return deque(items, state[0])
    now.clear()
    now.extend(items)
    return now


def _take_set(value: Any, path: str, memo: Memo) -> Any:
    if not all(type(item) in _PLAIN for item in value):
        raise Unholdable(f"{path} is a set of other things than numbers and texts")
    return sorted(value, key=repr)


def _give_set(now: Any, state: Any) -> Any:
    if not isinstance(now, set):
        return set(state)
    now.clear()
    now.update(state)
    return now


def _take_mapping(value: Any, path: str, memo: Memo) -> Any:
    pairs = []
    for k, (key, item) in enumerate(value.items()):
        if type(key) in _PLAIN or (type(key) is tuple and all(type(part) in _PLAIN for part in key)):
            pairs.append([key, hold(item, f"{path}[{key!r}]", memo)])
        else:  # such as a tensor: the key itself is kept, and found again by its position
            pairs.append([[k], hold(item, f"{path}<{k}>", memo)])
    return pairs


def _give_mapping(now: Any, state: Any) -> Any:
    before = now if isinstance(now, Mapping) else {}
    keys = [*before]
    found = {}
    for key, kept in state:
        if isinstance(key, list):
            if key[0] >= len(keys):
                raise Unholdable("a dictionary has got keys that are objects in the course of training")
            key = keys[key[0]]
        found[key] = give_back(before.get(key), kept)
    if not isinstance(now, dict):
        return found
    now.clear()
    now.update(found)
    return now


def _take_collection(value: Any, path: str, memo: Memo) -> Any:
    return [type(value).__name__, _take_mapping(value, path, memo)]


def _give_collection(now: Any, state: Any) -> Any:
    """In place alone: a plain dictionary would not count, or fill in, what is missing."""
    if type(now).__name__ != state[0]:
        raise Unholdable(f"a {state[0]} has come in the course of training, which a fork does not have")
    return _give_mapping(now, state[1])


def _take_object(value: Any, path: str, memo: Memo) -> Any:
    attributes = values.attributes_of(value)
    if attributes is None:
        raise Unholdable(f"{path} is a {type(value).__name__}, whose state cannot be had")
    return {name: hold(item, f"{path}.{name}", memo) for name, item in attributes.items()}


def _give_object(now: Any, state: Any) -> Any:
    if now is None:
        raise Unholdable("an object has come in the course of training, which a fork does not have")
    attributes = values.attributes_of(now) or {}
    for name in attributes.keys() - state.keys():
        object.__delattr__(now, name)
    for name, kept in state.items():
        before = attributes.get(name)
        item = give_back(before, kept)
        if item is not before or name not in attributes:
            object.__setattr__(now, name, item)
    return now


def _take_items_object(value: Any, path: str, memo: Memo) -> Any:
    """The state of an object that is also a container: its attributes and its items."""
    take = _take_mapping if isinstance(value, dict) else _take_items
    attributes = values.attributes_of(value)
    return [_take_object(value, path, memo) if attributes else {}, take(value, path, memo)]


def _give_items_object(now: Any, state: Any) -> Any:
    _give_object(now, state[0])
    return (_give_mapping if isinstance(now, dict) else _give_list)(now, state[1])


def _take_stateful(value: Any, path: str, memo: Memo) -> Any:
    return value.state_dict()


def _give_stateful(now: Any, state: Any) -> Any:
    now.load_state_dict(state)
    return now


def _is(*kinds: type) -> Callable[[type], bool]:
    return lambda kind: issubclass(kind, kinds)


def _stateful(kind: type) -> bool:
    return hasattr(kind, "state_dict") and hasattr(kind, "load_state_dict")


_KINDS = (
    _Kind(_LEFT, _is(*_NO_STATE)),
    _Kind(
        "keras",
        held_keras.is_keras,
        lambda value, path, memo: held_keras.take_keras(value, path, memo, hold),
        lambda now, state: held_keras.give_keras(now, state, give_back),
    ),
    _Kind(
        "module",
        lambda kind: values.of_torch(kind, "nn.Module"),
        lambda value, path, memo: held_torch.take_module(value, path, memo, hold),
        lambda now, state: held_torch.give_module(now, state, give_back),
    ),
    _Kind("tensor", lambda kind: values.of_torch(kind, "Tensor"), held_torch.take_tensor, held_torch.give_tensor),
    _Kind(
        "optimizer",
        lambda kind: values.of_torch(kind, "optim.Optimizer"),
        held_torch.take_optimizer,
        held_torch.give_optimizer,
    ),
    _Kind("stateful", _stateful, _take_stateful, _give_stateful),
    _Kind("array", _is(np.ndarray, np.generic), _take_array, _give_array),
    _Kind("random numbers", values.is_random, _take_random, _give_random),
    _Kind("foreign array", values.is_array, _take_foreign, _give_foreign),
    _Kind("list", lambda kind: kind is list, _take_items, _give_list),
    _Kind("tuple", _is(tuple), _take_items, _give_tuple),
    _Kind("deque", lambda kind: kind is deque, _take_deque, _give_deque),
    _Kind("set", _is(set), _take_set, _give_set),
    _Kind("frozen set", _is(frozenset), _take_set, lambda now, state: frozenset(state)),
    _Kind("dictionary", lambda kind: kind is dict, _take_mapping, _give_mapping),
    _Kind("collection", lambda kind: kind in _COLLECTIONS, _take_collection, _give_collection),
    _Kind("container", _is(dict, list), _take_items_object, _give_items_object),
    _Kind("object", lambda kind: True, _take_object, _give_object),
)


@functools.lru_cache(maxsize=1024)
def _kind_of(kind: Any) -> _Kind:
    return next(each for each in _KINDS if each.fits(kind))
