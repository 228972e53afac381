"""What can be seen of a value: everything that it refers to, by path, as digests that are equal in every process.

    {"model": ..., "count": 3}  ->  {"['model'].training": "True", "['count']": "3", ...}

A fork must see the same as the training before it. A value with a state that cannot be seen (an iterator of Python
itself, a thread, an object of a C library that hides its state) is named in `unseen`.

Add another kind of value in `_KINDS`: a test of its type, and a method that looks at it.
"""

from __future__ import annotations

import datetime
import enum
import functools
import io
import itertools
import marshal
import re
import threading
import time
import types
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePath
from typing import Any

import numpy as np

from lrlab.lab.training import held_keras, values
from lrlab.lab.training.frames import live, position
from lrlab.lab.training.held_keras import is_keras, is_of_keras
from lrlab.lab.training.held_torch import recomputed
from lrlab.lab.training.own import is_own, is_own_code
from lrlab.lab.training.telling import tells

# A longer container is seen as one value.
_LISTED = 64
_PLAIN = (str, bytes, bool, int, float, complex, type(None), type(...), range, slice, Decimal, Fraction, PurePath)
_TIMES = (datetime.datetime, datetime.date, datetime.time, datetime.timedelta)
_CONSTANT: tuple[type, ...] = (
    *(types.ModuleType, types.BuiltinFunctionType, types.CodeType, re.Pattern, property, staticmethod, classmethod),
    *(type(threading.Lock()), type(threading.RLock()), weakref.ref, weakref.ProxyType, enum.Enum, np.dtype, np.ufunc),
    *(types.WrapperDescriptorType, types.MethodDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType),
    *(types.GenericAlias, types.MethodWrapperType),
)
_ITERATORS = (enumerate, zip, map, filter, *(kind for kind in vars(itertools).values() if isinstance(kind, type)))
_OPAQUE = (threading.Thread, *_ITERATORS)


def clocks() -> dict[Callable[[], float], float]:
    """The present reading of each clock."""
    return {clock: clock() for clock in (time.time, time.perf_counter, time.monotonic)}


