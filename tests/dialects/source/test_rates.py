"""Functions of the step are worked out, and never executed."""

import ast
import math

import pytest

import lrlab as lr
from lrlab.dialects.source.folding import Function
from lrlab.dialects.source.rates import Rate

SCRIPT = '''
def get_lr(it, peak=0.1, *, floor=0.01):
    """As in many training scripts."""
    import math
    scale = 1.0
    scale *= 2
    if it < warmup and it >= 0:
        return peak * it / warmup
    elif it > 100:
        return floor
    share = min(1.0, (it - warmup) / (100 - warmup))
    assert 0 <= share <= 1
    return floor + (peak - floor) * 0.5 * (1.0 + math.cos(math.pi * share)) * (1 if share < 2 else 0) * scale / 2
'''


def function(text, **names):
    """The last function of a text."""
    tree = ast.parse(text).body[-1]
    return Function(tree.value if isinstance(tree, ast.Expr) else tree, names, {})


@pytest.mark.parametrize("step", [0, 1, 9, 10, 50, 100, 101, 1000])
def test_the_value_is_pythons(step):
    """The same bits as Python's own."""
    space = {"warmup": 10, "math": math}
    exec(SCRIPT, space)
    assert Rate(function(SCRIPT, warmup=10))(step)[0] == space["get_lr"](step)


def test_the_way_tells_where_a_formula_ends():
    """Each choice is remembered: if, a conditional expression, and which was the least."""
    rate = Rate(function("lambda t: min(1, t / 10) if t < 30 else 0.5"))
    ways = [rate(t)[1] for t in (0, 5, 11, 29, 30, 99)]
    assert ways[0] == ways[1] != ways[2] == ways[3] != ways[4] == ways[5]


@pytest.mark.parametrize(
    "text",
    [
        "def f(t):\n    while True:\n        t += 1\n    return t",
        "def f(t):\n    for k in [1]:\n        t += 1\n    return t",
        "def f(t):\n    return open('x')",
        "def f(t):\n    return t.__class__()",
        "def f(*t):\n    return 1",
        "def f():\n    return 1",
        "lambda t: [x for x in t]",
    ],
)
def test_what_could_run_is_refused(text):
    """When it is read, not when it is asked."""
    with pytest.raises(lr.LrlabError):
        Rate(function(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lambda t: t / 0", "at step 3 it cannot be worked out"),
        ("lambda t: 'x'", "does not give a number"),
        ("lambda t: t * WARMUP", r"WARMUP=\.\.\. beside it"),
        ("def f(t):\n    raise ValueError", "the function raises here"),
        ("def f(t):\n    pass", "does not give a number"),
        ("lambda t: 9 ** 9 ** 9 ** t", "cannot be worked out"),
        ("lambda t: 10 ** (200 * t)", "too large a number"),
    ],
)
def test_what_has_no_value_is_said_when_it_is_asked(text, message):
    """With the step, or with the word that is missing."""
    with pytest.raises(lr.LrlabError, match=message):
        Rate(function(text))(3)
