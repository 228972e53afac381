"""Loops in PyTorch as people write them: what a model, an optimizer and a loop remember."""

import copy
import itertools
import random
import time
from collections import deque

import numpy as np
import torch
from common import X, Y, draw, evaluate, loader, loss_of, net, rng, task
from torch.nn import functional

# -- the plain forms ----------------------------------------------------------------------------------------------


@task("equal")
def plain(run):
    model = net()
    opt = torch.optim.AdamW(model.parameters(), lr=0.02)
    run.track(model, opt)
    for _, (x, y) in run.steps(loader()):
        loss = loss_of(model, x, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        run.log(loss=loss)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def under_a_progress_bar(run):
    from tqdm import tqdm

    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    run.track(model=model, opt=opt)
    bar = tqdm(run.steps(draw()), total=run.updates, disable=None, mininterval=100)
    for _, (x, y) in bar:
        loss = loss_of(model, x, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        bar.set_postfix(loss=loss.item(), refresh=False)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def timed_and_logged(run):
    """The time of an update, a list that is only appended to."""
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    losses, before, began = [], time.time(), time.perf_counter()
    for _, (x, y) in run.steps(draw()):
        loss = loss_of(model, x, y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
        now = time.time()
        took, before = now - before, now
        assert took + time.perf_counter() - began >= 0
        if run.eval_now:
            run.report(val_loss=evaluate(model))


def train_one(model, opt, batch):
    x, y = batch
    opt.zero_grad(set_to_none=True)
    loss = loss_of(model, x, y)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    opt.step()
    return loss.detach()


class Trainer:
    """A loop within an object, as many projects have it."""

    def __init__(self, run):
        self.run, self.model = run, net()
        self.opt = torch.optim.Adam(self.model.parameters(), lr=0.02)
        self.seen = 0
        run.track(model=self.model, opt=self.opt)

    def fit(self, batches):
        for _, batch in self.run.steps(batches):
            self.run.log(loss=train_one(self.model, self.opt, batch))
            self.seen += len(batch[0])
            if self.run.eval_now:
                self.run.report(val_loss=evaluate(self.model))


@task("alone", "self.seen")
def in_an_object_that_counts(run):
    Trainer(run).fit(loader())


class Plain(Trainer):
    def fit(self, batches):
        for _, batch in self.run.steps(batches):
            train_one(self.model, self.opt, batch)
            if self.run.eval_now:
                self.run.report(val_loss=evaluate(self.model))


@task("equal")
def in_an_object(run):
    Plain(run).fit(loader())


@task("equal")
class AsAClass:
    def setup(self, run):
        self.model = net()
        self.opt = torch.optim.SGD(self.model.parameters(), lr=0.1)
        run.track(self.model, self.opt)
        return run.batches(len(X), 8)

    def step(self, update, batch, control):
        return train_one(self.model, self.opt, (X[batch], Y[batch]))

    def evaluate(self):
        return {"val_loss": evaluate(self.model)}


@task("alone", "trainer.momentum")
class AClassThatForgets:
    def setup(self, run):
        self.model = net()
        self.opt = torch.optim.SGD(self.model.parameters(), lr=0.1)
        self.momentum = 0.0
        run.track(self.model, self.opt)
        return run.batches(len(X), 8)

    def step(self, update, batch, control):
        loss = loss_of(self.model, X[batch], Y[batch])
        self.momentum = 0.9 * self.momentum + 0.1 * loss.item()
        self.opt.zero_grad()
        (loss * (1 + self.momentum)).backward()
        self.opt.step()

    def evaluate(self):
        return {"val_loss": evaluate(self.model)}


# -- what a module holds beside its state_dict --------------------------------------------------------------------


@task("equal")
def never_back_to_training(run):
    """model.eval() at the first evaluation, and nobody calls train() again: dropout is off from there."""
    model = net(dropout=0.5)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, batch in run.steps(draw()):
        train_one(model, opt, batch)
        if run.eval_now:
            model.eval()
            run.report(val_loss=loss_of(model, X, Y))


@task("equal")
def unfreezes(run):
    model = net()
    for weight in model[0].parameters():
        weight.requires_grad_(False)
    opt = torch.optim.Adam(model.parameters(), lr=0.02)
    run.track(model=model, opt=opt)
    for update, batch in run.steps(draw()):
        if update == 7:
            for weight in model.parameters():
                weight.requires_grad = True
        train_one(model, opt, batch)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def gradients_are_zeroed_not_dropped(run):
    """A part that is no longer used goes on moving by momentum and weight decay."""
    model, head = net(), torch.nn.Linear(1, 1)
    weights = [*model.parameters(), *head.parameters()]
    opt = torch.optim.SGD(weights, lr=0.1, momentum=0.9, weight_decay=0.1)
    run.track(model=model, head=head, opt=opt)
    for update, (x, y) in run.steps(draw()):
        opt.zero_grad(set_to_none=False)
        out = model(x) if update > 5 else head(model(x))
        functional.mse_loss(out, y).backward()
        opt.step()
        if run.eval_now:
            run.report(val_loss=(evaluate(model) + head.weight.item() ** 2))


@task("equal")
def gradients_decay(run):
    """Half of the gradient before stays in the next one."""
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.05)
    run.track(model=model, opt=opt)
    for _, (x, y) in run.steps(draw()):
        for weight in model.parameters():
            if weight.grad is not None:
                weight.grad.mul_(0.5)
        loss_of(model, x, y).backward()
        opt.step()
        if run.eval_now:
            run.report(val_loss=evaluate(model))


class Normed(torch.nn.Module):
    """A running mean that the state_dict leaves out, a counter, and a temperature that cools down."""

    def __init__(self):
        super().__init__()
        self.body = net()
        self.register_buffer("mean", torch.zeros(4), persistent=False)
        self.calls, self.temperature = 0, 2.0

    def forward(self, x):
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * x.mean(0)
            self.calls += 1
            self.temperature = max(1.0, self.temperature * 0.98)
        return self.body(x - self.mean) / (self.temperature + 0.01 * (self.calls % 3))


@task("equal")
def buffers_and_attributes(run):
    model = Normed()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, batch in run.steps(draw()):
        train_one(model, opt, batch)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


class Remembering(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.last = net(), deque(maxlen=3)

    def forward(self, x):
        if self.training:
            self.last.append(x.mean(0).detach())
        return self.body(x - sum(self.last) / len(self.last)) if self.last else self.body(x)


@task("equal")
def a_queue_in_a_module(run):
    model = Remembering()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, batch in run.steps(draw()):
        train_one(model, opt, batch)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "model")
def a_hook_comes_late(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for update, batch in run.steps(draw()):
        if update == 5:
            model[0].register_forward_hook(lambda module, given, out: 0.5 * out)
        train_one(model, opt, batch)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def the_rate_of_dropout_is_scheduled(run):
    model = net(dropout=0.5)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for update, batch in run.steps(draw()):
        if update % 6 == 0:
            model[2].p *= 0.7
        train_one(model, opt, batch)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "opt")
def a_group_comes_late(run):
    model = net()
    opt = torch.optim.SGD(model[3].parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for update, batch in run.steps(draw()):
        if update == 5:
            opt.add_param_group({"params": list(model[0].parameters()), "lr": 0.01})
        train_one(model, opt, batch)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "model")
def a_layer_comes_late(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for update, batch in run.steps(draw()):
        if update == 5:
            model.append(torch.nn.Linear(1, 1))
        train_one(model, opt, batch)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


# -- what the loop remembers --------------------------------------------------------------------------------------


@task("alone", "x")
def a_batch_is_fetched_ahead(run):
    """As nanoGPT has it: while the device works, the next batch is made."""
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)

    def get():
        rows = torch.randint(len(X), (8,))
        return X[rows], Y[rows]

    x, y = get()
    for _, _ in run.steps(itertools.repeat(0, 10**6)) if False else run.steps([0]):
        loss = loss_of(model, x, y)
        x, y = get()
        opt.zero_grad()
        loss.backward()
        opt.step()
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def a_batch_is_fetched_ahead_and_tracked(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)

    def get():
        rows = torch.randint(len(X), (8,))
        return [X[rows], Y[rows]]

    ahead = {"batch": get()}
    run.track(model=model, opt=opt, ahead=ahead)
    for _, _ in run.steps([0]):
        loss = loss_of(model, *ahead["batch"])
        ahead["batch"] = get()
        opt.zero_grad()
        loss.backward()
        opt.step()
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "average")
def a_running_loss_steers(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    average = 1.0
    for _, (x, y) in run.steps(draw()):
        loss = loss_of(model, x, y)
        average = 0.9 * average + 0.1 * loss.item()
        opt.zero_grad()
        (loss / average).backward()
        opt.step()
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def the_loop_counts_by_the_update(run):
    """Warm starts, curricula and the like by the number of the update alone."""
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for update, (x, y) in run.steps(draw()):
        noise = 0.1 * (1 - update / run.updates)
        x = x + noise * torch.randn_like(x)
        train_one(model, opt, (x, y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "generator")
def a_generator_of_ones_own(run):
    model, generator = net(), rng(run.seed)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, (x, y) in run.steps(draw()):
        train_one(model, opt, (x + 0.1 * generator.normal(), y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def generators_that_are_tracked(run):
    model, numpys, pythons = net(), rng(run.seed), random.Random(run.seed)
    torchs, old = torch.Generator().manual_seed(run.seed), np.random.RandomState(run.seed)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt, numpys=numpys, pythons=pythons, torchs=torchs, old=old)
    for _, (x, y) in run.steps(draw()):
        noise = numpys.normal() + pythons.gauss(0, 1) + old.normal()
        train_one(model, opt, (x + 0.05 * noise + 0.1 * torch.randn(x.shape, generator=torchs), y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "enumerate")
def counted_by_enumerate(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for k, (_, (x, y)) in enumerate(run.steps(draw())):
        train_one(model, opt, (x / (1 + 0.01 * k), y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "loop around run.steps")
def epochs_around_the_loop(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    steps = run.steps(draw())
    for epoch in range(4):
        for _ in range(6):
            _, (x, y) = next(steps)
            train_one(model, opt, (x * (1 + 0.1 * epoch), y))
            if run.eval_now:
                run.report(val_loss=evaluate(model))
    next(steps, None)


@task("alone", "place of run.steps")
def two_loops_one_after_the_other(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    steps = run.steps(draw())
    update = 0
    while update < 3:
        update, (x, y) = next(steps)
        train_one(model, opt, (0.1 * x, y))
    for _, batch in steps:
        train_one(model, opt, batch)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "zip")
def zipped_with_another(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for (_, batch), scale in zip(run.steps(draw()), itertools.cycle([1.0, 0.5, 0.2]), strict=False):
        train_one(model, opt, (batch[0] * scale, batch[1]))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "others")
def a_second_loader_by_hand(run):
    """Unlabelled data of another loader, begun again where it ends."""
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    more = loader(batch_size=12)
    others = iter(more)
    for _, (x, y) in run.steps(draw()):
        try:
            u, _ = next(others)
        except StopIteration:
            others = iter(more)
            u, _ = next(others)
        loss = loss_of(model, x, y) + 0.1 * model(u).square().mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "hidden")
def a_hidden_state_goes_on(run):
    """Truncated backpropagation through time."""
    cell, head = torch.nn.GRUCell(4, 8), torch.nn.Linear(8, 1)
    opt = torch.optim.Adam([*cell.parameters(), *head.parameters()], lr=0.02)
    run.track(cell=cell, head=head, opt=opt)
    hidden = torch.zeros(8, 8)
    for _, (x, y) in run.steps(draw()):
        hidden = cell(x, hidden.detach())
        loss = functional.mse_loss(head(hidden), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if run.eval_now:
            run.report(val_loss=loss)


@task("equal")
def a_hidden_state_that_is_tracked(run):
    cell, head = torch.nn.GRUCell(4, 8), torch.nn.Linear(8, 1)
    opt = torch.optim.Adam([*cell.parameters(), *head.parameters()], lr=0.02)
    held = {"hidden": torch.zeros(8, 8)}
    run.track(cell=cell, head=head, opt=opt, held=held)
    for _, (x, y) in run.steps(draw()):
        hidden = cell(x, held["hidden"])
        held["hidden"] = hidden.detach()
        loss = functional.mse_loss(head(hidden), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if run.eval_now:
            run.report(val_loss=loss)


@task("alone", "best")
def the_best_weights_are_kept(run):
    """And put back when it gets worse."""
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.5)
    run.track(model=model, opt=opt)
    best, weights = float("inf"), None
    for _, batch in run.steps(draw()):
        train_one(model, opt, batch)
        if run.eval_now:
            value = evaluate(model)
            if value < best:
                best, weights = value, copy.deepcopy(model.state_dict())
            else:
                model.load_state_dict(weights)
            run.report(val_loss=value)


# -- optimizers, scalers, averages --------------------------------------------------------------------------------


@task("equal")
def several_optimizers(run):
    one, two = torch.nn.Linear(4, 8), torch.nn.Linear(8, 1)
    first, second = torch.optim.Adam(one.parameters(), lr=0.02), torch.optim.SGD(two.parameters(), lr=0.1, momentum=0.9)
    run.track(one, two, first, second)
    for _, (x, y) in run.steps(draw()):
        loss = functional.mse_loss(two(torch.tanh(one(x))), y)
        first.zero_grad()
        second.zero_grad()
        loss.backward()
        first.step()
        second.step()
        if run.eval_now:
            run.report(val_loss=loss)


@task("equal")
def lbfgs(run):
    model = net(dropout=0.0)
    opt = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=3, history_size=4)
    run.track(model=model, opt=opt)
    for _, (x, y) in run.steps([(X[:32], Y[:32]), (X[32:], Y[32:])]):

        def closure():
            opt.zero_grad()
            loss = loss_of(model, x, y)  # noqa: B023
            loss.backward()
            return loss

        run.log(loss=opt.step(closure))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


class Ema:
    def __init__(self, model, decay=0.9):
        self.model, self.decay, self.updates = copy.deepcopy(model), decay, 0

    def update(self, model):
        self.updates += 1
        decay = min(self.decay, self.updates / (self.updates + 9))
        with torch.no_grad():
            for mine, other in zip(self.model.parameters(), model.parameters(), strict=True):
                mine.mul_(decay).add_(other, alpha=1 - decay)


def with_ema(run, track):
    model = net()
    ema = Ema(model)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt, **({"ema": ema} if track else {}))
    for _, batch in run.steps(draw()):
        train_one(model, opt, batch)
        ema.update(model)
        if run.eval_now:
            run.report(val_loss=evaluate(ema.model))


@task("alone", "ema")
def an_average_of_the_weights(run):
    with_ema(run, track=False)


@task("equal")
def an_average_of_the_weights_that_is_tracked(run):
    with_ema(run, track=True)


@task("equal")
def stochastic_weight_averaging(run):
    model = net()
    averaged = torch.optim.swa_utils.AveragedModel(model)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt, averaged=averaged)
    for update, batch in run.steps(draw()):
        train_one(model, opt, batch)
        if update > 8:
            averaged.update_parameters(model)
        if run.eval_now:
            run.report(val_loss=evaluate(averaged if update > 8 else model))


@task("refused", "something other than the lab has set lr")
def a_scheduler_of_ones_own(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    own = torch.optim.lr_scheduler.StepLR(opt, 5)
    run.track(model=model, opt=opt)
    for _, batch in run.steps(draw()):
        train_one(model, opt, batch)
        own.step()
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def half_precision_with_a_scaler(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=5)
    run.track(model=model, opt=opt, scaler=scaler)
    for _, (x, y) in run.steps(draw()):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_of(model, x, y)
        opt.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(opt)
        scaler.update()
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "scaler")
def a_scaler_that_is_forgotten(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0, growth_interval=3)
    run.track(model=model, opt=opt)
    for _, (x, y) in run.steps(draw()):
        loss = loss_of(model, x, y)
        opt.zero_grad()
        scaler.scale(loss).backward()
        scaler.step(opt)
        scaler.update()
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def compiled(run):
    model = torch.compile(net(), backend="eager")
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, batch in run.steps(draw()):
        train_one(model, opt, batch)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


# -- what is set in the process -----------------------------------------------------------------------------------


@task("equal")
def double_precision_from_the_middle(run):
    """Set late in the function, and left so: the next run must not begin with it."""
    model = net()
    torch.set_default_dtype(torch.float64)
    torch.use_deterministic_algorithms(True)
    noise = torch.zeros(())
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, (x, y) in run.steps(draw()):
        noise = torch.rand(())
        train_one(model, opt, ((x + 0.1 * noise).float(), y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "the switch default dtype")
def double_precision_in_the_loop(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for update, (x, y) in run.steps(draw()):
        if update == 5:
            torch.set_default_dtype(torch.float64)
        train_one(model, opt, ((x + 0.1 * torch.rand(())).float(), y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


COUNT, SCALE, HISTORY, QUEUE = 0, 1.0, [], deque([torch.zeros(4)], maxlen=3)


@task("alone", "COUNT")
def a_number_of_the_module(run):
    global COUNT
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, (x, y) in run.steps(draw()):
        COUNT += 1
        train_one(model, opt, (x / COUNT, y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def a_list_of_the_module_that_only_grows(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, batch in run.steps(draw()):
        HISTORY.append(train_one(model, opt, batch).item())
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("refused", "QUEUE")
def a_queue_of_the_module(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, (x, y) in run.steps(draw()):
        QUEUE.append(x.mean(0))
        train_one(model, opt, (x - sum(QUEUE) / len(QUEUE), y))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


class Counted(torch.nn.Linear):
    calls = 0

    def forward(self, x):
        Counted.calls += 1
        return super().forward(x / (1 + 0.01 * Counted.calls))


@task("alone", "Counted.calls")
def a_number_of_a_class(run):
    model = Counted(4, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, batch in run.steps(draw()):
        train_one(model, opt, batch)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


# -- work that is not done ----------------------------------------------------------------------------------------


@task("refused", "no optimizer has made a step")
def the_step_is_forgotten(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, (x, y) in run.steps(draw()):
        opt.zero_grad()
        loss_of(model, x, y).backward()
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("refused", "updates were not made")
def a_step_at_every_second_item(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for update, (x, y) in run.steps(draw()):
        (loss_of(model, x, y) / 2).backward()
        if update % 2:
            opt.step()
            opt.zero_grad()
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("refused", "more updates are made")
def two_steps_for_an_item(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for _, batch in run.steps(draw()):
        train_one(model, opt, batch)
        train_one(model, opt, batch)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("refused", "stopped early")
def early_stopping(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model=model, opt=opt)
    for update, batch in run.steps(draw()):
        train_one(model, opt, batch)
        if run.eval_now:
            run.report(val_loss=evaluate(model))
            if update > 10:
                break
