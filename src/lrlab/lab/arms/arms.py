"""The arms: an arm is a schedule, with or without weight averaging; sets of arms are tables.

Every span is a share of the run, so the arms fit any run length. The decaying ones all end near 0: strategies
that stop higher lose for that alone, and the comparison would say nothing about their shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lrlab.core.expression.node import Schedule
from lrlab.core.plan.rules import KINDS
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError, nearest, worded
from lrlab.lab.arms.average import TYPED, average_of
from lrlab.lab.arms.optimizer import ALLOWED, OptimizerCall
from lrlab.lab.arms.text import Parts, apart

AVERAGING = 0.1


@dataclass(frozen=True)
class Arm:
    """One contestant of a comparison.

    `averaging` is the memory of a moving average of the weights as a share of the run, which then takes the
    place of the weights in every evaluation, or another average, "swa 25%", "lawa 5" or "merge linear()", the decay
    that it stands for (see `lrlab.lab.arms.average`); None evaluates the weights as they are. What is written
    differently and means the same becomes one: "ema 10%" becomes 0.1. `config` is what the task finds in `run.config`
    when it trains this arm, such as {"optimizer": "adam"}. `also` schedules hyper-parameters beside the LR, of every
    parameter group: {"momentum": linear(start=0.95, to=0.85)}; see `lrlab.core.plan.rules.KINDS`.

    >>> Arm("slow start", parse('warmup("20%") >> linear()'))
    Arm(name='slow start', schedule=warmup("20%") >> linear(), averaging=None, config={}, also={})
    """

    name: str
    schedule: Schedule
    averaging: float | str | None = None
    config: Mapping[str, Any] = field(default_factory=dict, hash=False)
    also: Mapping[str, Schedule] = field(default_factory=dict, hash=False)
    written: str = field(default="", compare=False, repr=False)  # its schedule as typed, where that had spans in epochs

    def __post_init__(self) -> None:
        if not self.name or not self.name.isprintable():
            raise LrlabError(worded("an arm needs a name of printable characters", self.name))
        if self.averaging is not None:
            object.__setattr__(self, "averaging", average_of(self.averaging).given)
        for name in self.also:
            if name not in KINDS or name == "lr":
                known = [kind for kind in KINDS if kind != "lr"]
                raise LrlabError(worded("an arm cannot schedule this", name, ", ".join(known), nearest(name, known)))

    @property
    def beside(self) -> str:
        """What it has besides its schedule, in words; empty if that is all.

        >>> Arm("averaging", parse("constant()"), 0.1, {"optimizer": "adam"}).beside
        'weights averaged over 10% of the run (ema 10%), optimizer=adam'
        """
        averaged = "" if self.averaging is None else str(average_of(self.averaging))
        given = [f"{name}={value}" for name, value in (*self.config.items(), *self.also.items())]
        return ", ".join(filter(None, (averaged, *given)))

    @property
    def text(self) -> str:
        """What `arm_of` reads back as this arm. Raises `LrlabError` for one with more than a text can say.

        >>> Arm("averaging", parse("constant()"), 0.1, {"optimizer": "adam"}).text
        'constant() @ adam @ ema 10%'
        """
        if self.also or {*self.config} - {"optimizer"}:
            more = ", ".join([*self.config, *self.also])
            raise LrlabError(worded(f"no text says what the arm {self.name} sets besides", more, "optimizer"))
        average = None if self.averaging is None else average_of(self.averaging).text
        return str(Parts(str(self.schedule), self.config.get("optimizer"), average))


# Name and text form. Parameters are those of the papers, or what fits any run: step and multistep by tenths,
# SGDR with three cycles that double (1/7 + 2/7 + 4/7), CLR with four triangles, one-cycle as PyTorch has it.
DEFAULT_ARMS: Mapping[str, str] = {
    "fixed": "constant()",
    "step": 'step("34%", gamma=0.1)',
    "multistep": 'multistep(["50%", "75%"], gamma=0.1)',
    "exponential": 'exponential(decay=0.01, every="100%")',
    "cosine": "cosine()",
    "warm restarts": 'warm_restarts("14.3%", stretch=2)',
    "plateau": 'plateau(patience=2, factor=0.3, mode="{mode}")',
    "cyclical": 'triangular("12.5%", low=0.1)',
    "one-cycle": "one_cycle()",
    "warmup + linear": 'warmup("5%") >> linear()',
    "warmup + cosine": 'warmup("5%") >> cosine()',
    "WSD": "wsd()",
    "averaging": "constant()",
}

# Name, text form and optimizer: each optimizer under one schedule that suits them all, and the two that are made to
# need none under a warmup alone.
OPTIMIZER_ARMS: Mapping[str, tuple[str, str]] = {
    "SGD": ('warmup("5%") >> linear()', "sgd"),
    "momentum": ('warmup("5%") >> linear()', "momentum"),
    "AdaGrad": ('warmup("5%") >> linear()', "adagrad"),
    "RMSProp": ('warmup("5%") >> linear()', "rmsprop"),
    "Adam": ('warmup("5%") >> linear()', "adam"),
    "AdamW": ('warmup("5%") >> linear()', "adamw"),
    "schedule-free SGD": ('warmup("5%") >> constant()', "schedule-free sgd"),
    "schedule-free AdamW": ('warmup("5%") >> constant()', "schedule-free adamw"),
}

# Name, text form and average: the averages beside a constant LR as it is, and the decays that they stand for.
AVERAGE_ARMS: Mapping[str, tuple[str, float | str | None]] = {
    "constant": ("constant()", None),
    "EMA": ("constant()", AVERAGING),
    "SWA": ("constant()", "swa 25%"),
    "LAWA": ("constant()", "lawa 5"),
    "merge": ("constant()", "merge wsd(warmup=0)"),
    "warmup + linear": ('warmup("5%") >> linear()', None),
    "WSD": ("wsd()", None),
}

ARM_SETS = ("strategies", "optimizers", "averages")


def arm_of(name: str, text: str) -> Arm:
    """An arm from its text: a schedule, and behind each @ its optimizer, or the average of its weights.

    The optimizer is a call of one that can be imported, or the name of one that the built-in tasks know. Raises
    `LrlabError` where a part cannot be read, or the optimizer cannot be imported or called so.

    >>> arm_of("plain", "linear() @ torch.optim.SGD(lr=0.1)").config
    {'optimizer': 'torch.optim.SGD(lr=0.1)'}
    >>> arm_of("averaged", "constant() @ adamw @ swa 25%").averaging
    'swa 25%'
    """
    schedule, optimizer, average = apart(text)
    config = {} if optimizer is None else {"optimizer": _optimizer(optimizer)}
    return Arm(name, parse(schedule), average, config)


def _optimizer(text: str) -> str:
    known = [name for _, name in OPTIMIZER_ARMS.values()]
    if text in known:
        return text
    if "(" not in text:
        what = "this is not a call of an optimizer, nor one that built-in tasks know, nor an average of the weights"
        near = nearest(text.lower(), known) or TYPED.get(nearest(text.lower().partition(" ")[0], TYPED), "")
        raise LrlabError(worded(what, text, ", ".join([ALLOWED, *known, *TYPED.values()]), near))
    call = OptimizerCall.parse(text)
    call.kind()
    return str(call)


def default_arms(mode: Literal["min", "max"] = "min") -> tuple[Arm, ...]:
    """The default arms, for a metric of which less ("min") or more ("max") is better.

    >>> [arm.name for arm in default_arms()][:3]
    ['fixed', 'step', 'multistep']
    """
    return tuple(
        Arm(name, parse(text.format(mode=mode)), AVERAGING if name == "averaging" else None)
        for name, text in DEFAULT_ARMS.items()
    )


def optimizer_arms() -> tuple[Arm, ...]:
    """One arm for each optimizer that the built-in tasks know.

    >>> [arm.config["optimizer"] for arm in optimizer_arms()][:3]
    ['sgd', 'momentum', 'adagrad']
    """
    return tuple(Arm(name, parse(text), config={"optimizer": kind}) for name, (text, kind) in OPTIMIZER_ARMS.items())


def average_arms() -> tuple[Arm, ...]:
    """One arm for each average of a constant LR, beside it as it is and two decays.

    >>> [arm.averaging for arm in average_arms()]
    [None, 0.1, 'swa 25%', 'lawa 5', 'merge warmup(0) >> constant() >> one_minus_sqrt("20%")', None, None]
    """
    return tuple(Arm(name, parse(text), averaging) for name, (text, averaging) in AVERAGE_ARMS.items())


def arms_named(name: str, mode: Literal["min", "max"] = "min") -> tuple[Arm, ...]:
    """A set of arms by its name: "strategies" (the default ones), "optimizers" or "averages".

    Raises `LrlabError` for any other name.
    """
    if name not in ARM_SETS:
        raise LrlabError(
            worded("there is no such set of arms", name, ", ".join(ARM_SETS), nearest(name, ARM_SETS) or ARM_SETS[0])
        )
    return {"strategies": default_arms(mode), "optimizers": optimizer_arms(), "averages": average_arms()}[name]
