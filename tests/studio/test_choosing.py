"""Choose, as the page asks: advice; range tests and choices that outlive the studio."""

import pytest

from lrlab.desk.advise import advise
from waiting import training, until


def test_advice_is_that_of_the_rules(studio):
    found = studio.post("/api/advise", {"task": "classification", "data": "small"}).json
    expected = advise(task="classification", data="small").record()
    assert [each["schedule"] for each in found["shortlist"]] == [each["schedule"] for each in expected["shortlist"]]
    assert found["settle"] == expected["settle"]
    assert len(found["shortlist"][0]["points"]) >= 2
    assert [section["kind"] for section in found["sections"]][:2] == ["table", "table"]


def test_every_question_may_stay_open(studio):
    assert studio.post("/api/advise", {}).json["shortlist"]
    questions = studio.get("/api/questions").json["questions"]
    for each in questions:
        for word in each["answers"]:
            assert studio.post("/api/advise", {each["name"]: word}).json["shortlist"]


@pytest.mark.parametrize(
    ("path", "asked", "said"),
    [
        ("advise", {"task": "cooking"}, "cooking"),
        ("advise", {"task": 3}, "must be a text"),
        ("find", {"task": "/etc/passwd"}, "no such task here"),
        ("find", {"task": "digits", "updates": -1}, "out of bounds"),
        ("find", {"task": "digits", "budget": "3min"}, "is in runs"),
        ("auto", {"task": "mine.py:train", "budget": "20", "answers": {}}, "no such task here"),
        ("auto", {"task": "digits", "budget": "20", "answers": {"task": "cooking"}}, "cooking"),
        ("auto", {"task": "digits", "budget": "20", "answers": {}, "framework": "os"}, "framework is not known"),
        ("auto", {"task": "digits", "budget": "nan", "answers": {}}, "out of bounds"),
        ("auto", {"task": "digits", "budget": "much", "answers": {}}, "in runs or in minutes"),
        ("auto", {"task": "digits", "budget": "20"}, "answers must be an object"),
        ("halt", {"name": "../../runs"}, "no choice of this name"),
        ("resume", {"name": "0123456789ab"}, "no choice of this name"),
    ],
)
def test_what_is_wrong_is_a_sentence(studio, path, asked, said):
    reply = studio.post(f"/api/{path}", asked)
    assert reply.refused
    assert said in reply.sentence


@pytest.mark.parametrize("name", ["..", "%2e%2e", "%00", "0123456789ab", ""])
def test_a_name_is_no_way_to_a_file(studio, name):
    assert studio.get(f"/api/choice?name={name}").refused


def test_a_range_test_outlives_the_studio(started, tmp_path):
    """Begun in one studio, which is killed; another one shows what it has found."""
    (tmp_path / "mine.py").write_text(training(64, 0.1))
    first = started("--store", "runs", "--task", "mine.py:train", cwd=tmp_path)
    name = first.post("/api/find", {"task": "mine.py:train", "updates": 64, "budget": "3"}).json["name"]
    first.process.kill()
    first.process.wait()
    second = started("--store", "runs", cwd=tmp_path)
    until(lambda: second.get(f"/api/choice?name={name}").json["status"] != "running")
    found = second.get(f"/api/choice?name={name}").json
    assert found["status"] == "finished", found
    assert "mine:train" in found["report"]["title"]
    assert found["report"]["lead"]
    listed = [{"name": name, "kind": "find", "task": f"{tmp_path}/mine.py:train", "status": "finished"}]
    assert second.get("/api/choices").json["choices"] == listed


def test_a_choice_is_begun_stopped_and_gone_on_with(started, tmp_path):
    (tmp_path / "mine.py").write_text(training(160, 0.5))
    studio = started("--store", "runs", "--task", "mine.py:train", cwd=tmp_path)
    asked = {"task": "mine.py:train", "budget": "12", "framework": "optax", "answers": {"task": "regression"}}
    name = studio.post("/api/auto", asked).json["name"]

    def now():
        return studio.get(f"/api/choice?name={name}").json

    until(lambda: any(part["done"] for part in now()["parts"]))
    assert studio.post("/api/halt", {"name": name}).status == 200
    until(lambda: now()["status"] == "stopped")
    studio.post("/api/resume", {"name": name})
    until(lambda: now()["status"] != "running")
    found = now()
    assert found["status"] == "finished", found
    (code,) = [section["code"] for section in found["report"]["sections"] if section["kind"] == "code"]
    assert "optax" in code
