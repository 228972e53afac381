"""A schedule as code for another library, without lrlab: exact at every update, or an error with the reason.

print(to_code(parse('warmup("10%") >> cosine()'), "torch", horizon=1000))
"""

from __future__ import annotations

import math
from collections.abc import Callable

from lrlab.core.expression.node import Schedule
from lrlab.core.expression.write import record
from lrlab.core.time.horizon import Horizon
from lrlab.dialects.parts.phases import known
from lrlab.dialects.write.keras import keras_code
from lrlab.dialects.write.optax import optax_code
from lrlab.dialects.write.python import function_source
from lrlab.dialects.write.torch import torch_code
from lrlab.dialects.write.transformers import transformers_code
from lrlab.errors import LrlabError, worded

ABSOLUTE = ("keras", "optax")  # their schedules are LRs, not multiples


def to_code(
    schedule: Schedule, target: str, *, horizon: int | Horizon | None = None, base_lr: float | None = None
) -> str:
    """Return code for `target` that makes the same LRs as the schedule and does not import lrlab.

    torch: a scheduler of `optimizer`, with torch's own classes if they match exactly, else a LambdaLR. optax, keras: a
    `schedule` of absolute values, multiples of `base_lr`. transformers: a call of `get_scheduler`. python: a function
    `lr_multiplier(update)`. toml: a configuration that `lrlab.loads` reads after `json.dumps(tomllib.loads(...))`.

    The code gives the schedule's value at every update, also after the end. `horizon` is needed if a duration is
    relative, `base_lr` for absolute values. Raises `LrlabError` where one is not given, and naming the part that the
    target cannot express; python expresses everything without feedback, toml everything.

    >>> from lrlab import *
    >>> print(to_code(step(30, gamma=0.5), "torch"))
    from torch.optim.lr_scheduler import StepLR
    <BLANKLINE>
    scheduler = StepLR(optimizer, step_size=30, gamma=0.5)
    <BLANKLINE>
    """
    write = known(target, TARGETS, "to_code: the target")
    refuse_no_rate(base_lr)
    text: str = write(schedule, Horizon.of(horizon), base_lr)
    refuse_multiples(target, base_lr)
    return text


def refuse_no_rate(base_lr: float | None) -> None:
    """Raise `LrlabError` for a base LR that is 0 or less, or no number.

    >>> refuse_no_rate(-0.1)
    Traceback (most recent call last):
    lrlab.errors.LrlabError: the base LR is no LR
      given:   -0.1
      allowed: a positive number
      try:     base_lr=0.001, or --lr 0.001
    """
    if base_lr is not None and not 0 < base_lr < math.inf:
        raise LrlabError(worded("the base LR is no LR", base_lr, "a positive number", "base_lr=0.001, or --lr 0.001"))


def refuse_multiples(target: str, base_lr: float | None) -> None:
    """Raise `LrlabError` where a schedule of the target is LRs, and nothing says of which LR the multiples are.

    >>> refuse_multiples("optax", None)
    Traceback (most recent call last):
    lrlab.errors.LrlabError: a schedule of optax has absolute LRs
      try:     base_lr=0.001, or --lr 0.001
    """
    if target in ABSOLUTE and base_lr is None:
        raise LrlabError(worded(f"a schedule of {target} has absolute LRs", hint="base_lr=0.001, or --lr 0.001"))


def _python(schedule: Schedule, horizon: Horizon, base_lr: float | None) -> str:
    return function_source(schedule, horizon)


def _toml(schedule: Schedule, horizon: Horizon, base_lr: float | None) -> str:
    lines = ["lrlab = 1", "", f"# {schedule}", f"schedule = {_toml_value(record(schedule))}"]
    if horizon.record():
        lines += ["", "[horizon]", *(f"{name} = {value!r}" for name, value in horizon.record().items())]
    return "\n".join(lines) + "\n"


def _toml_value(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml_value(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml_value(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, (int, float)):
        return repr(value)
    raise LrlabError(worded("TOML has no word for this", value))


TARGETS: dict[str, Callable[[Schedule, Horizon, float | None], str]] = {
    "torch": torch_code,
    "optax": optax_code,
    "keras": keras_code,
    "transformers": transformers_code,
    "python": _python,
    "toml": _toml,
}
