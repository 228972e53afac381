# ruff: noqa: E501 - a table whose rows are read across
"""Programs that are drawn, pairs of them that differ in one place, and their identities here and in other processes."""

import contextlib
import dataclasses
import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from lrlab.lab.identity.identity import identity_of
from lrlab.lab.task.declaration import load_task

TOP = """
import abc, collections, dataclasses, enum, functools, importlib, itertools, operator, os, types
from typing import TYPE_CHECKING, NamedTuple
import numpy as np
"""
# By kind: what stands at the top and how it is used, in as many variants; `V` is a value, `K` the number of the part.
KINDS = {
    "a variable": [("XK = V", "XK"), ("XK = [V]", "XK"), ("XK = [V, V]", "XK"), ("A = V\nXK = [[A], A]", "XK")],
    "places": [("XK = [[abs], V]", "XK"), ("XK = [abs, [V]]", "XK"), ("XK = [V, abs]", "XK")],
    "one list or two": [("AK = [V]\nXK = [AK, AK]", "XK"), ("XK = [[V], [V]]", "XK")],
    "a circle": [("XK = [V]\nXK.append(XK)", "XK"), ("XK = [V]\nXK.append([XK])", "XK")],
    "a function": [("def fK(x): return x, V", "fK(1)"), ("def fK(x): return V, x", "fK(1)")],
    "an operator": [("def fK(x): return x + V", "fK(1)"), ("def fK(x): return x - V", "fK(1)")],
    "an argument": [("def fK(x=V): return x", "fK()"), ("def fK(*, x=V): return x", "fK()")],
    "a name": [("XK = {'a': V, 'b': 0}", "XK"), ("XK = {'a': 0, 'b': V}", "XK"), ("XK = {'b': 0, 'a': V}", "XK")],
    "a closure": [("def makeK(x):\n    return lambda: x\nfK = makeK(V)", "fK()"),
                  ("def makeK(x):\n    y = V\n    return lambda: (x, y)\nfK = makeK(0)", "fK()")],
    "closures of a loop": [("XK = [lambda k=k: (k, V) for k in range(3)]", "XK[0]()"),
                           ("XK = [lambda k=k: (k, V) for k in range(4)]", "XK[0]()")],
    "a class attribute": [("class CK: width = V", "CK.width"), ("class CK: depth = V", "CK.depth"),
                          ("class BK: width = V\nclass CK(BK): pass", "CK.width")],
    "a class whose first function is a library's": [("class CK:\n    go = np.sum\n    width = V", "CK.width")],
    "an instance": [("class CK: pass\nXK = CK()\nXK.width = V", "XK.width"),
                    ("class CK: pass\nXK = CK()\nXK.depth = V", "XK.depth")],
    "slots": [("class CK:\n    __slots__ = ('a', 'b')\nXK = CK()\nXK.a = V", "XK.a"),
              ("class CK:\n    __slots__ = ('a', 'b')\nXK = CK()\nXK.b = V", "XK.b")],
    "a property": [("class CK:\n    @property\n    def width(self): return V\nXK = CK()", "XK.width")],
    "a static method": [("class CK:\n    @staticmethod\n    def f(): return V", "CK.f()"),
                        ("class CK:\n    @classmethod\n    def f(cls): return V", "CK.f()")],
    "a dataclass": [("@dataclasses.dataclass\nclass CK:\n    width: int = dataclasses.field(default_factory=lambda: V)", "CK().width"),
                    ("@dataclasses.dataclass(frozen=True)\nclass CK:\n    width: int\nXK = CK(V)", "XK.width")],
    "an Enum": [("class CK(enum.Enum):\n    one = 1\n    two = (2, V)", "CK.two"),
                ("class CK(enum.Enum):\n    two = (2, V)\n    one = 1", "CK.two")],
    "a named tuple": [("class CK(NamedTuple):\n    a: int\n    b: int\nXK = CK(V, 0)", "XK"),
                      ("class CK(NamedTuple):\n    a: int\n    b: int\nXK = CK(0, V)", "XK")],
    "a metaclass": [("class MK(type):\n    def go(cls): return V\nclass CK(metaclass=MK): pass", "CK.go()")],
    "a descriptor": [("class DK:\n    def __get__(self, *a): return V\nclass CK:\n    x = DK()", "CK().x")],
    "an abstract class": [("class BK(abc.ABC):\n    @abc.abstractmethod\n    def f(self): return V\n"
                           "class CK(BK):\n    def f(self): return super().f()", "CK().f()")],
    "a partial": [("def fK(a, b=0): return a, b\nXK = functools.partial(fK, V)", "XK()"),
                  ("def fK(a, b=0): return a, b\nXK = functools.partial(fK, 0, b=V)", "XK()")],
    "a bound method": [("class CK:\n    def __init__(self, x): self.x = x\n    def f(self): return self.x\nXK = CK(V).f", "XK()")],
    "a method of a list": [("XK = [V].index", "XK"), ("XK = [V].count", "XK")],
    "a hook": [("def aK(x): return x, V\ndef bK(x): return x\nXK = [aK, bK]", "XK"),
               ("def aK(x): return x, V\ndef bK(x): return x\nXK = [bK, aK]", "XK")],
    "a namespace": [("XK = types.SimpleNamespace(f=lambda: V)", "XK.f()"), ("XK = types.SimpleNamespace(g=lambda: V)", "XK.g()")],
    "a deque": [("XK = collections.deque([lambda: V])", "XK"), ("XK = collections.deque([lambda: V], 3)", "XK")],
    "a default": [("XK = collections.defaultdict(lambda: V)", "XK"), ("XK = collections.OrderedDict(a=V)", "XK"),
                  ("XK = collections.Counter(a=1, b=2)", "XK"), ("XK = collections.ChainMap({'a': V})", "XK")],
    "an iterator": [("XK = iter([V, 1])", "next(XK)"), ("XK = iter([1, V])", "next(XK)"), ("XK = itertools.cycle([V])", "next(XK)")],
    "a generator": [("def gK():\n    yield V\n    yield 2\nXK = gK()", "next(XK)"),
                    ("def gK():\n    yield V\n    yield 2\nXK = gK()\nnext(XK)", "next(XK)")],
    "a getter": [("XK = operator.itemgetter('width')", "XK"), ("XK = operator.attrgetter('depth')", "XK")],
    "an array": [("XK = np.array([1, 2, 3])", "XK"), ("XK = np.array([1.0, 2, 3])", "XK"),
                 ("XK = np.array([[1, 2, 3]])", "XK"), ("XK = np.array([2, 1, 3])", "XK")],
    "a scalar": [("XK = np.float32(0.5)", "XK"), ("XK = np.float64(0.5)", "XK"), ("XK = 0.5", "XK"), ("XK = np.float32(0.25)", "XK")],
    "a generator of numbers": [("XK = np.random.default_rng(0)", "XK"), ("XK = np.random.default_rng(1)", "XK")],
    "a set": [("XK = {1, 2, 'abc'}", "len(XK)"), ("XK = {1, 2, 'abd'}", "len(XK)"), ("XK = frozenset([1, 2])", "len(XK)"),
              ("XK = {len, abs, int}", "len(XK)"), ("XK = {len, abs, float}", "len(XK)")],
    "a decorator": [("def dK(f):\n    @functools.wraps(f)\n    def inner(): return f(), V\n    return inner\n@dK\ndef fK(): return 1", "fK()"),
                    ("@functools.cache\ndef fK(): return V", "fK()"), ("@functools.lru_cache(maxsize=3)\ndef fK(x=0): return V", "fK()")],
    "a single dispatch": [("@functools.singledispatch\ndef fK(x): return 0\n@fK.register(int)\ndef _(x): return V", "fK(1)")],
    "recursion": [("def fK(n): return V if n < 1 else fK(n - 1)", "fK(3)"), ("def fK(n): return V if n < 2 else fK(n - 1)", "fK(3)")],
    "a nested function": [("def fK():\n    def g():\n        def h(): return V\n        return h()\n    return g()", "fK()")],
    "an except": [("def fK():\n    try: return int('x')\n    except ValueError: return V", "fK()"),
                  ("def fK():\n    try: return int('x')\n    except TypeError: return V", "fK()")],
    "an attribute of a function": [("def fK(): return fK.width\nfK.width = V", "fK()"), ("def fK(): return fK.depth\nfK.depth = V", "fK()")],
    "a name in a text": [("XK = V", "globals()['XK']"), ("XK = [V]", "globals()['XK']")],
    "an environment variable": [("", "os.environ.get('LRLAB_TEST_A')"), ("", "os.getenv('LRLAB_TEST_B', V)"), ("", "os.environ['LRLAB_TEST_A']")],
    "a slice": [("XK = slice(1, 2, None)", "XK"), ("XK = slice(1, 3, None)", "XK"), ("XK = range(3)", "XK"), ("XK = range(4)", "XK")],
    "bytes": [("XK = bytearray(b'ab')", "XK"), ("XK = b'ab'", "XK"), ("XK = bytearray(b'ac')", "XK")],
    "zeros": [("XK = 0.0", "XK"), ("XK = -0.0", "XK"), ("XK = 0", "XK"), ("XK = False", "XK"), ("XK = 0j", "XK"), ("XK = ''", "XK")],
}  # fmt: skip
IMPORTS = {  # by kind: files with a value, how they are imported, how they are used
    "a helper": ({"helper.py": "WIDTH = V\ndef width(): return WIDTH"}, "import helper", "helper.width()"),
    "a name of it": ({"helper.py": "WIDTH = V"}, "from helper import WIDTH", "WIDTH"),
    "a package": ({"pack/__init__.py": "WIDTH = V", "pack/net.py": "def f(): return 1"}, "import pack.net", "pack.net.f()"),
    "a module of it": ({"pack/__init__.py": "", "pack/net.py": "def f(): return V"}, "import pack.net", "pack.net.f()"),
    "within the function": ({"helper.py": "WIDTH = V"}, "", "__import__('helper').WIDTH"),
    "by a text": ({"helper.py": "WIDTH = V"}, "", "importlib.import_module('helper').WIDTH"),
    "otherwise than for types": ({"helper.py": "WIDTH = V"}, "if TYPE_CHECKING: pass\nelse:\n    import helper as h", "h.WIDTH"),
    "as a configuration": ({"helper.py": "WIDTH = V"}, "import helper\ndef build(c): return c.WIDTH", "build(helper)"),
}  # fmt: skip


