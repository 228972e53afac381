"""Logs that were dropped, and what a law says of other schedules."""

import json
import subprocess
import tempfile
from pathlib import Path

import pytest

import lrlab as lr
from lrlab.analysis.forecast.law import Law
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


def test_a_law_says_whether_to_decay_now():
    """The sentence is that of the law itself; both branches end where the law says."""
    law = foresee._law(LAW["law"])
    expected = law.branch("constant()", at=8000, decay=2000, base_lr=3e-4, horizon=24_000)
    found = foresee.branched(LAW["law"], "constant()", 24_000, 3e-4, 8000, 2000)
    assert found["sentence"] == expected.sentence
    table, figure = found["sections"]
    assert [row[0]["text"] for row in table["rows"]] == ["decay now", "train on"]
    assert [line["x"][-1] for line in figure["lines"]] == [10_000, 24_000]
    with pytest.raises(LrlabError):
        foresee.branched(LAW["law"], "constant()", 24_000, 3e-4, 23_000, 2000)


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


LAW = json.loads(Path(foresee.__file__).parents[1].joinpath("studio", "static", "law.json").read_text())


def lrs(name):
    """The LRs of a log, from the first update on: those before the log are a warmup over 2160 updates."""
    found = lr.read_run(next(DATA.rglob(f"{name}.csv")))
    return found.lrs, float(found.loss[-5:].mean())


@pytest.mark.parametrize("name", ["wsdld_20000_24000", "cosine_24000"])
def test_the_example_law_foresees_a_log_that_was_run(name):
    """One of them it has not seen."""
    applied, ended = lrs(name)
    _, low, high = Law.load(saved(LAW["law"])).predict(applied).final
    assert low < ended < high


def saved(text):
    place = Path(tempfile.mkdtemp()) / "law.json"
    place.write_text(text)
    return place


RUN = lr.Horizon(updates=2000)


def test_two_schedules_stand_beside_each_other():
    """The columns are those of the law itself; the difference of one schedule from itself is none."""
    one, other = lr.parse("cosine()"), lr.parse("constant()")
    found = foresee.beside(LAW["law"], one, other, RUN, 3e-4, differ=True)
    law = Law.load(saved(LAW["law"]))
    first, second = (law.predict(each, base_lr=3e-4, horizon=2000) for each in (one, other))
    at = found.columns[0].astype(int) - 1
    assert (at[0], at[-1]) == (400, 1999)
    for column, expected in zip(found.columns[1:], (*parts(first), *parts(second)), strict=True):
        assert column.tolist() == expected[at].tolist()
    assert found.finals == (first.final, second.final)
    assert found.difference[0] == pytest.approx(first.final[0] - second.final[0])
    assert f"Loss {first.final[0]:.4g} at the end" in found.sentence
    assert "Difference from the pinned schedule" in found.sentence
    assert found.warnings
    same = foresee.beside(LAW["law"], one, one, RUN, 3e-4, differ=True)
    assert same.difference[0] == 0
    assert "cannot tell them apart" in same.sentence
    assert foresee.beside(LAW["law"], one, None, RUN, 3e-4, differ=True).difference is None


def parts(prediction):
    return prediction.loss, prediction.low, prediction.high


def test_a_schedule_with_feedback_is_not_foreseen():
    """Neither the one that is drawn nor a pinned one: its open curve is another."""
    fed, plain = lr.cosine() * lr.plateau(patience=3), lr.cosine()
    for one, other in ((fed, None), (plain, fed)):
        with pytest.raises(LrlabError, match="losses that are not there yet"):
            foresee.beside(LAW["law"], one, other, lr.Horizon(updates=24_000), 3e-4, differ=True)


@pytest.mark.parametrize(
    ("text", "updates", "said"),
    [("cosine()", 600_000, "too long"), ("constant(9)" + ".repeat(2)" * 12, 400_000, "too long")],
)
def test_a_run_that_takes_too_long_is_not_foreseen(text, updates, said):
    with pytest.raises(LrlabError, match=said):
        foresee.beside(LAW["law"], lr.parse(text), None, lr.Horizon(updates=updates), 3e-4, differ=False)
