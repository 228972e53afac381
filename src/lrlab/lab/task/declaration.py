"""The task: a user's training function `train(run)`, the metric that judges it, and how it is found by name.

    from lrlab.lab.task import task

    @task(metric="val_loss", updates=2000, folds=5)
    def train(run):
        model, opt = ...
        run.track(model=model, opt=opt)
        for update, batch in run.steps(loader):
            loss = ...; opt.zero_grad(); loss.backward(); opt.step()
            run.log(loss=loss)
            if run.eval_now:
                run.report(val_loss=evaluate(model))

The decorator only declares defaults. Without it, the defaults of `Declaration` apply. For what `run` offers, see
`lrlab.lab.training.run.TrainingRun`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import importlib.util
import inspect
import math
import pkgutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from lrlab.core.feedback.direction import Way
from lrlab.errors import LrlabError, missing, nearest, worded
from lrlab.lab import tasks
from lrlab.lab.identity.identity import Identity, identity_of
from lrlab.lab.identity.sources import base_of
from lrlab.lab.task.config import declared
from lrlab.lab.task.forms import function_of
from lrlab.lab.task.metric import direction_of

if TYPE_CHECKING:
    from lrlab.lab.training.run import TrainingRun

TrainFunction: TypeAlias = "Callable[[TrainingRun], object]"
_Function = TypeVar("_Function", bound="Callable[..., object]")


AUTO: Literal["auto"] = "auto"  # in the place of LRs: 0.5, 1 and 2, widened until the best of each arm is inside
_LOADING: ContextVar[str | None] = ContextVar("_LOADING", default=None)


@dataclass(frozen=True)
class Settings:
    """How much is trained to compare strategies on a task.

    A run has `updates` updates and `evals` evenly spaced evaluations. Each arm has `folds` x `seeds` runs at each of
    `lrs`, which are multiples of the task optimizer's own LR. With `widen`, an arm that is best at an edge of `lrs` is
    also tried beyond that edge, until its best LR lies inside. Raises `LrlabError` if a value is not valid.
    """

    updates: int = 1000
    folds: int = 5
    seeds: int = 1
    lrs: tuple[float, ...] = (0.5, 1.0, 2.0)
    evals: int = 20
    widen: bool = False

    def __post_init__(self) -> None:
        for name in ("updates", "folds", "seeds", "evals"):
            if type(getattr(self, name)) is not int or getattr(self, name) < 1:
                raise LrlabError(worded(f"{name} must be a whole number, at least 1", getattr(self, name)))
        if not isinstance(self.lrs, Sequence) or not self.lrs or not all(map(_is_multiple, self.lrs)):
            allowed = "numbers above 0"
            raise LrlabError(worded("lrs are multiples of the task's own LR", self.lrs, allowed, "lrs=(0.5, 1, 2)"))


def _is_multiple(value: object) -> bool:
    return isinstance(value, int | float) and 0 < value < math.inf


@dataclass(frozen=True)
class Declaration:
    """What the decorator `task` says about a training function."""

    metric: str = "val_loss"
    mode: Way = "min"
    settings: Settings = Settings(widen=True)
    quick: Settings = Settings(updates=Settings.updates // 4, folds=3, widen=True)
    needs: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """A training function with what it declares; another process finds it by `text`.

    `identity` is the hash of its code and of everything that the code refers to. `decided` says what the hash covers
    (see `lrlab.lab.identity.identity`). `needs` are the libraries that it imports while it trains; they are looked for
    first. `config` holds the keys of its configuration with their defaults (see `lrlab.lab.task.config`).
    """

    name: str
    text: str
    function: TrainFunction
    identity: str
    metric: str
    mode: Way
    settings: Settings
    quick: Settings
    needs: tuple[str, ...]
    config: Mapping[str, Any]
    decided: Identity = field(default_factory=lambda: Identity(""))


def task(
    *,
    metric: str = "val_loss",
    mode: Way | None = None,
    needs: tuple[str, ...] = (),
    config: Mapping[str, Any] | None = None,
    quick: Settings | None = None,
    updates: int = Settings.updates,
    folds: int = Settings.folds,
    seeds: int = Settings.seeds,
    lrs: tuple[float, ...] | Literal["auto"] = AUTO,
    evals: int = Settings.evals,
) -> Callable[[_Function], _Function]:
    """Declare the metric that judges a training function and how much is trained by default; see `Settings`.

    `mode` says which way `metric` is better, "min" or "max". It may be left out if the name leaves no doubt, as in a
    loss or an error. `config` maps the keys of `run.config` to their defaults; a tuple lists the allowed values, and
    the first is the default. Any other key is refused. `needs` names the libraries that the function imports only while
    it trains: they are imported before the random numbers are seeded, and a missing one is reported before the start.
    With lrs="auto" a comparison begins with half the task's own LR, that LR and twice that, and tries more where a
    strategy is best at an edge; LRs that are given are what is tried, and no others.
    `quick` is what `--quick` trains: by default a quarter of the updates, three folds at most, one seed.

    Returns the function or class unchanged. Raises `LrlabError` or `LrlabTypeError` for an argument that is not valid.

    >>> @task(metric="val_error", updates=500)
    ... def train(run): ...
    >>> declaration_of(train).settings.updates
    500
    """
    direction = direction_of(metric, mode)
    settings = Settings(updates, folds, seeds, Settings.lrs if lrs == AUTO else lrs, evals, widen=lrs == AUTO)
    if quick is None:
        quick = dataclasses.replace(settings, updates=max(1, updates // 4), folds=min(3, folds), seeds=1)
    declaration = Declaration(metric, direction, settings, quick, needs, declared(config or {}))

    def declare(function: _Function) -> _Function:
        function.lrlab_task = declaration  # type: ignore[attr-defined]  # of a function or a class
        return function

    return declare


def declaration_of(function: Any) -> Declaration:
    """What was declared for a function, or the defaults."""
    declaration = getattr(function, "lrlab_task", Declaration())
    if not isinstance(declaration, Declaration):
        raise LrlabError(worded("lrlab_task is set by the decorator alone", declaration, hint="@task(updates=500)"))
    return declaration


def built_in_tasks() -> tuple[str, ...]:
    """The names of the tasks that come with lrlab.

    >>> "digits" in built_in_tasks()
    True
    """
    return tuple(sorted(module.name for module in pkgutil.iter_modules(tasks.__path__) if not module.ispkg))


def load_task(text: str) -> Task:
    """The task called `text`: a built-in name, or `path/to/file.py:name`.

    Raises `LrlabError` if there is no such task. An exception raised by the user's file passes through.
    """
    path, colon, name = text.rpartition(":")
    if colon and path.endswith(".py"):
        source = Path(path).resolve()
        module = _module_of_file(source, text)
        return _task(module, name, source, f"{source.stem}:{name}", f"{source}:{name}")
    if text.endswith(".py"):
        raise LrlabError(worded("which function of the file?", text, "path/to/file.py:name", f"{text}:train"))
    if text not in built_in_tasks():
        known = built_in_tasks()
        allowed = f"{', '.join(known)}, or path/to/file.py:name"
        file = f"{path}.py:{name}" if colon and path and Path(f"{path}.py").is_file() else ""
        raise LrlabError(worded("there is no such task", text, allowed, file or nearest(text, known)))
    module = importlib.import_module(f"{tasks.__name__}.{text}")
    return _task(module, "train", Path(str(module.__file__)), text, text)


def _module_of_file(source: Path, text: str) -> ModuleType:
    if not source.is_file():
        raise LrlabError(worded("there is no such file", text, "path/to/file.py:name", str(source)))
    # The name contains the path, so that two files called train.py do not clash. The module is registered because
    # dataclasses need it, and as part of its package, if it is in one, so that it can import from there.
    base = base_of(source)
    own = f"lrlab_task_{hashlib.sha256(str(source).encode()).hexdigest()}"
    name = ".".join([*source.parent.relative_to(base).parts, own])
    specification = importlib.util.spec_from_file_location(name, source)
    if specification is None or specification.loader is None:
        raise LrlabError(worded("the file cannot be imported", text))
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    if str(base) not in sys.path:  # it can import its neighbours, as if it were run as a script
        sys.path.insert(0, str(base))
    if str(source.parent) not in sys.path:  # last: a module of a package may have the name of one of Python's
        sys.path.append(str(source.parent))
    token = _LOADING.set(text)
    try:
        specification.loader.exec_module(module)
    finally:
        _LOADING.reset(token)
    return module


def file_being_loaded() -> str | None:
    """The text of the task if its file is being imported right now, in the code of that import; else None."""
    return _LOADING.get()


def _task(module: ModuleType, attribute: str, source: Path, name: str, text: str) -> Task:
    training = getattr(module, attribute, None)
    if not callable(training):
        known = [key for key, value in vars(module).items() if inspect.isfunction(value) or inspect.isclass(value)]
        raise LrlabError(
            worded(
                f"{source.name} has no function {attribute}",
                text,
                ", ".join(known),
                nearest(attribute, known),
            )
        )
    return _declared(training, name, text, identity_of(training, source, attribute))


def task_of(training: Any) -> Task:
    """The task of a Python function or class; another process finds it by its file and name.

    A function that no file holds (a lambda, a function inside a function, a notebook cell) has the text "". It can be
    trained in this process only, and it is identified by its code and everything that the code refers to.

    >>> task_of(lambda run: None).text
    ''
    """
    name, home = getattr(training, "__qualname__", ""), sys.modules.get(getattr(training, "__module__", ""))
    source = getattr(home, "__file__", None)
    if home and source and getattr(home, name, None) is training:
        return _task(
            home, name, Path(source).resolve(), f"{Path(source).stem}:{name}", f"{Path(source).resolve()}:{name}"
        )
    return _declared(training, name or "train", "", identity_of(training))


def _declared(training: Any, name: str, text: str, identity: Identity) -> Task:
    """A task with what its decorator declares. Raises `MissingExtra` if a library that it needs is not installed."""
    function, said = function_of(training), declaration_of(training)
    for library in said.needs:
        package = library.partition(".")[0]  # looking for one of its modules would import it
        if importlib.util.find_spec(package) is None:
            raise missing(package, "lab", f"the task {name}")
    return Task(
        name,
        text,
        function,
        identity.digest,
        said.metric,
        said.mode,
        said.settings,
        said.quick,
        said.needs,
        said.config,
        identity,
    )
