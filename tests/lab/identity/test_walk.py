"""The hash of a graph: places, names and references back are in it, and nothing of where it lies in memory."""

import itertools
import socket
import subprocess
import sys
import types
from typing import ClassVar

import pytest

from lrlab.lab.identity.walk import Walk


def of(value):
    return Walk().of(value)


def g():
    return 1


def h():
    return 2


SHARED = [8]
GRAPHS = {
    "a pair": [[g], h],
    "the other place": [g, [h]],
    "the other order": [[h], g],
    "one list twice": [SHARED, SHARED],
    "two lists": [[8], [8]],
    "three": [SHARED, SHARED, SHARED],
    "8 8 4": [8, 8, 4],
    "8 4 4": [8, 4, 4],
    "8 4 8": [8, 4, 8],
    "a text in two": ["ab", "c"],
    "another": ["a", "bc"],
    "names": {"a": 1, "b": 2},
    "names the other way": {"b": 1, "a": 2},
    "in another order": {"b": 2, "a": 1},
    "attributes": types.SimpleNamespace(a=1, b=2),
    "other attributes": types.SimpleNamespace(a=2, b=1),
    "a function twice": [g, g],
    "two functions": [g, h],
    "a set": {g, h},
    "a smaller set": {g},
}


def test_no_two_graphs_are_the_same():
    """Structure, places, names."""
    digests = {name: of(graph) for name, graph in GRAPHS.items()}
    assert [pair for pair in itertools.combinations(digests, 2) if digests[pair[0]] == digests[pair[1]]] == []
    assert digests == {name: of(graph) for name, graph in GRAPHS.items()}


def test_circles_end():
    """And where they lead back to counts."""
    one, two, three = [1], [1], [[1]]
    one.append(one)
    two.append([two])
    three[0].append(three[0])
    assert len({of(one), of(two), of(three)}) == 3


def test_deep_ones():
    """Without a call for each level."""
    deep = []
    for _ in range(20 * sys.getrecursionlimit()):
        deep = [deep]
    assert of(deep) != of([deep])


def test_functions_that_call_each_other():
    """Each is looked at once."""

    def even(n):
        return n == 0 or odd(n - 1)

    def odd(n):
        return n != 0 and even(n - 1)

    before = of(even)
    assert before == of(even) != of(odd)
    odd.__defaults__ = (3,)
    assert of(even) != before


def test_what_it_meets():
    """Libraries, what nobody can look into with its name, and whether the order of sets counts."""
    import numpy as np

    with socket.socket() as thing:
        walk = Walk()
        walk.of({"config": types.SimpleNamespace(line=thing), "array": np.float32})
    assert walk.unseen == ["line, a socket.socket"]
    assert walk.libraries == {"numpy"}
    assert [_hashes({"a", "b"}), _hashes({1, 2}), _hashes(lambda words: list({*words})), _hashes(g)] == [
        True, False, True, False,
    ]  # fmt: skip


def _hashes(value):
    walk = Walk()
    walk.of(value)
    return walk.hashes


def test_variables_of_modules_that_are_spelled(monkeypatch):
    """Of one's own, wherever they are spelled; others do not count. Of a library, what was put into it."""
    mine = types.ModuleType("mine_")
    mine.WIDTH, mine.other = 8, 1
    space = {"__name__": "cell", "mine": mine}
    exec("def build(config): return config.WIDTH\ndef train(run): return build(mine)", space)
    before = of(space["train"])
    mine.other = 2
    assert of(space["train"]) == before
    mine.WIDTH = 64
    assert of(space["train"]) != before

    import json

    space = {"__name__": "cell", "json": json}
    exec("def train(run): return json.decoder.scanstring, json.dumps", space)
    before = of(space["train"])
    monkeypatch.setattr(json.decoder, "scanstring", g)
    assert of(space["train"]) != before


@pytest.mark.parametrize("collate", ["lambda rows: rows", "lambda rows: rows[0]"])
def test_a_loader_of_a_library_is_walked(collate):
    """Its function, its batch size, its data; and it is the same at each call."""
    torch = pytest.importorskip("torch")

    def loader(text=collate, size=4, seed=0):
        generator = torch.Generator().manual_seed(seed)
        data = torch.utils.data.TensorDataset(torch.randn(8, 2, generator=generator))
        return torch.utils.data.DataLoader(data, size, collate_fn=eval(text))

    base = of(loader())
    assert base == of(loader())
    assert len({base, of(loader(size=2)), of(loader("lambda rows: rows[1]")), of(loader(seed=1))}) == 4


def test_modules_of_pytorch_are_walked():
    """Weights, modes, hooks, and what is frozen."""
    torch = pytest.importorskip("torch")

    def net(change=lambda net: None):
        torch.manual_seed(0)
        made = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout(0.5))
        change(made)
        return of(made)

    changes = [
        lambda net: net.eval(),
        lambda net: net[0].register_forward_hook(lambda *a: None),
        lambda net: net[0].register_forward_hook(lambda *a: a[2] * 2),
        lambda net: net[0].weight.requires_grad_(False),
        lambda net: torch.nn.init.zeros_(net[0].bias),
        lambda net: setattr(net[1], "p", 0.25),
        lambda net: net.append(torch.nn.ReLU()),
    ]
    found = [net(), *map(net, changes)]
    assert len({*found}) == len(found)
    assert found == [net(), *map(net, changes)]