def _written(text, value, number=""):
    return re.sub(r"\bV\b", lambda found: value, re.sub(r"K\b", str(number), text))


@dataclasses.dataclass
class Program:
    """Parts of a kind, with a value and a variant; one import; variables that are set when it is loaded."""

    parts: list
    imported: tuple | None = None
    later: dict = dataclasses.field(default_factory=dict)
    environment: dict = dataclasses.field(default_factory=dict)

    def files(self):
        """Its sources, by name."""
        top, uses = [TOP, "LATER = 0"], ["LATER"]
        for number, (kind, value, variant) in enumerate(self.parts):
            for text, into in zip(KINDS[kind][variant], (top, uses), strict=True):
                into.append(_written(text, value, number))
        files = {}
        if self.imported:
            kind, value = self.imported
            more, line, use = IMPORTS[kind]
            files = {name: _written(text, value) for name, text in more.items()}
            top.append(line)
            uses.append(use)
        body = "".join(f"\n    {use}" for use in uses)
        return {"mine.py": "\n".join([*top, f"def train(run):{body}\n"]), **files}


def value_of(draw, depth=2):
    """A value, as it is written."""
    kind = draw.randrange(9 if depth else 5)
    inner = [value_of(draw, depth - 1) for _ in range(draw.choice((1, 2, 3)))] if kind > 4 else []
    return [
        lambda: str(draw.randrange(9)),
        lambda: repr(draw.randrange(9) / 4),
        lambda: repr(draw.choice("abc")),
        lambda: draw.choice(("None", "True", "len", "int")),
        lambda: f"b'{draw.choice('abc')}'",
        lambda: f"[{', '.join(inner)}]",
        lambda: f"({', '.join(inner)},)",
        lambda: f"{{{', '.join(f'{k}: {each}' for k, each in enumerate(inner))}}}",
        lambda: f"(lambda: {inner[0]})",
    ][kind]()


