"""Pasted expressions: what can be worked out is, and nothing is executed."""

import pytest

import lrlab as lr
from lrlab.dialects.parts.phases import Name
from lrlab.dialects.source.folding import Call, Function, fold


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("int(10 * 391)", 3910),
        ("10 * 391 // 2 % 1000", 955),
        ("2 ** 10", 1024),
        ("1e-3 ** 0.5", 1e-3**0.5),
        ("-3 + +2", -1),
        ("max(1, 2.5)", 2.5),
        ("min([3, 1])", 1),
        ("len([30, 60, 80])", 3),
        ("round(2.6)", 3),
        ("float('1e-3')", 1e-3),
        ("sum([1, 2]) * [1, 2][1]", 6),
        ("math.ceil(0.03 * 1000)", 30),
        ("np.sqrt(4) + math.pi", 2 + 3.141592653589793),
        ("3 if 2 > 1 else 4", 3),
        ("1 < 2 <= 2 and not 0", True),
        ("[0.1] * 2 + [1]", [0.1, 0.1, 1]),
        ("dict(a=1, **{'b': 2})", {"a": 1, "b": 2}),
        ("(30, 60)", [30, 60]),
    ],
)
def test_arithmetic_is_folded(text, value):
    """The value that Python has for it."""
    assert fold(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "range(3)",
        "[i for i in [1]]",
        "f'{1}'",
        "(lambda: 1)()",
        "__import__('os').system('true')",  # an attribute of a call is not a name
        "open('x').read()",
        "9 ** 9 ** 9",
        "[0] * 10 ** 9",
        "1 / 0",
        "(-8) ** 0.5",
        "'a' - 'b'",
        "x := 3",
        "1if 2",
        "a[0]",
    ],
)
def test_what_could_run_or_grow_is_refused(text):
    """In words, and at once; a call of something unknown is at most a name with arguments."""
    with pytest.raises(lr.LrlabError):
        fold(text)


def test_names_stand_for_themselves_until_they_have_a_value():
    """A name of a script, and one with a value beside it, also as an attribute."""
    assert fold("StepLR(optimizer, args.step)") == Call("StepLR", (Name("optimizer"), Name("step")))
    assert fold("StepLR(optimizer, args.step * 2)", {"step": 3}).args[1] == 6
    with pytest.raises(lr.LrlabError, match=r"EPOCHS has no value here(.|\n)*EPOCHS=\.\.\."):
        fold("2 * EPOCHS")


def test_calls_keep_where_they_come_from():
    """The path of a call says whose it is; calls may stand in calls."""
    found = fold("torch.optim.lr_scheduler.SequentialLR(opt, [LinearLR(opt, 1 / 3)], milestones=[5])")
    assert found.path == ("torch", "optim", "lr_scheduler")
    assert found.args[1] == [Call("LinearLR", (Name("opt"), 1 / 3))]
    assert isinstance(fold("LambdaLR(opt, lambda e: 0.9 ** e)").args[1], Function)
