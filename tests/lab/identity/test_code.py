"""A code in bytes: all that it does, nothing of where it stands."""

import pytest

from lrlab.lab.identity.code import codes_in, digest_of_code, makes_sets, texts_in

CODE = """
def f(x, *, y=1):
    try:
        return [x + 1, 'a', (1, 2.0)]
    except ValueError:
        return lambda: y
"""


def code(text):
    return compile(text, "<cell>", "exec")


@pytest.mark.parametrize(
    "change",
    [
        ("x + 1", "x - 1"), ("x + 1", "x + 1.0"), ("x + 1", "x + True"), ("'a'", "b'a'"), ("(1, 2.0)", "(1, -2.0)"),
        ("(1, 2.0)", "(2.0, 1)"), ("ValueError", "TypeError"), ("lambda: y", "lambda: x"), ("*, y", "y"), ("0.", "0."),
        ("return lambda", "yield lambda"), ("x + 1", "y + 1"),
    ],
)  # fmt: skip
def test_every_change_counts(change):
    """Operators, types of constants, their order, names, what is caught; a comment does not."""
    changed = CODE.replace(*change)
    assert (digest_of_code(code(changed)) == digest_of_code(code(CODE))) == (changed == CODE)
    assert digest_of_code(code(f"# said\n\n{CODE}")) == digest_of_code(code(CODE))


@pytest.mark.parametrize("constant", ["0.0", "-0.0", "0", "False", "0j", "-0j", "None", "...", "''", "b''", "()"])
def test_constants_that_are_equal_are_not_the_same(constant):
    """Zero has many forms."""
    others = {"0.0", "-0.0", "0", "False", "0j", "-0j", "None", "...", "''", "b''", "()"} - {constant}
    assert digest_of_code(code(f"x = {constant}")) not in {digest_of_code(code(f"x = {other}")) for other in others}


def test_what_is_in_it():
    """Codes within, and texts, those in tuples too."""
    assert [each.co_name for each in codes_in(code(CODE))] == ["<module>", "f", "<lambda>"]
    assert {"a", "b"} <= texts_in(code("def f(): return 'a', ['b'], ('c', 'd')"))


@pytest.mark.parametrize(
    ("text", "makes"),
    [
        ("set(words)", True), ("{a, b}", True), ("{k for k in a}", True), ("hash(a)", True), ("frozenset(a)", True),
        ("a in {1, 2}", False), ("{a: b}", False), ("lambda: {a}", True), ("[*a]", False),
    ],
)  # fmt: skip
def test_sets_are_seen(text, makes):
    """Their order may depend on PYTHONHASHSEED; a look into a constant one has none."""
    assert makes_sets(code(text)) == makes
