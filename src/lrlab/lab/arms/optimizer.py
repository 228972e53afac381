"""An optimizer by the name that it is imported by: `prodigyopt.Prodigy(lr=1.0)`, an arm's own or a task's default."""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, worded

ALLOWED = "module.Name(argument=number, ...), such as torch.optim.SGD(lr=0.1, momentum=0.9)"


@dataclass(frozen=True)
class OptimizerCall:
    """A class, or a function, of a module that can be imported, and the arguments that it is called with.

    >>> OptimizerCall.parse("prodigyopt.Prodigy(lr=1.0, betas=(0.9, 0.99))")
    OptimizerCall(place='prodigyopt.Prodigy', settings={'lr': 1.0, 'betas': (0.9, 0.99)})
    """

    place: str
    settings: Mapping[str, Any]

    @classmethod
    def parse(cls, text: str) -> OptimizerCall:
        """Read the call; nothing of it is executed. Raises `LrlabError` where it is none."""
        try:
            call = ast.parse(text.strip(), mode="eval").body
            if not isinstance(call, ast.Call) or call.args or any(word.arg is None for word in call.keywords):
                raise ValueError
            place = ast.unparse(call.func)
            if "." not in place or not all(part.isidentifier() for part in place.split(".")):
                raise ValueError
            return cls(place, {str(word.arg): ast.literal_eval(word.value) for word in call.keywords})
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            raise LrlabError(worded("this is not a call of an optimizer", text, ALLOWED)) from None

    def __str__(self) -> str:
        """The call as it is written; two that are written differently and mean the same are one text."""
        return f"{self.place}({', '.join(f'{name}={value!r}' for name, value in self.settings.items())})"

    @property
    def package(self) -> str:
        """The package that it is imported from."""
        return self.place.partition(".")[0]

    def kind(self) -> Any:
        """What is called. Raises `LrlabError` where it cannot be imported, or does not take the arguments."""
        module, _, name = self.place.rpartition(".")
        try:
            found = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            hint = 'pip install "lrlab[optimizers]"' if self.package in EXTRA else f"pip install {self.package}"
            raise LrlabError(worded(f"the optimizer cannot be imported: {error}", self.place, ALLOWED, hint)) from None
        try:
            inspect.signature(found).bind([], **self.settings)
        except TypeError as error:
            takes = ", ".join([*inspect.signature(found).parameters][1:])
            raise LrlabError(worded(f"{self.place}: {error}", dict(self.settings), takes)) from None
        except ValueError:  # of something that does not tell its arguments
            pass
        return found

    def made(self, parameters: Iterable[Any]) -> Any:
        """The optimizer of these parameters. Raises `LrlabError` where it refuses its arguments."""
        kind = self.kind()
        try:
            return kind(parameters, **self.settings)
        except (TypeError, ValueError, RuntimeError) as error:
            raise LrlabError(worded(f"{self.place} refuses its arguments: {error}", dict(self.settings))) from None

    @property
    def finds_its_lr(self) -> bool:
        """Whether it finds its LR by itself, from a first guess `d0`, as Prodigy and D-Adaptation do."""
        return "d0" in inspect.signature(self.kind()).parameters

    def digest(self) -> str:
        """The digest of the file that it stands in: what tells one state of an optimizer of one's own from another."""
        found = importlib.util.find_spec(self.place.rpartition(".")[0])
        if found is None or found.origin is None or not Path(found.origin).is_file():
            return ""
        return hashlib.sha256(Path(found.origin).read_bytes()).hexdigest()[:32]


def call_of(config: Mapping[str, Any]) -> OptimizerCall | None:
    """The call that is in a configuration under "optimizer"; None where there is none, or a task's own name for one."""
    text = config.get("optimizer")
    return OptimizerCall.parse(text) if isinstance(text, str) and "(" in text else None


def made(text: str, parameters: Iterable[Any]) -> Any:
    """The optimizer of these parameters that a text calls: `opt = made(run.config["optimizer"], model.parameters())`.

    >>> import torch
    >>> made("torch.optim.SGD(lr=0.1)", [torch.nn.Parameter(torch.zeros(2))]).param_groups[0]["lr"]
    0.1
    """
    return OptimizerCall.parse(text).made(parameters)


def rate_of(optimizer: Any) -> float | None:
    """The LR that an optimizer steps with, d x lr, where it has found a distance d by itself; None for others."""
    group = optimizer.param_groups[0]
    return float(group["d"]) * float(group["lr"]) if "d" in group else None


EXTRA = ("schedulefree", "prodigyopt", "dadaptation", "pytorch_optimizer")


def step(optimizer: Any, closure: Any) -> Any:
    """Make one update: with the closure where the optimizer asks for one, with the loss where it asks for that.

    `closure` clears the gradients, computes the loss and its gradients, and returns the loss.
    """
    needed = _needed(optimizer.step)
    if "closure" in needed:
        return optimizer.step(closure)
    loss = closure()
    optimizer.step(**{"loss": loss} if "loss" in needed else {})
    return loss


def explained(error: Exception, config: Mapping[str, Any], where: str) -> Exception:
    """The error of a training, with a note that says where; of a step that was not given what it asks for, in words."""
    call = call_of(config) if isinstance(error, TypeError) and "step() missing" in str(error) else None
    if call is not None:
        needed = [name for name in _needed(getattr(call.kind(), "step", None)) if name != "self"]
        error = LrlabError(
            worded(
                f"the step of {call.place} asks for its {' and '.join(needed)}, and the task calls step without",
                str(call),
                "an optimizer whose step takes nothing, or a task that gives each step what it asks for",
                "loss = step(opt, closure), from lrlab.lab.arms.optimizer, in the task",
            )
        )
    error.add_note(where)
    return error


def _needed(function: Any) -> list[str]:
    """The arguments that a function cannot be called without."""
    takes = inspect.signature(function).parameters.items() if callable(function) else ()
    variable = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [name for name, each in takes if each.default is each.empty and each.kind not in variable]
