"""Can a log crash its reader, fill the memory, or be misread? Logs are made and broken, and read.

    python benchmarks/reliability_logs.py [COUNT]

Each case is a log of some format with known losses (CSV, JSON lines, a document, lines of text, TensorBoard
events), broken in up to three ways, and read by `read_run` under a limit of time and memory. It must end in an answer
or in a sentence. Of a log that is cut off, or in which bytes are others, every loss that is read where the file still
says what was written is the one that was written; what is not read is said in the notes.
"""

from __future__ import annotations

import json
import logging
import os
import random
import resource
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lrlab as lr
from lrlab.record.logs.frames import frame
from lrlab.record.logs.tensorboard_writer import event
from reliability_outcome import Tally, outcome, told

MEMORY = 6 * 2**30  # bytes of address space beyond what is taken already
Log = dict[int, float]  # loss by step


# -- logs -----------------------------------------------------------------------------------------------------------


def rows_of(draw: random.Random) -> Log:
    """Rising steps, with losses of two decimals."""
    every = draw.choice((1, 7, 100))
    return {every * k: round(4 - 2 * k / 40 + draw.random() / 10, 2) for k in range(1, 41)}


def csv(draw: random.Random, log: Log) -> bytes:
    """A table, with any separator and any line ends."""
    separator, end = draw.choice((",", ";", "\t")), draw.choice(("\n", "\r\n"))
    lines = [("step", "lr", "val_loss"), *((str(step), "0.001", str(loss)) for step, loss in log.items())]
    return (end.join(separator.join(line) for line in lines) + end).encode()


def json_lines(draw: random.Random, log: Log) -> bytes:
    """One object a line, some with more in it."""
    more = draw.choice(({}, {"config": {"a": 1}}, {"text": "ä" * 10}, {"unreadable": 1, "uneven": {}}))
    return "".join(json.dumps({"step": s, "lr": 0.001, "val_loss": v, **more}) + "\n" for s, v in log.items()).encode()


def document(draw: random.Random, log: Log) -> bytes:
    """Columns, rows, or groups of columns."""
    columns = {"step": list(log), "lr": [0.001] * len(log), "val_loss": list(log.values())}
    rows = [{"step": step, "lr": 0.001, "val_loss": loss} for step, loss in log.items()]
    whole = draw.choice((columns, rows, {"history": {"all": columns}, "config": {"weight_decay": 0.1}}))
    return json.dumps(whole, indent=draw.choice((None, 1))).encode()


def events(draw: random.Random, log: Log) -> bytes:
    """An event file."""
    frames = [frame(event(1.5e9, step, {"val_loss": loss, "lr": 0.001})) for step, loss in log.items()]
    return b"".join([frame(b"\x1a\x0dbrain.Event:2"), *frames])


def text_lines(draw: random.Random, log: Log) -> bytes:
    """What a loop prints, below what it was told."""
    form = draw.choice(("step {}: val loss {}, lr 0.001, time 3ms", "iter={} | val_loss={} | lr=1e-3 | wps 900"))
    return "\n".join(["Overriding: learning_rate = 0.001", *(form.format(*each) for each in log.items()), ""]).encode()


def trainer_state(draw: random.Random, log: Log) -> bytes:
    """The Trainer's record."""
    rows = [{"step": step, "learning_rate": 0.001, "eval_loss": loss, "epoch": 0.5} for step, loss in log.items()]
    return json.dumps({"log_history": rows, "max_steps": 100}, indent=draw.choice((None, 2))).encode()


FORMATS: dict[str, Callable[[random.Random, Log], bytes]] = {
    "log.csv": csv,
    "log.jsonl": json_lines,
    "log.json": document,
    "events.out.tfevents.1": events,
    "train.log": text_lines,
    "trainer_state.json": trainer_state,
}


# -- breaking -------------------------------------------------------------------------------------------------------

SIMPLE = "1000000000000 1e12 1e300 -1e300 1e999 NaN nan inf -Infinity 0x10 1_0 1,5 ٣ -0.0 1e-400 true null 1e --1"
NUMBERS = [*SIMPLE.split(), "9" * 20, "9" * 401, "9" * 5000, "0." + "9" * 400, "", " ", '"', "\x1b[31m1"]


def flipped(draw: random.Random, content: bytes) -> bytes:
    found = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 10, 100))):
        found[draw.randrange(len(found))] ^= draw.randrange(1, 256)
    return bytes(found)


def cut(draw: random.Random, content: bytes) -> bytes:
    return content[: draw.randrange(len(content))]


def hole(draw: random.Random, content: bytes) -> bytes:
    at = draw.randrange(len(content))
    return content[:at] + draw.choice((b"", bytes(draw.randrange(300)))) + content[at + draw.randrange(200) :]


def inserted(draw: random.Random, content: bytes) -> bytes:
    """Something that does not belong there, at a line end most of the time."""
    things = (
        b"\0", b"\n", b"\r", b'"', b"'", b",", b";", b"\t", b"\\", b"{", b"[", b"}", b"\xff\xfe", b"\xef\xbb\xbf",
        b"\x1b[2J",
        b'"' + b"x" * 140_000, b"x" * 1_200_000, b"[" * 100_000, b'{"a":' * 50_000, b"\xe2\x80\xae", b"\xed\xa0\x80",
        b'{"config": {"weight_decay": 1e999, "warmup_steps": NaN}}', b'{"step": 3, "val_loss": {}}', draw.randbytes(50),
    )  # fmt: skip
    at = draw.randrange(len(content))
    if draw.random() < 0.6:
        at = content.find(b"\n", at) + 1
    return content[:at] + draw.choice(things) + draw.choice((b"", b"\n")) + content[at:]


