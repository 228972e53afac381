"""A stage of a run: where it ends, when it is kept, what is compared, and what it refuses."""

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.controls import ControlSpec
from lrlab.lab.training import run as run_module
from lrlab.lab.training.bounds import Forked, StageBounds
from lrlab.lab.training.fork import Alone
from lrlab.lab.training.log import TrainingLog
from lrlab.lab.training.run import TrainingRun
from lrlab.record.runs.states import StoredState


class Optimizer:
    def __init__(self, *lrs):
        self.param_groups = [{"lr": value} for value in lrs]

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


def started(updates=10, loader=(0,), schedule="constant()", **bounds):
    """A run with one optimizer, and its loop over a loader that a fork can take up anywhere unless it is given."""
    run = TrainingRun(lr.parse(schedule), updates, stretch=StageBounds(**{"stop": updates, **bounds}))
    run.track(opt=Optimizer(1.0))
    return run, run.steps(dict.fromkeys(loader) if isinstance(loader, tuple) else loader)


def taken(steps):
    """The updates that were made, and how the loop ended."""
    made = []
    try:
        for update, _ in steps:
            made.append(update)
    except (Alone, Forked) as ended:
        return made, type(ended)
    return made, None


OTHER = (ControlSpec(lr.linear()),)


@pytest.mark.parametrize(
    ("bounds", "ended"), [({}, None), ({"stop": 5}, Alone), ({"others": OTHER}, Alone), ({"stop": 9}, Alone)]
)
def test_what_cannot_be_taken_up_again_is_trained_alone(bounds, ended):
    """Where the stage ends before the run, or another arm shares it; a whole run by itself needs no fork."""
    made, how = taken(started(10, iter(range(99)), **bounds)[1])
    assert (len(made), how) == ((10, None) if ended is None else (0, Alone))


@pytest.mark.parametrize("at", [1, 5])
def test_what_was_begun_elsewhere_is_not_gone_on_with_where_nothing_can_be_taken_up(at):
    """Not even after its first update, with no other arm along."""
    start = StoredState({"at": at, "ledger": TrainingLog(10).record()}, b"")
    assert taken(started(10, iter(range(99)), start=start)[1]) == ([], Alone)


def test_a_stage_ends_at_its_update_and_leaves_where_it_stands():
    """And with what was seen there."""
    run, steps = started(10, stop=4)
    assert taken(steps) == ([0, 1, 2, 3], Forked)
    assert run.standing.seen
    whole, steps = started(10)
    assert taken(steps) == ([*range(10)], None)
    assert whole.standing is None


def gone_through(steps):
    """How a loop ended that keeps nothing from one update to the next."""
    try:
        for _ in steps:
            pass
    except (Alone, Forked) as ended:
        return type(ended)
    return None


@pytest.mark.parametrize(("batches", "ended", "updates"), [((1, 2), None, 10), ((1, 3), Alone, 0)])
def test_a_stage_sees_what_the_one_before_it_saw(batches, ended, updates):
    """Its first batch is the one that came next, or nothing is trained."""
    before, steps = started(10, [1, 2], stop=5)
    assert gone_through(steps) is Forked
    snapshot, seen = before.standing.snapshot, dict(before.standing.seen)
    record = {"at": 5, "ledger": before.ledger.record(), "plain": snapshot.plain, "seen": seen}
    run, steps = started(10, list(batches), start=StoredState(record, snapshot.tensors))
    assert gone_through(steps) is ended
    assert run.completed == updates


class Drawing(dict):
    """Batches, and a random generator of their own if there is one."""

    def __init__(self, generator):
        super().__init__({0: "a batch"})
        self.generator = generator


class Counter:
    """A random generator whose state is a number."""

    def __init__(self, state):
        self.state = state

    def get_state(self):
        return self.state

    def set_state(self, state):
        self.state = state


@pytest.mark.parametrize(("before", "after"), [(None, Counter(2)), (Counter(1), None), (Counter(1), Counter(2))])
def test_a_fork_draws_from_as_many_generators_as_the_training_before_it(before, after):
    """From another number it is trained alone, and says why; else from where they were."""
    first, steps = started(10, Drawing(before), stop=5)
    assert gone_through(steps) is Forked
    snapshot, seen = first.standing.snapshot, dict(first.standing.seen)
    record = {"at": 5, "ledger": first.ledger.record(), "plain": snapshot.plain, "seen": seen}
    _, steps = started(10, Drawing(after), start=StoredState(record, snapshot.tensors))
    if before and after:
        assert gone_through(steps) is None
        assert after.state == 1
    else:
        counts = (1, 0) if after else (0, 1)
        with pytest.raises(Alone, match="has {} random generators of its own, and had {} before".format(*counts)):
            next(steps)


