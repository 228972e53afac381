"""lrlab: the learning-rate laboratory. The schedule as a value, exact everywhere, chosen by evidence.

    import lrlab as lr

    s = lr.warmup("2%") >> lr.cosine(to=0.1)     # phases without a span share what is left of the horizon
    c = s.over(10_000)                           # a pure function: update -> multiple of the base LR
    c(0), c.values(), s.describe(10_000)

Public names are resolved when they are first used: importing lrlab costs a few milliseconds and meets no framework.
Every word of the text form (`cosine`, `warmup`, `wsd` ...) is a public name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "LrlabError": ("lrlab.errors", "LrlabError"),
    "Schedule": ("lrlab.core.schedule", "Schedule"),
    "Horizon": ("lrlab.core.units", "Horizon"),
    "Span": ("lrlab.core.units", "Span"),
    "Curve": ("lrlab.core.curve", "Curve"),
    "Pacer": ("lrlab.core.pacer", "Pacer"),
    "plan": ("lrlab.core.plan", "plan"),
    "Plan": ("lrlab.core.plan", "Plan"),
    "Controller": ("lrlab.core.controllers", "Controller"),
    "Finding": ("lrlab.core.lint", "Finding"),
    "parse": ("lrlab.core.text", "parse"),
    "dumps": ("lrlab.core.codec", "dumps"),
    "loads": ("lrlab.core.codec", "loads"),
    "by_name": ("lrlab.core.names", "by_name"),
    "Run": ("lrlab.record.log", "LogRun"),
    "read_run": ("lrlab.record.readers", "read_run"),
    "compare": ("lrlab.desk.compare", "compare"),
    "tune": ("lrlab.desk.tune", "tune"),
    "task": ("lrlab.lab.task", "task"),
    "functional": ("lrlab.lab.functional", "functional"),
    "keras_callback": ("lrlab.lab.keras_callback", "keras_callback"),
    "fit_law": ("lrlab.analysis.forecast", "fit_law"),
    "Law": ("lrlab.analysis.forecast", "Law"),
}

if TYPE_CHECKING:
    from lrlab.analysis.forecast import Law as Law
    from lrlab.analysis.forecast import fit_law as fit_law
    from lrlab.core.codec import dumps as dumps
    from lrlab.core.codec import loads as loads
    from lrlab.core.combine import maximum as maximum
    from lrlab.core.combine import minimum as minimum
    from lrlab.core.controllers import Controller as Controller
    from lrlab.core.curve import Curve as Curve
    from lrlab.core.greedy import greedy as greedy
    from lrlab.core.guard import guard as guard
    from lrlab.core.legs import *  # noqa: F403
    from lrlab.core.lint import Finding as Finding
    from lrlab.core.manual import manual as manual
    from lrlab.core.names import by_name as by_name
    from lrlab.core.pacer import Pacer as Pacer
    from lrlab.core.piecewise import *  # noqa: F403
    from lrlab.core.plan import Plan as Plan
    from lrlab.core.plan import plan as plan
    from lrlab.core.plateau import plateau as plateau
    from lrlab.core.presets import *  # noqa: F403
    from lrlab.core.schedule import Schedule as Schedule
    from lrlab.core.shapes import *  # noqa: F403
    from lrlab.core.tables import function as function
    from lrlab.core.tables import table as table
    from lrlab.core.text import parse as parse
    from lrlab.core.timescales import *  # noqa: F403
    from lrlab.core.units import Horizon as Horizon
    from lrlab.core.units import Span as Span
    from lrlab.desk.compare import compare as compare
    from lrlab.desk.tune import tune as tune
    from lrlab.errors import LrlabError as LrlabError
    from lrlab.lab.functional import functional as functional
    from lrlab.lab.keras_callback import keras_callback as keras_callback
    from lrlab.lab.task import task as task
    from lrlab.record.log import LogRun as Run  # noqa: F401
    from lrlab.record.readers import read_run as read_run


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _HOMES:
        home, attribute = _HOMES[name]
        try:
            value = getattr(import_module(home), attribute)
        except ModuleNotFoundError as error:
            from lrlab.errors import missing

            raise missing(error.name or home, "lab", f"lrlab.{name}") from None
    elif name == "__all__":
        return __dir__()
    elif not name.startswith("_") and name in (words := import_module("lrlab.core.text").VOCABULARY):
        value = words[name]
    else:
        raise AttributeError(f"module 'lrlab' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    import lrlab.core.text  # noqa: F401  (fills the vocabulary)
    from lrlab.core.vocabulary import VOCABULARY

    return sorted([*_HOMES, *VOCABULARY, "__version__"])
