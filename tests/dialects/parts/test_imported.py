"""What an import says of itself: the convention in a sentence, and the findings."""

import pytest
import torch

import lrlab as lr
from lrlab.dialects import (
    from_deepspeed,
    from_fairseq,
    from_keras,
    from_megatron,
    from_olmo,
    from_optax,
    from_timm,
    from_torch,
    from_transformers,
)
from lrlab.dialects.parts.imported import Rule, imported


def in_torch(name, **given):
    """A scheduler of PyTorch beside an optimizer of LR 0.1."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    return from_torch(getattr(torch.optim.lr_scheduler, name)(optimizer, **given))


def in_transformers(name, warmup=0, **given):
    """A scheduler of Transformers over 100 updates."""
    return from_transformers(name, warmup, 100, given)


FINDINGS = [
    # the cosines that are waves, and one cycle, which extrapolates for one update
    (lambda: in_torch("CosineAnnealingLR", T_max=100), {"rises-again"}),
    (lambda: in_torch("OneCycleLR", max_lr=0.1, total_steps=100), {"rises-again"}),
    (lambda: in_transformers("cosine_with_min_lr", min_lr_rate=0.1), {"rises-again"}),
    # warmups from 0
    (lambda: in_transformers("linear", 10), {"zero-first"}),
    (lambda: in_transformers("cosine", 10), {"zero-first", "rises-again"}),
    (lambda: from_optax("warmup_cosine_decay_schedule(0.0, 1.0, 10, 100)"), {"zero-first"}),
    (lambda: from_keras("CosineDecay(0.0, 90, warmup_target=1.0, warmup_steps=10)"), {"zero-first"}),
    (lambda: from_megatron({"lr": 1e-3, "train_iters": 100, "lr_warmup_iters": 10}), {"zero-first"}),
    (lambda: from_fairseq({"lr_scheduler": "inverse_sqrt", "lr": 1e-3, "warmup_updates": 9}), {"zero-first"}),
    (lambda: from_deepspeed({"type": "WarmupLR", "params": {"warmup_num_steps": 10}}, lr=1e-3), {"zero-first"}),
    # peaks that are missed
    (lambda: in_torch("OneCycleLR", max_lr=0.1, total_steps=10, pct_start=0.25), {"below-peak", "rises-again"}),
    (lambda: from_timm("cosine", lr=1e-3, num_epochs=20, warmup_epochs=5), {"below-peak"}),
    # the last update at the floor
    (lambda: from_olmo("CosWithWarmup", max_steps=100, warmup=10), {"ends-early"}),
    # nothing to say
    (lambda: in_torch("PolynomialLR", total_iters=100), set()),
    (lambda: from_optax("cosine_decay_schedule(1.0, 100)"), set()),
]


@pytest.mark.parametrize(("make", "codes"), FINDINGS)
def test_findings(make, codes):
    """Each library's own surprise is found, and nothing else."""
    assert {finding.code for finding in make().findings} == codes


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: in_torch("CosineAnnealingLR", T_max=100), "after update 100 the LR climbs back"),
        (lambda: in_torch("OneCycleLR", max_lr=0.1, total_steps=100), "raises at update 101"),
        (lambda: in_torch("ConstantLR", factor=0.0), "torch divides by 0 at update 5"),
        (lambda: in_transformers("cosine", 10), "update 0 uses 0 of the base LR, the greatest, 1, is at update 10"),
        (lambda: from_optax("polynomial_schedule(1.0, 0.0, 1, 0)"), "stays at init_value forever"),
        (lambda: from_keras("ExponentialDecay(0.1, 10, 0.5)"), "update 0 uses 1 of the base LR; it has no end"),
        (lambda: from_deepspeed({"type": "LRRangeTest", "params": {}}), "drawn up to update 2,000,000"),
    ],
)
def test_convention(make, sentence):
    """The sentence tells the first update, the peak and what comes after the end."""
    assert sentence in make().convention


def test_phases_beyond_the_run():
    """The horizon is stretched so that all phases fit, and that is said."""
    found = imported("some", Rule(lr.linear(50) >> lr.constant(60), updates=100, after="after that"))
    assert found.horizon == lr.Horizon(updates=110)
    assert found.findings[0].code == "too-long"


def test_a_rise_is_told_with_its_update():
    """Where it begins, how high it comes and where."""
    (finding,) = in_torch("CosineAnnealingLR", T_max=50).findings
    assert finding.update == 50
    assert "rises again after its end at update 50: to 0.999 at update 99" in finding.message


def test_what_depends_on_the_run():
    """Shares of a run that is not known are left open; a beginning that is known is looked at."""
    assert imported("some", Rule(lr.warmup("2%") >> lr.cosine(), after="so it ends")).convention == "some: so it ends."
    found = imported("some", Rule(lr.linear(50, start=0, to=1) >> lr.step(30), after="so it ends"))
    assert found.convention == "some: update 0 uses 0 of the base LR; so it ends."
    assert [finding.code for finding in found.findings] == ["zero-first"]
