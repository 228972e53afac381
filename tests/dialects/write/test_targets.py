"""Exported code is executed, and gives the schedule's value at every update, to 1.5 times the horizon."""

import json
import random
import tomllib
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, example, given, settings

import lrlab as lr
from jax_precision import in_64_bits
from lrlab.core.run.curve import Curve
from lrlab.dialects import (
    from_composer,
    from_deepspeed,
    from_fairseq,
    from_fvcore,
    from_keras,
    from_megatron,
    from_olmo,
    from_optax,
    from_timm,
    from_torch,
    from_transformers,
    to_code,
)
from lrlab.dialects.parts.phases import fixed
from lrlab.testing.strategies import curves

N = 300
QUICK = (Phase.explicit, Phase.generate)  # a failing curve is not made smaller: each one is executed
TEXTS = (
    'warmup("10%") >> cosine(to=0.1)',
    "warmup(30) >> cosine()",
    "linear(30, start=0.1, to=1) >> cosine(to=0.2)",
    "linear(30, start=0, to=1) >> linear()",
    "linear(30, start=0, to=1) >> cosine_cycle(540).repeat()",
    "linear(30, start=0, to=1) >> polynomial(to=0.01, power=2)",
    "linear(30, start=0, to=1) >> inverse_sqrt(30)",
    "linear(30, start=0.1, to=1) >> constant(170) >> one_minus_sqrt(100, to=0.1)",
    "linear(30, start=0, to=1) >> cosine(90).repeat(3) >> constant(level=0)",
    "linear(30, start=0, to=1) >> cosine_wave(0.7, every=270)",
    "cosine_wave(0.5, every=100)",
    "warmup(30) >> constant()",
    "constant()",
    "constant(level=0.5)",
    "cosine(to=0.3)",
    "cosine(power=2)",
    "linear(start=0.5, to=0.1)",
    "polynomial(power=1.5)",
    "polynomial(power=2, to=0.1)",
    "step(50, gamma=0.3)",
    "multistep([100, 200], gamma=0.1)",
    "piecewise_constant([100, 200], [1, 0.5, 0.05])",
    "exponential(gamma=0.99)",
    "exponential(decay=0.5, every=100)",
    "exponential(decay=0.5, every=100, staircase=True)",
    "exponential(gamma=0.98).clip(low=0.1)",
    "exponential(gamma=0.98, span=200)",
    "inverse_time(2, every=50)",
    "cosine_cycle(200).repeat()",
    "cosine().repeat(cycle=40, stretch=2)",
    "cosine(to=0.1).repeat(cycle=100)",
    "0.5 * cosine().repeat(cycle=50, gain=0.5)",
    "0.1 + 0.9 * linear()",
    "0.5 * (warmup(30) >> step(100))",
    "wsd()",
    "one_cycle()",
    "triangular(50)",
    'k_decay(k=2) >> hold("10%")',
)


def executed(code: str, **names: Any) -> dict[str, Any]:
    """What a piece of code leaves behind. It must not need lrlab."""
    assert "lrlab" not in code
    space = dict(names)
    exec(code, space)
    return space


def agree(ours: Any, theirs: Any, relative: float = 1e-9, of_peak: float = 1e-11) -> None:
    """The same values."""
    np.testing.assert_allclose(theirs, ours, rtol=relative, atol=of_peak * max(np.abs(ours).max(), 1e-300))


def run_python(code: str, updates: int) -> list[float]:
    """The values of an exported function."""
    function = executed(code)["lr_multiplier"]
    return [function(update) for update in range(updates)]


