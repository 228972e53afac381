"""Does Ctrl-C leave something half done? An exception is raised at every line of every public operation.

    python benchmarks/reliability_interrupts.py [COUNT] [PART ...]

Each operation of the pacer, the scheduler, the journal, the live orders, the store and its states is called, and at the
n-th line of lrlab that it runs KeyboardInterrupt is raised, for every n (with COUNT: for so many of each operation).
Then whoever called it goes on, or calls it again. What comes of that must be what comes where the operation was never
called, or where it was done; called again it is done, once or twice. Parts are listed by name.
"""

from __future__ import annotations

import dataclasses
import logging
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import lrlab as lr
from lrlab.core.resume.checkpoint import Checkpoint
from lrlab.record.process.journal import Journal, rows
from lrlab.record.process.orders import ManualOrders, give, orders
from lrlab.record.runs.run import Series, StoredRun
from lrlab.record.runs.states import StateAddress, States, StoredState, fingerprint
from lrlab.record.runs.store import Store
from reliability_outcome import Tally, outcome, told

SOURCE = str(Path(lr.__file__).parent)
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None  # nothing waits for a disk there


@dataclasses.dataclass(frozen=True)
class Operation:
    """`make` a world, `call` in it what is interrupted, and `end`: go on, and tell all that can be told of it."""

    name: str
    make: Callable[[Path], Any]
    call: Callable[[Any], Any]
    end: Callable[[Any], Any]


def interrupted(call: Callable[[], Any], at: int) -> int:
    """Call, and raise KeyboardInterrupt at this line of lrlab (0: nowhere); the number of lines that were run."""
    seen = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.startswith(SOURCE):
            return None
        if event == "line":
            seen += 1
            if seen == at:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return seen


# -- the pacer ------------------------------------------------------------------------------------------------------

SCHEDULE = (lr.warmup(4) >> lr.cosine(to=0.1)) * lr.plateau(patience=1, factor=0.5) * lr.guard(metric="loss", after=2)
CURVE = SCHEDULE.over(60)


def pacer_at_work(place: Path) -> lr.Pacer:
    """Ten updates and some losses in: the next loss that is no better is a cut."""
    del place
    pacer = lr.Pacer(CURVE)
    for loss in (3.0, 2.0):
        pacer.advance(5)
        pacer.observe(loss, loss=loss)
    return pacer


def paced(pacer: lr.Pacer) -> Any:
    """Go on for a while, and be restored from the state."""
    values = []
    for loss in (2.5, 2.5, 1.0):
        pacer.advance(2)
        pacer.observe(loss, loss=loss)
        values.append(pacer.value)
    again = lr.Pacer(pacer.curve)
    again.restore(pacer.state())
    values += [again.value, again.update, *pacer.between(0, 60).tolist()]
    return repr((values, pacer.state(), again.state() == pacer.state()))


def pacer_operations() -> Iterator[Operation]:
    """All of them."""
    elsewhere = pacer_at_work(Path())
    elsewhere.advance(7)
    elsewhere.observe(9.0, loss=float("nan"))
    state, other = elsewhere.state(), lr.linear().over(60)
    calls: dict[str, Callable[[lr.Pacer], Any]] = {
        "advance": lambda p: p.advance(3),
        "observe": lambda p: p.observe(4.0, loss=float("nan")),
        "value": lambda p: p.value,
        "between": lambda p: p.between(0, 60),
        "rescale": lambda p: p.rescale(0.5),
        "go_on": lambda p: p.go_on(other, "splice"),
        "note": lambda p: p.note("take", {}, {}),
        "state": lambda p: p.state(),
        "restore": lambda p: p.restore(state),
    }
    for name, call in calls.items():
        yield Operation(name, pacer_at_work, call, paced)


# -- the scheduler --------------------------------------------------------------------------------------------------


