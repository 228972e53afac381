"""The configuration of a task: the keys that it declares, and no others.

    @lr.task(config={"width": 64, "size": ("std", "tiny")})

declares `run.config["width"]`, by default 64, and `run.config["size"]`, one of the two values, by default the first.
If a key that nobody reads were accepted, the training would not be the one that was asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded
from lrlab.lab.arms.optimizer import call_of
from lrlab.record.runs.run import content_key


def declared(config: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a task as it declares them. Raises `LrlabError` for anything that is not a configuration."""
    if not isinstance(config, Mapping) or not all(isinstance(name, str) for name in config):
        raise LrlabTypeError(worded("task: config has the default of each key", config, hint='config={"width": 64}'))
    for name, value in config.items():
        if isinstance(value, tuple) and not value:
            raise LrlabError(worded(f"task: config {name} has no value to choose", value, '("std", "tiny")'))
    content_key(defaults(config))
    return dict(config)


def defaults(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the task finds in `run.config` if nothing is given.

    >>> defaults({"width": 64, "size": ("std", "tiny")})
    {'width': 64, 'size': 'std'}
    """
    return {name: value[0] if isinstance(value, tuple) else value for name, value in config.items()}


def refuse_unknown(task: str, config: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Raise `LrlabError` for a key that the task does not declare, or a value that is not among those it declares.

    >>> refuse_unknown("digits", {"size": ("std", "tiny")}, {"siz": "tiny"})
    Traceback (most recent call last):
    ...
    lrlab.errors.LrlabError: the task digits has no configuration 'siz'
      given:   {'siz': 'tiny'}
      allowed: size
      try:     size
    """
    for name, value in given.items():
        if name not in config:
            allowed = ", ".join(config) or "none: this task declares no configuration"
            hint = nearest(name, config) if config else f'@lr.task(config={{"{name}": {value!r}}})  in its file'
            raise LrlabError(worded(f"the task {task} has no configuration {name!r}", dict(given), allowed, hint))
        choices = config[name]
        if name == "optimizer" and call_of(given) is not None:
            continue  # an optimizer of any module; see `lrlab.lab.arms.optimizer`
        if isinstance(choices, tuple) and value not in choices:
            raise LrlabError(
                worded(
                    f"the task {task} has no {name} {value!r}",
                    value,
                    ", ".join(map(str, choices)),
                    nearest(str(value), map(str, choices)),
                )
            )
