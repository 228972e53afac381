"""What the page Compose is told."""

from base64 import b64encode

import numpy as np
import pytest

import lrlab as lr
from lrlab.desk.compose import GESTURES
from lrlab.studio.composing import TARGETS, _arguments

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII="
RUN = {"updates": 100_000}
TEXT = 'warmup("2%") >> cosine(to=0.1)'


def composed(studio, text=TEXT, horizon=RUN, **more):
    reply = studio.post("/api/compose", {"text": text, "horizon": horizon, **more})
    assert reply.status == 200, reply.body
    return reply.unpacked


@pytest.mark.parametrize(
    "text", [TEXT, "wsd()", 'step("10%")', 'warm_restarts("7%")', "inverse_sqrt()", "triangular2()"]
)
def test_what_is_drawn_is_what_a_run_applies(studio, text):
    """At every update, within a tenth of a pixel of the picture's height; and where it jumps, in the same update."""
    document, (x, y) = composed(studio, text)
    values = lr.parse(text).over(100_000).values()
    drawn = np.interp(np.arange(100_000), x, y)
    assert np.abs(drawn - values).max() <= 5e-4 * np.ptp(values)
    assert document["text"] == str(lr.parse(text))
    assert document["peak"] == values.max()


def test_a_drag_is_told_less(studio):
    """Words and findings come when the hand lets go."""
    assert "words" in composed(studio)[0]
    assert "words" not in composed(studio, quick=True)[0]


def test_what_looks_unintended_is_told(studio):
    found = composed(studio, "warmup(10, start=0) >> cosine(50)", {"updates": 100})[0]["findings"]
    assert any("0" in each["message"] and each["hint"] for each in found)


def test_a_gesture_is_another_text(studio):
    asked = {"text": TEXT, "horizon": RUN, "gesture": {"kind": "move", "point": "1", "x": 5003.2, "y": 1.0}}
    assert studio.post("/api/gesture", asked).unpacked[0]["text"] == 'warmup("5.003%") >> cosine(to=0.1)'
    near = {"near_x_low": 4900, "near_x_high": 5100, "near_y_low": 0.9, "near_y_high": 1.1}
    asked["gesture"].update(near)
    assert studio.post("/api/gesture", asked).unpacked[0]["text"] == 'warmup("5%") >> cosine(to=0.1)'


@pytest.mark.parametrize(
    "gesture",
    [
        {}, {"kind": "explode"}, {"kind": "move"}, {"kind": "move", "point": "1", "x": "1", "y": 1},
        {"kind": "move", "point": "9", "x": 1, "y": 1}, {"kind": "bend", "segment": 9, "x": 1, "y": 1},
        {"kind": "bend", "segment": -1, "x": 1, "y": 1}, {"kind": "bend", "segment": 0.5, "x": 1, "y": 1},
        {"kind": "shape", "segment": 0, "word": "__class__"}, {"kind": "shape", "segment": 0, "word": "x" * 99},
        {"kind": "join", "border": 0}, {"kind": "split", "x": 1e300}, {"kind": "nudge", "point": "1", "steps": 1e9},
        {"kind": "several", "points": "1", "point": "1", "x": 1, "y": 1}, {"kind": "tilt", "points": [1], "y": 1},
        {"kind": "several", "points": ["1"] * 201, "point": "1", "x": 1, "y": 1},
        {"kind": "tilt", "points": [], "y": 1}, {"kind": "tilt", "points": ["0", "7"], "y": 1},
        {"kind": "nudge_several", "points": ["1"], "point": "1"},
        {"kind": "horizon", "x": 1e17}, {"kind": "peak", "y": 0},
    ],
    ids=str,
)  # fmt: skip
def test_a_gesture_that_is_none_is_a_sentence(studio, gesture):
    reply = studio.post("/api/gesture", {"text": TEXT, "horizon": RUN, "gesture": gesture})
    assert reply.refused
    assert reply.sentence