def run_torch(code: str, updates: int) -> list[float]:
    """The LR in an optimizer of LR 1 that an exported scheduler drives."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = executed(code, optimizer=optimizer)["scheduler"]
    seen = []
    for _ in range(updates):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return seen


def run_optax(code: str, updates: int) -> list[float]:
    """The values of an exported Optax schedule, in float64.

    A staircase count by count: XLA divides arrays by multiplying with 1/n, and 49 * (1/49) is below 1.
    """
    jax, numpy = pytest.importorskip("jax"), pytest.importorskip("jax.numpy")
    pytest.importorskip("optax")
    with in_64_bits():
        if "staircase" in code:
            schedule = executed(code)["schedule"]
            return [float(schedule(numpy.asarray(count))) for count in range(updates)]
        counts = numpy.arange(1024)
        values = jax.vmap(executed(code)["schedule"])(counts)
        return [float(x) for x in np.broadcast_to(np.asarray(values), counts.shape)[:updates]]


def run_keras(code: str, updates: int) -> list[float]:
    """The values of an exported Keras schedule, in float64."""
    keras = pytest.importorskip("keras")
    keras.config.dtype_policy()  # made when it is first asked for, and kept: of the layers of later tests
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        schedule = executed(code)["schedule"]
        return [float(schedule(step)) for step in range(updates)]
    finally:
        keras.config.set_floatx(before)


def run_transformers(code: str, updates: int) -> list[float]:
    """The LR of an exported call of get_scheduler."""
    pytest.importorskip("transformers")
    return run_torch(code, updates)


RUN = {
    "python": run_python,
    "torch": run_torch,
    "optax": run_optax,
    "keras": run_keras,
    "transformers": run_transformers,
}
# How many of TEXTS each can express: a number that falls is a loss.
EXPRESSED = {"python": len(TEXTS), "torch": len(TEXTS), "optax": 25, "keras": 20, "transformers": 14}


@pytest.mark.parametrize("target", RUN)
@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*before:UserWarning")
def test_executed(target):
    """Every schedule in every target: the same curve, or a refusal in words."""
    refused: list[str] = []
    for text in TEXTS:
        schedule = lr.parse(text)
        try:
            code = to_code(schedule, target, horizon=N, base_lr=1.0)
        except lr.LrlabError as refusal:
            refused.append(str(refusal))
            continue
        updates = N + N // 2
        try:
            agree(schedule.over(N).between(0, updates), RUN[target](code, updates))
        except BaseException as error:
            error.add_note(f"{text}\n{code}")
            raise
    assert len(TEXTS) - len(refused) == EXPRESSED[target]
    assert all("no " in reason for reason in refused)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=QUICK)
@given(curve=curves())
@example(curve=lr.parse("(0.1 + (linear() >> linear()).repeat(gain=0.5, cycle=10)).repeat(2, stretch=0.5)").over(60))
def test_python_of_anything(curve):
    """Whatever the vocabulary can say is written out as plain Python."""
    _written_out(curve)


@pytest.mark.exhaustive
@settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, phases=QUICK)
@given(curve=curves())
def test_python_of_anything_in_full(curve):
    """As above, more of it."""
    _written_out(curve)


def _written_out(curve: Curve) -> None:
    try:
        code = to_code(curve.schedule, "python", horizon=curve.horizon)
    except lr.LrlabError as refusal:
        assert "too many to write out" in str(refusal)  # noqa: PT017  # most of them are written
        return
    updates = sorted({0, 1, *range(0, curve.updates * 3 // 2, max(curve.updates // 97, 1)), curve.updates - 1})
    for phase in curve.phases:
        updates += [max(phase.start - 1, 0), phase.start]
    function = executed(code)["lr_multiplier"]
    agree(curve(np.array(updates)), [function(update) for update in updates], 1e-9, 1e-9)


def test_toml():
    """A TOML document reads back as the same schedule."""
    for text in TEXTS:
        document = tomllib.loads(to_code(lr.parse(text), "toml", horizon=N))
        assert document.pop("horizon") == {"updates": N}
        assert lr.loads(json.dumps(document)) == lr.parse(text)


@pytest.mark.parametrize("text", ["step(30)", "multistep([30, 80])", "linear(10, start=0) >> step(30)", "step(10000)"])
@pytest.mark.parametrize("horizon", [None, N])
def test_a_constant_is_constant_for_good(text, horizon):
    """What drops long after its first updates is not a constant of Transformers."""
    with pytest.raises(lr.LrlabError, match="no scheduler with this curve"):
        to_code(lr.parse(text), "transformers", horizon=horizon)


def test_groups_keep_their_ratio():
    """A LambdaLR multiplies every group's own LR; torch's own class with a floor would not, and is not used."""
    code = to_code(lr.parse("cosine(to=0.1)"), "torch", horizon=N)
    assert "LambdaLR" in code
    assert "CosineAnnealingLR" in to_code(lr.parse("cosine_cycle(200).repeat()"), "torch")


def test_feedback_is_refused_by_name():
    """No formula can express feedback; PyTorch has a class for a plateau alone."""
    with pytest.raises(lr.LrlabError, match="depends on what is observed"):
        to_code(lr.parse("cosine() * plateau()"), "python", horizon=N)
    assert "ReduceLROnPlateau" in to_code(lr.parse("plateau(patience=3)"), "torch")
    with pytest.raises(lr.LrlabError, match="target is not known"):
        to_code(lr.parse("cosine()"), "mxnet", horizon=N)


# -- there and back -----------------------------------------------------------------------------------------------


def from_any_torch(rng: random.Random, n: int, warmup: int) -> Any:
    """A scheduler of PyTorch."""
    opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    own = torch.optim.lr_scheduler
    made = rng.choice(
        [
            lambda: own.StepLR(opt, rng.randint(5, 50), 0.5),
            lambda: own.CosineAnnealingLR(opt, n),
            lambda: own.OneCycleLR(opt, 1.0, n),
            lambda: own.CyclicLR(opt, 0.1, 1.0, rng.randint(3, 20), cycle_momentum=False),
            lambda: own.SequentialLR(opt, [own.LinearLR(opt, 0.1, 1.0, warmup), own.PolynomialLR(opt, n)], [warmup]),
            lambda: own.ChainedScheduler([own.ExponentialLR(opt, 0.99), own.StepLR(opt, 30)]),
        ]
    )
    return from_torch(made())


def from_any_transformers(rng: random.Random, n: int, warmup: int) -> Any:
    """A scheduler of Transformers."""
    names = ["linear", "cosine", "constant_with_warmup", "inverse_sqrt"]
    choices = [
        (rng.choice(names), {}),
        ("cosine_with_restarts", {"num_cycles": rng.randint(1, 4)}),
        ("warmup_stable_decay", {"num_decay_steps": 30, "min_lr_ratio": 0.1}),
        ("polynomial", {"power": 2.0, "lr_end": 0.01}),
    ]
    name, given = rng.choice(choices)
    return from_transformers(name, rng.choice([0, warmup]), n, given, learning_rate=1.0)


def from_any_optax(rng: random.Random, n: int, warmup: int) -> Any:
    """A schedule of Optax."""
    calls = [
        f"warmup_cosine_decay_schedule(0.0, 1.0, {warmup}, {n}, 0.1, {rng.choice([1.0, 2.0])})",
        f"exponential_decay(1.0, {rng.randint(5, 50)}, 0.5, staircase=True, end_value=0.1)",
        f"cosine_onecycle_schedule({n}, 1.0)",
        f"polynomial_schedule(1.0, 0.1, 2, {n}, {warmup})",
        f"join_schedules([linear_schedule(0.0, 1.0, {warmup}), linear_schedule(1.0, 0.0, {n})], [{warmup}])",
    ]
    return from_optax(rng.choice(calls))


def from_any_keras(rng: random.Random, n: int, warmup: int) -> Any:
    """A schedule of Keras."""
    calls = [
        f"CosineDecay(0.0, {n - warmup}, warmup_target=1.0, warmup_steps={warmup}, alpha=0.1)",
        "PiecewiseConstantDecay([20, 40], [1.0, 0.5, 0.1])",
        "CosineDecayRestarts(1.0, 30, t_mul=2.0, m_mul=0.9)",
        "PolynomialDecay(1.0, 50, 0.1, 2.0, cycle=True)",
        f"ExponentialDecay(1.0, {n}, 0.5)",
        f"PolynomialDecay(1.0, {n}, 0.0)",
    ]
    return from_keras(rng.choice(calls))


def from_any_timm(rng: random.Random, n: int, warmup: int) -> Any:
    """A schedule of timm's factory."""
    given = {"lr": 1.0, "num_epochs": n, "warmup_epochs": warmup, "warmup_lr": 0.0, "min_lr": 0.01}
    choices = [
        lambda: from_timm("cosine", **given, warmup_prefix=rng.random() < 0.5),
        lambda: from_timm("wsd", **given),
        lambda: from_timm("poly", **given, decay_rate=2.0, warmup_prefix=True),
        lambda: from_timm("step", lr=1.0, num_epochs=n, decay_epochs=2.4, decay_rate=0.97),
        lambda: from_timm("multistep", lr=1.0, num_epochs=n, decay_milestones=[20, 40]),
    ]
    return rng.choice(choices)()