class Training:
    """A model, its optimizer and its scheduler, in the middle of a run."""

    def __init__(self) -> None:
        import torch

        from lrlab.adapters.torch import Scheduler

        torch.manual_seed(0)
        self.model = torch.nn.Linear(2, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        schedule = (lr.warmup(4) >> lr.cosine(to=0.1)) * lr.plateau(patience=1, factor=0.5, metric="val")
        self.scheduler: Any = Scheduler(self.optimizer, schedule, horizon=60)

    def train(self, updates: int) -> list[float]:
        """So many updates; the LR that each used, as it stands when the update is made."""
        import torch

        used: list[float] = []
        note = self.optimizer.register_step_pre_hook(lambda one, *_: used.append(one.param_groups[0]["lr"]))
        for _ in range(updates):
            self.model(torch.ones(1, 2)).sum().backward()
            self.optimizer.step()
            self.scheduler.step()
            self.optimizer.zero_grad()
        note.remove()
        return used


def training(place: Path) -> Training:
    """Ten updates and some losses in."""
    del place
    made = Training()
    for loss in (3.0, 2.0):
        made.train(5)
        made.scheduler.observe(val=loss)
    return made


def trained(made: Training) -> Any:
    """Go on for a while: the LR in the optimizer is that of the scheduler, and a resume has the same."""
    used = made.train(3)
    made.scheduler.observe(val=2.5)
    used += made.train(3)
    same = made.optimizer.param_groups[0]["lr"] == made.scheduler.get_last_lr()[0]
    again = Training()
    again.optimizer.load_state_dict(made.optimizer.state_dict())
    again.scheduler.load_state_dict(made.scheduler.state_dict(), on_change="take")
    return repr((used, same, made.scheduler.state_dict(), again.train(2)))


def scheduler_operations() -> Iterator[Operation]:
    """All of them."""
    elsewhere = training(Path())
    elsewhere.train(4)
    elsewhere.scheduler.observe(val=9.0)
    state, optimizer_state = elsewhere.scheduler.state_dict(), elsewhere.optimizer.state_dict()

    def stepped(place: Path) -> Training:
        made = training(place)
        update(made)
        return made

    def update(made: Training) -> None:
        import torch

        made.model(torch.ones(1, 2)).sum().backward()
        made.optimizer.step()
        made.optimizer.zero_grad()

    def base_lrs(made: Training) -> None:
        made.scheduler.base_lrs = [0.2]

    calls: dict[str, Callable[[Training], Any]] = {
        "optimizer.step": update,
        "observe": lambda made: made.scheduler.observe(val=4.0),
        "base_lrs": base_lrs,
        "get_last_lr": lambda made: made.scheduler.get_last_lr(),
        "state_dict": lambda made: made.scheduler.state_dict(),
        "load_state_dict": lambda made: made.scheduler.load_state_dict(state),
        "optimizer.load_state_dict": lambda made: made.optimizer.load_state_dict(optimizer_state),
        "extend": lambda made: made.scheduler.extend(80, how="rescale-rest"),
        "finish": lambda made: made.scheduler.finish(over=10),
    }
    for name, call in calls.items():
        yield Operation(name, training, call, trained)
    yield Operation("step", stepped, lambda made: made.scheduler.step(), trained)


# -- the journal ----------------------------------------------------------------------------------------------------


def journal_operations() -> Iterator[Operation]:
    """Lines are there or not; what is written behind them follows."""
    pacer = pacer_at_work(Path())
    checkpoint = Checkpoint.of(pacer, [0.1]).record()

    def made(place: Path) -> tuple[Path, Journal]:
        journal = Journal(place)
        journal.began("start", checkpoint)
        return place, journal

    def read(world: tuple[Path, Journal]) -> Any:
        place, journal = world
        journal.observed(30, 1.0, {}, [], [0.1])
        Journal(place).began("resumed", checkpoint)
        return repr([list(rows(place)), sorted(path.name for path in place.iterdir())])

    calls: dict[str, Callable[[tuple[Path, Journal]], Any]] = {
        "Journal": lambda world: Journal(world[0]),
        "began": lambda world: world[1].began("changed", checkpoint),
        "observed": lambda world: world[1].observed(20, 1.5, {"acc": 0.5}, pacer.decisions, [0.1]),
        "rows": lambda world: list(rows(world[0])),
    }
    for name, call in calls.items():
        yield Operation(name, made, call, read)


# -- live orders ----------------------------------------------------------------------------------------------------


def orders_operations() -> Iterator[Operation]:
    """Every order is heard, at once or at the next update, and a resumed run hears it where it was heard."""

    def made(place: Path) -> tuple[Path, ManualOrders, dict[int, float]]:
        live, heard = ManualOrders(place), dict[int, float]()
        give(place, 0.5)
        heard[3] = live.due(3) or 0.0
        give(place, 0.25)
        return place, live, heard

    def due(world: Any, update: int) -> None:
        factor = world[1].due(update)
        if factor is not None:
            world[2][update] = factor

    def end(world: Any) -> Any:
        """Asked at the same update again, as a scheduler that goes on does."""
        place, _, heard = world
        for update in (6, 7, 8):
            due(world, update)
        resumed = ManualOrders(place)
        again = {update: factor for update in range(1, 12) if (factor := resumed.due(update)) is not None}
        given = [(order.factor, order.taken) for order in orders(place)]
        return repr((heard, again == heard, given, sorted(path.name for path in place.iterdir())))

    calls: dict[str, Callable[[Any], Any]] = {
        "ManualOrders": lambda world: ManualOrders(world[0]),
        "due": lambda world: due(world, 6),
        "give": lambda world: give(world[0], 0.125),
        "orders": lambda world: orders(world[0]),
        "resumed": lambda world: world[1].resumed(),
    }
    for name, call in calls.items():
        yield Operation(name, made, call, end)


# -- the store ------------------------------------------------------------------------------------------------------

PLACES = [StateAddress(k, f"{k:032}") for k in (1, 2)]
END = StateAddress(3, "3" * 32, end=True)


def run_of(key: str) -> StoredRun:
    """A run."""
    return StoredRun(
        key * 64, "task", "arm", "constant()", 1.0, 0, 0, 3, "loss", 0.5, "finished", 1.0, Series((0,), (1.0,)),
        {"loss": Series((3,), (0.5,))}, (), {"python": "3"}, None,
    )  # fmt: skip


def state_of(place: StateAddress) -> StoredState:
    """A state that belongs there."""
    ledger: Any = {"loss": [(0, 1.0, 1)], "first": [1.0], "reports": [], "seconds": 1.0}
    record: Any = {"at": place.at, "outcome": None, "every": 1, "fingerprint": None, "ledger": ledger}
    if place.end:
        return StoredState({**record, "outcome": "finished"}, b"")
    found = fingerprint("x", b"12345678")
    return StoredState({**record, "plain": "x", "next": None, "fingerprint": found}, b"12345678")


def store_operations() -> Iterator[Operation]:
    """Runs and states are there as a whole, or not at all.

    What is half written lies under a name with a dot, which nobody reads; a kill leaves it, too.
    """

    def made(place: Path) -> Path:
        Store(place).put(run_of("a"))
        states = States(place)
        states.note_recipe("cell", {"seed": 1})
        states.put("cell", PLACES[0], state_of(PLACES[0]))
        return place

    def listed(place: Path) -> Any:
        store, states = Store(place), States(place)
        store.probe()
        found = [states.get(cell, each) for cell, each in sorted(states.stored(), key=repr)]
        files = (path.relative_to(place) for path in place.rglob("*") if path.is_file())
        left = sorted(str(path) for path in files if not any(part.startswith(".") for part in path.parts))
        return repr((store.listing(), found, states.recipes(), left))

    states: dict[str, Callable[[States], Any]] = {
        "States.put": lambda states: states.put("cell", PLACES[1], state_of(PLACES[1])),
        "States.put (an end)": lambda states: states.put("cell", END, state_of(END)),
        "States.put (again)": lambda states: states.put("cell", PLACES[0], state_of(PLACES[0])),
        "States.get": lambda states: states.get("cell", PLACES[0]),
        "States.drop": lambda states: states.drop("cell", PLACES[0]),
        "States.sweep": lambda states: states.sweep(0),
        "States.clear": lambda states: states.clear(),
        "States.note_recipe": lambda states: states.note_recipe("other", {"seed": 2}),
        "States.recipes": lambda states: states.recipes(),
    }
    stores: dict[str, Callable[[Store], Any]] = {
        "Store.put": lambda store: store.put(run_of("b")),
        "Store.put (again)": lambda store: store.put(run_of("a")),
        "Store.get": lambda store: store.get("a" * 64),
        "Store.listing": lambda store: store.listing(),
        "Store.forget": lambda store: store.forget("a" * 64 + ".json"),
        "Store.probe": lambda store: store.probe(),
    }
    for name, of_states in states.items():
        yield Operation(name, made, lambda place, call=of_states: call(States(place)), listed)  # type: ignore[misc]
    for name, of_store in stores.items():
        yield Operation(name, made, lambda place, call=of_store: call(Store(place)), listed)  # type: ignore[misc]


# -- figures --------------------------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[], Iterator[Operation]]] = {
    "pacer": pacer_operations,
    "scheduler": scheduler_operations,
    "journal": journal_operations,
    "orders": orders_operations,
    "store": store_operations,
}


