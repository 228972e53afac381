"""The tables of the peers' own tests, through our importers: values that their authors worked out, not their code.

Copied from: PyTorch `test/optim/test_lrscheduler.py`, Keras
`keras/src/optimizers/schedules/learning_rate_schedule_test.py`, Optax `optax/schedules/_schedule_test.py` and
`_join_test.py`, fvcore `tests/param_scheduler/*.py`. Composer's table is in `test_composer.py`. Where a peer's test
computes its expectation, the same formula stands here. What is about objects (warnings, state dicts, momentum) is not.
"""

import math

import pytest

import lrlab as lr
from lrlab.dialects import from_fvcore, from_optax, from_torch
from lrlab.dialects.parts.phases import fixed
from lrlab.dialects.reader import read


def values(source: str, updates: list[int], own: float | None = None) -> list[float]:
    """The absolute LRs of some updates."""
    found = read(source, lr=own)
    curve = found.schedule.over(found.horizon or max(*updates, fixed(found.schedule), 1))
    return [(found.base_lr or 1.0) * curve(update) for update in updates]


def cosine(share: float) -> float:
    """Half a cosine."""
    return (1 + math.cos(math.pi * share)) / 2


# -- PyTorch: an optimizer of LR 0.05 -----------------------------------------------------------------------------

FALL = [1e-10 + (0.05 - 1e-10) * cosine(x / 10) for x in range(10)]
TRIANGLE2 = [1, 2, 3, 4, 5, 4, 3, 2, 1, 1.5, 2, 2.5, 3, 2.5, 2, 1.5, 1, 1.25, 1.5, 1.75, 2, 1.75]
UP_DOWN = [0, 1 / 2, 1, 5 / 6, 4 / 6, 3 / 6, 2 / 6, 1 / 6, 0, 1 / 2, 1, 5 / 6, 4 / 6]
CYCLE = "CyclicLR(opt, base_lr=1, max_lr=5, step_size_up="
ONE = "OneCycleLR(opt, max_lr=25, base_momentum=1, max_momentum=22, total_steps=10, "
CONSTANT, EXPONENTIAL, STEP = "ConstantLR(opt, 0.1, total_iters=3)", "ExponentialLR(opt, 0.8)", "StepLR(opt, 2, 0.1)"


def restarts(mult: int) -> list[float]:
    """CosineAnnealingWarmRestarts with cycles of 10, 10 * mult ..., as torch's test steps through them."""
    seen, at, length = [0.05], 0, 10
    for _ in range(99):
        at += 1
        if at >= length:
            at, length = at - length, mult * length
        seen.append(1e-10 + (0.05 - 1e-10) * cosine(at / length))
    return seen


