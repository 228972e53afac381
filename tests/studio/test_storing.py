"""Runs, as the page is told of them; what is in a run is tested with comparisons."""


def test_an_empty_store_says_where_it_is(started, tmp_path):
    studio = started(cwd=tmp_path)
    found = studio.get("/api/runs").json
    assert found["runs"] == []
    assert found["store"].endswith("lrlab-runs")
    assert studio.get("/api/run?key=abc").refused