def test_arms_that_part_before_a_fork_end_at_once():
    """So do those of which it is not known yet where they may fork; one arm goes on whatever that is."""
    for stop in (0, 3, 10):
        run, steps = started(10, tuple(range(4)), stop=stop, others=OTHER if stop == 10 else ())
        assert taken(steps) == ([], Forked)
        assert (run.every, run.standing) == (4, None)
    assert taken(started(10, tuple(range(4)), stop=9)[1]) == ([*range(8)], Forked)
    assert taken(started(10, tuple(range(4)))[1]) == ([*range(10)], None)
    assert taken(started(10, tuple(range(4)), every=4, stop=8, others=OTHER)[1]) == ([*range(8)], Forked)


EVERY = [*range(1, 10)]


@pytest.mark.parametrize(
    ("seconds", "every", "kept"),
    [
        (100, 1, [3, 6, 9]),
        (299, 1, [2, 4, 6, 8]),
        (300, 1, EVERY),
        (301, 1, EVERY),
        (100, 2, [4, 8]),
        (900, 3, [3, 6, 9]),
    ],
)
def test_a_state_is_kept_every_five_minutes_where_training_may_fork(monkeypatch, seconds, every, kept):
    """Counted from the last one that was kept, where each update takes so many seconds."""
    now, found = [0.0], []
    monkeypatch.setattr(run_module.time, "monotonic", lambda: now[0])
    run = started(10, tuple(range(every)), keep=lambda run: found.append((run.completed, run.standing)))
    for _ in run[1]:
        now[0] += seconds
    assert [completed for completed, _ in found] == kept
    assert all(standing.seen for _, standing in found)


def test_nothing_is_kept_before_the_first_update(monkeypatch):
    """However long it took to get there."""
    now, found = [0.0], []
    monkeypatch.setattr(run_module.time, "monotonic", lambda: now[0])
    _, steps = started(3, keep=lambda run: found.append(run.completed))
    now[0] = 1000.0
    taken(steps)
    assert found == [1]


def begun(first, cell):
    """A run whose first batch is given; the others are alike."""
    loader = dict.fromkeys([first, 2, 3])
    return taken(started(3, loader, cell=cell)[1])


def test_how_a_run_begins_is_compared_with_the_one_before_it_of_its_cell():
    """By its first batch, before its first update."""
    assert begun(1, "a cell of these tests") == ([0, 1, 2], None)
    assert begun(1, "a cell of these tests") == ([0, 1, 2], None)
    with pytest.raises(LrlabError, match=r"does not begin the same way[\s\S]*the next batch"):
        begun(9, "a cell of these tests")


def test_what_is_called_too_late_names_what_it_was_given():
    """By name, or by kind where it has none."""
    run, _ = started()
    with pytest.raises(LrlabError, match=r"called after run\.steps[\s\S]*\['a', 'b'\]"):
        run.track(b=Optimizer(), a=Optimizer())
    with pytest.raises(LrlabError, match=r"called after run\.steps[\s\S]*\['Optimizer'\]"):
        run.track(Optimizer())


def test_a_gradient_norm_is_logged_with_a_loss_or_without():
    """At the update that is made; something has to be logged."""
    run, steps = started(3)
    for update, _ in steps:
        run.log(grad_norm=2.0 + update, **({"loss": 1.0} if update == 1 else {}))
    assert run.ledger.logged["grad_norm"].updates == (0, 1, 2)
    assert run.ledger.logged["grad_norm"].values == (2.0, 3.0, 4.0)
    assert run.ledger.loss.updates == (1,)
    run, steps = started(3)
    next(steps)
    run.log(loss=4.0)
    assert run.ledger.logged == {}
    with pytest.raises(LrlabError):
        run.log()


def test_without_an_optimizer_the_values_are_read():
    """Those of the update that is being made, before the first of the first."""
    run = TrainingRun(ControlSpec(lr.linear(), 2.0), 4)
    run.track(box={"x": 0})
    assert run.control == {"lr": 2.0}
    assert [run.control["lr"] for _ in run.steps(dict.fromkeys([0]))] == [2.0, 1.5, 1.0, 0.5]


def test_what_cannot_be_held_trains_alone_in_one_line():
    """With what it is."""
    run, steps = started(10, stop=4)
    opaque = {"it": (each for each in ())}
    run._tracked.add("box", opaque)
    with pytest.raises(Alone) as alone:
        list(steps)
    assert "\n" not in str(alone.value)
    assert "box" in str(alone.value)


def test_what_was_added_to_the_run_is_seen():
    """And nothing of its own."""
    run, steps = started(10, stop=4)
    run.note = 3
    taken(steps)
    assert {name: text for name, text in run.standing.seen.items() if name.startswith("run.")} == {"run.note": "3"}


def test_what_was_changed_outside_before_the_loop_is_said_at_its_first_update():
    """Before anything is trained."""
    counts = {"n": 0}

    def train():
        counts["n"] += 1

    _, steps = started(3, function=train)
    train()
    with pytest.raises(LrlabError, match=r"changes something outside[\s\S]*counts"):
        next(steps)