def test_arrays_that_share_their_memory():
    """What is written into one is in the other."""
    import numpy as np

    whole = np.zeros(4)
    assert len({of([whole, whole]), of([whole, whole[:]]), of([whole, whole.copy()])}) == 3


@pytest.mark.parametrize(
    "text", ["getattr(mine, 'WI' + run)", "vars(mine)", "eval(run)", "globals()[run]", "getattr(mine, run)"]
)
def test_names_that_are_computed(text):
    """Then every variable counts, of the module, or of one's own."""
    digests = set()
    for width in (8, 64):
        mine = types.ModuleType("mine_")
        mine.WIDTH = width
        space = {"__name__": "cell", "mine": mine, "WIDTH": width}
        exec(f"def train(run): return {text}", space)
        digests.add(of(space["train"]))
    assert len(digests) == 2


@pytest.mark.parametrize(
    ("line", "read", "asks"),
    [("from os import environ as e", "e", True), ("from os import getenv as g", "g", True), ("import os", "os", False)],
)
def test_variables_of_the_environment_are_asked_for(line, read, asks):
    """Under whatever name."""
    space = {"__name__": "cell"}
    exec(f"{line}\nNAME = 'WIDTH'\ndef train(run): return {read}, NAME", space)
    walk = Walk()
    walk.of(space["train"])
    assert walk.asks == asks
    assert "WIDTH" in walk.texts


def test_what_wraps_in_jax_counts_with_its_rules():
    """A custom gradient is no part of the function that is wrapped."""
    jax = pytest.importorskip("jax")

    def made(scale):
        f = jax.custom_vjp(lambda x: x)
        f.defvjp(lambda x: (x, None), lambda rest, g: (g * scale,))
        return of(jax.jit(f))

    assert made(1.0) == made(1.0) != made(2.0)


def registered():
    """A class with a subclass, known to Python alone."""

    class Base:
        pass

    class Below(Base):
        width = 8

    return Base, Below


def test_subclasses_that_only_python_knows():
    """A registry by `__subclasses__()` names none of them."""
    base, below = registered()

    def asks(run):
        return [kind.width for kind in base.__subclasses__()]

    def does_not(run):
        return base

    before = of(asks), of(does_not)
    below.width = 16
    assert of(asks) != before[0]
    assert of(does_not) == before[1]
    before = of(asks)
    further = type("Further", (below,), {"__module__": __name__, "width": 4})
    assert of(asks) != before
    assert further.__mro__[1] is below


def test_classes_that_register_themselves():
    """By `__init_subclass__`, in a dictionary of their base."""
    found = []
    for width in (8, 16):

        class Base:
            known: ClassVar[dict] = {}

            def __init_subclass__(cls):
                Base.known[cls.__name__] = cls

        type("Below", (Base,), {"__module__": __name__, "width": width})
        found.append(of(lambda run, base=Base: base.known))
    assert found[0] != found[1]


def test_what_a_library_loads_when_it_is_asked_for_is_there_in_every_process():
    """As lr.step, of which opt.step() has the name: whoever had used it had another key than the workers."""
    code = (
        "import sys, lrlab\n"
        "from lrlab.lab.identity.walk import Walk\n"
        "space = {}\n"
        "exec('import lrlab as lr\\ndef train(run): return lr.parse, run.step()', space)\n"
        "if sys.argv[1:]: lrlab.step\n"
        "print(Walk().of(space['train']))\n"
    )
    told = [subprocess.run([sys.executable, "-c", code, *more], capture_output=True, text=True) for more in ([], ["x"])]
    assert told[0].stdout == told[1].stdout != "", told


@pytest.fixture
def library(tmp_path):
    """An installed package: of its parts it loads `first`, and `later` is loaded by whoever wants it."""
    folder = tmp_path / "site-packages" / "lib_of_parts"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("from . import first  # not later\n")
    for name in ("first", "later"):
        (folder / f"{name}.py").write_text("EPS = 1e-7\nTINY = 2 * 0.5\nclass Config:\n    width = 8\n")
    return tmp_path / "site-packages"


TRAIN = "def train(run): return lib_of_parts.first.TINY, run.later, run.EPS, run.TINY, run.Config, run.later_width"


@pytest.mark.parametrize("more", ["import lib_of_parts.later", "import lib_of_parts.later as x; x.Config()"])
def test_a_part_of_a_library_that_somebody_else_has_loaded_changes_nothing(library, more):
    """Of torch, say, `onnx`: whoever had imported it had another key than the workers, and was refused."""
    told = [_in_a_process(library, text) for text in ("pass", more)]
    assert told[0] == told[1] != ""


