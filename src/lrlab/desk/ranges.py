"""Range tests that go on by themselves, each in a process of its own: `python -m lrlab.desk.ranges FOLDER`.

    STORE/studio/ranges/ID/asked.json      the task, and what may be trained
    STORE/studio/ranges/ID/result.json     the answer, or what went wrong

Its runs are kept in STORE: the same range test a second time trains nothing.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from lrlab.desk.wanted import ALIVE, ASKED, RESULT
from lrlab.errors import LrlabError, worded

FOLDER = ("studio", "ranges")
NAME = re.compile(r"[0-9a-f]{12}")
BEAT, SILENT = 1.0, 20.0  # seconds between two signs of life, and without one


def begin(store: str | Path, task: str, updates: int | None, budget: float | None) -> str:
    """Start a range test; its name."""
    folder = Path(store).resolve().joinpath(*FOLDER, secrets.token_hex(6))
    try:
        folder.mkdir(parents=True)
        asked = {"task": task, "updates": updates, "budget": budget}
        (folder / ASKED).write_text(json.dumps(asked), encoding="utf-8")
        (folder / ALIVE).touch()
    except OSError as error:
        raise LrlabError(worded(f"the range test cannot be kept: {error.strerror}", str(folder))) from None
    with (folder / "said.txt").open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "lrlab.desk.ranges", str(folder)],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=os.getcwd(), start_new_session=True,
        )  # fmt: skip
    threading.Thread(target=process.wait, daemon=True).start()  # so that nothing of it is left when it has ended
    return folder.name


def standing(store: str | Path, name: str) -> dict[str, Any]:
    """How a range test stands: its task, "running", "finished", "failed" or "stopped", and what came of it."""
    folder = _place(store, name)
    found: dict[str, Any] = {"task": json.loads((folder / ASKED).read_text(encoding="utf-8"))["task"], "name": name}
    if (folder / RESULT).is_file():
        answer = json.loads((folder / RESULT).read_text(encoding="utf-8"))
        return {**found, "status": "failed" if "said" in answer else "finished", **answer}
    try:
        alive = time.time() - (folder / ALIVE).stat().st_mtime < SILENT
    except OSError:
        alive = False
    return {**found, "status": "running" if alive else "stopped"}


def listing(store: str | Path) -> list[dict[str, Any]]:
    """The range tests of a store, the latest first: name, task and status."""
    root = Path(store).resolve().joinpath(*FOLDER)
    names = [each for each in root.iterdir() if NAME.fullmatch(each.name)] if root.is_dir() else []
    found = []
    for folder in sorted(names, key=lambda each: -each.stat().st_mtime):
        try:
            told = standing(store, folder.name)
        except (LrlabError, OSError, ValueError, KeyError):
            continue
        found.append({name: told[name] for name in ("name", "task", "status")})
    return found


def trained(folder: Path) -> dict[str, Any]:
    """The answer of a range test as a report, or what went wrong."""
    from lrlab.desk.find import find
    from lrlab.views.model import Report
    from lrlab.views.plain import plain_report

    asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    store = folder.parents[len(FOLDER)]
    try:
        found = find(asked["task"], horizon=asked["updates"], budget=asked["budget"], store=store, quiet=True)
    except LrlabError as error:
        return {"said": str(error)}
    except Exception as error:  # of the task, of the disk: whoever watches is told
        return {"said": repr(error)}
    facts = {"Task": found.task, "Trained with": found.schedule, "Cost": f"{found.cost:.3g} runs"}
    return {
        "report": plain_report(Report(f"LRs that suit {found.task}", repr(found), found.shown(), facts)),
        "lr": found.lr,
    }


def _place(store: str | Path, name: str) -> Path:
    root = Path(store).resolve().joinpath(*FOLDER)
    folder = root / name
    if not NAME.fullmatch(name) or not (folder / ASKED).is_file() or folder.resolve() != folder:
        raise LrlabError(worded("there is no range test of this name", name))
    return folder


def main(folder: Path) -> None:
    """Train, with signs of life on the way, and put the answer in its place at once."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT):
            (folder / ALIVE).touch()

    beating = threading.Thread(target=beat, daemon=True)
    beating.start()
    try:
        half = folder / f".{RESULT}"
        half.write_text(json.dumps(trained(folder), allow_nan=False), encoding="utf-8")
        os.replace(half, folder / RESULT)
    finally:
        ended.set()
        beating.join()
        (folder / ALIVE).unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
