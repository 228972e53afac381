"""Runs, as the page is told of them; what is in a run is tested with comparisons."""

import pytest


def test_an_empty_store_says_where_it_is(started, tmp_path):
    studio = started(cwd=tmp_path)
    found = studio.get("/api/runs").json
    assert found["runs"] == []
    assert found["store"].endswith("lrlab-runs")
    assert studio.get("/api/run?key=abc").refused


@pytest.mark.parametrize(
    ("path", "asked", "said"),
    [
        ("tag", {"keys": ["../../x"], "word": "a", "on": True}, "not the key of a run"),
        ("tag", {"keys": [], "word": "a", "on": True}, "no run is chosen"),
        ("tag", {"keys": "a", "word": "a"}, "list of texts"),
        ("tag", {"keys": ["zz"], "word": "a", "on": True}, "no such runs"),
        ("side", {"keys": ["zz", "yy"]}, "no such runs"),
        ("side", {"keys": ["zz"]}, "2 to 7"),
        ("export", {"keys": ["zz"], "form": "exe"}, "not known"),
        ("export", {"keys": ["zz"] * 2001, "form": "csv"}, "at most"),
        ("prune", {"days": -1}, "out of bounds"),
        ("prune", {"days": "all"}, "must be a number"),
    ],
)
def test_what_is_wrong_is_a_sentence(studio, path, asked, said):
    reply = studio.post(f"/api/{path}", asked)
    assert reply.refused
    assert said in reply.sentence