@pytest.mark.parametrize("where", ["first", "later"])
@pytest.mark.parametrize("set_to", ["EPS = 1e-3", "EPS = 'x'", "later_width = 9", "Config.width = lambda: 9"])
def test_what_was_set_in_a_part_of_a_library_counts_all_the_same(library, where, set_to):
    """Where it is another value than its source gives it, or a thing of one's own."""
    told = [_in_a_process(library, f"import lib_of_parts.{where} as x; {then}") for then in ("pass", f"x.{set_to}")]
    assert told[0] != told[1]


def _in_a_process(library, more):
    code = (
        "import sys\n"
        f"sys.path.insert(0, {str(library)!r})\n"
        f"import lib_of_parts\nexec(compile({more!r}, '<cell>', 'exec'))\n"
        "from lrlab.lab.identity.walk import Walk\n"
        f"space = {{'lib_of_parts': lib_of_parts}}\nexec({TRAIN!r}, space)\n"
        "print(Walk().of(space['train']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert not done.stderr, done.stderr
    return done.stdout


def test_what_is_own_is_no_library():
    """A class of a test, and what it holds."""
    walk = Walk()
    walk.of(Thing())
    assert walk.libraries == set()
    walk.of([socket.socket, itertools.count, sys.modules["numpy"].linspace])
    assert walk.libraries == {"numpy"}


class Thing:
    """One that counts by its own hash."""

    def __hash__(self):
        return hash(("a", "b"))


def test_a_hash_of_ones_own_is_no_order_of_sets():
    """What it asks for is not what the code makes of it."""
    walk = Walk()
    walk.of(Thing())
    assert not walk.hashes
    walk.of(lambda words: {*words})
    assert walk.hashes


def test_a_method_called_vars_reads_no_other_variables():
    """Python's own does: any may be read by it."""
    helper = types.ModuleType("helper_of_the_walk")
    helper.width, helper.other = 1, 2
    for text, reads in (("run.vars()", False), ("vars(helper)", True)):
        space = {"__name__": "cell", "helper": helper}
        exec(compile(f"def f(run): return helper.width, {text}", "<cell>", "exec"), space)
        before = of(space["f"])
        helper.other += 1
        assert (of(space["f"]) != before) == reads
        helper.width += 1
        assert of(space["f"]) != before


def test_arrays_that_share_their_memory_are_told_from_copies():
    """By which of them does, and from which place on."""
    whole = sys.modules["numpy"].arange(6.0)
    graphs = [[whole, whole[2:4]], [whole, whole[2:4].copy()], [whole, whole[3:5] - 1.0], [whole.copy(), whole[2:4]]]
    digests = [of(graph) for graph in graphs]
    assert digests[0] not in digests[1:]
    assert digests[1] == digests[2] == digests[3]


def test_what_nobody_can_look_into_is_another_thing_each_time():
    """By a random number: its runs are never taken for others."""
    walk = Walk()
    with socket.socket() as one:
        assert walk.of([one]) != Walk().of([one])
    assert len(walk.unseen) == 1


def test_a_variable_that_is_a_module_counts_where_it_is_no_part_of_its_own():
    """A part of a package that is imported where training runs is looked at by its file."""
    package, part = types.ModuleType("package_of_the_walk"), types.ModuleType("package_of_the_walk.part")
    package.part = package.other = part
    part.width = 1
    sys.modules[part.__name__] = part
    try:
        for name, lazily in (("part", True), ("other", True), ("part", False)):
            space = {"__name__": "cell", "helper": package}
            exec(compile(f"def f(run): return helper.{name}.width", "<cell>", "exec"), space)

            def digest(lazily=lazily, space=space):
                return Walk(lazily=lambda module: lazily).of(space["f"])

            before = digest()
            part.width += 1
            assert (digest() != before) == (name == "other" or not lazily)
    finally:
        del sys.modules[part.__name__]


@pytest.mark.parametrize(
    "text",
    [
        "runpy.run_path(name)['WIDTH']",
        "exec(open(name).read(), {})",
        "eval(Path(name).read_text())",
        "[each.loader.exec_module(made) for each in specs]",
        "(lambda: exec(open(name).read()))()",
    ],
)
def test_files_that_are_read_and_run_are_never_taken_for_the_same(text):
    """No import names them: an edited one would bring back the runs of the one before."""
    space = {"__name__": "cell"}
    exec(f"def train(run): return {text}", space)
    walk = Walk()
    assert walk.of(space["train"]) != Walk().of(space["train"])
    assert walk.unseen == ["the files that train reads and runs"]


@pytest.mark.parametrize("text", ["open(name).read()", "net.eval(), open(name)", "eval('1 + 1')"])
def test_files_that_are_only_read_and_texts_that_are_only_run_are(text):
    space = {"__name__": "cell"}
    exec(f"def train(run): return {text}", space)
    assert of(space["train"]) == of(space["train"])
