"""The conformance case of adapters: ours for PyTorch and Optax keep to it; what breaks a law is caught by name."""

from types import SimpleNamespace

import pytest

import lrlab as lr
from lrlab.testing import AdapterCase

torch = pytest.importorskip("torch")


class TestTorch(AdapterCase):
    """Our scheduler on SGD."""

    def start(self, schedule, updates, base_lr):
        from lrlab.adapters.torch.scheduler import Scheduler

        parameter = torch.nn.Parameter(torch.zeros(1))
        parameter.grad = torch.ones(1)
        return Scheduler(torch.optim.SGD([parameter], lr=base_lr), schedule, updates)

    def lr(self, run):
        return float(run.optimizer.param_groups[0]["lr"])

    def update(self, run):
        run.optimizer.step()
        run.step()

    def state(self, run):
        return run.state_dict()

    def load(self, run, state):
        run.load_state_dict(state)

    def observe(self, run, metric):
        run.observe(metric)


class TestTorchFloat32(TestTorch):
    """With the LR in a tensor."""

    tolerance = 1e-6

    def start(self, schedule, updates, base_lr):
        from lrlab.adapters.torch.scheduler import Scheduler

        parameter = torch.nn.Parameter(torch.zeros(1))
        parameter.grad = torch.ones(1)
        return Scheduler(torch.optim.Adam([parameter], lr=torch.tensor(base_lr)), schedule, updates)


class TestPlan(TestTorch):
    """Our scheduler for plans, with a plan of the LR alone."""

    def start(self, schedule, updates, base_lr):
        from lrlab.adapters.torch import PlanScheduler

        parameter = torch.nn.Parameter(torch.zeros(1))
        parameter.grad = torch.ones(1)
        optimizer = torch.optim.SGD([parameter], lr=base_lr)
        return SimpleNamespace(optimizer=optimizer, scheduler=PlanScheduler(optimizer, lr.plan(lr=schedule), updates))

    def update(self, run):
        run.optimizer.step()
        run.scheduler.step()

    def state(self, run):
        return run.scheduler.state_dict()

    def load(self, run, state):
        run.scheduler.load_state_dict(state)

    def observe(self, run, metric):
        run.scheduler.observe(metric)


class TestOptax(AdapterCase):
    """Our gradient transformation for JAX."""

    tolerance = 1e-6

    def start(self, schedule, updates, base_lr):
        optax, numpy = pytest.importorskip("optax"), pytest.importorskip("jax.numpy")
        from lrlab.adapters.optax import Scheduler

        scheduler = Scheduler(schedule, base_lr, updates)
        chain = optax.chain(optax.identity(), scheduler.scale_by_learning_rate())
        ones = numpy.ones(1)
        return SimpleNamespace(scheduler=scheduler, chain=chain, gradient=ones, state=chain.init(ones))

    def lr(self, run):
        return float(run.scheduler.lr(run.state))

    def update(self, run):
        _, run.state = run.chain.update(run.gradient, run.state)

    def state(self, run):
        return run.scheduler.state_dict(run.state)

    def load(self, run, state):
        run.state = run.scheduler.load_state_dict(run.state, state)

    def observe(self, run, metric):
        run.state = run.scheduler.observe(run.state, metric)


class Plain(AdapterCase):
    """The simplest thing that keeps the laws: a pacer and a number. `wrong` says what is broken."""

    wrong = ""

    def start(self, schedule, updates, base_lr):
        run = SimpleNamespace(pacer=lr.Pacer(schedule.over(updates)), base=base_lr, lr=0.0)
        self.write(run)
        return run

    def write(self, run):
        run.lr = run.base * run.pacer.value

    def lr(self, run):
        return run.lr

    def update(self, run):
        run.pacer.advance(2 if self.wrong == "position" else 1)
        self.write(run)

    def state(self, run):
        if self.wrong == "state":
            self.update(run)
        return {**run.pacer.state(), "schedule": str(run.pacer.curve.schedule)}

    def load(self, run, state):
        if state.pop("schedule") != str(run.pacer.curve.schedule) and self.wrong != "configuration":
            raise lr.LrlabError("another schedule")
        if self.wrong != "resume":
            run.pacer.restore(state)
        self.write(run)

    def observe(self, run, metric):
        run.pacer.observe(metric)
        if self.wrong != "late":
            self.write(run)


class TestPlain(Plain):
    """It keeps them."""


class TestOpenLoop(Plain):
    """An adapter without controllers is not asked for them."""

    feedback = False

    def observe(self, run, metric):
        raise NotImplementedError


@pytest.mark.parametrize(
    ("wrong", "law"),
    [
        ("position", "test_every_update_uses_its_value"),
        ("state", "test_the_state_is_plain_json_and_asking_changes_nothing"),
        ("resume", "test_resume_anywhere"),
        ("configuration", "test_another_schedule_is_refused"),
        ("late", "test_a_decision_acts_at_once"),
    ],
)
def test_a_broken_adapter_is_caught(wrong, law):
    """By the law that it breaks, in a sentence."""
    case = type("Case", (Plain,), {"wrong": wrong})()
    with pytest.raises(AssertionError, match=r"\w+ \w+"):
        getattr(case, law)()


def test_every_law_can_be_broken():
    """A law that nothing breaks would be none."""
    marks = test_a_broken_adapter_is_caught.pytestmark[0].args[1]
    assert {name for name in dir(AdapterCase) if name.startswith("test_")} == {law for _, law in marks}
