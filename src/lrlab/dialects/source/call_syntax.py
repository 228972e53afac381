"""Constructor calls as written in a script, read without executing them, and recipes that are called with them.

optax.warmup_cosine_decay_schedule(0.0, 1e-3, 100, decay_steps=10 * 100)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=int(30))  # the whole line
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

from lrlab.dialects.parts.phases import Name
from lrlab.dialects.source.folding import Call, Function, fold
from lrlab.errors import LrlabError, LrlabTypeError, nearest, worded

__all__ = ["Call", "Function", "bound", "made", "read_call", "without_optimizer"]


def read_call(text: str, names: Mapping[str, Any] | None = None) -> Call:
    """Read a call: numbers (also 1/3 and 10 * 391), texts, lists, dicts, and further calls as arguments.

    >>> call = read_call("optax.linear_schedule(0.0, 1e-3, transition_steps=2 * 50)")
    >>> call.name, call.args, call.kwargs, call.path
    ('linear_schedule', (0.0, 0.001), {'transition_steps': 100}, ('optax',))
    """
    found = fold(text, names)
    if isinstance(found, Name):
        return Call(str(found))
    if not isinstance(found, Call):
        raise LrlabError(worded("this is not one call", text, "name(arguments)"))
    return found


def without_optimizer(call: Call) -> Call:
    """The same call without the optimizer: a name or a call as the first argument, or the keyword `optimizer`."""
    kwargs = {word: value for word, value in call.kwargs.items() if word != "optimizer"}
    first = call.args[0] if call.args else None
    named = isinstance(first, Name) or (isinstance(first, Call) and not call.kwargs.get("optimizer"))
    return Call(call.name, call.args[1:] if named else call.args, kwargs, call.path)


def made(recipe: Callable[..., Any], call: Call, library: str, *own: Any) -> Any:
    """Call a recipe with our own arguments, then the written ones; raises `LrlabError` if they do not fit."""
    _bind(recipe, call, library, own, signature(recipe).bind)
    return recipe(*own, *call.args, **call.kwargs)


def bound(recipe: Callable[..., Any], call: Call, library: str) -> dict[str, Any]:
    """The written arguments by name; some may be missing."""
    return dict(_bind(recipe, call, library, (), signature(recipe).bind_partial))


def _bind(recipe: Callable[..., Any], call: Call, library: str, own: tuple[Any, ...], bind: Any) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = bind(*own, *call.args, **call.kwargs).arguments
    except TypeError as error:
        allowed = list(signature(recipe).parameters)[len(own) :]
        unknown = next((word for word in call.kwargs if word not in allowed), "")
        meant = nearest(unknown, allowed) if unknown else ""
        what = f"{library}: {call.name} does not take these: {error}"
        lacking = next((word for word in allowed if "missing" in str(error) and f"'{word}'" in str(error)), "")
        hint = f"{meant or lacking}=..." if meant or lacking else ""
        raise LrlabTypeError(worded(what, call.kwargs, ", ".join(allowed), hint)) from None
    return found
