"""Going back: injected faults are recovered from, bit for bit where nothing is cut, and a hopeless run is stopped."""

import math
import random

import numpy as np
import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch.rescue import Rescue
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.errors import LrlabTypeError, Stopped
from lrlab.record.process.replay import replay

N = 200


class Training:
    """A small regression; `faults` are the batches that are broken, and how."""

    def __init__(self, schedule="constant() * guard()", *, faults=None, once=False, live=None, seed=0, **rescue):
        torch.manual_seed(seed)
        random.seed(seed)
        np.random.seed(seed)
        self.faults, self.once, self.losses, self.lrs, self.used = dict(faults or {}), once, {}, {}, []
        self.model = torch.nn.Sequential(
            torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Dropout(0.1), torch.nn.Linear(8, 1)
        )
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=0.02)
        self.scheduler = Scheduler(self.optimizer, schedule, N, live=live)
        rescue = {"every": 20, "settle": 5, **rescue}
        tracked = () if "capture" in rescue else (self.model,)
        self.rescue = Rescue(self.scheduler, *tracked, **rescue)

    def batch(self, number):
        generator = torch.Generator().manual_seed(number)
        x = torch.randn(32, 4, generator=generator)
        y = x[:, :1] - 0.5 * x[:, 1:2] + 0.3 * torch.randn(32, 1, generator=generator)
        fault = self.faults.pop(number, None) if self.once else self.faults.get(number)
        return x, y, fault

    def update(self):
        at, number = self.scheduler.update, self.rescue.batch
        self.used.append((at, number))
        x, y, fault = self.batch(number)
        self.lrs[at] = self.optimizer.param_groups[0]["lr"]
        self.optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(self.model(x), y)
        (loss * (float("nan") if fault == "nan" else 1.0)).backward()
        self.optimizer.step()
        if fault == "spike":
            with torch.no_grad():
                for parameter in self.model.parameters():
                    parameter.add_(5.0)
        self.scheduler.step()
        self.losses[at] = loss.item()
        self.scheduler.observe(loss.item())
        return self.rescue.step()

    def run(self, most=10 * N):
        """To the end; how often it went back."""
        rescues = 0
        for _ in range(most):
            if self.scheduler.update == N:
                return rescues
            rescues += self.update()
        raise AssertionError("it did not come to its end")


@pytest.mark.parametrize(
    "seed", [*range(6), *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(6, 60))]
)
def test_a_fault_at_a_random_step_is_recovered_from(seed, tmp_path):
    """A NaN or a spike, one or two of them: the run goes back, comes to its end, and its journal can be replayed."""
    rng = random.Random(seed)
    faults = {rng.randint(25, N - 10): rng.choice(["nan", "spike"]) for _ in range(rng.randint(1, 2))}
    training = Training(faults=faults, live=tmp_path, seed=seed)
    rescues = training.run()
    assert 1 <= rescues <= 3
    assert training.lrs[N - 1] == 0.02 * 0.5**rescues
    last = [training.losses[at] for at in range(N - 20, N)]
    assert max(last) < 1.0
    found = replay(tmp_path)
    assert found.differences == ()
    assert found.lrs[0].tolist() == [training.lrs[at] for at in range(N)]


def same_weights(one, other):
    """Whether two models are equal to the last bit."""
    pairs = zip(one.model.parameters(), other.model.parameters(), strict=True)
    return all(torch.equal(mine, theirs) for mine, theirs in pairs)


def test_a_clean_run_is_left_alone():
    """No rescue, and the very weights of a run in which no snapshot was taken."""
    watched = Training(seed=3)
    assert watched.run() == 0
    plain = Training(seed=3, every=10_000)
    assert plain.run() == 0
    assert same_weights(watched, plain)


def test_going_back_is_exact():
    """Weights, the optimizer's moments and random numbers are those of the run when it was there first."""
    broken = Training(faults={77: "spike"})
    while not broken.update():
        pass
    drawn = torch.rand(3), random.random(), np.random.rand()
    assert broken.scheduler.update == 60
    reference = Training()
    for _ in range(60):
        reference.update()
    assert (*map(float, drawn[0]), *drawn[1:]) == (*map(float, torch.rand(3)), random.random(), np.random.rand())
    assert same_weights(broken, reference)
    mine, other = broken.optimizer.state_dict()["state"], reference.optimizer.state_dict()["state"]
    assert all(torch.equal(mine[k][name], other[k][name]) for k in mine for name in mine[k])
    assert broken.scheduler.get_last_lr() == [0.5 * lr for lr in reference.scheduler.get_last_lr()]


def test_batches_are_not_used_twice_or_are_as_they_were():
    """The order of the data is defined: "skip" goes on, "again" begins again."""
    skipping = Training(faults={50: "nan"})
    assert skipping.run() == 1
    numbers = [number for _, number in skipping.used]
    assert numbers == list(range(len(numbers)))
    again = Training(faults={50: "nan"}, once=True, data="again")
    assert again.run() == 1
    assert all(at == number for at, number in again.used)


def test_a_hopeless_run_is_stopped():
    """A fault that comes with every batch: three rescues, then an error with its cause, and the log has it all."""
    training = Training(faults=dict.fromkeys(range(40, 500), "nan"), data="skip")
    with pytest.raises(Stopped, match=r"guard1 stops the run: the loss is nan; 3 rescues did not help"):
        training.run()
    events = [d.event for d in training.scheduler.decisions]
    assert events == ["nan", "rollback"] * 3 + ["stop"]