def number_changed(draw: random.Random, content: bytes) -> bytes:
    """A number is another thing that looks like one, in text."""
    digits = [k for k, byte in enumerate(content) if 48 <= byte <= 57]
    if not digits:
        return content
    start = stop = draw.choice(digits)
    while start and content[start - 1 : start] in b"0123456789.":
        start -= 1
    while stop < len(content) and content[stop : stop + 1] in b"0123456789.":
        stop += 1
    return content[:start] + draw.choice(NUMBERS).encode() + content[stop:]


def encoded(draw: random.Random, content: bytes) -> bytes:
    text = content.decode("latin-1")
    return text.encode(draw.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "utf-7")))


def lines_moved(draw: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    how = draw.random()
    if how < 0.3:
        draw.shuffle(lines)
    elif how < 0.6:
        lines = lines * 2
    else:
        del lines[draw.randrange(len(lines))]
    return b"".join(lines)


def decimal_commas(draw: random.Random, content: bytes) -> bytes:
    return content.replace(b".", b",")


def frames_broken(draw: random.Random, content: bytes) -> bytes:
    """A frame whose checksums fit, and whose content is odd."""
    field = draw.choice(
        (
            b"\x10" + b"\xff" * 3000 + b"\x01", b"\x2a\xff\xff\xff\xff\x0f", b"\x2b", b"\x2f", b"\xff" * 12, b"",
            b"\x2a\x0c\x0a\x0a\x0a\x04loss\x12\x02ab", b"\x2a\x0e\x0a\x0c\x0a\x08val_loss\x15ab", draw.randbytes(40),
            event(1.5e9, 2**63 - 1, {"val_loss": 1.0}),
            b"\x10" + b"\x80" * 9 + b"\x01" + event(1.5e9, 1, {"val_loss": 1.0}), b"\x0a" * 70_000, bytes(5_000_000),
        )
    )  # fmt: skip
    more = frame(field)
    kind = draw.random()
    if kind < 0.2:
        more = struct.pack("<Q", draw.choice((2**63, 2**40, 0))) + draw.randbytes(20)
    return more + content if draw.random() < 0.3 else content + more


BREAKS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    flipped, flipped, cut, hole, inserted, inserted, number_changed, number_changed, number_changed, encoded,
    lines_moved, decimal_commas, frames_broken,
)  # fmt: skip


def no_file(draw: random.Random, path: Path) -> Path:
    """What is not a file, under its name."""
    path.unlink()
    kind = draw.choice(("pipe", "folder", "loop", "device", "nowhere", "random", "folder of pipes"))
    if kind == "pipe":
        os.mkfifo(path)
    elif kind.startswith("folder"):
        path.mkdir()
        if kind != "folder":
            os.mkfifo(path / "events.out.tfevents.1")
    else:
        path.symlink_to({"device": "/dev/zero", "random": "/dev/urandom"}.get(kind, path.name))
    return path


# -- figures --------------------------------------------------------------------------------------------------------


def read(path: Path, how: dict[str, Any]) -> Any:
    """Read a log, within so much memory."""
    return lr.read_run(path, **how)


def figures(count: int, seed: int = 0) -> dict[str, Any]:
    """So many logs: how many were an answer, how many a sentence, and (none) otherwise."""
    logging.disable(logging.WARNING)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, limits[1]))
    tally = Tally()
    try:
        with tempfile.TemporaryDirectory() as place:
            for k in range(count):
                _case(tally, random.Random(f"{seed}/{k}"), k, Path(place))
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)
        logging.disable(logging.NOTSET)
    return {"logs": count, **tally.figures("asked")}


def _case(tally: Tally, draw: random.Random, k: int, place: Path) -> None:
    name = draw.choice(list(FORMATS))
    log = rows_of(draw)
    content = FORMATS[name](draw, log)
    breaks = [draw.choice(BREAKS) for _ in range(draw.choice((0, 1, 1, 1, 2, 3)))]
    for each in breaks:
        content = each(draw, content) if content else content
    folder = place / str(k)
    folder.mkdir()
    path = folder / (name if draw.random() < 0.9 else draw.choice(list(FORMATS)))
    path.write_bytes(content)
    how: dict[str, Any] = draw.choice(({}, {}, {"lr": 1e-3}, {"lr": 1e-3, "horizon": 5000}, {"loss": "val_loss"}))
    said = f"case {k}: {name} as {path.name} {[each.__name__ for each in breaks]} {how}"
    if draw.random() < 0.03:
        path, said = no_file(draw, path), f"{said} no file"
    found = outcome(read, path, how)
    tally.judge(said, found, lambda run: _right(run, log, set(breaks), name if name == path.name else ""))


def _right(run: Any, log: Log, breaks: set[Any], name: str) -> bool:
    """Of a whole log all is read as it was written; of one that is cut off, what is read is what was written. So it is
    where checksums tell which bytes are others."""
    read = dict(zip(run.updates.tolist(), run.loss.tolist(), strict=True))
    wrong = [step for step, loss in read.items() if abs(log.get(step, loss + 1) - loss) > 1e-9]
    if not breaks and name:
        return not wrong and read.keys() == log.keys()
    if "tfevents" in name and breaks <= {flipped, hole, cut}:
        return not wrong
    if breaks == {cut}:  # the last number of a line that has no end may be cut off, too: then it is said
        return not wrong or (len(wrong) == 1 and any("cut off" in note for note in run.notes))
    return True


if __name__ == "__main__":
    print(told(figures(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)))
