"""lrlab: the learning-rate laboratory. The schedule as a value, exact everywhere, chosen by evidence.

    import lrlab as lr

    s = lr.warmup("2%") >> lr.cosine()            # phases without a span share what is left of the horizon
    c = s.over(10_000)                           # a pure function: update -> multiple of the base LR
    c(0), c.values(), s.describe(10_000)

Public names are resolved when they are first used: importing lrlab costs a few milliseconds and meets no framework.
They are listed once, as imports, for type checkers and editors; at run time this list is read from this very file.
Every word of the text form (`cosine`, `warmup`, `wsd` ...) is a public name.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers take it for True; to import it from typing would take longer than all the rest
if TYPE_CHECKING:
    from typing import Any

    from lrlab.analysis.forecast.law import Law as Law
    from lrlab.analysis.forecast.law import fit_law as fit_law
    from lrlab.core.expression.extremes import *  # noqa: F403
    from lrlab.core.expression.node import Schedule as Schedule
    from lrlab.core.feedback.base import Controller as Controller
    from lrlab.core.feedback.greedy import *  # noqa: F403
    from lrlab.core.feedback.guard import *  # noqa: F403
    from lrlab.core.feedback.manual import *  # noqa: F403
    from lrlab.core.feedback.plateau import *  # noqa: F403
    from lrlab.core.plan.plan import Plan as Plan
    from lrlab.core.plan.plan import plan as plan
    from lrlab.core.run.curve import Curve as Curve
    from lrlab.core.run.pacer import Pacer as Pacer
    from lrlab.core.shapes.base import *  # noqa: F403
    from lrlab.core.shapes.cosines import *  # noqa: F403
    from lrlab.core.shapes.logarithms import *  # noqa: F403
    from lrlab.core.shapes.piecewise import *  # noqa: F403
    from lrlab.core.shapes.presets import *  # noqa: F403
    from lrlab.core.shapes.tables import *  # noqa: F403
    from lrlab.core.shapes.timescales import *  # noqa: F403
    from lrlab.core.shapes.transitions import *  # noqa: F403
    from lrlab.core.text.aliases import by_name as by_name
    from lrlab.core.text.document import dumps as dumps
    from lrlab.core.text.document import loads as loads
    from lrlab.core.text.lint import Finding as Finding
    from lrlab.core.text.parse import parse as parse
    from lrlab.core.time.horizon import Horizon as Horizon
    from lrlab.core.time.span import Span as Span
    from lrlab.desk.advise import advise as advise
    from lrlab.desk.auto import auto as auto
    from lrlab.desk.compare import compare as compare
    from lrlab.desk.find import find as find
    from lrlab.desk.range_test import RangeTest as RangeTest
    from lrlab.desk.refine import refine as refine
    from lrlab.desk.study_file import read_plan as read_plan
    from lrlab.desk.transfer import transfer as transfer
    from lrlab.desk.tune import tune as tune
    from lrlab.errors import LrlabError as LrlabError
    from lrlab.lab.task.declaration import task as task
    from lrlab.lab.task.functional import functional as functional
    from lrlab.lab.task.functional_torch import functional_torch as functional_torch
    from lrlab.lab.task.keras_callback import keras_callback as keras_callback
    from lrlab.record.logs.log import Run as Run
    from lrlab.record.logs.readers import read_run as read_run
    from lrlab.version import __version__ as __version__

_homes: dict[str, tuple[str, str]] = {}  # public name -> the module that it is in, and what it is called there


def _read_homes() -> dict[str, tuple[str, str]]:
    """The imports above, by name. The words of the text form (`import *`) are in the vocabulary."""
    if not _homes:
        import ast
        import linecache

        lines = linecache.getlines(__file__, globals())  # also where the package is in a zip file
        block = next(node for node in ast.parse("".join(lines)).body if isinstance(node, ast.If))
        for node in block.body:
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("lrlab."):
                _homes.update({a.asname or a.name: (node.module, a.name) for a in node.names if a.name != "*"})
    return _homes


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "__all__":
        return __dir__()
    if name.startswith("_") and name != "__version__":
        raise AttributeError(f"module 'lrlab' has no attribute {name!r}")
    if name in (homes := _read_homes()):
        home, attribute = homes[name]
        try:
            value = getattr(import_module(home), attribute)
        except ModuleNotFoundError as error:
            from lrlab.errors import missing

            raise missing(error.name or home, "lab", f"lrlab.{name}") from None
    elif name in (words := import_module("lrlab.core.text.parse").VOCABULARY):
        value = words[name]
    else:
        raise AttributeError(f"module 'lrlab' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    import lrlab.core.text.parse  # noqa: F401  (fills the vocabulary)
    from lrlab.core.expression.vocabulary import VOCABULARY

    return sorted([*_read_homes(), *VOCABULARY])