@pytest.mark.parametrize(
    ("every", "faults", "expected"), [(20, (95, 100), [80, 60]), (1, (95, 97), [92, 89]), (20, (95, 130), [80, 100])]
)
def test_a_snapshot_that_leads_to_trouble_again_is_left_for_an_older_one(every, faults, expected):
    """Back to the last good one; from there at once again to the one before; later to a new one."""
    training = Training(faults=dict.fromkeys(faults, "nan"), keep=3, every=every)
    went = []
    while training.scheduler.update < N:
        if training.update():
            went.append(training.scheduler.update)
    assert went == expected


def test_a_snapshot_too_close_to_the_trouble_is_not_trusted():
    """The update that broke the weights was made before the loss showed it."""
    training = Training(faults={81: "nan"}, settle=10)
    while not training.update():
        pass
    assert training.scheduler.update == 60
    assert training.rescue.snapshots == (0, 20, 40, 60)[-len(training.rescue.snapshots) :]


def test_gradients_of_a_broken_micro_batch_are_left_behind():
    """A NaN that is noticed in the midst of an accumulation must not reach the weights that were brought back."""
    model = torch.nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scheduler = Scheduler(optimizer, "constant() * guard()", N)
    rescue = Rescue(scheduler, model, every=5, settle=1)
    for micro in range(80):
        loss = model(torch.full((4, 2), math.nan if micro == 41 else 1.0)).square().mean()
        loss.backward()
        if micro % 4 == 3:
            optimizer.step(), scheduler.step(), optimizer.zero_grad()
        scheduler.observe(loss.item())
        rescue.step()
    assert [decision.event for decision in scheduler.decisions] == ["nan", "rollback"]
    assert torch.isfinite(model.weight).all()


def test_snapshots_are_kept_in_bounds(tmp_path):
    """Two good ones, and those that are not known to be good yet; the same as files."""
    for folder in (None, tmp_path):
        training = Training(every=10, settle=15, folder=folder)
        training.run()
        assert training.rescue.snapshots == (170, 180, 190, 200)[-4:]
    assert len(list(tmp_path.iterdir())) == 4


def test_snapshots_in_files(tmp_path):
    """The same run as with snapshots in memory, bit for bit; the files are read without unpickling."""
    faults = {60: "nan", 120: "spike"}
    kept = Training(faults=faults)
    assert kept.run() == 2
    written = Training(faults=faults, folder=tmp_path)
    assert written.run() == 2
    assert same_weights(kept, written)


def test_hooks():
    """What is kept and how it comes back can be somebody else's affair: a trainer's."""
    calls = []

    def capture():
        calls.append("capture")
        return len(calls)

    training = Training(faults={50: "nan"}, capture=capture, restore=lambda content: calls.append(("restore", content)))
    while not training.update():
        pass
    assert calls[-1] == ("restore", 3)
    assert calls[:-1] == ["capture"] * (len(calls) - 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"schedule": "constant()"}, "the schedule has no guard"),
        ({"data": "twice"}, "data is not known"),
        ({"every": 0}, "every must be at least 1"),
        ({"keep": 0}, "keep must be at least 1"),
        ({"settle": -1}, "settle must be"),
        ({"capture": print}, "both capture and restore"),
    ],
)
def test_what_cannot_be_meant(arguments, said):
    """Said at the start."""
    with pytest.raises(lr.LrlabError, match=said):
        Training(**arguments)


def test_what_holds_no_state_is_refused():
    """A parameter list, for example."""
    training = Training()
    with pytest.raises(lr.LrlabError, match="has no state to keep"):
        Rescue(training.scheduler, list(training.model.parameters()))


def test_a_checkpoint_that_is_loaded_later_is_noticed():
    """Its snapshots lie ahead of the run: going back to one would go forward."""
    training = Training()
    state = training.scheduler.state_dict()
    for _ in range(30):
        training.update()
    training.scheduler.load_state_dict(state)
    with pytest.raises(lr.LrlabError, match="was loaded since"):
        training.update()


def test_a_run_by_a_plan_goes_back_with_all_its_curves():
    """The guard stands in the LR's schedule; momentum and the second optimizer go back with it."""
    torch.manual_seed(0)
    model, other = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
    pair = [torch.optim.SGD(m.parameters(), lr=0.1, momentum=0.9) for m in (model, other)]
    plan = lr.plan(lr=lr.linear() * lr.guard(patience=1), momentum=lr.linear(start=0.9, to=0.8))
    scheduler = Scheduler(pair, plan, N)
    rescue = Rescue(scheduler, model, other, every=10, settle=5)
    trace, kept, back = [], {}, 0
    while scheduler.update < 60:
        at, batch = scheduler.update, rescue.batch
        kept.setdefault(at, [p.detach().clone() for m in (model, other) for p in m.parameters()])
        trace.append((at, pair[1].param_groups[0]["lr"], pair[1].param_groups[0]["momentum"]))
        for optimizer, net in zip(pair, (model, other), strict=True):
            optimizer.zero_grad()
            net(torch.ones(1, 2)).sum().backward()
            optimizer.step()
        scheduler.step()
        scheduler.observe(float("nan") if batch == 33 else 1.0)
        if rescue.step():
            back += 1
            weights = [p for m in (model, other) for p in m.parameters()]
            assert all(map(torch.equal, weights, kept[scheduler.update]))
    assert back == 1
    assert scheduler.decisions[-1].event == "rollback"
    line, momentum = lr.linear().over(N).values(), lr.linear(start=0.9, to=0.8).over(N).values()
    assert trace[-1] == (59, 0.1 * (line[59] * 0.5), momentum[59])


def test_what_is_no_scheduler_or_has_no_guard_is_refused():
    with pytest.raises(LrlabTypeError, match="takes a Scheduler"):
        Rescue(torch.optim.lr_scheduler.ConstantLR(Training().optimizer))
    with pytest.raises(lr.LrlabError, match="no guard"):
        Rescue(Scheduler(Training().optimizer, lr.plan(lr=lr.linear()), N))
