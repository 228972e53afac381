"""A pure function of a script becomes an expression with its values, or a table that says its formula."""

import ast
import math
import re

import numpy as np
import pytest

import lrlab as lr
from lrlab.dialects.source.folding import Function
from lrlab.dialects.source.functions import from_function

NANO = """
def get_lr(it):
    if it < warmup_iters:
        return learning_rate * (it + 1) / (warmup_iters + 1)
    if it > lr_decay_iters:
        return min_lr
    decay_ratio = (it - warmup_iters) / (lr_decay_iters - warmup_iters)
    coeff = 0.5 * (1.0 + math.cos(math.pi * decay_ratio))
    return min_lr + coeff * (learning_rate - min_lr)
"""
ROWS = [  # a function, the names around it, and the expression
    ("lambda e: 0.95 ** e", {}, "exponential(gamma=0.95)"),
    ("lambda e: 0.1 ** (e // 30)", {}, "step(30)"),
    ("lambda e: 0.5 ** ((e + 10) // 30)", {}, "constant(20) >> 0.5 * step(30, gamma=0.5)"),
    ("lambda e: 1 / (1 + 0.1 * e)", {}, "inverse_time(0.1, 1)"),
    ("lambda e: 1 / math.sqrt(e + 100) * 10", {}, "inverse_sqrt(100)"),
    ("lambda e: 1.0", {}, "constant()"),
    ("lambda e: min(1.0, e / 100)", {}, "linear(100, start=0, to=1) >> constant()"),
    ("lambda e: max(0.0, 1 - e / 100)", {}, "linear(100) >> constant(level=0)"),
    ("lambda e: 1 - e / 100", {}, "linear(100)"),
    ("lambda e: (1 - e / N) ** 0.9", {"N": 100}, "polynomial(100)"),
    ("lambda e: 0.5 * (1 + math.cos(math.pi * e / 100))", {}, "cosine_cycle(200).repeat()"),
    (
        "lambda e: 1 if e < 30 else 0.1 if e < 60 else 0.01",
        {},
        "constant(30) >> constant(30, level=0.1) >> constant(level=0.01)",
    ),
    ("lambda e: 0.1 + 0.9 * math.exp(-e / 50)", {}, None),
    (
        NANO,
        {"learning_rate": 6e-4, "min_lr": 6e-5, "warmup_iters": 10, "lr_decay_iters": 300},
        "linear(10, start=0.0909090909, to=1) >> cosine(290, to=0.1) >> constant(level=0.1)",
    ),
]


def function(text, names=()):
    """The last function of a text."""
    tree = ast.parse(text.strip()).body[-1]
    return Function(tree.value if isinstance(tree, ast.Expr) else tree, dict(names), {})


@pytest.mark.parametrize(("text", "names", "expression"), ROWS)
def test_an_expression_that_fits(text, names, expression):
    """At every step to the end of the run and, where it goes on by the same formula, beyond."""
    found = from_function(function(text, names))
    if expression is not None:
        read = re.sub(r"0\.\d{11,}", lambda digits: f"{float(digits[0]):.10f}", str(found.schedule))
        assert read == expression
    n = 300 if found.horizon is None else found.horizon.total
    space = {"math": math, **names}
    exec(f"f = {text}" if text.startswith("lambda") else text, space)
    theirs = [space["f" if text.startswith("lambda") else "get_lr"](t) for t in range(n)]
    ours = found.schedule.over(n).values() * (found.base_lr or 1.0)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_a_def_gives_lrs_and_a_lambda_multiples():
    """The greatest LR is the base LR; a def whose greatest value is 1 gives multiples too."""
    names = {"learning_rate": 6e-4, "min_lr": 6e-5, "warmup_iters": 10, "lr_decay_iters": 300}
    assert from_function(function(NANO, names)).base_lr == 6e-4
    assert "its values are LRs" in from_function(function(NANO, names)).convention
    assert from_function(function("lambda e: 0.9 ** e")).base_lr is None
    assert "multiples" in from_function(function("def f(e):\n    return 0.9 ** e")).convention


def test_what_no_expression_fits_is_listed_with_its_formula():
    """A table over the run, which has to be known."""
    odd = function("lambda e: (e * e) % 7 / 7")
    with pytest.raises(lr.LrlabError, match="--steps"):
        from_function(odd)
    found = from_function(odd, 30)
    assert found.schedule.over(30).values().tolist() == [(e * e) % 7 / 7 for e in range(30)]
    assert "e * e % 7 / 7" in next(f for f in found.findings if f.code == "listed").message


def test_beyond_the_run_is_said():
    """1 - e/100 goes below 0 after its end; the expression does not, and the convention says so."""
    assert "goes on otherwise: -0.01 at step 101" in from_function(function("lambda e: 1 - e / 100")).convention
    assert "no value at step 101" in from_function(function("lambda e: (1 - e / 100) ** 0.9")).convention
