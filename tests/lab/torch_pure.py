"""A training by pure functions in PyTorch: a small network, forks anywhere."""

import torch

import lrlab as lr

X = torch.randn(256, 4, generator=torch.Generator().manual_seed(0))
Y = X.sum(1, keepdim=True).sin()


def init():
    return {"model": {"inner": torch.randn(4, 8) / 2, "outer": torch.randn(8, 1) / 3}, "mean": torch.zeros(4, 8)}


def loss_of(model, x, y):
    return torch.nn.functional.mse_loss(torch.tanh(x @ model["inner"]) @ model["outer"], y)


gradient_of = torch.func.grad_and_value(loss_of)


def step(state, batch, control):
    x, y = batch
    slope, loss = gradient_of(state["model"], x, y)
    mean = 0.9 * state["mean"] + slope["inner"]
    rate = 0.1 * control["lr"]
    model = {"inner": state["model"]["inner"] - rate * mean, "outer": state["model"]["outer"] - rate * slope["outer"]}
    return {"model": model, "mean": mean}, loss


def evaluate(state):
    return {"val_loss": loss_of(state["model"], X, Y)}


def batches(fold):
    while True:
        rows = torch.randint(len(X), (16,))
        yield X[rows], Y[rows] + 0.1 * fold * torch.randn(16, 1)


@lr.task(metric="val_loss", updates=40, folds=2, lrs=(1.0,), evals=8)
def train(run):
    lr.functional_torch(run, init=init, step=step, evaluate=evaluate, batches=batches(run.fold))


@lr.task(metric="val_loss", updates=4, folds=2, lrs=(1.0,))
def closure(run):
    """Makes another step for each run."""

    def own_step(state, batch, control):
        return step(state, batch, control)

    lr.functional_torch(run, init=init, step=own_step, evaluate=evaluate, batches=batches(run.fold))


def drawing_step(state, batch, control):
    state, loss = step(state, batch, control)
    return state, loss + torch.rand(())


@lr.task(metric="val_loss", updates=4, folds=2, lrs=(1.0,))
def drawing(run):
    """Draws in its step."""
    lr.functional_torch(run, init=init, step=drawing_step, evaluate=evaluate, batches=batches(run.fold))


@lr.task(metric="val_loss", updates=4, folds=2, lrs=(1.0,))
def loop(run):
    """Has a loop of its own."""
    weight = torch.nn.Parameter(torch.zeros(4, 1))
    opt = torch.optim.SGD([weight], lr=0.1)
    run.track(weight=weight, opt=opt)
    for _, (x, y) in run.steps(batches(run.fold)):
        loss = ((x @ weight - y) ** 2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        if run.eval_now:
            run.report(val_loss=loss)


def one_more(state, batch, control):
    model = state["model"] + control["lr"]
    return {"model": model}, 1.0 + 0.0 * model


@lr.task(metric="val_loss", updates=40, folds=2, lrs=(1.0,), evals=8)
def rising(run):
    """Its metric is one more than the sum of what was set: it never falls."""
    lr.functional_torch(
        run,
        init=lambda: {"model": torch.zeros(())},
        step=one_more,
        evaluate=lambda state: {"val_loss": 1.0 + state["model"]},
        batches=[0.0],
    )
