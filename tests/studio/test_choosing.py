"""Choose, as the page asks: advice, and range tests that outlive the studio."""

import pytest

from lrlab.desk.advise import advise
from waiting import until


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
    ],
)
def test_what_is_wrong_is_a_sentence(studio, path, asked, said):
    reply = studio.post(f"/api/{path}", asked)
    assert reply.refused
    assert said in reply.sentence


@pytest.mark.parametrize("name", ["..", "%2e%2e", "%00", "0123456789ab", ""])
def test_a_name_is_no_way_to_a_file(studio, name):
    assert studio.get(f"/api/range?name={name}").refused


def test_a_range_test_outlives_the_studio(started, tmp_path):
    """Begun in one studio, which is killed; another one shows what it has found. A second one trains nothing."""
    first = started("--store", "runs", cwd=tmp_path)
    name = first.post("/api/find", {"task": "digits", "updates": 64, "budget": 3}).json["name"]
    first.process.kill()
    first.process.wait()
    second = started("--store", "runs", cwd=tmp_path)
    until(lambda: second.get(f"/api/range?name={name}").json["status"] != "running")
    found = second.get(f"/api/range?name={name}").json
    assert found["status"] == "finished", found
    assert "digits" in found["report"]["title"]
    assert found["report"]["lead"]
    assert second.get("/api/questions").json["ranges"] == [{"name": name, "task": "digits", "status": "finished"}]
