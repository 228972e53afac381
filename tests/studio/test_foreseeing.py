"""What the page Forecast is told."""

import pytest


@pytest.mark.parametrize(
    ("path", "asked", "said"),
    [
        ("fit", {}, "1 to 8"),
        ("fit", {"files": [{"name": "a.csv", "bytes": "~"}]}, "did not arrive"),
        ("fit", {"files": [{"name": "a.csv"}]}, "must be a text"),
        ("fit", {"files": "a.csv"}, "list of objects"),
        ("predict", {"updates": 10}, "no schedule"),
        ("predict", {"updates": 10, "schedules": [{"schedule": "cosine()"}]}, "law must be a text"),
        ("predict", {"updates": 10, "schedules": [{"schedule": "cosine()"}], "law": "{}"}, "not a saved law"),
        ("branch", {"law": "{}", "trunk": "constant()", "updates": 9, "at": 2, "decay": 2}, "not a saved law"),
        ("branch", {"law": "{}", "trunk": "constant()", "updates": 9, "at": 0, "decay": 2}, "out of bounds"),
        ("beside", {"law": "{}", "text": "cosine()", "horizon": {"updates": 9}, "lr": 1}, "not a saved law"),
        ("beside", {"law": "{}", "text": "cosin()", "horizon": {"updates": 9}, "lr": 1}, "not known"),
        ("beside", {"law": "{}", "text": "cosine()", "horizon": {"updates": 9}}, "lr must be a number"),
        (
            "beside",
            {"law": "{}", "text": "cosine()", "pinned": 7, "horizon": {"updates": 9}, "lr": 1},
            "must be a text",
        ),
        ("beside", {"text": "cosine()", "horizon": {"updates": 9}, "lr": 1}, "law must be a text"),
        ("predict", {"updates": 1e12, "schedules": []}, "out of bounds"),
    ],
)
def test_what_is_wrong_is_a_sentence(studio, path, asked, said):
    reply = studio.post(f"/api/{path}", asked)
    assert reply.refused
    assert said in reply.sentence
