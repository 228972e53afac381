"""A process that works by itself in a folder of its own, and outlives whoever began it.

FOLDER/asked.json   what it is to do
FOLDER/alive        touched again and again while it works
FOLDER/stop         where somebody wants it to stop
FOLDER/said.txt     what it has written to its standard streams
"""

from __future__ import annotations

import _thread
import os
import re
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lrlab.errors import LrlabError, worded

ASKED, ALIVE, STOP, SAID = "asked.json", "alive", "stop", "said.txt"
NAME = re.compile(r"[0-9a-f]{12}")
BEAT, SILENT = 1.0, 20.0  # seconds between two signs of life, and without one, after which it is taken for gone


def made(root: Path, what: str, asked: str) -> Path:
    """A new folder in `root`, with what is asked for. Raises `LrlabError` where it cannot be written."""
    folder = root / secrets.token_hex(6)
    try:
        folder.mkdir(parents=True)
        (folder / ASKED).write_text(asked, encoding="utf-8")
    except OSError as error:
        raise LrlabError(worded(f"the {what} cannot be kept: {error.strerror}", str(folder))) from None
    return folder


def place(root: Path, name: str, what: str) -> Path:
    """The folder of this name. Raises `LrlabError` where there is none, or it is a link to elsewhere."""
    folder = root / name
    if not NAME.fullmatch(name) or not (folder / ASKED).is_file() or folder.resolve() != folder:
        raise LrlabError(worded(f"there is no {what} of this name", name))
    return folder


def names(root: Path) -> list[str]:
    """The names of all folders in `root`."""
    return [each.name for each in root.iterdir() if NAME.fullmatch(each.name)] if root.is_dir() else []


def launch(module: str, folder: Path) -> None:
    """Begin `python -m MODULE FOLDER`, in a session of its own: no signal of ours reaches it."""
    (folder / STOP).unlink(missing_ok=True)
    (folder / ALIVE).touch()
    with (folder / SAID).open("ab") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", module, str(folder)],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=os.getcwd(), start_new_session=True,
        )  # fmt: skip
    threading.Thread(target=process.wait, daemon=True).start()  # so that nothing of it is left when it has ended


def is_alive(folder: Path) -> bool:
    """Whether its process has given a sign of life of late."""
    try:
        return time.time() - (folder / ALIVE).stat().st_mtime < SILENT
    except OSError:
        return False


@contextmanager
def living(folder: Path) -> Iterator[None]:
    """Give signs of life in the meantime; `KeyboardInterrupt` in the main thread, once somebody wants it to stop."""
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(folder, ended), daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join()
        (folder / ALIVE).unlink(missing_ok=True)
        (folder / STOP).unlink(missing_ok=True)


def folder_of(arguments: list[str]) -> Path:
    """The folder that the process was begun with; from now on a signal interrupts it, also in a shell's background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return Path(arguments[1]).resolve()


def _beat(folder: Path, ended: threading.Event) -> None:
    while not ended.wait(BEAT):
        (folder / ALIVE).touch()
        if (folder / STOP).exists():
            if hasattr(signal, "pthread_kill"):
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            else:
                _thread.interrupt_main()
            ended.wait(10 * BEAT)
