"""A name that Transformers' `get_scheduler` has too gives its curve, or it is said what is different."""

import numpy as np
import pytest

import lrlab as lr

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

WARMUP, UPDATES = 10, 100


def theirs(name, **specific):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
    scheduler = transformers.get_scheduler(name, optimizer, WARMUP, UPDATES, scheduler_specific_kwargs=specific)
    used = []
    for _ in range(UPDATES):
        used.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return np.array(used)


@pytest.mark.parametrize(
    ("name", "ours", "specific"),
    [
        ("linear", {}, {}),
        ("cosine", {}, {}),
        ("cosine_with_restarts", {"times": 2}, {"num_cycles": 2}),
        ("cosine_with_min_lr", {"to": 0.1}, {"min_lr_rate": 0.1}),
        ("constant_with_warmup", {}, {}),
        ("inverse_sqrt", {}, {}),
        ("polynomial", {"power": 1}, {}),
        ("warmup_stable_decay", {"decay": 20, "shape": "cosine"}, {"num_decay_steps": 20}),
    ],
)
def test_one_name_is_one_curve_from_the_end_of_the_warmup_on(caplog, name, ours, specific):
    """In the warmup theirs is one update later: its first is made at an LR of 0."""
    mine = lr.by_name(name, warmup=WARMUP, **ours).over(UPDATES).values()
    assert mine[WARMUP:] == pytest.approx(theirs(name, **specific)[WARMUP:], abs=1e-6)  # polynomial ends at 1e-7
    assert not caplog.records


@pytest.mark.parametrize(
    ("name", "said"),
    [("polynomial", "power=1"), ("polynomial_decay", "power=1"), ("warmup_stable_decay", 'shape="cosine"')],
)
def test_another_default_than_theirs_is_said(caplog, name, said):
    lr.by_name(name)
    assert said in caplog.text


def test_their_name_has_their_power_and_one_warmup(caplog):
    assert str(lr.by_name("polynomial_with_warmup", warmup=10)) == "warmup(10) >> polynomial(power=1)"
    assert not caplog.records