def program(draw):
    """Some parts, drawn."""
    parts = []
    for kind in draw.sample(sorted(KINDS), draw.choice((1, 2, 4))):
        parts.append((kind, value_of(draw), draw.randrange(len(KINDS[kind]))))
    imported = (draw.choice(sorted(IMPORTS)), value_of(draw, 1)) if draw.random() < 0.3 else None
    return Program(parts, imported, {"LATER": value_of(draw, 1)} if draw.random() < 0.2 else {}, {"LRLAB_TEST_A": "1"})


def changed(draw, one):
    """The same program, but for one place; and what was changed."""
    while True:
        other = dataclasses.replace(one, parts=[*one.parts], later={**one.later}, environment={**one.environment})
        kind = draw.randrange(8)
        if kind < 6:
            k = draw.randrange(len(one.parts))
            name, value, variant = one.parts[k]
            if kind < 3:
                value = value_of(draw)
            else:
                variant = draw.randrange(len(KINDS[name]))
            other.parts[k], said = (name, value, variant), name
        elif kind == 6 and one.imported:
            other.imported, said = (one.imported[0], value_of(draw, 1)), f"import {one.imported[0]}"
        else:
            other.later, said = {"LATER": value_of(draw, 1)}, "a variable set at run time"
        if (other.files(), meaning(other)) != (one.files(), meaning(one)):
            return other, said


