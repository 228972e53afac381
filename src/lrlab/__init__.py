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

_HOMES = {
    "__version__": ("lrlab.version", "__version__"),
    "LrlabError": ("lrlab.errors", "LrlabError"),
    "Schedule": ("lrlab.core.expression.node", "Schedule"),
    "Horizon": ("lrlab.core.time.horizon", "Horizon"),
    "Span": ("lrlab.core.time.horizon", "Span"),
    "Curve": ("lrlab.core.run.curve", "Curve"),
    "Pacer": ("lrlab.core.run.pacer", "Pacer"),
    "plan": ("lrlab.core.plan.plan", "plan"),
    "Plan": ("lrlab.core.plan.plan", "Plan"),
    "Controller": ("lrlab.core.feedback.base", "Controller"),
    "Finding": ("lrlab.core.text.lint", "Finding"),
    "parse": ("lrlab.core.text.parse", "parse"),
    "dumps": ("lrlab.core.text.document", "dumps"),
    "loads": ("lrlab.core.text.document", "loads"),
    "by_name": ("lrlab.core.text.aliases", "by_name"),
    "Run": ("lrlab.record.logs.log", "LogRun"),
    "read_run": ("lrlab.record.logs.readers", "read_run"),
    "compare": ("lrlab.desk.compare", "compare"),
    "tune": ("lrlab.desk.tune", "tune"),
    "task": ("lrlab.lab.task.declaration", "task"),
    "functional": ("lrlab.lab.task.functional", "functional"),
    "keras_callback": ("lrlab.lab.task.keras_callback", "keras_callback"),
    "fit_law": ("lrlab.analysis.forecast.law", "fit_law"),
    "Law": ("lrlab.analysis.forecast.law", "Law"),
}

if TYPE_CHECKING:
    from lrlab.analysis.forecast.law import Law as Law
    from lrlab.analysis.forecast.law import fit_law as fit_law
    from lrlab.core.expression.extremes import maximum as maximum
    from lrlab.core.expression.extremes import minimum as minimum
    from lrlab.core.expression.node import Schedule as Schedule
    from lrlab.core.feedback.base import Controller as Controller
    from lrlab.core.feedback.greedy import greedy as greedy
    from lrlab.core.feedback.guard import guard as guard
    from lrlab.core.feedback.manual import manual as manual
    from lrlab.core.feedback.plateau import plateau as plateau
    from lrlab.core.plan.plan import Plan as Plan
    from lrlab.core.plan.plan import plan as plan
    from lrlab.core.run.curve import Curve as Curve
    from lrlab.core.run.pacer import Pacer as Pacer
    from lrlab.core.shapes.base import *  # noqa: F403
    from lrlab.core.shapes.cosines import *  # noqa: F403
    from lrlab.core.shapes.logarithms import *  # noqa: F403
    from lrlab.core.shapes.piecewise import *  # noqa: F403
    from lrlab.core.shapes.presets import *  # noqa: F403
    from lrlab.core.shapes.tables import function as function
    from lrlab.core.shapes.tables import table as table
    from lrlab.core.shapes.timescales import *  # noqa: F403
    from lrlab.core.shapes.transitions import *  # noqa: F403
    from lrlab.core.text.aliases import by_name as by_name
    from lrlab.core.text.document import dumps as dumps
    from lrlab.core.text.document import loads as loads
    from lrlab.core.text.lint import Finding as Finding
    from lrlab.core.text.parse import parse as parse
    from lrlab.core.time.horizon import Horizon as Horizon
    from lrlab.core.time.span import Span as Span
    from lrlab.desk.compare import compare as compare
    from lrlab.desk.tune import tune as tune
    from lrlab.errors import LrlabError as LrlabError
    from lrlab.lab.task.declaration import task as task
    from lrlab.lab.task.functional import functional as functional
    from lrlab.lab.task.keras_callback import keras_callback as keras_callback
    from lrlab.record.logs.log import LogRun as Run  # noqa: F401
    from lrlab.record.logs.readers import read_run as read_run
    from lrlab.version import __version__ as __version__


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
    elif not name.startswith("_") and name in (words := import_module("lrlab.core.text.parse").VOCABULARY):
        value = words[name]
    else:
        raise AttributeError(f"module 'lrlab' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    import lrlab.core.text.parse  # noqa: F401  (fills the vocabulary)
    from lrlab.core.expression.vocabulary import VOCABULARY

    return sorted([*_HOMES, *VOCABULARY])
