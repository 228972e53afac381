"""Serves the page Compose: a text as a picture, the result of a gesture, code, and the gallery."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lrlab.core.edit.gestures import Near, State
from lrlab.core.plan.rules import KINDS
from lrlab.core.plan.text import is_plan, plan_text
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError
from lrlab.studio.asked import Asked
from lrlab.studio.packed import packed
from lrlab.studio.planning import shown
from lrlab.views.figure import svg
from lrlab.views.inside import in_png, in_svg
from lrlab.views.names import file_name

if TYPE_CHECKING:
    from lrlab.desk.compose import Drawn

MOST = 100  # phases that can be taken hold of
LRS = (1e-12, 1e6)
LONGEST_FILE = 1_000_000  # characters
TARGETS = ("text", "torch", "optax", "keras", "transformers", "python", "toml", "json")


def compose(asked: Asked) -> bytes:
    """A text over a run: its curve and its handles, and also a description unless `quick` is set."""
    return _shown(_state(asked), asked)


def gesture(asked: Asked) -> bytes:
    """The result of a gesture on a text, shown as by `compose`."""
    from lrlab.desk import compose as desk

    given = asked.within("gesture")
    kind = given.one_of("kind", desk.GESTURES)
    state = _state(asked)
    near = Near(_range(given, "near_x"), _range(given, "near_y", state.unit))
    return _shown(desk.gesture(state, kind, _arguments(given, kind, state.unit), near), asked)


def code(asked: Asked) -> Mapping[str, Any]:
    """A schedule as code for another library. Raises `LrlabError` if it cannot be expressed there."""
    from lrlab.desk import compose as desk

    state = _state(asked)
    target = asked.one_of("target", TARGETS)
    if given := asked.text("plan", default=""):
        from lrlab.desk.plans import plan_code

        return {"code": plan_code(plan_text(given), target, state.horizon)}
    return {"code": desk.code(state.schedule, target, state.horizon, asked.optional("lr", *LRS))}


def taken(asked: Asked) -> Mapping[str, Any]:
    """The schedule of a pasted text or a dropped file."""
    from lrlab.desk import dropped as desk

    name, lr = asked.text("name", 200, ""), asked.optional("lr", *LRS)
    run = asked.horizon()
    if not name and is_plan(asked.text("text", LONGEST_FILE)):
        whole = plan_text(asked.text("text"))
        return {**shown(whole, 0, run, absolute=lr is not None), "updates": None, "lr": None, "notes": []}
    if name:
        found = desk.dropped(name, _bytes(asked), run, lr)
    else:
        found = desk.pasted(asked.text("text", LONGEST_FILE), run, lr)
    return {
        "text": str(found.schedule),
        "updates": found.updates,
        "lr": found.base_lr,
        "plan": "" if found.plan is None else str(found.plan),
        "convention": found.convention,
        "notes": [str(finding) for finding in found.findings],
    }


def picture(asked: Asked) -> Mapping[str, Any]:
    """A schedule as an SVG with its text inside, and a name for the file."""
    from lrlab.desk import compose as desk

    state = _state(asked)
    figure = desk.figure(state, asked.optional("lr", *LRS), log=asked.flag("log"))
    drawn = svg(figure, 960, 440)
    return {
        "svg": in_svg(drawn, _held(state, asked)),
        "name": file_name(str(state.schedule).lower())[:60] or "schedule",
    }


def signed(asked: Asked) -> Mapping[str, Any]:
    """A PNG with the text of its schedule inside."""
    found = in_png(_bytes(asked), _held(_state(asked), asked))
    return {"png": b64encode(found).decode()}


def words(asked: Asked) -> Mapping[str, Any]:
    """The gallery: every word with a picture, and the words to which a phase can be bent."""
    from lrlab.desk import compose as desk

    return {"words": [_example(each) for each in desk.gallery()], "shapes": desk.shapes()}


GETS: dict[str, Callable[[Asked], Mapping[str, Any] | bytes]] = {"words": words}
POSTS: dict[str, Callable[[Asked], Mapping[str, Any] | bytes]] = {
    "compose": compose,
    "gesture": gesture,
    "code": code,
    "import": taken,
    "picture": picture,
    "signed": signed,
}


def _state(asked: Asked) -> State:
    from lrlab.desk import compose as desk

    base = asked.optional("lr", *LRS)
    return desk.state_of(parse(asked.text("text")), asked.horizon(), base)


def _shown(state: State, asked: Asked) -> bytes:
    """The answer: a document, and the curve behind it in float32."""
    from lrlab.desk import compose as desk
    from lrlab.desk.compose import Told

    curve = desk.drawn(state.schedule, state.horizon, log=asked.flag("log"))
    document: dict[str, Any] = {
        "version": 1,
        "text": str(state.schedule),
        "horizon": state.horizon.record(),
        "updates": state.horizon.total,
        "peak": state.unit * curve.peak,
        "floor": state.unit * desk.floor_of(state.schedule),
        "absolute": asked.optional("lr", *LRS) is not None,
    }
    try:
        points, segments = desk.handles(state)
        document |= {
            "points": [{**asdict(each), "value": state.unit * each.value} for each in points],
            "segments": [asdict(each) for each in segments],
        }
    except LrlabError as error:  # it is drawn nevertheless
        document |= {"points": [], "segments": [], "fixed": str(error)}
    if not asked.flag("quick"):
        base, decay = asked.optional("lr", *LRS), asked.optional("decay", 0, 1e3)
        told = desk.told(state.schedule, state.horizon, base, decay)
        if asked.one_of("hyper", list(KINDS), "lr") != "lr":  # what looks odd in an LR may be right for a momentum
            told = Told(told.words, (), ())
        document |= {
            "words": told.words,
            "findings": [{"message": f.message, "hint": f.hint, "update": f.update} for f in told.findings],
            "numbers": told.numbers,
        }
    return packed(document, curve.x, state.unit * curve.y)


def _held(state: State, asked: Asked) -> dict[str, Any]:
    """The data that a picture carries about itself."""
    run = {"updates": state.horizon.total}
    held = {"lrlab": 1, "schedule": str(state.schedule), "horizon": run, "base_lr": asked.optional("lr", *LRS)}
    if given := asked.text("plan", default=""):
        held["plan"] = str(plan_text(given))
    return held


def _bytes(asked: Asked) -> bytes:
    try:
        return b64decode(asked.text("bytes", LONGEST_FILE), validate=True)
    except ValueError:
        raise LrlabError("the file did not arrive as it was sent") from None


def _range(given: Asked, name: str, unit: float = 1.0) -> tuple[float, float] | None:
    low, high = given.optional(f"{name}_low", -1e18, 1e18), given.optional(f"{name}_high", -1e18, 1e18)
    return None if low is None or high is None else (low / unit, high / unit)


def _arguments(given: Asked, kind: str, unit: float = 1.0) -> dict[str, Any]:
    """The fields that a gesture needs, each with its type; levels are in the shown unit."""
    far = (-1e18, 1e18)
    needs: dict[str, Sequence[str]] = {
        "move": ("point", "x", "y"),
        "nudge": ("point", "steps", "levels", "fine", "double"),
        "several": ("points", "point", "x", "y", "log"),
        "nudge_several": ("points", "point", "steps", "levels", "fine", "double", "log"),
        "tilt": ("points", "y", "log"),
        "lift": ("segment", "from", "y", "log"),
        "bend": ("segment", "x", "y"),
        "shape": ("segment", "word"),
        "split": ("x",),
        "join": ("border",),
        "peak": ("y",),
        "floor": ("y",),
        "horizon": ("x",),
    }
    read: dict[str, Callable[[str], Any]] = {
        **dict.fromkeys(("point", "word"), lambda name: given.text(name, 40)),
        "points": lambda name: given.texts(name, 2 * MOST, 40),
        "x": lambda name: given.number(name, *far),
        **dict.fromkeys(("y", "from"), lambda name: given.number(name, *far) / unit),
        **dict.fromkeys(("segment", "border"), lambda name: given.whole(name, 0, 10_000)),
        **dict.fromkeys(("steps", "levels"), lambda name: given.whole(name, -100_000, 100_000)),
        **dict.fromkeys(("fine", "double", "log"), given.flag),
    }
    return {name: read[name](name) for name in needs[kind]}


def _example(each: Any) -> dict[str, Any]:
    curve: Drawn = each.curve
    top = max(curve.peak, 1.0)
    points = [[round(x / each.updates, 4), round(y / top, 4)] for x, y in zip(curve.x, curve.y, strict=True)]
    names = ("name", "family", "text", "updates", "signature", "formula", "sentence")
    return {**{name: getattr(each, name) for name in names}, "points": points}