class Seen:
    """What is seen of the values that were given to `look`, by path; `unseen` names what cannot be seen.

    `began` holds the clocks when the training began: a number between then and now is taken for a time. `beside` maps
    the id of a mapping to the keys that are not looked at, because other code is responsible for them.

    >>> seen = Seen(); seen.look("box", {"best": 0.5, "orders": [3, 1, 2]}); seen.found
    {"box['best']": '0.5', "box['orders']": 'list a7c79e58b2ea5b3d'}
    >>> seen.look("it", iter([1])); seen.unseen
    ['a list_iterator called it']
    """

    def __init__(
        self,
        began: Mapping[Callable[[], float], float] | None = None,
        beside: Mapping[int, Iterable[str]] | None = None,
    ) -> None:
        self.found: dict[str, str] = {}
        self.unseen: list[str] = []
        self._met: dict[int, tuple[str, Any]] = {}
        self._classes: dict[int, type] = {}
        self._clocks = [*(clocks() if began is None else began).items()]
        self._beside = beside or {}

    def look(self, path: str, value: Any) -> None:
        """Look at a value; a second path to the same object is noted as a reference to the first."""
        if type(value) in _PLAIN:
            self.found[path] = self._plain(value)
        elif id(value) in self._met:
            self.found[path] = f"as {self._met[id(value)][0]}"
        else:
            if not isinstance(value, tuple):  # it cannot be changed, so its identity does not matter
                self._met[id(value)] = path, value  # kept alive, so that no other object gets its id
            kind: Any = type(value)
            _looking_at(kind)(self, path, value)
            self._of_class(kind)

    def _plain(self, value: Any) -> str:
        if type(value) is float and any(begin <= value <= clock() for clock, begin in self._clocks):
            return "a time"
        text = repr(value)
        return text if len(text) < 40 else f"{type(value).__name__} {values.digest_of(text.encode())}"

    def _as_plain(self, path: str, value: Any) -> None:
        self.found[path] = self._plain(value)

    def _constant(self, path: str, value: Any) -> None:
        name = getattr(value, "__qualname__", "") or (value.name if isinstance(value, enum.Enum) else "")
        self.found[path] = f"{type(value).__name__} {name}".strip()

    def _type(self, path: str, value: Any) -> None:
        self._constant(path, value)
        self._of_class(value)

    def _of_class(self, kind: type) -> None:
        """Look at the attributes of a user-defined class itself, such as a counter."""
        if id(kind) in self._classes:
            return
        self._classes[id(kind)] = kind
        if not is_own(kind.__module__) or issubclass(kind, enum.Enum):
            return
        for name, item in vars(kind).items():
            if not name.startswith("__") and not callable(item) and not hasattr(item, "__get__"):
                self.look(f"{kind.__qualname__}.{name}", item)
        for base in kind.__bases__:
            self._of_class(base)

    def _skip(self, path: str, value: Any) -> None:
        pass

    def _opaque(self, path: str, value: Any) -> None:
        root = re.split(r"[.\[:<]", path)[0]
        within = f"in {root}" if root != path else f"called {path}"
        self.unseen.append(f"a {type(value).__name__} {within}")

    def _time(self, path: str, value: Any) -> None:
        self.found[path] = "a time"

    # -- arrays ----------------------------------------------------------------------------------------------

    def _array(self, path: str, value: Any) -> None:
        try:
            array = values.as_numpy(value)
        except Exception:  # deleted, or on a device from which it cannot be read
            self._opaque(path, value)
            return
        if array.dtype.hasobject:
            self._folded(path, array.ravel().tolist())
        else:
            self.found[path] = values.array_digest(array)

    def _tensor(self, path: str, value: Any) -> None:
        try:
            self.found[path] = f"{values.tensor_digest(value)}{' requires grad' if value.requires_grad else ''}"
        except Exception:  # a layout without plain content
            self._opaque(path, value)
            return
        if value.is_leaf and value.grad is not None:
            self.look(f"{path}.grad", value.grad)
        for name in ("_backward_hooks", "_post_accumulate_grad_hooks"):
            if hooks := getattr(value, name):
                self.look(f"{path}.{name}", hooks)
        for name, item in (values.attributes_of(value) or {}).items():
            if not name.startswith("_dynamo"):  # notes of a compiler
                self.look(f"{path}.{name}", item)

    def _random(self, path: str, value: Any) -> None:
        self.look(f"{path}.state", values.random_state_of(value))

    # -- containers ------------------------------------------------------------------------------------------

    def _mapping(self, path: str, value: Mapping[Any, Any]) -> None:
        beside = self._beside.get(id(value), ())
        items = {key: item for key, item in value.items() if key not in beside}
        if len(items) > _LISTED or not items:
            self._folded(path, items)
        elif all(type(key) is int for key in items) and all(map(callable, items.values())):
            for k, item in enumerate(items.values()):  # hooks: their keys count through the whole process
                self.look(f"{path}[{k}]", item)
        elif all(isinstance(key, str | int | float | bool | tuple | bytes | type(None)) for key in items):
            for key, item in items.items():
                self.look(f"{path}[{key!r}]", item)
        else:
            for k, (key, item) in enumerate(items.items()):
                self.look(f"{path}<key {k}>", key)
                self.look(f"{path}<value {k}>", item)

    def _items(self, path: str, value: Iterable[Any]) -> None:
        items = list(value)
        if len(items) > _LISTED or all(type(item) in _PLAIN for item in items):
            self._folded(path, items)
            return
        self.found[path] = f"{len(items)} items"
        for k, item in enumerate(items):
            self.look(f"{path}[{k}]", item)

    def _set(self, path: str, value: Iterable[Any]) -> None:
        self.found[path] = values.digest_of("\n".join(sorted(self._apart(path, item) for item in value)).encode())

    def _folded(self, path: str, value: Any) -> None:
        """Look at a container as one value, because it is long or holds only plain values."""
        try:
            content = marshal.dumps(value, 2)
        except ValueError:
            pairs = value.items() if isinstance(value, Mapping) else enumerate(value)
            content = "\n".join(self._apart(path, pair) for pair in pairs).encode()
        self.found[path] = f"{'' if value else 'empty '}{type(value).__name__} {values.digest_of(content)}"

    def _apart(self, path: str, value: Any) -> str:
        """What is seen of a value, as one text."""
        mine, self.found = self.found, {}
        self.look(path, value)
        seen, self.found = self.found, mine
        return "\n".join(f"{name} {text}" for name, text in seen.items())

    # -- code and its surroundings ---------------------------------------------------------------------------

    def _function(self, path: str, value: Any) -> None:
        self.found[path] = f"function {value.__qualname__}"
        if not is_own_code(value.__code__):
            return
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            try:
                self.look(f"{path}:{name}", cell.cell_contents)
            except ValueError:  # not assigned yet
                continue
        for name in ("__defaults__", "__kwdefaults__", "__dict__"):
            if held := getattr(value, name):
                self.look(f"{path}.{name}", held)

    def _method(self, path: str, value: Any) -> None:
        self.look(f"{path}.__self__", value.__self__)
        self.look(path, value.__func__)

    def _partial(self, path: str, value: Any) -> None:
        for name in ("func", "args", "keywords"):
            self.look(f"{path}.{name}", getattr(value, name))

    def _generator(self, path: str, value: Any) -> None:
        frame = value.gi_frame
        if frame is None or value.gi_running:
            self.found[path] = "a generator that has ended" if frame is None else "the generator that runs"
            return
        self.found[path] = position(frame)
        for name, item in live(frame).items():
            self.look(f"{path}:{name}", item)
        if value.gi_yieldfrom is not None:
            self.look(f"{path}:yield from", value.gi_yieldfrom)

    def _file(self, path: str, value: Any) -> None:
        if value.closed or not value.readable():
            return
        if value.seekable():
            self.found[path] = f"a file at {value.tell()}"
        else:
            self._opaque(path, value)

    # -- objects ---------------------------------------------------------------------------------------------

    def _object(self, path: str, value: Any) -> None:
        attributes = values.attributes_of(value)
        if attributes is None:
            self._reduced(path, value)
            return
        self.found[path] = type(value).__qualname__
        for name in sorted(attributes):
            self.look(f"{path}.{name}", attributes[name])

    def _torch_module(self, path: str, value: Any) -> None:
        """Look at its weights, buffers and parts in the same way as at its other attributes."""
        self.found[path] = type(value).__qualname__
        for name, item in sorted(vars(value).items()):
            if name in ("_parameters", "_buffers", "_modules"):
                for part, held in item.items():
                    self.look(f"{path}.{part}", held)
            elif name not in recomputed(value) and (item or not name.startswith("_")):
                self.look(f"{path}.{name}", item)

    def _keras(self, path: str, value: Any) -> None:
        for k, variable in enumerate(held_keras.variables_of(value)):
            self.look(f"{path}.variables[{k}]", held_keras.array_of(variable))
            self.look(f"{path}.variables[{k}].grad", held_keras.gradient_of(variable))
        for k, part in enumerate(held_keras.parts_of(value)):
            for name, item in held_keras.attributes_beside(part).items():
                self.look(f"{path}.layers[{k}].{name}", item)
            self._of_class(type(part))
        for k, part in enumerate(held_keras.own_parts_of(value)):
            if isinstance(part, types.FunctionType):
                self.look(f"{path}.loss", part)
                continue
            for name, item in held_keras.attributes_beside(part).items():
                self.look(f"{path}.parts[{k}].{name}", item)
            self._of_class(type(part))

    def _keras_object(self, path: str, value: Any) -> None:
        """Look at an object such as a callback, without the functions that it takes from the model."""
        for name, item in sorted(vars(value).items()):
            taken = isinstance(item, types.FunctionType) and not is_own_code(item.__code__)
            if not taken and not isinstance(item, np.ufunc | type(None)):
                self.look(f"{path}.{name}", item)

    def _keras_container(self, path: str, value: Any) -> None:
        """Look at it as the list, dictionary or set that it was made from."""
        plain = next(kind for kind in (list, dict, set) if isinstance(value, kind))(value)
        _looking_at(type(plain))(self, path, plain)

    def _torch_optimizer(self, path: str, value: Any) -> None:
        """Look at it without its defaults: they are for later groups, and loading a state may complete them."""
        self.found[path] = type(value).__qualname__
        for name, item in sorted(vars(value).items()):
            if name != "defaults":
                self.look(f"{path}.{name}", item)

    def _declared(self, path: str, value: Any) -> None:
        """Look at the declared state of a library's object."""
        self.look(f"{path}.state_dict()", value.state_dict())

    def _mapping_object(self, path: str, value: Any) -> None:
        for name, item in (values.attributes_of(value) or {}).items():
            self.look(f"{path}.{name}", item)
        self._mapping(path, value)

    def _items_object(self, path: str, value: Any) -> None:
        for name, item in (values.attributes_of(value) or {}).items():
            self.look(f"{path}.{name}", item)
        self._items(path, value)

    def _reduced(self, path: str, value: Any) -> None:
        """Look at an object without visible attributes by the parts from which it would be copied."""
        try:
            parts = value.__reduce_ex__(4)
        except Exception:  # an object that cannot be copied may raise anything
            self._opaque(path, value)
            return
        if isinstance(parts, str):
            self.found[path] = parts
            return
        for k, part in enumerate(parts):
            if part is not None:
                self.look(f"{path}<{k}>", list(part) if isinstance(part, Iterator) else part)


