"""The task: a user's training function `train(run)`, what it is judged by, and how it is found by name.

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

The decorator only declares defaults; without it those of `Declaration` hold. What `run` offers: see
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
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

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


_LOADING: ContextVar[str | None] = ContextVar("_LOADING", default=None)


@dataclass(frozen=True)
class Settings:
    """How much is trained to compare strategies on a task.

    `updates` per run, `evals` evenly spaced evaluations in each, `folds` x `seeds` runs per arm and LR, and
    `lrs`, the multiples of the task optimizer's own LR that every arm is tried at. With `widen`, an arm that is best at
    an edge of them is tried beyond, until its best is inside.
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
    """What the decorator `task` says of a training function."""

    metric: str = "val_loss"
    mode: Way = "min"
    settings: Settings = Settings()
    quick: Settings = Settings(updates=Settings.updates // 4, folds=3)
    needs: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """A training function with what it declares; `text` finds it again in another process.

    `identity` is the hash of its code and of all that this refers to; `decided` tells what that covers, see
    `lrlab.lab.identity.identity`. `needs` are the libraries that it imports while it trains, to be looked for first;
    `config` are the keys of its configuration, see `lrlab.lab.task.config`.
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
    lrs: tuple[float, ...] = Settings.lrs,
    evals: int = Settings.evals,
) -> Callable[[_Function], _Function]:
    """Declare what a training function is judged by and what is trained by default; see `Settings`.

    `mode` says which way `metric` is better, "min" or "max"; it may be left out where the name leaves no doubt, as that
    of a loss or an error does. `config` are the keys of `run.config` with their defaults (a tuple: the values to choose
    from, the first by default); others are refused wherever they are given.

    `quick` is what `--quick` trains: by default a quarter of the updates, three folds, one seed. A function
    that imports a library only while it trains names it in `needs`: it is then imported before the random
    numbers are seeded, and its absence is said before anything starts.

    >>> @task(metric="val_error", updates=500)
    ... def train(run): ...
    >>> declaration_of(train).settings.updates
    500
    """
    direction = direction_of(metric, mode)
    settings = Settings(updates, folds, seeds, lrs, evals)
    if quick is None:
        quick = dataclasses.replace(settings, updates=max(1, updates // 4), folds=min(3, folds), seeds=1)
    declaration = Declaration(metric, direction, settings, quick, needs, declared(config or {}))

    def declare(function: _Function) -> _Function:
        function.lrlab_task = declaration  # type: ignore[attr-defined]  # of a function or a class
        return function

    return declare


def declaration_of(function: Any) -> Declaration:
    """What was declared of a function, or the defaults."""
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

    Raises `LrlabError` if there is none such; an exception of the user's own file passes through.
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
        raise LrlabError(worded("there is no such task", text, allowed, nearest(text, known)))
    module = importlib.import_module(f"{tasks.__name__}.{text}")
    return _task(module, "train", Path(str(module.__file__)), text, text)


def _module_of_file(source: Path, text: str) -> ModuleType:
    if not source.is_file():
        raise LrlabError(worded("there is no such file", text, "path/to/file.py:name", str(source)))
    # Named by its place, so that two files called train.py do not meet; registered, for dataclasses need it; within its
    # package, where it is in one, so that it may import from there.
    base = base_of(source)
    own = f"lrlab_task_{hashlib.sha256(str(source).encode()).hexdigest()}"
    name = ".".join([*source.parent.relative_to(base).parts, own])
    specification = importlib.util.spec_from_file_location(name, source)
    if specification is None or specification.loader is None:
        raise LrlabError(worded("the file cannot be imported", text))
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    if str(base) not in sys.path:  # its neighbours can be imported, as if it were run
        sys.path.insert(0, str(base))
    if str(source.parent) not in sys.path:  # last, for a module of a package may be called as one of Python's
        sys.path.append(str(source.parent))
    token = _LOADING.set(text)
    try:
        specification.loader.exec_module(module)
    finally:
        _LOADING.reset(token)
    return module


def file_being_loaded() -> str | None:
    """The text of the task whose file is being imported right now, from within that import; else None."""
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
    """The task of a function or class that was met in Python; another process finds it by its file and name.

    What no file holds (a lambda, a function within a function, a notebook cell) has the text "": it can be trained in
    this process only, and counts by its code and all that it refers to.

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
    """A task with what its decorator says of it. Raises `MissingExtra` if a library that it needs is not there."""
    function, said = function_of(training), declaration_of(training)
    for library in said.needs:
        package = library.partition(".")[0]  # to look for a module of it would import it
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
