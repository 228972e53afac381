"""lrlab: the learning-rate laboratory. The schedule as a value, exact everywhere, chosen by evidence.

    import lrlab as lr

    s = lr.warmup("2%") >> lr.cosine(to=0.1)     # phases without a span share what is left of the horizon
    c = s.over(10_000)                           # a pure function: update -> multiple of the base LR
    c(0), c.values(), s.describe(10_000)

Public names are resolved when they are first used: importing lrlab costs a few milliseconds and meets no framework.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "lrlab.errors": ("LrlabError",),
    "lrlab.core.schedule": ("Schedule",),
    "lrlab.core.units": ("Horizon", "Span"),
    "lrlab.core.curve": ("Curve",),
    "lrlab.core.pacer": ("Pacer",),
    "lrlab.core.controllers": ("Controller",),
    "lrlab.core.text": ("parse",),
    "lrlab.core.codec": ("dumps", "loads"),
    "lrlab.core.lint": ("Finding",),
    "lrlab.core.names": ("by_name",),
    "lrlab.core.presets": (
        "constant", "cosine", "cosine_cycle", "exp_range", "exponential", "function", "geometric", "hold",
        "hyperbolic", "inverse_power", "inverse_sqrt", "inverse_time", "k_decay", "linear", "linear_cosine",
        "maximum", "minimum", "mirror_cosine", "multistep", "natural_exponential", "noam", "one_cycle",
        "one_minus_power", "one_minus_sqrt", "piecewise_constant", "piecewise_linear", "plateau", "polynomial",
        "rex", "slanted_triangular", "step", "table", "tanh", "triangular", "triangular2", "warm_restarts",
        "warmup", "wsd",
    ),
}  # fmt: skip
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = sorted([*_HOME, "__version__"])  # noqa: PLE0605

if TYPE_CHECKING:
    from lrlab.core.codec import dumps, loads
    from lrlab.core.controllers import Controller
    from lrlab.core.curve import Curve
    from lrlab.core.lint import Finding
    from lrlab.core.names import by_name
    from lrlab.core.pacer import Pacer
    from lrlab.core.presets import *  # noqa: F403
    from lrlab.core.schedule import Schedule
    from lrlab.core.text import parse
    from lrlab.core.units import Horizon, Span
    from lrlab.errors import LrlabError


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'lrlab' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
