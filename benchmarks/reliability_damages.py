"""Is anything believed that was not written? A store, a run's folder and a law are damaged, and asked again.

    python benchmarks/reliability_damages.py [COUNT]

A small comparison is trained once. Then, `count` times: its store is copied, one to three things in it are damaged
(bytes, cuts, swaps, numbers in valid JSON, types, names, whole folders, what is not a file), and the same comparison is
asked for. It must end in the same numbers, for what is damaged is made again, or in a sentence. So must the listing of
the store, a damaged law, and the journal and the orders of a run. Every tenth store is one of an earlier format, which
had no digest: there a number that was changed is read, and all else is the same.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import lrlab as lr
from lrlab.analysis.forecast.law import Law
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.desk import runs as desk
from lrlab.lab.arms.arms import Arm
from lrlab.lab.stages.engine import run_jobs
from lrlab.lab.stages.executor import Here
from lrlab.lab.stages.job import Job
from lrlab.lab.task.declaration import task, task_of
from lrlab.record.process.journal import Journal
from lrlab.record.process.orders import ManualOrders, give, orders
from lrlab.record.process.replay import replay
from lrlab.record.runs.run import StoredRun
from lrlab.record.runs.store import Store
from reliability_outcome import Tally, outcome, told

EARLIER = Path(__file__).parents[1] / "tests" / "compat" / "store_2"
UPDATES = 12


class Model:
    """One weight, in an array."""

    def __init__(self) -> None:
        self.w = np.array([random.gauss(0.0, 1.0)])

    def state_dict(self) -> dict[str, Any]:
        return {"w": self.w}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.w = state["w"].copy()


class SGD:
    """Its groups as PyTorch has them."""

    def __init__(self, model: Model, lr: float) -> None:
        self.model, self.param_groups = model, [{"lr": lr}]

    def step(self, gradient: Any) -> None:
        self.model.w = self.model.w - self.param_groups[0]["lr"] * gradient

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        pass


@task(metric="val_loss", updates=UPDATES, folds=2, seeds=1, evals=4)
def train(run: Any) -> None:
    """One weight and noisy targets."""
    model = Model()
    opt = SGD(model, lr=0.3)
    run.track(model=model, opt=opt)
    batches = [random.gauss(3.0 + run.fold, 1.0) for _ in range(6)]
    for _, batch in run.steps(batches):
        run.log(loss=float(((model.w - batch) ** 2).sum()))
        opt.step(2 * (model.w - batch))
        if run.eval_now:
            run.report(val_loss=float(((model.w - 3.0 - run.fold) ** 2).sum()))


ARMS = [
    Arm("constant", lr.constant()),
    Arm("late", lr.constant(6) >> lr.linear()),
    Arm("cut", lr.constant() * lr.plateau(patience=1, factor=0.5)),
    Arm("wild", 40.0 * lr.constant()),
]
JOBS = [Job(arm, 1.0, 0, 0, 2, UPDATES, 4) for arm in ARMS]
TASK = task_of(train)


def numbers(run: StoredRun) -> str:
    """All that a run says, but how long it took."""
    parts = dataclasses.asdict(dataclasses.replace(run, seconds=0.0))
    return repr({name: sorted(part.items()) if isinstance(part, dict) else part for name, part in parts.items()})


def trained(store: Path) -> list[str]:
    """The comparison: what is stored is not trained again."""
    found, _ = run_jobs(TASK, JOBS, Store(store), Here(TASK))
    return [numbers(run) for run in found]


def listed(store: Path) -> list[str]:
    """Every run that `lrlab runs` shows, and all that it says of the store."""
    found = Store(store).listing().runs
    desk.listing(store)
    desk.listing(store, each=True)
    for run in found[:2]:
        desk.show(store, run.key)
    if len(found) > 1:
        desk.compared(store, found[0].key, found[1].key)
    desk.pruned(store, dry=True)
    return sorted(numbers(run) for run in found)


def run_folder(folder: Path) -> None:
    """The journal and the orders of a short run."""
    pacer = lr.Pacer((lr.cosine() * lr.plateau(patience=1, factor=0.5, metric="val") * lr.manual()).over(40))
    journal, live = Journal(folder), ManualOrders(folder)
    journal.began("start", Checkpoint.of(pacer, [0.1]).record())
    for k, loss in enumerate((3.0, 2.5, 2.6, 2.75, 2.25, 2.5)):
        pacer.advance(3)
        if k in (1, 4):
            give(folder, 1.0 / (k + 1))
        heard = {"val": loss} if (factor := live.due(pacer.update)) is None else {"live": factor}
        known = len(pacer.decisions)
        pacer.observe(**heard)
        journal.observed(pacer.update, None, heard, pacer.decisions[known:], [0.1 * pacer.value])


def replayed(folder: Path) -> str:
    """What the journal says, and what differs."""
    found = replay(folder)
    if found.differences:
        raise lr.LrlabError("; ".join(found.differences))
    return repr((found.values.tolist(), found.decisions, found.heard))


def beginnings(folder: Path, part: Path) -> set[str]:
    """What the journal of a run would say, had the run been cut off earlier: nobody can tell one from the other."""
    found = set()
    lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    for count in range(1, len(lines) + 1):
        part.write_bytes(b"".join(lines[:count]))
        found.add(replayed(part))
    return found


def given(folder: Path) -> list[str]:
    """The orders, whatever their number; one that is damaged is passed over in words."""
    return [f"{order.factor} {order.at}" for order in orders(folder)]


def law_of(path: Path) -> str:
    """What a law predicts."""
    found = Law.load(path)
    return repr((found.parameters, found.predict("cosine()", base_lr=1e-3, horizon=300).final))


# -- damages --------------------------------------------------------------------------------------------------------


def files_in(folder: Path) -> list[Path]:
    """Every file."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def bytes_changed(draw: random.Random, content: bytes) -> bytes:
    """Some bytes are others."""
    found = bytearray(content)
    for _ in range(draw.choice((1, 1, 1, 2, 8))):
        if found:
            found[draw.randrange(len(found))] ^= draw.randrange(1, 256)
    return bytes(found)


