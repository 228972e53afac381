"""Logs that were dropped, and what a law says of other schedules."""

import subprocess
from pathlib import Path

import pytest

from lrlab.desk import foresee
from lrlab.errors import LrlabError

DATA = Path(__file__).parents[1] / "data"
LOGS = [(f"{name}.csv", next(DATA.rglob(f"{name}.csv")).read_bytes()) for name in ("constant_24000", "cosine_24000")]


def test_logs_are_read_fitted_and_asked():
    """What was read and how the law misses it; then the schedules in order, and the best one."""
    found = foresee.foreseen(LOGS)
    titles = [section.get("title", "") for section in found["report"]["sections"]]
    assert "The runs that it was fitted to" in titles
    assert "What was read" in titles
    said = foresee.predicted(found["law"], ["cosine()", "constant()"], 24_000, found["lr"], optimise=False)
    assert [section["kind"] for section in said["sections"]] == ["table", "figure"]
    assert said["sections"][0]["rows"][0][0]["text"] == "cosine()"
    with pytest.raises(LrlabError, match="not known"):
        foresee.predicted(found["law"], ["cosin()"], 24_000, found["lr"])
    with pytest.raises(LrlabError, match="this is not a saved law"):
        foresee.predicted("{}", ["cosine()"], 24_000, found["lr"])


def test_a_log_that_says_too_little_is_shown_with_what_is_missing():
    rows = "\n".join(f"{k},{4 - k / 100}" for k in range(50))
    found = foresee.foreseen([("../../x/log.csv", f"step,loss\n{rows}\n".encode())])
    assert found["law"] is None
    assert found["report"]["lead"]
    assert "log.csv" in str(found["report"])
    assert "/tmp" not in str(found["report"])


@pytest.mark.parametrize("files", [[], [("a.csv", b"")] * 9, [("a.bin", b"\xff\x00")], [("a.csv", b"\n")]])
def test_what_is_no_log_is_a_sentence(files):
    with pytest.raises(LrlabError) as refused:
        foresee.foreseen(files)
    assert "/tmp" not in str(refused.value)


def test_what_takes_too_long_is_a_sentence(monkeypatch):
    def slow(*given, **more):
        raise subprocess.TimeoutExpired("lrlab", foresee.PATIENCE)

    monkeypatch.setattr(foresee.subprocess, "run", slow)
    with pytest.raises(LrlabError, match="takes longer"):
        foresee.foreseen(LOGS[:1])