TORCH = {
    "StepLR(opt, step_size=3, gamma=0.1)": [*[0.05] * 3, *[0.005] * 3, *[0.0005] * 3, 0.00005],
    "MultiStepLR(opt, [2, 5, 9], gamma=0.1)": [*[0.05] * 2, *[0.005] * 3, *[0.0005] * 4, 0.00005],
    "ConstantLR(opt, factor=1/2, total_iters=5)": [*[0.025] * 5, *[0.05] * 5],
    "LinearLR(opt, start_factor=1/2, total_iters=4)": [0.025, 0.03125, 0.0375, 0.04375, *[0.05] * 6],
    "LinearLR(opt, 1/4, 3/5, total_iters=4)": [
        0.05 * (1 / 4 + i * (3 / 5 - 1 / 4) / 4) for i in [0, 1, 2, 3, *[4] * 6]
    ],
    "ExponentialLR(opt, gamma=0.9)": [0.05 * 0.9**x for x in range(10)],
    "PolynomialLR(opt, power=0.9, total_iters=5)": [*((1 - x / 5) ** 0.9 * 0.05 for x in range(5)), *[0.0] * 5],
    "CosineAnnealingLR(opt, T_max=10, eta_min=1e-10)": FALL,
    "SequentialLR(opt, [ExponentialLR(opt, gamma=0.8), StepLR(opt, gamma=0.1, step_size=4)], [3])": [
        *(0.05, 0.04, 0.032, *[0.05] * 4, *[0.005] * 4, *[0.0005] * 4, *[0.00005] * 4)
    ],
    f"SequentialLR(opt, [{CONSTANT}, ExponentialLR(opt, gamma=0.9)], [3])": [
        *[0.005] * 3,
        *(0.05 * 0.9**x for x in range(10)),
    ],
    f"SequentialLR(opt, [{CONSTANT}, {EXPONENTIAL}, {STEP}], [3, 6])": [
        *(*[0.005] * 3, 0.05, 0.04, 0.032, 0.05, 0.05, 0.005, 0.005, 0.0005, 0.0005)
    ],
    "SequentialLR(opt, [ChainedScheduler([LinearLR(opt, start_factor=0.1, total_iters=5), ConstantLR(opt, factor=0.1,"
    " total_iters=5)]), ConstantLR(opt, factor=0.5, total_iters=5)], [5])": [
        *(0.0005, 0.0014, 0.0023, 0.0032, 0.0041, *[0.025] * 5)
    ],
    "ChainedScheduler([StepLR(opt, gamma=0.1, step_size=3)])": [*[0.05] * 3, *[0.005] * 3, *[0.0005] * 3, 0.00005],
    "ChainedScheduler([LinearLR(opt, start_factor=0.4, total_iters=3)])": [0.02, 0.03, 0.04, *[0.05] * 7],
    "ChainedScheduler([LinearLR(opt, 0.4, total_iters=3), MultiStepLR(opt, [4, 8, 10], 0.1)])": [
        *(0.02, 0.03, 0.04, 0.05, *[0.005] * 4, *[0.0005] * 2)
    ],
    "ChainedScheduler([ExponentialLR(opt, 0.9), ConstantLR(opt, 0.2, total_iters=4), StepLR(opt, 3, 0.1)])": [
        *(0.05 * 0.2 * 0.9**x for x in range(3)),
        0.05 * 0.2 * 0.9**3 * 0.1,
        *(0.05 * 0.9**x * 0.1 for x in range(4, 6)),
        *(0.05 * 0.9**x * 0.01 for x in range(6, 9)),
    ],
    "ChainedScheduler([PolynomialLR(opt, power=0.9, total_iters=5), ConstantLR(opt, factor=0.1)])": [
        *(0.1 * 0.05 * (1 - x / 5) ** 0.9 for x in range(5)),
        *[0.0] * 5,
    ],
    f"{CYCLE}4)": [1, 2, 3, 4, 5, 4, 3, 2, 1, 2, 3],
    f"{CYCLE}4, mode='triangular2')": TRIANGLE2,
    f"{CYCLE}4, mode='exp_range', gamma=0.9)": [
        1 + x / 4 * 4 * 0.9**i for i, x in enumerate([0, 1, 2, 3, 4, 3, 2, 1, 0, 1, 2, 3, 4])
    ],
    f"{CYCLE}4, step_size_down=6)": [1, 2, 3, 4, 5, 13 / 3, 11 / 3, 9 / 3, 7 / 3, 5 / 3, 1],
    f"{CYCLE}2, step_size_down=6, mode='triangular2')": [
        *(1, 3, 5, 13 / 3, 11 / 3, 9 / 3, 7 / 3, 5 / 3, 1, 2, 3, 8 / 3, 7 / 3, 6 / 3, 5 / 3, 4 / 3),
        *(1, 3 / 2, 2, 11 / 6, 10 / 6, 9 / 6, 8 / 6, 7 / 6),
    ],
    f"{CYCLE}2, step_size_down=6, mode='exp_range', gamma=0.9)": [1 + x * 4 * 0.9**i for i, x in enumerate(UP_DOWN)],
    f"{ONE}final_div_factor=2, anneal_strategy='linear')": [1, 13, 25, 21.5, 18, 14.5, 11, 7.5, 4, 0.5],
    f"{ONE}div_factor=25, anneal_strategy='linear', pct_start=0.4, final_div_factor=4, three_phase=True)": [
        *(1, 9, 17, 25, 17, 9, 1, 0.75, 0.5, 0.25)
    ],
    f"{ONE}final_div_factor=2)": [1, 13, 25, *(0.5 + 24.5 * cosine(k / 7) for k in range(1, 7)), 0.5],
    **{f"CosineAnnealingWarmRestarts(opt, T_0=10, T_mult={k}, eta_min=1e-10)": restarts(k) for k in (1, 2, 4)},
}


