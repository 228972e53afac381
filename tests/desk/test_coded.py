"""Code for a framework makes the LRs of the schedule, whether or not the framework has them itself."""

import numpy as np
import pytest

import lrlab as lr
from lrlab.analysis.advice.rules import rules
from lrlab.desk.coded import FRAMEWORKS, code
from lrlab.errors import LrlabError

TEXTS = sorted({strategy.text for strategy in rules().strategy.values()})
PLAIN = [text for text in TEXTS if "plateau" not in text]
UPDATES, BASE = 300, 0.1


def made(schedule, framework, **names):
    """What the code leaves behind."""
    found = dict(names)
    exec(compile(code(schedule, framework, horizon=UPDATES, base_lr=BASE), "code", "exec"), found)
    return found


@pytest.mark.parametrize("text", PLAIN)
def test_torch(text):
    """Update by update."""
    torch = pytest.importorskip("torch")
    schedule = lr.parse(text)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = made(schedule, "torch", optimizer=optimizer)["scheduler"]
    rates = []
    for _ in range(UPDATES):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    assert rates == pytest.approx(schedule.over(UPDATES).lr(BASE), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("text", PLAIN)
@pytest.mark.parametrize("framework", ["keras", "optax"])
def test_keras_and_optax(framework, text):
    """A function of the update."""
    pytest.importorskip(framework)
    schedule = lr.parse(text)
    found = made(schedule, framework)
    rate = found.get("rate", found.get("schedule"))
    rates = [float(rate(k)) for k in range(0, UPDATES, 7)]
    assert rates == pytest.approx(np.asarray(schedule.over(UPDATES).lr(BASE))[::7], rel=1e-5, abs=1e-6 * BASE)


@pytest.mark.parametrize("text", [text for text in TEXTS if "plateau" in text])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_listens_goes_through_the_adapter(framework, text):
    """And is told how it hears."""
    pytest.importorskip("jax" if framework == "optax" else framework)
    schedule = lr.parse(text)
    written = code(schedule, framework, horizon=UPDATES, base_lr=BASE)
    assert "from lrlab.adapters" in written
    compile(written, "code", "exec")


def test_transformers():
    """A Trainer that makes the scheduler, where none of its own starts at more than 0."""
    transformers = pytest.importorskip("transformers")
    trainer = made(lr.parse('warmup("5%") >> linear()'), "transformers")["ScheduledTrainer"]
    assert issubclass(trainer, transformers.Trainer)
    assert lr.parse(trainer.schedule) == lr.parse('warmup("5%") >> linear()')


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_what_is_not_known_is_asked_for(framework):
    """The length, and the LR where the framework's schedules are LRs."""
    with pytest.raises(LrlabError, match=r"how long|length"):
        code(lr.parse("cosine()"), framework, base_lr=BASE)
    if framework in ("keras", "optax"):
        with pytest.raises(LrlabError, match="--lr"):
            code(lr.parse("cosine()"), framework, horizon=UPDATES)
    with pytest.raises(LrlabError, match=r"try: +torch"):
        code(lr.parse("cosine()"), "pytorch", horizon=UPDATES)


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("base", [-0.1, 0.0, float("nan"), float("inf")])
def test_no_code_has_a_base_lr_that_is_none(framework, base):
    """Whether the framework has the schedule itself (a constant) or through the adapter (REX)."""
    for text in ("constant()", 'warmup("5%") >> rex()'):
        with pytest.raises(LrlabError, match="the base LR is no LR"):
            code(lr.parse(text), framework, horizon=UPDATES, base_lr=base)