def from_any_composer(rng: random.Random, n: int, warmup: int) -> Any:
    """A scheduler of Composer."""
    name = rng.choice(
        ["LinearWithWarmup", "CosineAnnealingWithWarmup", "ConstantWithWarmup", "CosineAnnealing", "Step"]
    )
    given = {"t_warmup": f"{warmup}ba"} if name.endswith("Warmup") else {"step_size": "33sp"} if name == "Step" else {}
    return from_composer(f"{name}Scheduler", max_duration=f"{n}ba", samples_per_batch=rng.choice([3, 4]), **given)


def from_any_fairseq(rng: random.Random, n: int, warmup: int) -> Any:
    """A scheduler of fairseq."""
    period = {"lr_period_updates": rng.randint(10, 50)}
    choices = {
        "fixed": {"warmup_updates": warmup},
        "inverse_sqrt": {"warmup_updates": warmup},
        "polynomial_decay": {"warmup_updates": warmup},
        "cosine": {"warmup_updates": warmup, "t_mult": rng.choice([1, 1.5]), **period},
        "triangular": {"max_lr": 2.0, **period},
        "step": {"lr_deacy_period": 30},
    }
    name = rng.choice(list(choices))
    return from_fairseq({"lr_scheduler": name, "lr": 1.0, "max_update": n, **choices[name]})