def meaning(one):
    """What is set at run time, as it is written; the variable has 0 before."""
    return one.later.get("LATER", "0")


def identity_in_a_cell(one):
    """As of a notebook: no file holds it."""
    space = {"__name__": "cell"}
    exec(compile(one.files()["mine.py"], "<cell>", "exec"), space)
    with environment(one):
        space.update({name: eval(text, space) for name, text in one.later.items()})
        return identity_of(space["train"]).digest


def identity_of_a_file(one):
    """As of a task that is loaded by its path."""
    path, modules = [*sys.path], {*sys.modules}
    with tempfile.TemporaryDirectory() as folder, environment(one):
        for name, text in one.files().items():
            place = Path(folder, name)
            place.parent.mkdir(exist_ok=True)
            place.write_text(text)
        try:
            importlib.invalidate_caches()
            task = load_task(f"{folder}/mine.py:train")
            space = task.function.__globals__
            space.update({name: eval(text, space) for name, text in one.later.items()})
            return identity_of(task.function, Path(folder, "mine.py").resolve(), "train").digest
        finally:
            sys.path[:] = path
            for name in {*sys.modules} - modules:
                if name.partition(".")[0] in ("helper", "pack") or name.startswith("lrlab_task_"):
                    del sys.modules[name]


def identity(one):
    """In a cell, or where it has other files, of its files."""
    return identity_of_a_file(one) if one.imported else identity_in_a_cell(one)


@contextlib.contextmanager
def environment(one):
    """Its environment variables."""
    os.environ.update(one.environment)
    try:
        yield
    finally:
        for name in one.environment:
            del os.environ[name]


def elsewhere(programs, seed):
    """The identities of programs in another process, with another PYTHONHASHSEED."""
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import programs as p; "
        "print(json.dumps([p.identity(p.Program(**each)) for each in json.load(sys.stdin)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent)],
        input=json.dumps([dataclasses.asdict(each) for each in programs]),
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])