def test_every_gesture_has_its_fields():
    from lrlab.studio.asked import Asked

    class Everything(Asked):
        def text(self, *given, **more):
            return "linear"

        def number(self, *given):
            return 1.0

        def texts(self, *given):
            return ["1"]

        whole = flag = number

    for kind in GESTURES:
        assert _arguments(Everything({}), kind)


@pytest.mark.parametrize("target", TARGETS)
def test_a_schedule_is_copied_as_code(studio, target):
    text = TEXT if target != "transformers" else 'linear("10%", start=0, to=1) >> linear("90%")'
    asked = {"text": text, "horizon": {"updates": 1000}, "target": target, "lr": 3e-4}
    reply = studio.post("/api/code", asked)
    assert reply.status == 200, reply.body
    assert reply.json["code"].strip()


def test_what_a_library_cannot_say_is_said(studio):
    asked = {"text": "rex() * plateau()", "horizon": {"updates": 1000}, "target": "transformers"}
    assert studio.post("/api/code", asked).refused
    assert studio.post("/api/code", {**asked, "target": "../etc"}).refused


def test_the_gallery_has_every_word(studio):
    """But the one that needs Python; each opens as it is drawn."""
    from lrlab.core.expression.vocabulary import VOCABULARY

    found = studio.get("/api/words").json
    assert {each["name"] for each in found["words"]} == set(VOCABULARY) - {"function"}
    for each in found["words"]:
        assert each["name"] in each["text"] or each["name"] in ("wsd",)
        assert 2 <= len(each["points"]) < 400
        assert composed(studio, each["text"], {"updates": each["updates"]})
    assert found["shapes"][0] == "linear"


def test_a_picture_can_be_dropped_back(studio):
    """The SVG, and a PNG that was signed."""
    asked = {"text": TEXT, "horizon": {"updates": 1000}, "lr": 3e-4}
    drawn = studio.post("/api/picture", asked).json
    assert drawn["name"]
    again = {"text": "", "horizon": {"updates": 7}, "name": "a.svg", "bytes": b64encode(drawn["svg"].encode()).decode()}
    assert studio.post("/api/import", again).json["text"] == TEXT
    png = studio.post("/api/signed", {**asked, "bytes": PNG}).json["png"]
    found = studio.post("/api/import", {**again, "name": "a.png", "bytes": png}).json
    assert (found["text"], found["updates"], found["lr"]) == (TEXT, 1000, 3e-4)
    assert studio.post("/api/signed", {**asked, "bytes": "AAAA"}).refused
    assert studio.post("/api/signed", {**asked, "bytes": "~~"}).refused


def test_another_librarys_words_are_taken(studio):
    asked = {"text": "StepLR(optimizer, 30)", "horizon": {"updates": 90}}
    found = studio.post("/api/import", asked).json
    assert found["text"] == "step(30)"
    assert found["convention"]
    assert studio.post("/api/import", {**asked, "text": "/etc/hosts.json"}).refused


def test_levels_are_lrs_where_the_lr_is_known(studio):
    """Of the curve, of its points, of what a hand says, and of what is round."""
    document, (_, y) = composed(studio, lr=3e-4)
    assert (document["peak"], y.max()) == (3e-4, pytest.approx(3e-4))
    assert document["points"][1]["value"] == 3e-4
    asked = {
        "text": TEXT,
        "horizon": RUN,
        "lr": 3e-4,
        "gesture": {"kind": "move", "point": "2", "x": 100_000, "y": 2.1e-4},
    }
    asked["gesture"] |= {"near_y_low": 1.9e-4, "near_y_high": 2.2e-4}
    document = studio.post("/api/gesture", asked).unpacked[0]
    assert document["points"][2]["value"] == pytest.approx(2e-4)
    assert document["text"] == 'warmup("2%") >> cosine(to=0.666666666667)'
