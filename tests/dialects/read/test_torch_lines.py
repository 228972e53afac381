"""A line of a script becomes what torch makes of it."""

import pytest
import torch

import lrlab as lr
from lrlab.dialects import from_torch
from lrlab.dialects.read.torch import from_torch_call
from lrlab.dialects.source.call_syntax import read_call

SCRIPTS = (
    "StepLR(optimizer, step_size=30, gamma=0.1)",
    "lr_scheduler.MultiStepLR(opt, [30, 80])",
    "torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, 100, eta_min=1e-4)",
    "OneCycleLR(optimizer=optimizer, max_lr=0.1, total_steps=100)",
    "CyclicLR(optimizer, base_lr=0.01, max_lr=0.1, step_size_up=20)",
    "SequentialLR(optimizer, [LinearLR(optimizer, 0.1), CosineAnnealingLR(optimizer, 95)], milestones=[5])",
    "ChainedScheduler([ConstantLR(optimizer, 0.5), ExponentialLR(optimizer, 0.9)])",
)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_line_is_its_object(script):
    """The schedule of the line is that of the object that the line makes."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.3, momentum=0.9)
    names = {**vars(torch.optim.lr_scheduler), "torch": torch, "lr_scheduler": torch.optim.lr_scheduler}
    names |= {"optimizer": optimizer, "opt": optimizer}
    made = eval(script.replace("self.", ""), names)
    call = read_call(script)
    assert from_torch_call(call.name, *call.args, lr=0.3, **call.kwargs) == from_torch(made)


def test_the_lr_is_asked_for_where_it_matters():
    """A floor is an absolute LR; a step is not, and one cycle brings its own."""
    assert from_torch_call("StepLR", step_size=30).base_lr is None
    assert from_torch_call("OneCycleLR", max_lr=0.1, total_steps=100).base_lr == 0.1
    with pytest.raises(lr.LrlabError, match="--lr"):
        from_torch_call("CosineAnnealingLR", "optimizer", 100, eta_min=1e-4)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("StepLR", {}, "step_size"),
        ("Step", {}, "not known"),
        ("Scheduler", {}, "not known"),
        ("OneCycleLR", {"max_lr": 0.1}, "does not take these"),
        ("SequentialLR", {"schedulers": [], "milestones": [1]}, "does not take these"),
    ],
)
def test_refused(name, given, message):
    """What torch has no class for, or does not take, is refused in words."""
    with pytest.raises(lr.LrlabError, match=message):
        from_torch_call(name, **given)