@pytest.mark.parametrize("call", TORCH)
def test_torch_values(call):
    """The LR of each epoch, within 1e-5 as there."""
    pytest.importorskip("torch")
    expected = TORCH[call]
    assert values(f"torch:{call}", list(range(len(expected))), 0.05) == pytest.approx(expected, abs=1e-5)


def test_torch_lambdas():
    """Functions cannot be read from text: the object with one per group."""
    torch = pytest.importorskip("torch")
    parameters = [torch.nn.Parameter(torch.zeros(1)) for _ in range(2)]
    groups = [{"params": parameters[:1], "lr": 0.05}, {"params": parameters[1:], "lr": 0.4}]
    optimizer = torch.optim.SGD(groups)
    made = torch.optim.lr_scheduler.LambdaLR(optimizer, [lambda x: 0.9**x, lambda x: 0.8**x])
    for group, (base, factor) in enumerate([(0.05, 0.9), (0.4, 0.8)]):
        found = from_torch(made, group=group)
        lrs = found.base_lr * found.schedule.over(10).values()
        assert lrs.tolist() == pytest.approx([base * factor**x for x in range(10)])


@pytest.mark.parametrize(
    "call",
    [
        "LinearLR(opt, start_factor=0.0, total_iters=4)",
        "LinearLR(opt, start_factor=1.1, total_iters=4)",
        "CyclicLR(opt, base_lr=0, max_lr=0, mode='CATS')",
        "OneCycleLR(opt, max_lr=1e-3, total_steps=10, anneal_strategy='CATS')",
        "OneCycleLR(opt, max_lr=1e-3, total_steps=10, pct_start=1.1)",
        "OneCycleLR(opt, max_lr=1e-3)",
    ],
)
def test_torch_refusals(call):
    """What torch's tests want refused."""
    pytest.importorskip("torch")
    with pytest.raises(lr.LrlabError):
        read(f"torch:{call}", lr=0.05)


# -- Keras --------------------------------------------------------------------------------------------------------

EVERY = list(range(0, 1500, 250))


def keras_cosine(step: int, n: int, alpha: float = 0.0) -> float:
    """As Keras' test has it."""
    return (1 - alpha) * cosine(min(step, n) / n) + alpha


def keras_restarts(step: float, n: float, t_mul: float = 2.0, m_mul: float = 1.0, alpha: float = 0.0) -> float:
    """As Keras' test has it."""
    height = 1.0
    while step >= n:
        step, n, height = step - n, n * t_mul, height * m_mul
    return (1 - alpha) * height * cosine(step / n) + alpha


