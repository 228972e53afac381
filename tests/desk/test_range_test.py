"""`lr.RangeTest` in a loop of one's own: training after it is training without it, bit for bit."""

import math
import random

import numpy as np
import pytest

import lrlab as lr
from lrlab.errors import LrlabError

torch = pytest.importorskip("torch")
UPDATES = 128


def network():
    """With buffers (BatchNorm), random numbers (dropout), and two groups."""
    torch.manual_seed(3)
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.2), torch.nn.ReLU(), torch.nn.Linear(8, 1)
    )
    groups = [{"params": model[0].parameters(), "lr": 0.02}, {"params": [*model[1:].parameters()], "lr": 0.002}]
    return model, torch.optim.SGD(groups, momentum=0.9)


def loader():
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(64, 4, generator=generator)
    data = torch.utils.data.TensorDataset(x, x.sum(dim=1, keepdim=True) + 1)
    return torch.utils.data.DataLoader(data, 8, shuffle=True, generator=torch.Generator().manual_seed(7))


def step(model, opt, batch):
    x, y = batch
    loss = (model(x) - y).square().mean() + 0.05 * random.random() + 0.05 * np.random.rand()
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss


def trained(model, opt, batches, count=12):
    """The losses, weights, buffers and states after a few updates."""
    losses = []
    while len(losses) < count:
        for batch in batches:
            losses.append(step(model, opt, batch).item())
    state = [value.clone() for value in model.state_dict().values()]
    return losses, state, [float(entry["momentum_buffer"].sum()) for entry in opt.state.values()], random.random()


def begun():
    """A model in the middle of its training: the optimizer has a state, gradients are there."""
    random.seed(1)
    np.random.seed(1)
    model, opt = network()
    batches = loader()
    trained(model, opt, batches, 8)
    return model, opt, batches


@pytest.mark.parametrize("leaves", ["at the end", "by a break"])
def test_nothing_is_left_of_it(leaves):
    """Weights, buffers, momentum, LRs, gradients, the order of the data and every random number are as they were."""
    want = trained(*begun())
    model, opt, batches = begun()
    test = lr.RangeTest(opt, model, updates=UPDATES)
    for n, (_, batch) in enumerate(test.over(batches)):
        test.report(step(model, opt, batch))
        if leaves == "by a break" and n == 40:
            break
    found = trained(model, opt, batches)
    assert found[0] == want[0]
    assert all(torch.equal(a, b) for a, b in zip(found[1], want[1], strict=True))
    assert found[2:] == want[2:]
    assert [group["lr"] for group in opt.param_groups] == [0.02, 0.002]
    if leaves == "by a break":
        with pytest.raises(LrlabError, match="not come to its end"):
            _ = test.result


def test_groups_keep_their_ratio_and_batches_come_round():
    """In every update, through a loader that is shorter than the test; every update that was planned is made."""
    model, opt, batches = begun()
    test = lr.RangeTest(opt, model, updates=UPDATES)
    rates = []
    for rate, batch in test.over(batches):
        assert opt.param_groups[0]["lr"] == rate
        assert opt.param_groups[1]["lr"] == pytest.approx(0.1 * rate)
        rates.append(rate)
        test.report(step(model, opt, batch))
    assert len(rates) > len(batches)
    assert rates[0] == pytest.approx(0.02e-3)
    assert test.result.stopped.startswith("Sweep of ")


def test_the_result_is_applied_when_asked_for_and_once():
    """To every group; a second time, or on another optimizer, is refused."""
    model, opt, batches = begun()
    test = lr.RangeTest(opt, model, updates=600, budget=2)
    for _, batch in test.over(batches):
        test.report(step(model, opt, batch))
    found = test.result
    assert found.verdict == "range", found
    assert found.low <= found.lr <= found.high
    assert [group["lr"] for group in opt.param_groups] == [0.02, 0.002]
    found.apply(opt)
    assert opt.param_groups[0]["lr"] == pytest.approx(found.lr)
    assert opt.param_groups[1]["lr"] == pytest.approx(0.1 * found.lr)
    with pytest.raises(LrlabError, match="not those that the test began with"):
        found.apply(opt)


def test_a_validation_loss_judges_where_there_is_one():
    """Once before anything, and at the end of each complete run."""
    model, opt, batches = begun()
    asked = []

    def evaluate():
        asked.append(float(model[0].weight.detach().sum()))
        return torch.tensor(1.0 + len(asked) * 0.0)

    test = lr.RangeTest(opt, model, updates=UPDATES, evaluate=evaluate)
    for _, batch in test.over(batches):
        test.report(step(model, opt, batch))
    assert len(asked) == 1 + sum(told["loss"] is not None for told in test.result.tried)
    assert test.result.verdict == "none"
    assert "flat" in test.result.answer.why


@pytest.mark.parametrize("lost", [(1,), (2,), (3,), (4,), tuple(range(1, 9))])
def test_a_validation_loss_that_is_nan_is_a_run_that_diverged(lost):
    """Whichever evaluation it is, the first being of the untrained model: no other number stands in its place."""
    model, opt, batches = begun()
    told = []

    def evaluate():
        told.append(math.nan if len(told) + 1 in lost else 0.7 + 0.01 * len(told))
        return told[-1]

    test = lr.RangeTest(opt, model, updates=UPDATES, evaluate=evaluate)
    for _, batch in test.over(batches):
        test.report(step(model, opt, batch))
    scores = [heard.score for asked, heard in test.result.policy.done if asked.kind != "sweep"]
    assert scores == pytest.approx([math.inf if math.isnan(loss) else math.log(loss) for loss in told])
    assert len(lost) == 1 or "every short run diverged" in str(test.result)


