"""fvcore, side by side at every update below its end."""

import random

import pytest

import lrlab as lr
from lrlab.dialects import from_fvcore

theirs = pytest.importorskip("fvcore.common.param_scheduler")


def call(rng: random.Random, n: int, depth: int = 0) -> str:
    """A random constructor call, as text."""
    kinds = [
        "Constant",
        "Cosine",
        "Exponential",
        "Linear",
        "MultiStep",
        "PolynomialDecay",
        "Step",
        "StepWithFixedGamma",
    ]
    kind = rng.choice([*kinds, "Composite", "Composite"] if depth < 2 else kinds)
    a, b = round(rng.uniform(0.01, 1), 3), round(rng.choice([0.0, rng.uniform(0, 1)]), 3)
    match kind:
        case "Constant":
            text = f"({a})"
        case "Cosine" | "Linear":
            text = f"({a}, {b})"
        case "Exponential":
            text = f"({a}, {round(rng.uniform(0.01, 2), 3)})"
        case "PolynomialDecay":
            text = f"({a}, {rng.choice([0.5, 0.9, 2])})"
        case "MultiStep":
            bounds = sorted(rng.sample(range(1, n), 2))
            choices = [f"num_updates={n}", f"num_updates={n}, milestones={bounds}", f"milestones={[*bounds, n]}"]
            text = f"([{a}, {b}, 0.1], {rng.choice(choices)})"
        case "Step":
            text = f"({n}, {[round(rng.random(), 2) for _ in range(rng.randint(1, 5))]})"
        case "StepWithFixedGamma":
            text = f"({a}, {rng.randint(1, 4)}, 0.3, {n})"
        case "Composite":
            shares = rng.choice([[0.5, 0.5], [0.1, 0.9], [0.25, 0.35, 0.4], [0.333, 0.333, 0.334]])
            members = ", ".join(call(rng, n, depth + 1) for _ in shares)
            scaling = [rng.choice(["rescaled", "fixed"]) for _ in shares]
            text = f"(schedulers=[{members}], lengths={shares}, interval_scaling={scaling})"
    return f"{kind}ParamScheduler{text}"


def test_same_curve(seed, rng, same_curve):
    """Random schedulers, composites in composites too: every update, up to where progress must stay below 1."""
    n = rng.randint(6, 200)
    text = call(rng, n)
    scheduler = eval(text, {name: getattr(theirs, name) for name in theirs.__all__})
    values = [scheduler(t / n) for t in range(n)]
    found = from_fvcore(text, updates=n)
    same_curve(found, values, found.base_lr, relative=1e-9, of_peak=1e-11)


@pytest.mark.parametrize(
    "text",
    [
        "Cosine(0.1, 0)",
        "CosineParamScheduler(0.1)",
        "CosineParamScheduler('high', 'low')",
        "StepParamScheduler(10, 0.1)",
        "ExponentialParamScheduler(0.1, 0)",
        "CompositeParamScheduler(schedulers=[0.1], lengths=[1], interval_scaling=['rescaled'])",
    ],
)
def test_refused(text):
    """What is no scheduler of fvcore is refused in words; what its own tests want refused is in test_peer_tables."""
    with pytest.raises(lr.LrlabError):
        from_fvcore(text, updates=10)