def from_any_deepspeed(rng: random.Random, n: int, warmup: int) -> Any:
    """A scheduler of DeepSpeed."""
    warm = {"warmup_num_steps": warmup, "warmup_type": rng.choice(["log", "linear"])}
    choices = [
        ("WarmupLR", {**warm, "warmup_max_lr": 1.0}),
        ("WarmupDecayLR", {**warm, "warmup_max_lr": 1.0, "total_num_steps": n}),
        ("WarmupCosineLR", {**warm, "total_num_steps": n}),
        ("LRRangeTest", {"lr_range_test_min_lr": 0.1, "lr_range_test_step_size": 10}),
        ("OneCycle", {"cycle_min_lr": 0.1, "cycle_max_lr": 1.0, "cycle_first_step_size": n // 2}),
    ]
    name, given = rng.choice(choices)
    return from_deepspeed({"type": name, "params": given}, lr=1.0)


def from_any_megatron(rng: random.Random, n: int, warmup: int) -> Any:
    """The arguments of Megatron-LM."""
    style = rng.choice(["constant", "linear", "cosine", "inverse-square-root", "WSD"])
    ends = rng.choice(["linear", "cosine", "exponential", "minus_sqrt"])
    given = {"lr": 1.0, "min_lr": rng.choice([0.0, 0.1]), "train_iters": n, "lr_warmup_iters": warmup}
    return from_megatron({**given, "lr_decay_style": style, "lr_wsd_decay_iters": 20, "lr_wsd_decay_style": ends})


def from_any_olmo(rng: random.Random, n: int, warmup: int) -> Any:
    """A scheduler of OLMo-core."""
    names = ["ConstantWithWarmup", "WSD", "LinearWithWarmup", "InvSqrtWithWarmup", "CosWithWarmup", "HalfCosWithWarmup"]
    name = rng.choice([*names, "ConstantScheduler"])
    return from_olmo(name, max_steps=n, **({} if name == "ConstantScheduler" else {"warmup": warmup}))


def from_any_fvcore(rng: random.Random, n: int, warmup: int) -> Any:
    """A scheduler of fvcore."""
    rise = f"LinearParamScheduler({rng.choice([0, 0.1])}, 1)"
    fall = rng.choice(["CosineParamScheduler(1, 0.1)", "ConstantParamScheduler(1)", "LinearParamScheduler(1, 0)"])
    alone = ["StepParamScheduler(10, [1, 0.5, 0.1])", "ExponentialParamScheduler(1, 0.1)", "CosineParamScheduler(1, 0)"]
    both = f"[{rise}, {fall}], [0.1, 0.9], ['rescaled', 'rescaled']"
    return from_fvcore(rng.choice([*alone, f"CompositeParamScheduler({both})"]), updates=n)


ANY = {
    "torch": from_any_torch,
    "transformers": from_any_transformers,
    "optax": from_any_optax,
    "keras": from_any_keras,
    "timm": from_any_timm,
    "composer": from_any_composer,
    "fairseq": from_any_fairseq,
    "deepspeed": from_any_deepspeed,
    "megatron": from_any_megatron,
    "olmo": from_any_olmo,
    "fvcore": from_any_fvcore,
}


def there_and_back(found: Any, target: str) -> bool:
    """Text, parse, export, execute: the same curve. False where the target has no words for it."""
    schedule = lr.parse(str(found.schedule))
    assert schedule == found.schedule
    end = max(200 if found.horizon is None else found.horizon.total, fixed(schedule))
    ours = schedule.over(end).between(0, min(end * 3 // 2, 1000))
    try:
        code = to_code(schedule, target, horizon=end, base_lr=1.0)
    except lr.LrlabError:
        return False
    try:
        agree(ours, RUN[target](code, len(ours)), 1e-8, 1e-9)
    except BaseException as error:
        error.add_note(f"{target}: {schedule}\n{code}")
        raise
    return True


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*before:UserWarning")
def test_there_and_back(seed, rng):
    """A random configuration of each dialect in turn, to every target that can express it; Python and PyTorch can."""
    found = list(ANY.values())[seed % len(ANY)](rng, rng.randint(60, 200), rng.randint(2, 20))
    expressed = {target for target in RUN if there_and_back(found, target)}
    assert {"python", "torch"} <= expressed


@pytest.mark.parametrize("target", RUN)
@pytest.mark.parametrize("dialect", ANY)
@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*before:UserWarning")
def test_every_way(dialect, target):
    """From every dialect there is a way to every target, for one of its configurations at least."""
    rng = random.Random(1)
    tries = (ANY[dialect](rng, rng.randint(60, 100), rng.randint(2, 20)) for _ in range(30))
    assert any(there_and_back(found, target) for found in tries)


@pytest.mark.parametrize("target", ["python", "torch", "keras", "optax", "transformers"])
def test_a_run_in_tokens_needs_its_rate(target):
    """Exported code counts updates: a horizon in tokens alone is refused, and the rate is named."""
    with pytest.raises(lr.LrlabError, match="tokens_per_update="):
        to_code(lr.parse('warmup("1%") >> cosine()'), target, horizon=lr.Horizon(tokens=1000))


@pytest.mark.parametrize("target", ["python", "torch"])
def test_growing_cycles_go_on_to_four_times_the_run(target):
    """Of the whole run, not of what the phases before have left of it."""
    schedule = lr.parse("linear(3, start=0, to=1) >> cosine().repeat(cycle=2, stretch=2)")
    code = to_code(schedule, target, horizon=4)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    function = executed(code, optimizer=optimizer)["lr_multiplier"]
    assert [function(update) for update in range(16)] == schedule.over(4).between(0, 16).tolist()


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("keras", "cosine().repeat(cycle=5, stretch=1.5)"),  # Keras begins a cycle at update 12.5
        ("optax", "piecewise_constant([3, 9], [1, 5e-324, 0.5])"),  # a ratio above 1e308
    ],
)
def test_what_a_target_does_otherwise_is_refused(target, text):
    """A constructor of the right name that makes other values, or none."""
    with pytest.raises(lr.LrlabError):
        to_code(lr.parse(text), target, horizon=40, base_lr=1.0)


@pytest.mark.parametrize("target", ["keras", "optax"])
def test_multiples_are_no_lrs(target):
    """Written as they are, they would train at an LR of 1."""
    with pytest.raises(lr.LrlabError, match=r"absolute LRs\n.*base_lr=0\.001"):
        to_code(lr.parse("cosine()"), target, horizon=10)
    assert "0.25" in to_code(lr.parse("cosine()"), target, horizon=10, base_lr=0.25)


@pytest.mark.parametrize(
    "text", ["linear(1, start=1e-8, to=1)", "cosine(3, start=1e-9, to=1)", "1e-9 + linear(3, to=1e-3)"]
)
def test_small_values_do_not_cancel(text):
    """Sums keep their brackets: the bits of the schedule."""
    schedule = lr.parse(text)
    function = executed(to_code(schedule, "python", horizon=4))["lr_multiplier"]
    assert [function(update) for update in range(5)] == [schedule.over(4)(update) for update in range(5)]


@pytest.mark.parametrize(
    "text",
    [
        "exponential(gamma=1.1)",
        "exponential(decay=2, every=3)",
        "step(3, gamma=2)",
        "cosine(10, to=0.5).repeat(gain=3)",
        "linear(5, start=0.1) >> 0.5 * exponential(gamma=1.5)",
    ],
)
def test_growth_ends_in_infinity(text):
    """Where Python's power raises, the schedule has infinity, and so has the code."""
    schedule = lr.parse(text)
    function = executed(to_code(schedule, "python", horizon=10))["lr_multiplier"]
    assert function(10**6) == float("inf") == schedule.over(10)(10**6)
    assert function(7) == pytest.approx(schedule.over(10)(7), rel=1e-15)


def test_what_cannot_grow_stays_plain():
    """No guard where a power falls, or ends."""
    for text in ("exponential(gamma=0.9)", "geometric(10, start=0.1, to=1)", "multistep([1, 2], gamma=3)"):
        assert "OverflowError" not in to_code(lr.parse(text), "python", horizon=10)


@pytest.mark.parametrize("target", ["python", "torch"])
def test_cycles_without_an_end_say_how_far_they_are_written_out(target):
    """Of other lengths each: exact to four times the run, and the text says so."""
    schedule = lr.warmup(1) >> lr.cosine().repeat(cycle=2, stretch=1.5)
    code = to_code(schedule, target, horizon=4)
    assert "have no end: written out to update 16, the last one holds" in code
    for plain in (lr.cosine().repeat(cycle=2), lr.cosine().repeat(3, stretch=1.5)):
        assert "written out to" not in to_code(plain, "python", horizon=40)