def test_a_loss_that_is_nan_from_the_first_update_has_no_range():
    weight = torch.nn.Parameter(torch.ones(1))
    opt = torch.optim.SGD([weight], lr=0.1)
    test = lr.RangeTest(opt, weight, updates=UPDATES)
    for _ in test:
        test.report(float("nan"))
    assert test.result.verdict == "none"
    assert "not finite from the first update" in test.result.answer.why
    with pytest.raises(LrlabError, match="no usable range"):
        test.result.apply(opt)


def test_accumulation_is_one_update():
    """Two batches, one step, one iteration; the loss of each is told as their mean."""
    model, opt, batches = begun()
    test = lr.RangeTest(opt, model, updates=UPDATES)
    steps = 0
    for _, (x, y) in test.over(batches):
        opt.zero_grad()
        losses = [(model(part) - goal).square().mean() / 2 for part, goal in zip(x.chunk(2), y.chunk(2), strict=True)]
        for loss in losses:
            loss.backward()
        opt.step()
        steps += 1
        test.report(sum(losses))
    assert steps == sum(asked.updates for asked, _ in test._policy.done if asked.kind != "untrained")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda m, o: lr.RangeTest(o, updates=100), "weights that nothing holds"),
        (lambda m, o: lr.RangeTest(o, m, updates=0), "length of the training"),
        (lambda m, o: lr.RangeTest(m, m, updates=100), "optimizer with parameter groups"),
        (lambda m, o: lr.RangeTest(o, m, updates=1000, budget=0.01), "budget is too small"),
        (lambda m, o: lr.RangeTest(o, m, updates=100, budget=float("inf")), "a finite number above 0"),
        (lambda m, o: lr.RangeTest(o, m, updates=5), "16 updates or more"),
        (lambda m, o: lr.RangeTest(o, m, updates=100, evaluate=3), "evaluate is a function"),
        (lambda m, o: lr.RangeTest(o, m, None, updates=100), "(?s)no state that could be put back.*try: "),
        (lambda m, o: lr.RangeTest(o, m, len, updates=100), "no state that could be put back"),
        (lambda m, o: lr.RangeTest(o, m, updates=100, schedule="warmup(50) >> linear()"), "add up to 50"),
        (lambda m, o: lr.RangeTest(o, m, updates=100, schedule="2 * linear()"), "highest value of this schedule is 2"),
        (lambda m, o: next(lr.RangeTest(o, m, updates=100).over(iter([1]))), "an iterator cannot begin again"),
        (lambda m, o: list(lr.RangeTest(o, m, updates=100)), "was not told the loss"),
        (lambda m, o: lr.RangeTest(o, m, updates=100).result, "not come to its end"),
    ],
)
def test_a_slip_is_a_sentence(make, said):
    with pytest.raises(LrlabError, match=said):
        make(*network())


def test_an_lr_of_zero_cannot_be_multiplied():
    """A scheduler with a warmup, built before the test, leaves the groups at 0: refused, naming them."""
    model, opt = network()
    torch.optim.lr_scheduler.LambdaLR(opt, [lambda k: 1.0, lambda k: min(1.0, k / 100)])
    with pytest.raises(LrlabError, match=r"(?s)parameter group 1 is 0.*build the scheduler after"):
        lr.RangeTest(opt, model, updates=UPDATES)


def gone_through(test, batches, update):
    """The whole loop; `update` gives the loss of a batch."""
    for _, batch in test.over(batches):
        test.report(update(batch))


@pytest.mark.parametrize("way", ["overwritten", "a scheduler"])
def test_an_lr_that_the_loop_changes_is_refused(way):
    """Else the losses would be those of other LRs."""
    model, opt, batches = begun()
    scheduler = torch.optim.lr_scheduler.ExponentialLR(opt, 0.9)

    def update(batch):
        if way == "overwritten":
            opt.param_groups[1]["lr"] = 0.003
        loss = step(model, opt, batch)
        if way == "a scheduler":
            scheduler.step()
        return loss

    with pytest.raises(LrlabError, match="changed the LR that the range test had set"):
        gone_through(lr.RangeTest(opt, model, updates=UPDATES), batches, update)


def test_a_loop_that_trains_nothing_is_refused():
    """The loss may move by dropout alone: no weight does."""
    model, opt, batches = begun()
    with pytest.raises(LrlabError, match=r"(?s)no weight of the optimizer changed.*optimizer\.step\(\)"):
        gone_through(
            lr.RangeTest(opt, model, updates=UPDATES),
            batches,
            lambda batch: (model(batch[0]) - batch[1]).square().mean(),
        )


def test_a_loss_that_is_no_number_is_a_sentence():
    model, opt, batches = begun()
    with pytest.raises(LrlabError, match="the loss of an update is one number"):
        gone_through(lr.RangeTest(opt, model, updates=UPDATES), batches, lambda batch: "x")