def _is(*kinds: type) -> Callable[[type], bool]:
    return lambda kind: issubclass(kind, kinds)


def _bare_iterator(kind: type) -> bool:
    return issubclass(kind, Iterator) and kind.__module__ in ("builtins", "itertools")


def _declares(kind: type) -> bool:
    return hasattr(kind, "state_dict") and hasattr(kind, "load_state_dict") and not is_own(kind.__module__)


_Look = Callable[[Seen, str, Any], None]
_KINDS: tuple[tuple[Callable[[type], bool], _Look], ...] = (
    (tells, Seen._skip),
    (_is(type), Seen._type),
    (_is(*_CONSTANT), Seen._constant),
    (_is(*_PLAIN), Seen._as_plain),
    (_is(*_TIMES), Seen._time),
    (held_keras.is_container, Seen._keras_container),
    (is_keras, Seen._keras),
    (is_of_keras, Seen._keras_object),
    (_is(np.ndarray, np.generic), Seen._array),
    (lambda kind: values.of_torch(kind, "Tensor"), Seen._tensor),
    (values.is_array, Seen._array),
    (values.is_random, Seen._random),
    (lambda kind: kind in (dict, types.MappingProxyType), Seen._mapping),
    (lambda kind: kind in (list, tuple, deque), Seen._items),
    (_is(set, frozenset), Seen._set),
    (_is(types.FunctionType), Seen._function),
    (_is(types.MethodType), Seen._method),
    (_is(functools.partial), Seen._partial),
    (_is(types.GeneratorType), Seen._generator),
    (_is(io.IOBase), Seen._file),
    (_is(*_OPAQUE), Seen._opaque),
    (_bare_iterator, Seen._opaque),
    (lambda kind: values.of_torch(kind, "nn.Module"), Seen._torch_module),
    (lambda kind: values.of_torch(kind, "optim.Optimizer"), Seen._torch_optimizer),
    (_declares, Seen._declared),
    (_is(dict), Seen._mapping_object),
    (_is(list, tuple, deque), Seen._items_object),
)


@functools.lru_cache(maxsize=1024)
def _looking_at(kind: Any) -> _Look:
    return next((look for fits, look in _KINDS if fits(kind)), Seen._object)