def cut(draw: random.Random, content: bytes) -> bytes:
    """The end is missing, or a piece of the middle."""
    at = draw.randrange(len(content) + 1)
    return content[:at] + (content[at + draw.randrange(64) :] if draw.random() < 0.3 else b"")


def zeroed(draw: random.Random, content: bytes) -> bytes:
    """A block of zeros, as after a power cut."""
    at = draw.randrange(len(content) + 1)
    stop = min(len(content), at + draw.choice((16, 512, 4096)))
    return content[:at] + bytes(stop - at) + content[stop:]


def doubled(draw: random.Random, content: bytes) -> bytes:
    """A line twice, or all of it; lines in another order."""
    lines = content.splitlines(keepends=True) or [b""]
    k = draw.randrange(len(lines))
    if draw.random() < 0.3:
        draw.shuffle(lines)
        return b"".join(lines)
    return b"".join([*lines[: k + 1], *lines[k:]])


def garnished(draw: random.Random, content: bytes) -> bytes:
    """Something before or behind it."""
    more = draw.choice((b"\xef\xbb\xbf", b"\0", b"{}", b"\n\n", b"NaN", bytes(draw.randbytes(20)), b"\xff\xfe"))
    return more + content if draw.random() < 0.5 else content + more


def deep(draw: random.Random, content: bytes) -> bytes:
    """JSON without end."""
    return draw.choice((b"[" * 100_000, b'{"a":' * 50_000, b"[" * 900 + b"]" * 900, b"9" * 5000, b""))


ODD: list[Callable[[random.Random], Any]] = [
    lambda draw: None,
    lambda draw: draw.random() < 0.5,
    lambda draw: draw.choice(("", "x", "inf", "nan", "\x1b[31m", "\ud800")),
    lambda draw: draw.choice((float("nan"), float("inf"), -float("inf"), 1e308, -0.0)),
    lambda draw: draw.choice((10**400, -(10**30), 2**63, -1, 0)),
    lambda draw: draw.choice(([], {}, [[]], {"a": {}}, [0] * 100)),
]


def edited(draw: random.Random, content: bytes) -> bytes:
    """A value in valid JSON is another: a number most of the time; or a name is."""
    lines = content.decode("utf-8").splitlines() or [""]
    k = draw.randrange(len(lines))
    whole = json.loads(lines[k]) if len(lines) > 1 else json.loads(content)
    places = list(_places(whole))
    inner, key = draw.choice(places)
    was, kind = inner[key], draw.random()
    if kind < 0.15 and isinstance(inner, dict):
        if draw.random() < 0.5:
            del inner[key]
        else:
            inner[str(key) + draw.choice(("x", " ", ""))[:1]] = inner.pop(key)
    elif kind < 0.75 and isinstance(was, int | float) and not isinstance(was, bool):
        inner[key] = draw.choice((was + 1, was * 1.01, -was, was / 2, was + 1e-9, int(was) if was == was else 0))
    elif kind < 0.9:
        inner[key] = draw.choice(ODD)(draw)
    else:
        inner[key] = draw.choice([other[name] for other, name in places])
    text = json.dumps(whole)
    return (text if len(lines) == 1 else "\n".join([*lines[:k], text, *lines[k + 1 :], ""])).encode()