KERAS = {
    "ExponentialDecay(0.05, 10, 0.96)": {5: 0.05 * 0.96 ** (5 / 10)},
    "ExponentialDecay(0.1, 3, 0.96, staircase=True)": {1: 0.1, 2: 0.1, 100: 0.1 * 0.96 ** (100 // 3)},
    "PiecewiseConstantDecay([100, 110, 120], [1.0, 0.1, 0.01, 0.001])": {
        0: 1.0,
        100: 1.0,
        105: 0.1,
        110: 0.1,
        120: 0.01,
        999: 0.001,
    },
    "PiecewiseConstantDecay([1, 2, 3], [0.4, 0.5, 0.6, 0.7])": {0: 0.4, 1: 0.4, 2: 0.5, 3: 0.6, 4: 0.7},
    "PolynomialDecay(0.05, 10, 0.0)": {5: 0.025},
    "PolynomialDecay(0.05, 10, 0.001)": {5: 0.051 * 0.5, 10: 0.001, 15: 0.001},
    "PolynomialDecay(0.05, 10, 0.001, cycle=True)": {15: 0.049 * 0.25 + 0.001},
    "PolynomialDecay(0.05, 10, 0.0, power=0.5)": {5: 0.05 * 0.5**0.5},
    "PolynomialDecay(0.05, 10, 0.001, power=0.5)": {5: 0.049 * 0.5**0.5 + 0.001, 10: 0.001, 15: 0.001},
    "PolynomialDecay(0.05, 10, 0.001, power=0.5, cycle=True)": {15: 0.049 * 0.25**0.5 + 0.001},
    "PolynomialDecay(0.001, 10, cycle=True)": {0: 0.001},
    "InverseTimeDecay(0.1, 10, 0.96)": {i: 0.1 / (1 + i / 10 * 0.96) for i in range(11)},
    "InverseTimeDecay(0.1, 10, 0.96, staircase=True)": {i: 0.1 / (1 + 0.96 * (i // 10)) for i in range(11)},
    "CosineDecay(1.0, 1000)": {step: keras_cosine(step, 1000) for step in EVERY},
    "CosineDecay(1.0, 1000, 0.1)": {step: keras_cosine(step, 1000, 0.1) for step in EVERY},
    "CosineDecay(0.0, 10, warmup_target=10.0, warmup_steps=1500)": {step: step / 1500 * 10 for step in EVERY},
    "CosineDecay(0.0, 1000, warmup_target=10.0, warmup_steps=2000)": {
        step: step / 2000 * 10 if step < 2001 else 10 * keras_cosine(step - 2000, 1000) for step in range(0, 3000, 250)
    },
    "CosineDecayRestarts(1.0, 1000)": {step: keras_restarts(step, 1000) for step in EVERY},
    "CosineDecayRestarts(1.0, 1000, alpha=0.1)": {step: keras_restarts(step, 1000, alpha=0.1) for step in EVERY},
    "CosineDecayRestarts(1.0, 1000, m_mul=0.9)": {step: keras_restarts(step, 1000, m_mul=0.9) for step in EVERY},
    "CosineDecayRestarts(1.0, 1000, t_mul=1.0)": {step: keras_restarts(step, 1000, t_mul=1.0) for step in EVERY},
}


@pytest.mark.parametrize("call", KERAS)
def test_keras_values(call):
    """The values at the steps that Keras' tests look at, within 1e-6 as there."""
    expected = KERAS[call]
    assert values(f"keras:{call}", list(expected)) == pytest.approx(list(expected.values()), rel=1e-6, abs=1e-9)


# -- Optax --------------------------------------------------------------------------------------------------------

SHARES = [0.0, 0.2, 0.4, 0.6, 0.8, *[1.0] * 7]


def doubled(init: list[float], rate: float, staircase: bool, bound: float | None = None) -> list[float]:
    """exponential_decay over 2 transition steps, as Optax' test computes it; `init` is what comes before it begins."""
    powers = [count // 2 if staircase else count / 2 for count in range(15 if bound is None else 11)]
    seen = [*init, *(rate**power for power in powers)]
    limit = max if rate < 1 else min
    return seen if bound is None else [limit(value, bound) for value in seen]


OPTAX = {
    "constant_schedule(10)": [10.0] * 15,
    "polynomial_schedule(10., 20., 1, 10)": [*range(10, 20), *[20] * 5],
    "polynomial_schedule(10., 20., 1, 0)": [10.0] * 15,
    "polynomial_schedule(10., 20., 1, -1)": [10.0] * 15,
    "polynomial_schedule(25., 10., 2, 10)": [*(10 + 15 * (1 - n / 10) ** 2 for n in range(10)), *[10] * 5],
    "polynomial_schedule(30., 10., 2, 10, 4)": [
        *([30.0] * 4),
        *(10 + 20 * (1 - n / 10) ** 2 for n in range(10)),
        *[10] * 6,
    ],
    "piecewise_constant_schedule(0.1, {3: 2., 6: 0.5})": [0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1],
    "piecewise_constant_schedule(-0.1, {3: 2., 6: 0.5})": [-v for v in (*[0.1] * 3, *[0.2] * 3, *[0.1] * 4)],
    **{
        f"exponential_decay(1., {steps}, {rate}, staircase={stairs})": [1.0] * 15
        for steps, rate in ((15, 1.0), (-1, 1.0), (0, 1.0), (2, 0.0))
        for stairs in (False, True)
    },
    **{
        f"exponential_decay(1., 2, 2., {begin}, {stairs})": doubled([1.0] * begin, 2.0, stairs)
        for begin in (0, 5)
        for stairs in (False, True)
    },
    **{
        f"exponential_decay(1., 2, {rate}, 3, {stairs}, {bound})": doubled([1.0] * 3, rate, stairs, bound)
        for rate, bound in ((0.2, 0.1), (2.0, 3.0))
        for stairs in (False, True)
    },
    "exponential_decay(32., 1, 0.5)": [32, 16, 8, 4, 2],
    "cosine_decay_schedule(0.1, 10, 0.0)": [0.1 * cosine(k / 10) for k in range(10)],
    "cosine_decay_schedule(0.1, 5, 0.0)": [0.1 * cosine(share) for share in SHARES],
    "cosine_decay_schedule(0.1, 5, 0.1)": [0.1 * (0.9 * cosine(share) + 0.1) for share in SHARES],
    "cosine_decay_schedule(0.1, 100, 0.0, exponent=2)": {
        0: 0.1,
        10: 0.09516553580760956,
        50: 0.025,
        75: 0.0021446612663567066,
        100: 0.0,
    },
    "cosine_decay_schedule(1000., 10000000000, 0.0, 1)": {1_000_000_000: 975.52826},
    "warmup_cosine_decay_schedule(10, 0.5, 100, 1000, 1e-4)": {0: 10, 100: 0.5, 1000: 1e-4},
    "warmup_cosine_decay_schedule(5, 3, 100, 1000, 0.)": {0: 5, 100: 3, 1000: 0.0},
    "warmup_cosine_decay_schedule(0.2, 1.21, 50, 100, -3.0, exponent=2)": {
        0: 0.2,
        10: 0.402,
        50: 1.21,
        75: -1.9475,
        100: -3.0,
    },
    "warmup_cosine_decay_schedule(0.2, 0, 50, 100, -3.0, 2)": {0: 0.2, 10: 0.16, 50: 0.0, 75: 0.0, 100: 0.0},
    "piecewise_interpolate_schedule('linear', 200., {5: 1.5, 10: 0.25})": [
        *(200, 220, 240, 260, 280, 300, 255, 210, 165, 120, 75, 75, 75)
    ],
    "piecewise_interpolate_schedule('cosine', 400., {5: 1.2, 3: 0.6, 7: 1.})": [
        *(400, 360, 280, 240, 264, 288, 288, 288, 288)
    ],
    "piecewise_interpolate_schedule('linear', 13., {})": [13.0] * 5,
    "piecewise_interpolate_schedule('cosine', 17.)": [17.0] * 3,
    "linear_onecycle_schedule(10, 1000, 0.3, 0.7, 10., 100.)": [
        *(100, 400, 700, 1000, 775, 550, 325, 100, 67, 34, 1, 1)
    ],
    "cosine_onecycle_schedule(5, 1000., 0.4, 10., 100.)": [100, 550, 1000, 750.25, 250.75, 1, 1],
    "join_schedules([constant_schedule(1.), constant_schedule(2.), constant_schedule(1.)], [3, 6])": [
        *(1, 1, 1, 2, 2, 2, 1)
    ],
}


@pytest.mark.parametrize("call", OPTAX)
def test_optax_values(call):
    """The values that Optax' tests list, to their 1e-3 or better."""
    expected = OPTAX[call]
    points = expected if isinstance(expected, dict) else dict(enumerate(expected))
    assert values(f"optax:{call}", list(points)) == pytest.approx(list(points.values()), rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("peaks", [(1.6, 0.8, 0.4), (1.6, 1.6, 1.6)])
def test_optax_sgdr(peaks):
    """Each restart reaches its own peak at the end of its own warmup."""
    shared = {"init_value": 0, "end_value": 0.0, "warmup_steps": 500}
    cycles = [
        {**shared, "decay_steps": n, "peak_value": peak} for n, peak in zip((2000, 3000, 5000), peaks, strict=True)
    ]
    found = from_optax("sgdr_schedule", cycles)
    curve = found.schedule.over(found.horizon)
    assert [found.base_lr * curve(at) for at in (500, 2500, 5500)] == pytest.approx(list(peaks))


@pytest.mark.parametrize(
    "call",
    [
        "piecewise_interpolate_schedule('linar', 13.)",
        "piecewise_interpolate_schedule('', 13., {5: 3.})",
        "piecewise_interpolate_schedule(None, 13., {})",
        "piecewise_interpolate_schedule('linear', 13., {5: -3})",
        "cosine_onecycle_schedule(transition_steps=0, peak_value=5.)",
        "linear_onecycle_schedule(transition_steps=0, peak_value=5.)",
    ],
)
def test_optax_refusals(call):
    """What Optax' tests want refused."""
    with pytest.raises(lr.LrlabError):
        from_optax(call)


# -- fvcore -------------------------------------------------------------------------------------------------------

COMPOSITE = "CompositeParamScheduler(schedulers=[{}], lengths={}, interval_scaling={})"
STEP = "StepParamScheduler(values=[0.1, 0.2, 0.3, 0.4, 0.5], num_updates=10)"
COSINE = [0.1, 0.0976, 0.0905, 0.0794, 0.0655, 0.05, 0.0345, 0.0206, 0.0095, 0.0024]
FOUR = [0.1, 0.01, 0.001, 0.0001]

# The values of fvcore's own tests (tests/param_scheduler), with the decimals that are given there.
FVCORE = {
    "ConstantParamScheduler(0.1)": (9, [0.1] * 10),
    "CosineParamScheduler(0.1, 0)": (4, COSINE),
    "CosineParamScheduler(0, 0.1)": (4, [0.0, *COSINE[:0:-1]]),
    "ExponentialParamScheduler(2.0, 0.1)": (
        4,
        [2.0, 1.5887, 1.2619, 1.0024, 0.7962, 0.6325, 0.5024, 0.3991, 0.3170, 0.2518],
    ),
    "LinearParamScheduler(0.0, 0.1)": (4, [0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09]),
    "LinearParamScheduler(0.1, 0.0)": (4, [0.1, 0.09, 0.08, 0.07, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01]),
    "PolynomialDecayParamScheduler(0.1, 1)": (2, [0.1, 0.09, 0.08, 0.07, 0.06, 0.05, 0.04, 0.03, 0.02, 0.01]),
    f"MultiStepParamScheduler({FOUR}, num_updates=12, milestones=[4, 6, 8])": (
        9,
        [*[0.1] * 4, *[0.01] * 2, *[0.001] * 2, *[0.0001] * 4],
    ),
    f"MultiStepParamScheduler({FOUR}, num_updates=12)": (9, [level for level in FOUR for _ in range(3)]),
    f"StepParamScheduler(12, {FOUR})": (9, [level for level in FOUR for _ in range(3)]),
    "StepWithFixedGammaParamScheduler(1, 3, 0.1, 12)": (
        7,
        [level for level in (1, 0.1, 0.01, 0.001) for _ in range(3)],
    ),
    COMPOSITE.format(
        ", ".join(f"ConstantParamScheduler({v})" for v in (0.1, 0.2, 0.3, 0.4)), [0.2, 0.4, 0.1, 0.3], ["rescaled"] * 4
    ): (9, [0.1, 0.1, 0.2, 0.2, 0.2, 0.2, 0.3, 0.4, 0.4, 0.4]),
    COMPOSITE.format("ConstantParamScheduler(0.1), ConstantParamScheduler(0.2)", [0.7, 0.2999], ["rescaled"] * 2): (
        9,
        [*[0.1] * 7, *[0.2] * 3],
    ),
    COMPOSITE.format("LinearParamScheduler(0, 0.5), LinearParamScheduler(0.5, 1)", [0.5, 0.5], ["rescaled"] * 2): (
        9,
        [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9],
    ),
}


@pytest.mark.parametrize("text", FVCORE)
def test_fvcore_values(text):
    """The value lists of fvcore's tests, through the importer."""
    decimals, expected = FVCORE[text]
    found = from_fvcore(text, updates=len(expected))
    values = found.base_lr * found.schedule.over(len(expected)).values()
    assert values.round(decimals).tolist() == pytest.approx(expected, abs=10**-decimals / 2)


@pytest.mark.parametrize(
    ("scaling", "picked"),
    [
        (["rescaled", "rescaled"], [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]),
        (["fixed", "fixed"], [0, 1, 2, 3, 4, 15, 16, 17, 18, 19]),
        (["rescaled", "fixed"], [0, 2, 4, 6, 8, 15, 16, 17, 18, 19]),
    ],
)
def test_fvcore_composites(scaling, picked):
    """fvcore's test of mixed composites: which values of its two members it shows, at which update."""
    cosine = "CosineParamScheduler(0.42, 0.0001)"
    members = [from_fvcore(text, updates=10) for text in (STEP, cosine)]
    shown = [value for found in members for value in (found.base_lr * found.schedule.over(10).values()).tolist()]
    found = from_fvcore(COMPOSITE.format(f"{STEP}, {cosine}", [0.5, 0.5], scaling), updates=10)
    values = found.base_lr * found.schedule.over(10).values()
    assert values.tolist() == pytest.approx([shown[k] for k in picked], abs=1e-9)


FVCORE_REFUSED = [
    "MultiStepParamScheduler([0.1, 0.01], num_updates=-1)",
    "MultiStepParamScheduler([], num_updates=12)",
    f"MultiStepParamScheduler({FOUR}, num_updates=12, milestones=[3, 6, 8, 12])",
    f"MultiStepParamScheduler({FOUR}, num_updates=12, milestones=[3, 6])",
    f"MultiStepParamScheduler({FOUR}, num_updates=12, milestones=[3, 6, 12])",
    f"MultiStepParamScheduler({FOUR}, num_updates=12, milestones=[3, 8, 6])",
    f"StepParamScheduler(-1, {FOUR})",
    "StepParamScheduler(12, [])",
    "StepWithFixedGammaParamScheduler(1, 3, 0.1, -1)",
    "StepWithFixedGammaParamScheduler(1, 0, 0.1, 12)",
    "StepWithFixedGammaParamScheduler(-0.01, 3, 0.1, 12)",
    COMPOSITE.format("ConstantParamScheduler(0.1)", [0.5, 0.5], ["rescaled", "rescaled"]),
    COMPOSITE.format("ConstantParamScheduler(0.1), ConstantParamScheduler(0.2)", [0.5, 0.4], ["rescaled"] * 2),
    COMPOSITE.format("ConstantParamScheduler(0.1), ConstantParamScheduler(0.2)", [0.5, 0.5], ["rescaled", "rescaleds"]),
]


@pytest.mark.parametrize("text", FVCORE_REFUSED)
def test_fvcore_refusals(text):
    """The configurations that fvcore's tests want refused."""
    with pytest.raises(lr.LrlabError):
        from_fvcore(text, updates=12)
