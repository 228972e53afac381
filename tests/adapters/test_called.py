"""Calls that do not fit: a sentence with the arguments that there are, and with what another library's is here."""

from __future__ import annotations

import pytest
import torch

import lrlab as lr
from lrlab.adapters.called import called
from lrlab.adapters.torch import Scheduler, get_scheduler
from lrlab.errors import LrlabTypeError


def sgd() -> torch.optim.SGD:
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: get_scheduler("cosine", sgd(), 2, 10), "arguments: 'cosine', a SGD, 2, 10"),
        (lambda: get_scheduler(sgd(), "cosine", 2, 10), "Transformers' numbers are warmup= and horizon="),
        (lambda: get_scheduler("cosine"), "missing a required argument: 'optimizer'"),
        (lambda: Scheduler(sgd()), "missing a required argument: 'schedule'"),
        (lambda: Scheduler(sgd(), lr.cosine(), 10, 0.1), "arguments: a SGD, a cosine, 10, 0.1"),
        (lambda: Scheduler(sgd(), lr.cosine(), T_max=10), "try:     horizon=, the number of updates"),
        (lambda: Scheduler(sgd(), lr.cosine(), horizn=10), "try:     horizon="),
        (lambda: Scheduler(sgd(), lr.cosine(), 10, num_warmup_steps=5), "try:     warmup"),
        (lambda: Scheduler(sgd(), lr.cosine(), 10, verbose=True), "try:     Scheduler"),
    ],
)
def test_a_call_that_does_not_fit_is_an_error_in_words(call, words):
    with pytest.raises(LrlabTypeError) as raised:
        call()
    assert words in str(raised.value)
    assert "allowed: " in str(raised.value)
    assert "try: " in str(raised.value)


def test_what_a_function_raises_itself_passes():
    """Only the call is looked at."""

    @called("f", "f(1)")
    def f(x: int) -> int:
        raise TypeError("its own")

    with pytest.raises(TypeError, match=r"^its own$"):
        f(1)


def test_the_signature_is_that_of_the_function():
    import inspect

    assert [*inspect.signature(Scheduler).parameters][:3] == ["optimizer", "schedule", "horizon"]
