"""PyTorch's own schedulers, side by side: the LR in the optimizer at every update to 1.5 times the horizon."""

import random
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler as theirs
from torch.optim.swa_utils import SWALR

import lrlab as lr
from lrlab.dialects import from_torch, from_transformers
from lrlab.dialects.read.torch import from_torch_call

LR = 0.1
CLOSE = {"relative": 1e-9, "of_peak": 1e-11}  # torch multiplies the LR before: its own values drift by this much


def optimizer(base: float = LR) -> torch.optim.Optimizer:
    """An optimizer with one group."""
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=base, momentum=0.9)


def trace(scheduler: Any, updates: int) -> list[float]:
    """The LR in the optimizer at each update, to the end or until torch raises."""
    seen = []
    for _ in range(updates):
        seen.append(float(scheduler.optimizer.param_groups[0]["lr"]))
        scheduler.optimizer.step()
        try:
            scheduler.step()
        except (ArithmeticError, NotImplementedError, ValueError):
            break
    return seen


def simple(kind: str, opt: torch.optim.Optimizer, rng: random.Random, n: int) -> Any:
    """One scheduler with random arguments, for about n updates."""
    floor = rng.choice([0.0, 0.001, 0.03])
    match kind:
        case "step":
            return theirs.StepLR(opt, rng.randint(1, n), rng.uniform(0, 1.2))
        case "multistep":
            return theirs.MultiStepLR(opt, [rng.randint(0, n) for _ in range(rng.randint(1, 4))], rng.uniform(0.1, 1.1))
        case "constant":
            return theirs.ConstantLR(opt, rng.uniform(0.01, 1), rng.randint(0, n))
        case "linear":
            return theirs.LinearLR(opt, rng.uniform(0.01, 1), rng.uniform(0, 1), rng.randint(0, n))
        case "exponential":
            return theirs.ExponentialLR(opt, rng.uniform(0.9, 1.01))
        case "polynomial":
            return theirs.PolynomialLR(opt, rng.randint(0, n), rng.choice([1.0, 2.0, rng.uniform(0.2, 3)]))
        case "cosine":
            return theirs.CosineAnnealingLR(opt, rng.randint(1, n), floor)
        case "restarts":
            return theirs.CosineAnnealingWarmRestarts(opt, rng.randint(1, n), rng.randint(1, 3), floor)
        case "cyclic":
            return theirs.CyclicLR(
                opt,
                rng.uniform(0, 0.05),
                0.1,
                rng.randint(1, n),
                rng.choice([None, rng.randint(1, n)]),
                rng.choice(["triangular", "triangular2", "exp_range"]),
                rng.uniform(0.98, 1),
            )
        case "swa":
            return SWALR(opt, rng.uniform(0.001, 0.2), rng.randint(0, n), rng.choice(["cos", "linear"]))
    raise AssertionError(kind)


def one_cycle(opt: torch.optim.Optimizer, rng: random.Random, n: int) -> Any:
    """OneCycleLR with random arguments; those that torch itself divides by 0 with are passed over."""
    while True:
        try:
            return theirs.OneCycleLR(
                opt,
                rng.uniform(0.01, 1),
                n,
                pct_start=rng.choice([0.3, 0.25, 0.0, 1.0, rng.random()]),
                anneal_strategy=rng.choice(["cos", "linear"]),
                div_factor=rng.choice([25.0, 4.0]),
                final_div_factor=rng.choice([1e4, 10.0]),
                three_phase=rng.random() < 0.4,
            )
        except ZeroDivisionError:
            continue


MULTIPLY = ("step", "multistep", "constant", "linear", "exponential", "polynomial", "cosine")
KINDS = (*MULTIPLY, "restarts", "cyclic", "swa")


