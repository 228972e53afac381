"""Schedule-free optimizers: the paper's recursion to the last digits, and a state that can be taken up again."""

import pytest

from lrlab.lab.tasks.common.schedule_free import ScheduleFree

torch = pytest.importorskip("torch")

# From schedulefree 1.4 by the paper's authors, on the problem of `drive`: its AdamWScheduleFreePaper(lr=0.05,
# weight_decay=0.1, warmup_steps=5) and SGDScheduleFreeReference(lr=0.1, weight_decay=0.01, warmup_steps=5).
AUTHORS = {
    "adamw": (
        [0.5142764213264611, -1.3979838805872462, 0.3197956378374046],
        [0.5316410480947826, -1.4252087781669582, 0.3305770233814741],
    ),
    "sgd": (
        [0.49283357620522106, 0.43814897300176203, 0.4569455655783892],
        [0.5181722991609206, 0.41401220826887175, 0.4610826360341044],
    ),
}
SETTINGS = {
    "adamw": {"lr": 0.05, "adaptive": 0.999, "weight_decay": 0.1},
    "sgd": {"lr": 0.1, "weight_decay": 0.01},
}


def made(kind):
    """A weight of three numbers and its optimizer."""
    w = torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
    return w, ScheduleFree([w], **SETTINGS[kind])


def drive(kind, w, opt, updates):
    """A quadratic with a wobble, and a warmup over 5 updates."""
    for t in updates:
        opt.param_groups[0]["lr"] = SETTINGS[kind]["lr"] * min(1, (t + 1) / 5)
        slope = torch.tensor([1.0, 3.0, 0.2], dtype=torch.float64)
        w.grad = slope * (w.detach() - 0.3) + 0.1 * torch.sin(torch.arange(3, dtype=torch.float64) + t)
        opt.step()


@pytest.mark.parametrize("kind", AUTHORS)
def test_it_is_the_authors_optimizer(kind):
    """Both the point of the gradients and the result agree with the authors' own code after 20 updates."""
    w, opt = made(kind)
    drive(kind, w, opt, range(20))
    trained, result = AUTHORS[kind]
    assert w.tolist() == pytest.approx(trained, rel=1e-13)
    opt.eval()
    assert w.tolist() == pytest.approx(result, rel=1e-13)


@pytest.mark.parametrize("kind", AUTHORS)
def test_an_evaluation_leaves_no_trace(kind):
    """Training goes on to the same bits whether or not the result was looked at."""
    w, opt = made(kind)
    drive(kind, w, opt, range(7))
    before = w.tolist()
    opt.eval()
    assert w.tolist() != before
    opt.train()
    assert w.tolist() == before


@pytest.mark.parametrize("kind", AUTHORS)
def test_a_run_goes_on_from_its_state(kind):
    """A fresh optimizer with the state and the weights of another makes the same updates, to the bit."""
    w, opt = made(kind)
    drive(kind, w, opt, range(12))
    other, again = made(kind)
    with torch.no_grad():
        other.copy_(w)
    again.load_state_dict(opt.state_dict())
    drive(kind, w, opt, range(12, 20))
    drive(kind, other, again, range(12, 20))
    assert other.tolist() == w.tolist()


def test_a_weight_without_a_gradient_rests():
    """A frozen or unused parameter is left alone, with weight decay too."""
    w, opt = made("adamw")
    before = w.tolist()
    opt.zero_grad()
    opt.step()
    assert w.tolist() == before


def test_the_state_of_other_weights_is_refused():
    """Of as many as there are, and no fewer."""
    _, opt = made("adamw")
    state = opt.state_dict()
    for name in ("x", "z"):
        with pytest.raises(ValueError, match="zip"):
            opt.load_state_dict({**state, name: []})
