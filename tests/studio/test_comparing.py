"""Comparisons that are begun from the page, and outlive the studio."""

import json
import os

import pytest

from lrlab.desk import jobs
from lrlab.desk.alone import ASKED
from lrlab.desk.wanted import EVENTS
from waiting import training, until

ARMS = [{"name": "a", "schedule": "cosine()"}, {"name": "b", "schedule": "constant()"}]
TASK = training(10, 0.2)


def test_a_comparison_outlives_the_studio_and_is_found_again(started, tmp_path):
    """Begun in one studio, which is killed; another one sees it finish."""
    (tmp_path / "mine.py").write_text(TASK)
    first = started("--task", "mine.py:train", "--store", "runs", cwd=tmp_path)
    name = first.post("/api/compare", {"task": "mine.py:train", "arms": ARMS}).json["name"]
    first.process.kill()
    first.process.wait()
    second = started("--store", "runs", cwd=tmp_path)

    def status():
        return second.get(f"/api/comparison?name={name}").json

    until(lambda: status()["job"]["status"] not in ("running",))
    assert status()["job"]["status"] == "finished", status()
    assert status()["report"]["sections"][0]["kind"] == "table"
    assert [job["name"] for job in second.get("/api/comparisons").json["jobs"]] == [name]
    runs = second.get("/api/runs").json["runs"]
    assert len(runs) == 16
    report = second.get(f"/api/run?key={runs[0]['key']}").json["report"]
    assert [section["title"] for section in report["sections"]][:2] == ["Learning rate", "Training loss"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"task": "/etc/passwd", "arms": ARMS}, "no such task here"),
        ({"task": "os:system", "arms": ARMS}, "no such task here"),
        ({"task": "mine.py:train", "arms": ARMS}, "no such task here"),
        ({"task": "../tasks/digits", "arms": ARMS}, "no such task here"),
        ({"task": "digits", "arms": [{"name": "a", "schedule": "__import__('os')"}]}, "not known"),
        ({"task": "digits", "arms": [*ARMS, {"name": "c", "schedule": "linear() @ a.B(x=1)"}]}, "names no code"),
        ({"task": "digits", "arms": [*ARMS, {"name": "c", "schedule": "linear() @ lawa"}]}, "averaging is a share"),
        ({"task": "digits", "arms": ARMS[:1]}, "alone cannot be compared"),
        ({"task": "digits", "arms": ARMS * 7}, "at most 12"),
        ({"task": "digits", "arms": ARMS, "updates": -1}, "out of bounds"),
        ({"task": "digits", "arms": [*ARMS, {"name": "a", "schedule": "linear()"}]}, "two strategies have one name"),
        ({"task": "digits"}, "no strategy is given"),
    ],
)
def test_nothing_that_is_typed_names_code(studio, asked, said):
    reply = studio.post("/api/compare", asked)
    assert reply.refused
    assert said in reply.sentence


@pytest.mark.parametrize("name", ["..", "%2e%2e", "..%2f..%2fetc", "%00", "a" * 12, "0123456789ab", "x" * 100, ""])
@pytest.mark.parametrize("path", ["/api/comparison?name=", "/api/events?name=", "/api/run?key="])
def test_a_name_is_no_way_to_a_file(studio, path, name):
    assert studio.get(path + name).refused


@pytest.mark.parametrize("path", ["/api/stop", "/api/continue"])
def test_what_is_not_there_is_neither_stopped_nor_begun(studio, path):
    assert studio.post(path, {"name": "../../x"}).refused
    assert studio.post(path, {}).refused


def test_the_example_is_a_real_comparison(studio):
    report = studio.get("/api/comparison?name=example").json["report"]
    kinds = [section["kind"] for section in report["sections"]]
    assert kinds[0] == "table"
    assert kinds.count("figure") >= 4
    assert dict(report["facts"])["Made with"].startswith("lrlab")
    assert "/tmp" not in json.dumps(report)


def streamed(studio, name, offset, enough):
    """The events of a comparison from a byte on, until there are enough: ids and rows."""
    from http.client import HTTPConnection

    connection = HTTPConnection("127.0.0.1", studio.port, timeout=60)
    connection.request("GET", f"/api/events?name={name}&from={offset}", headers={"X-Lrlab-Token": studio.token})
    answer = connection.getresponse()
    assert answer.getheader("content-type").startswith("text/event-stream")
    found, at = [], None
    try:
        while len(found) < enough:
            line = answer.readline().decode()
            if line.startswith("id: "):
                at = int(line[4:])
            if line.startswith("data: "):
                found.append((at, json.loads(line[6:])))
    except (OSError, ValueError):
        pass  # it was killed
    connection.close()
    return found


def test_no_row_is_lost_or_doubled_when_the_server_is_killed(started, tmp_path):
    """4000 rows; the server is killed in the middle, and another one goes on from the last id."""
    folder = tmp_path / "runs" / jobs.FOLDER / "0123456789ab"
    folder.mkdir(parents=True)
    (folder / ASKED).write_text(json.dumps({"task": "digits", "lrs": None}))
    rows = [json.dumps({"kind": "run", "n": n}) + "\n" for n in range(4000)]
    place = folder / EVENTS
    place.write_text("".join(rows[:1500]))
    first = started("--store", "runs", cwd=tmp_path)
    seen = streamed(first, "0123456789ab", 0, 1200)
    first.process.kill()
    first.process.wait()
    with place.open("a") as file:
        file.write("".join(rows[1500:3000]) + rows[3000][:7])
    second = started("--store", "runs", cwd=tmp_path)
    seen += streamed(second, "0123456789ab", seen[-1][0], 1800)
    with place.open("a") as file:
        file.write(rows[3000][7:] + "".join(rows[3001:]))
    seen += streamed(second, "0123456789ab", seen[-1][0], 1000)
    assert [row["n"] for _, row in seen] == list(range(4000))
    assert seen[-1][0] == os.path.getsize(place)
