"""The plan of Compose, as the page asks for it."""

from base64 import b64encode

import pytest

import lrlab as lr

RUN = {"updates": 1000}
TWO = "plan(lr=cosine(), momentum=linear(start=0.95, to=0.85))"


def planned(studio, **more):
    return studio.post("/api/plan", {"text": "cosine()", "horizon": RUN, "track": 0, **more}).json


def test_one_schedule_alone_is_no_plan(studio):
    found = planned(studio)
    assert (found["plan"], found["text"], found["wrong"]) == ("", "cosine()", "")
    assert [(each["groups"], each["hyper"]) for each in found["tracks"]] == [("*", "lr")]


def test_schedules_are_added_shaped_and_taken_away(studio):
    """The one that is shaped keeps its place; the text is that of a plan; alone again, it is none."""
    found = planned(studio, operation="add", hyper="momentum")
    assert found["plan"] == "plan(lr=cosine(), momentum=constant(level=0.9))"
    assert (found["track"], found["text"]) == (1, "constant(level=0.9)")
    shaped = "linear(start=0.95, to=0.85)"
    found = planned(studio, plan=found["plan"], track=1, text=shaped)
    assert found["plan"] == TWO
    assert found["words"] == lr.plan(lr="cosine()", momentum=shaped).describe()
    assert found["tracks"][1]["points"][0] == [0, 1]
    found = planned(studio, plan=TWO, track=1, text=shaped, operation="add", hyper="lr", groups="head*")
    assert found["plan"] == f'{TWO[:-1]}, groups={{"head*": {{"lr": cosine()}}}})'
    assert found["track"] == 2
    found = planned(studio, plan=TWO, track=0, text="rex()", operation="remove", which=1)
    assert (found["plan"], found["text"]) == ("", "rex()")


def test_every_hyper_parameter_has_its_picture(studio):
    """With a line for each pattern of groups, in its own values."""
    whole = f'{TWO[:-1]}, groups={{"head*": {{"lr": linear()}}}})'
    lrs, momentum = planned(studio, plan=whole)["figures"]
    assert (lrs["title"], len(lrs["lines"]), momentum["title"]) == ("lr", 2, "momentum")
    (line,) = momentum["lines"]
    assert (line["x"][0], line["y"][0], line["x"][-1]) == (0, 0.95, 999)
    assert line["y"][-1] == pytest.approx(0.85, abs=2e-4)
    assert planned(studio, plan=TWO, track=1, text="linear(2000)")["figures"] == []


def test_values_out_of_bounds_are_told_and_can_be_shaped_on(studio):
    found = planned(studio, plan=TWO, track=1, text="constant(level=1.5)")
    assert "momentum is 1.5" in found["wrong"]
    assert "constant(level=1.5)" in found["plan"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"plan": "plan(", "track": 0}, "not the text of a plan"),
        ({"plan": TWO, "track": 7}, "no such schedule"),
        ({"plan": TWO, "track": -1}, "out of bounds"),
        ({"operation": "add", "hyper": "speed"}, "not known"),
        ({"operation": "add", "hyper": "lr"}, "have such a schedule"),
        ({"operation": "burn"}, "not known"),
        ({"operation": "remove", "which": 0}, "keeps a schedule"),
    ],
)
def test_what_is_wrong_is_a_sentence(studio, more, said):
    assert said in planned(studio, **more)["error"]


@pytest.mark.parametrize("target", ["text", "json", "toml", "torch", "python"])
def test_a_plan_is_copied_as_code(studio, target):
    """And is the plan again where it is read."""
    asked = {"text": "cosine()", "horizon": RUN, "plan": TWO, "target": target}
    code = studio.post("/api/code", asked).json["code"]
    expected = lr.plan(lr="cosine()", momentum="linear(start=0.95, to=0.85)")
    if target == "json":
        assert lr.Plan.loads(code) == expected
    if target in ("torch", "python"):
        told = {}
        exec(code.partition("scheduler = ")[0], told)
        assert told["plan"] == expected
    assert target != "text" or code.strip() == TWO


def test_the_table_of_a_plan_is_read_again(studio, tmp_path):
    """With groups, layers and all else that a plan has."""
    whole = lr.plan(
        lr="cosine()", groups={"head*": {"lr": "linear()", "momentum": 0.8}, "a b": {"eps": 1e-7}},
        layer_decay=0.9, layers=["a", "b.{}"], joining="warmup(9)",
    )  # fmt: skip
    asked = {"text": "cosine()", "horizon": RUN, "plan": str(whole), "target": "toml"}
    place = tmp_path / "study.toml"
    place.write_text(studio.post("/api/code", asked).json["code"])
    assert lr.read_plan(place) == whole
    told = {}
    exec(studio.post("/api/code", {**asked, "target": "python"}).json["code"], told)
    assert told["plan"] == whole


def test_a_library_that_has_no_word_for_a_plan_is_named(studio):
    assert (
        "not written"
        in studio.post("/api/code", {"text": "cosine()", "horizon": RUN, "plan": TWO, "target": "optax"}).sentence
    )


def test_a_plan_is_pasted_and_comes_back_with_a_picture(studio):
    asked = {"text": TWO, "horizon": RUN}
    found = studio.post("/api/import", asked).json
    assert (found["plan"], found["text"], len(found["tracks"])) == (TWO, "cosine()", 2)
    drawn = studio.post("/api/picture", {"text": "cosine()", "horizon": RUN, "plan": TWO}).json["svg"]
    again = {"text": "", "horizon": RUN, "name": "a.svg", "bytes": b64encode(drawn.encode()).decode()}
    assert studio.post("/api/import", again).json["plan"] == TWO


def test_what_looks_odd_in_an_lr_is_not_told_of_a_momentum(studio):
    asked = {"text": "warmup(10, start=0) >> cosine(50)", "horizon": {"updates": 100}}
    assert studio.post("/api/compose", asked).unpacked[0]["findings"]
    assert not studio.post("/api/compose", {**asked, "hyper": "momentum"}).unpacked[0]["findings"]