def test_same_curve(seed, rng, same_curve):
    """Every class by itself."""
    n = rng.choice([1, 2, rng.randint(3, 40), rng.randint(40, 300)])
    kinds = (*KINDS, "onecycle", "onecycle")
    kind = kinds[seed % len(kinds)]
    scheduler = one_cycle(optimizer(), rng, n) if kind == "onecycle" else simple(kind, optimizer(), rng, n)
    found = from_torch(scheduler)
    assert "table(" not in str(found.schedule)
    same_curve(found, trace(scheduler, n + n // 2 + 2), found.base_lr, **CLOSE)


def sequence(opt: torch.optim.Optimizer, rng: random.Random, n: int, kinds: tuple[str, ...]) -> Any:
    """Two or three schedulers one after another."""
    count = rng.randint(2, 3)
    members = [simple(rng.choice(kinds), opt, rng, n) for _ in range(count)]
    return theirs.SequentialLR(opt, members, sorted(rng.randint(0, n) for _ in range(count - 1)))


def chain(opt: torch.optim.Optimizer, rng: random.Random, n: int, kinds: tuple[str, ...]) -> Any:
    """Two or three schedulers at the same time."""
    return theirs.ChainedScheduler([simple(rng.choice(kinds), opt, rng, n) for _ in range(rng.randint(2, 3))])


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*before:UserWarning")
def test_sequence(seed, rng, same_curve):
    """SequentialLR of any classes: nothing has to be listed."""
    n = rng.randint(4, 120)
    scheduler = sequence(optimizer(), rng, n, (*MULTIPLY, "restarts"))
    found = from_torch(scheduler, horizon=n)
    assert "table(" not in str(found.schedule)
    same_curve(found, trace(scheduler, n + n // 2), found.base_lr, **CLOSE)


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*before:UserWarning")
def test_chain(seed, rng, same_curve):
    """ChainedScheduler: the product, and a list where torch's recursion is none."""
    n = rng.randint(4, 60)
    scheduler = chain(optimizer(), rng, n, MULTIPLY)
    found = from_torch(scheduler, horizon=n)
    same_curve(found, trace(scheduler, n + n // 2), found.base_lr, **CLOSE)


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*before:UserWarning")
def test_nested(seed, rng, same_curve):
    """A chain or a sequence inside another."""
    n = rng.randint(6, 60)
    opt = optimizer()
    make = rng.choice([sequence, chain])
    inner, other = make(opt, rng, n, MULTIPLY), simple(rng.choice(MULTIPLY), opt, rng, n)
    if rng.random() < 0.5:
        scheduler = theirs.SequentialLR(opt, [inner, other], [rng.randint(1, n)])
    else:
        scheduler = theirs.ChainedScheduler(rng.choice([[inner, other], [other, inner]]))
    found = from_torch(scheduler, horizon=n)
    same_curve(found, trace(scheduler, n + n // 2), found.base_lr, **CLOSE)


def test_plateau_cuts_at_the_same_observations(rng):
    """ReduceLROnPlateau, driven by random losses: the same factor after every observation."""
    scheduler = theirs.ReduceLROnPlateau(
        optimizer(1.0), factor=0.5, patience=rng.randint(0, 3), cooldown=rng.randint(0, 3), min_lr=rng.choice([0, 0.1])
    )
    plateau = from_torch(scheduler).schedule
    state, seen = plateau.init(), []
    for update in range(20):  # fewer than 2**27 halvings: below 1e-8 torch stops cutting
        loss = 1 + 0.01 * rng.randint(0, 10) - 0.01 * update * rng.random()
        state = plateau.observe(state, loss, update)
        scheduler.step(loss)
        seen.append((plateau.factor(state), scheduler.optimizer.param_groups[0]["lr"]))
    assert all(ours == pytest.approx(other, rel=1e-12) for ours, other in seen)


def test_groups():
    """Floors are absolute in torch: a group with another LR has another curve, and the finding says so."""
    params = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    opt = torch.optim.SGD([{"params": params[:1], "lr": 0.1}, {"params": params[1:], "lr": 0.01}], lr=0.1)
    scheduler = theirs.CosineAnnealingLR(opt, 100, eta_min=0.005)
    assert "groups-differ" in [finding.code for finding in from_torch(scheduler).findings]
    assert str(from_torch(scheduler, group=1).schedule) == "cosine_cycle(200, to=0.5).repeat()"


def test_function():
    """A LambdaLR keeps its function, by name and hash."""

    def halves(t):
        return 0.5**t

    found = from_torch(theirs.LambdaLR(optimizer(), halves))
    assert found.schedule == lr.function(halves)
    assert from_torch(theirs.LambdaLR(optimizer(), lambda t: 1.0)).schedule.name == "lr_lambda"


def test_findings():
    """What a user should know is said: the climb after the end, and where torch raises."""
    rising = from_torch(theirs.CosineAnnealingLR(optimizer(), 9000))
    assert "rises again after its end at update 9,000" in [str(f) for f in rising.findings][-1]
    assert "raises at update 101" in from_torch(theirs.OneCycleLR(optimizer(), 1.0, 100)).convention


def test_the_scheduler_is_left_alone():
    """Reading, also with a rehearsal, changes neither scheduler nor optimizer."""
    opt = optimizer()
    chained = theirs.ChainedScheduler([theirs.CosineAnnealingLR(opt, 5, 0.01), theirs.ExponentialLR(opt, 0.9)])
    before = (chained.state_dict(), opt.state_dict()["param_groups"])
    found = from_torch(chained)
    assert "listed" in [finding.code for finding in found.findings]
    assert (chained.state_dict(), opt.state_dict()["param_groups"]) == before


def test_in_mid_run():
    """A scheduler that was stepped gives its whole curve; one that only a rehearsal can tell is refused."""
    opt = optimizer()
    scheduler = theirs.SequentialLR(opt, [theirs.LinearLR(opt, 0.1, 1.0, 5), theirs.CosineAnnealingLR(opt, 95)], [5])
    fresh = from_torch(scheduler)
    opt.step()
    scheduler.step()
    assert from_torch(scheduler).schedule == fresh.schedule
    chained = theirs.ChainedScheduler([theirs.CosineAnnealingLR(opt, 5, 0.01), theirs.ExponentialLR(opt, 0.9)])
    chained.step()
    with pytest.raises(lr.LrlabError, match="a new scheduler"):
        from_torch(chained)


def test_schedulers_of_transformers():
    """A LambdaLR that Transformers made is read as what it is."""
    transformers = pytest.importorskip("transformers.optimization")
    for name in ("linear", "cosine", "constant", "constant_with_warmup", "inverse_sqrt", "polynomial"):
        scheduler = transformers.get_scheduler(name, optimizer(), 10, 100)
        found = from_torch(scheduler)
        assert found.schedule == from_transformers(name, 10, 100, learning_rate=LR).schedule


@pytest.mark.parametrize("given", [theirs.MultiplicativeLR])
def test_refused(given):
    """A class whose curve cannot be read is refused by name."""
    with pytest.raises(lr.LrlabError, match="MultiplicativeLR"):
        from_torch(given(optimizer(), lambda t: 0.9))


def test_a_plateau_is_read_without_the_optimizers_lr():
    """Its default `eps` is an LR: it is left out and said; one that is given asks for the LR, by name."""
    found = from_torch_call("ReduceLROnPlateau", "optimizer", mode="min", factor=0.5, patience=3)
    assert found.schedule == lr.parse('plateau(factor=0.5, patience=4, threshold_mode="signed", nan="bad")')
    assert found.base_lr is None
    assert [finding.code for finding in found.findings] == ["eps"]
    assert from_torch_call("ReduceLROnPlateau", lr=0.1).schedule.eps == pytest.approx(1e-7)
    for word in ("eps", "min_lr"):
        with pytest.raises(lr.LrlabError, match=rf"absolute LRs \({word}\)"):
            from_torch_call("ReduceLROnPlateau", **{word: 1e-6})
