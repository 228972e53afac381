"""Scripts and pasted lines: the one schedule that is made in them."""

import pytest

import lrlab as lr
from lrlab.dialects.source import snippet
from lrlab.dialects.source.folding import Call, Function


def only(text, which="", **given):
    """The schedule of a script in which names that end in LR are schedules."""
    return snippet.only(snippet.parsed(text), lambda call: call.name.endswith("LR"), given, which)


def test_constants_before_it_are_worked_out():
    """Of the module, of the function around it, by tuples; what a loop assigns is not known."""
    script = """
import torch
EPOCHS, PER = 10, 391
class Model:
    def configure_optimizers(self):
        warmup = PER // 2
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        return {"lr_scheduler": {"scheduler": StepLR(optimizer, step_size=EPOCHS * PER - warmup)}}
"""
    assert only(script).kwargs == {"step_size": 3715}
    with pytest.raises(lr.LrlabError, match="n has no value here"):
        only("n = 1\nfor k in x:\n    n = k\nStepLR(opt, n * 2)")


@pytest.mark.parametrize(
    "line",
    [
        "StepLR(opt, 3)",
        "scheduler = StepLR(opt, 3)",
        "self.scheduler: LRScheduler = StepLR(opt, 3)",
        "    scheduler = StepLR(opt, 3),  # every third",
        "return_value = {'scheduler': StepLR(opt, 3), 'interval': 'step'}",
        "with open('x') as f:\n    s = StepLR(opt, 3)",
    ],
)
def test_the_rest_of_the_line_is_taken_off(line):
    """Assignments, annotations, indentation, comments, dicts around it."""
    assert only(line) == Call("StepLR", ("opt", 3))


def test_several_schedules_are_told_apart():
    """By the variable or by the line; the same one twice is one."""
    script = "a = StepLR(opt, 3)\nb = ExpLR(opt, 0.9)"
    with pytest.raises(lr.LrlabError, match="several schedules"):
        only(script)
    assert only(script, "a").name == "StepLR"
    assert only(script, "2").name == "ExpLR"
    assert only("a = StepLR(opt, 3)\nb = StepLR(opt, 3)").args[1] == 3
    with pytest.raises(lr.LrlabError, match="no schedule is made here under c"):
        only(script, "c")


def test_functions_of_the_step():
    """A get_lr is found where no scheduler is made."""
    found = only("W = 3\ndef loss(x):\n    return x\ndef get_lr(it):\n    return it / W\n")
    assert isinstance(found, Function)
    assert found.names["W"] == 3
    with pytest.raises(lr.LrlabError, match="no schedule is made here"):
        only("x = 1")