def _places(value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(pairs):
        yield value, key
        yield from _places(item)


CONTENTS = (bytes_changed, bytes_changed, cut, zeroed, doubled, garnished, deep, edited, edited, edited)


def damage(draw: random.Random, folder: Path) -> str:
    """Damage something in a folder, and say what."""
    files = files_in(folder)
    folders = sorted(path for path in folder.rglob("*") if path.is_dir())
    kind = draw.random()
    if not files:
        return "nothing left"
    path = draw.choice(files)
    if kind < 0.68:
        how = draw.choice(CONTENTS)
        try:
            path.write_bytes(how(draw, path.read_bytes()))
        except (ValueError, IndexError, OverflowError, RecursionError):  # no JSON, or nothing in it
            path.write_bytes(bytes_changed(draw, path.read_bytes()))
        return f"{how.__name__} {path.relative_to(folder)}"
    if kind < 0.78:  # two files, or two folders, in each other's place
        other = draw.choice([each for each in files if each.suffix == path.suffix])
        if folders and draw.random() < 0.5:
            path, other = draw.choice(folders), draw.choice(folders)
        if path == other or path in other.parents or other in path.parents:
            return "nothing"
        aside = folder / "aside"
        os.rename(path, aside)
        os.rename(other, path)
        os.rename(aside, other)
        return f"swapped {path.relative_to(folder)} {other.relative_to(folder)}"
    if kind < 0.86:  # under another name
        other = path if not folders or draw.random() < 0.3 else draw.choice(folders)
        name = other.name + ".end" if draw.random() < 0.5 else draw.choice(files + folders).name
        if not (other.parent / name).exists():
            os.rename(other, other.parent / name)
        return f"renamed {other.relative_to(folder)} {name}"
    if kind < 0.93:
        if folders and draw.random() < 0.3:
            shutil.rmtree(path := draw.choice(folders))
        else:
            path.unlink()
        return f"deleted {path.relative_to(folder)}"
    path.unlink()
    what = draw.choice(("folder", "pipe", "link", "loop", "device"))
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"link": "nowhere", "loop": path.name, "device": "/dev/zero"}[what])
    return f"{what} {path.relative_to(folder)}"


# -- figures --------------------------------------------------------------------------------------------------------


def figures(count: int, seed: int = 0) -> dict[str, Any]:
    """So many damages: how many ended in the same numbers, in a sentence, and (none) otherwise."""
    logging.disable(logging.WARNING)  # what is passed over is said there
    tally = Tally()
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        home = Path(place)
        right = trained(home / "store")
        right_list = set(listed(home / "store"))
        run_folder(home / "run")
        right_runs, right_orders = beginnings(home / "run", home / "part"), set(given(home / "run"))
        law_of_points(home / "law")
        right_law = law_of(home / "law" / "law.json")
        for k in range(count):
            draw, copy = random.Random(f"{seed}/{k}"), home / "copy"
            part = "earlier" if k % 10 == 9 else draw.choices(("store", "run", "law"), (7, 2, 1))[0]
            shutil.copytree(EARLIER if part == "earlier" else home / part, copy)
            if part == "store" and draw.random() < 0.6:  # so that states and ends are asked, too
                for path in [path for path in copy.glob("*.json") if draw.random() < 0.7]:
                    path.unlink()
            said = "; ".join(damage(draw, copy) for _ in range(draw.choice((1, 1, 1, 2, 3))))
            said = f"case {k} ({part}): {said}"
            if part == "store":
                tally.judge(said, outcome(trained, copy), lambda found: found == right)
                tally.judge(f"{said}, listed", outcome(listed, copy), lambda found: set(found) <= right_list)
            elif part == "earlier":
                tally.judge(said, outcome(listed, copy), lambda found: True)
            elif part == "run":
                tally.judge(said, outcome(replayed, copy), lambda found: found in right_runs)
                tally.judge(f"{said}, orders", outcome(given, copy), lambda found: set(found) <= right_orders)
            else:
                tally.judge(said, outcome(law_of, copy / "law.json"), lambda found: found == right_law)
            shutil.rmtree(copy, ignore_errors=True)
    logging.disable(logging.NOTSET)
    return {"damages": count, **tally.figures("asked")}


def law_of_points(folder: Path) -> None:
    """A saved law."""
    updates = np.arange(50, 1001, 50)
    run = lr.Run.from_arrays(updates, 3 + updates**-0.5, [1e-3] * 1000)
    folder.mkdir()
    lr.fit_law([run], prior="generic").save(folder / "law.json")


if __name__ == "__main__":
    print(told(figures(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)))
