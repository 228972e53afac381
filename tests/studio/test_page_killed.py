"""The server is killed while a run streams: a page that is open goes on with the next one, and has every row once."""

import json
import threading
import time

from lrlab.desk import jobs
from lrlab.desk.alone import ALIVE, ASKED
from lrlab.desk.wanted import EVENTS
from waiting import until

NAME = "0123456789ab"
ROWS, RATE = 4000, 400  # a second
ARMS, LRS, SEEDS, FOLDS = "abcde", (0.25, 0.5, 1.0, 2.0), range(10), range(20)


def rows():
    """A comparison of 4000 runs, one after the other."""
    for arm in ARMS:
        for lr in LRS:
            for seed in SEEDS:
                for fold in FOLDS:
                    found = {"arm": arm, "lr": lr, "seed": seed, "fold": fold, "score": 1.0, "outcome": "finished"}
                    yield {
                        "kind": "run",
                        "key": "0" * 8,
                        "reused": False,
                        "left": None,
                        "total": ROWS,
                        "loss": [],
                        **found,
                    }


def write(folder, ended):
    """Append the rows at their rate, a few at a time, the last of them torn at first: as a process does."""
    began, written = time.monotonic(), 0
    lines = [json.dumps(row) + "\n" for row in rows()]
    with (folder / EVENTS).open("a", buffering=1) as file:
        while written < ROWS and not ended.is_set():
            due = min(ROWS, int(RATE * (time.monotonic() - began)))
            if due > written:
                text = "".join(lines[written:due])
                file.write(text[:-9])
                file.flush()
                time.sleep(0.002)
                file.write(text[-9:])
                file.flush()
                (folder / ALIVE).touch()
                written = due
            time.sleep(0.01)


def test_a_page_has_every_row_once_though_the_server_is_killed(started, chromium, tmp_path):
    folder = tmp_path / "runs" / jobs.FOLDER / NAME
    folder.mkdir(parents=True)
    (folder / ASKED).write_text(json.dumps({"task": "digits", "lrs": None}))
    began = {"kind": "began", "title": "a long one", "total": ROWS, "lrs": LRS, "seeds": [*SEEDS], "folds": [*FOLDS]}
    arms = [{"name": name, "schedule": "constant()"} for name in ARMS]
    (folder / EVENTS).write_text(json.dumps({**began, "arms": arms}) + "\n")
    (folder / ALIVE).touch()
    first = started("--store", "runs", cwd=tmp_path)
    ended = threading.Event()
    writer = threading.Thread(target=write, args=(folder, ended))
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(first.url)
        page.wait_for_selector(".word")
        page.goto(f"http://127.0.0.1:{first.port}/compare#job={NAME}")
        page.wait_for_selector(".cell")
        writer.start()
        seen = "() => [window.lrlab?.live?.rows ?? 0, window.lrlab?.live?.runs.size ?? 0]"
        until(lambda: page.evaluate(seen)[0] > 400)
        first.process.kill()
        first.process.wait()
        before = page.evaluate(seen)[0]
        second = started("--store", "runs", "--port", str(first.port), cwd=tmp_path)
        context.new_page().goto(second.url)  # as whoever has started it does; its token is known to the other page, too
        until(lambda: page.evaluate(seen)[0] > ROWS)
        writer.join()
        page.wait_for_timeout(500)
        assert before < ROWS
        assert page.evaluate(seen) == [1 + ROWS, ROWS]
        assert page.locator(".cell.done").count() == ROWS
    finally:
        ended.set()
        context.close()