def figures(count: int, parts: tuple[str, ...] = tuple(PARTS)) -> dict[str, Any]:
    """At most so many lines of each operation: how many left no lasting difference, by part, and (none) otherwise."""
    logging.disable(logging.WARNING)
    tally, lasting = Tally("lasting"), {}
    try:
        for part in parts:
            before = tally.counts["lasting"] + tally.counts["bare"]
            for operation in PARTS[part]():
                _tried(tally, part, operation, count)
            lasting[f"{part} lasting"] = tally.counts["lasting"] + tally.counts["bare"] - before
    finally:
        logging.disable(logging.NOTSET)
    return {**tally.figures("interrupts"), **lasting}


def _tried(tally: Tally, part: str, operation: Operation, count: int) -> None:
    never, once, twice = (_result(operation, calls) for calls in (0, 1, 2))
    lines = _lines(operation)
    for at in sorted({int(k) for k in np.linspace(1, lines, min(lines, count))} if lines else ()):
        for again in (False, True):
            with tempfile.TemporaryDirectory(dir=MEMORY) as place:
                world = operation.make(Path(place))
                interrupted(lambda world=world: operation.call(world), at)  # type: ignore[misc]

                def go_on(world: Any = world, again: bool = again) -> Any:
                    if again:
                        operation.call(world)
                    return operation.end(world)

                right = (once, twice) if again else (never, once)
                said = f"{part}: {operation.name}, line {at} of {lines}, {'called again' if again else 'gone on'}"
                found = outcome(go_on)
                if found.kind == "sentence":  # said, and yet it is not what it was
                    found = found._replace(kind="answer")
                tally.judge(said, found, lambda value, right=right: value in right)  # type: ignore[misc]


def _result(operation: Operation, calls: int) -> Any:
    with tempfile.TemporaryDirectory(dir=MEMORY) as place:
        world = operation.make(Path(place))
        for _ in range(calls):
            operation.call(world)
        return operation.end(world)


def _lines(operation: Operation) -> int:
    with tempfile.TemporaryDirectory(dir=MEMORY) as place:
        world = operation.make(Path(place))
        return interrupted(lambda: operation.call(world), 0)


if __name__ == "__main__":
    given = sys.argv[1:]
    number = int(given.pop(0)) if given and given[0].isdigit() else 10**6
    print(told(figures(number, tuple(given) or tuple(PARTS))))
