"""Places where a loop can hide what it remembers, one for each task."""

import contextlib
import functools
import os
import random
from itertools import count

import torch
from common import X, Y, draw, evaluate, loader, loss_of, net, task

from lrlab.core.run.pacer import Pacer
from lrlab.core.shapes.transitions import linear


def begin(run):
    model = net()
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    run.track(model, opt)
    return model, opt


def update(model, opt, x, y, scale=1.0):
    loss = loss_of(model, x, y) * scale
    opt.zero_grad()
    loss.backward()
    opt.step()
    return loss


def loop(run, scale, batches=None):
    """Train with a loss that is scaled by a function."""
    model, opt = begin(run)
    for _, (x, y) in run.steps(batches or draw()):
        update(model, opt, x, y, scale())
        if run.eval_now:
            run.report(val_loss=evaluate(model))


class Meter:
    def __init__(self):
        self.n = 0

    def append(self, value):
        self.n += 1
        return 1 / self.n


@task("alone", "meter.n")
def a_meter_that_answers_when_it_is_appended_to(run):
    model, opt = begin(run)
    meter = Meter()
    for _, (x, y) in run.steps(draw()):
        update(model, opt, x, y, meter.append(x))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


METER = Meter()


@task("refused", "METER.n")
def a_meter_of_the_module(run):
    loop(run, lambda: METER.append(1))


@task("alone", "Local.count")
def a_class_within_the_function(run):
    class Local:
        count = 0

    model, opt = begin(run)
    for _, (x, y) in run.steps(draw()):
        Local.count += 1
        update(model, opt, x, y, 1 / Local.count)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "counting.COUNT")
def a_module_that_is_imported_within(run):
    import counting

    model, opt = begin(run)
    for _, (x, y) in run.steps(draw()):
        counting.COUNT += 1
        update(model, opt, x, y, 1 / counting.COUNT)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "TICKS")
def a_function_that_is_imported_within(run):
    from counting import tick

    loop(run, lambda: 1 / tick())


@task("equal")
def a_module_that_draws_when_it_is_imported(run):
    import drawing

    assert drawing.NOISE.shape == (3,)
    loop(run, lambda: 1.0)


def scaled():
    scaled.count += 1
    return 1 / scaled.count


scaled.count = 0


@task("alone", "scaled.count")
def an_attribute_of_a_function(run):
    loop(run, scaled)


RUNS = {"n": 0}


@task("refused", "RUNS['n']")
def runs_are_counted_outside(run):
    RUNS["n"] += 1
    scale = 1 / RUNS["n"]
    loop(run, lambda: scale)


DATA = {}


@task("equal")
def data_are_kept_outside(run):
    """What is made once, from nothing random."""
    if "x" not in DATA:
        DATA["x"] = X * 2
    model, opt = begin(run)
    for _, rows in run.steps(run.batches(64, 8)):
        update(model, opt, DATA["x"][rows], Y[rows])
        if run.eval_now:
            run.report(val_loss=evaluate(model))


NOISE = {}


@task("refused", "does not begin the same way")
def noise_is_kept_outside(run):
    """Drawn by the first run of a process alone; another loader at every call lets each arm go alone."""
    if "w" not in NOISE:
        NOISE["w"] = torch.randn(4, 4)
    model, opt = begin(run)
    for k, (_, (x, y)) in zip(count(), run.steps(draw()), strict=False):
        update(model, opt, x + 0.01 * x @ NOISE["w"], y, 1 / (1 + k))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@functools.lru_cache
def drawn(k):
    return 0.1 * torch.randn(4, 4)


@task("equal")
def random_numbers_that_are_cached(run):
    noise = drawn(3)
    model, opt = begin(run)
    for _, (x, y) in run.steps(draw()):
        update(model, opt, x + x @ noise, y)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@functools.cache
def chosen(k):
    return random.random()


@task("alone", "how much chosen has cached")
def random_numbers_that_are_cached_on_the_way(run):
    model, opt = begin(run)
    for step, (x, y) in run.steps(draw()):
        update(model, opt, x, y, chosen(step // 5))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "pacer.update")
def a_position_of_a_schedule(run):
    pacer = Pacer(linear().over(30))
    model, opt = begin(run)
    for _, (x, y) in run.steps(draw()):
        update(model, opt, x, y, 1 - pacer.update / 30)
        pacer.advance(1)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "what reduce around run.steps has come to")
def by_reduce(run):
    model, opt = begin(run)

    def one(number, item):
        update(model, opt, *item[1], 1 / number)
        if run.eval_now:
            run.report(val_loss=evaluate(model))
        return number + 1

    functools.reduce(one, run.steps(draw()), 1)


@task("alone", "what a comprehension around run.steps has come to")
def by_a_comprehension(run):
    """What it has gathered is told at the end."""
    model, opt = begin(run)
    losses = [update(model, opt, x, y).item() for _, (x, y) in run.steps(draw())]
    run.report(val_loss=sum(losses) / len(losses))


@task("alone", "what sum around run.steps has come to")
def by_a_sum(run):
    model, opt = begin(run)
    total = sum(update(model, opt, x, y).item() for _, (x, y) in run.steps(draw()))
    run.report(val_loss=total)


@task("equal")
def by_next(run):
    model, opt = begin(run)
    steps = run.steps(draw())
    while True:
        try:
            _, (x, y) = next(steps)
        except StopIteration:
            break
        update(model, opt, x, y)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("equal")
def by_a_generator_expression(run):
    model, opt = begin(run)
    for x, y in ((x + 0.1 * torch.randn_like(x), y) for _, (x, y) in run.steps(draw())):
        update(model, opt, x, y)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "the switch threads")
def threads_in_the_loop(run):
    model, opt = begin(run)
    for step, (x, y) in run.steps(draw()):
        if step == 3:
            torch.set_num_threads(2)
        update(model, opt, x, y, 1 / torch.get_num_threads())
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "os.environ['COUNT_OF_THE_TASK']")
def the_environment_counts(run):
    os.environ["COUNT_OF_THE_TASK"] = "0"
    model, opt = begin(run)
    try:
        for _, (x, y) in run.steps(draw()):
            os.environ["COUNT_OF_THE_TASK"] += "0"
            update(model, opt, x, y, 1 / len(os.environ["COUNT_OF_THE_TASK"]))
            if run.eval_now:
                run.report(val_loss=evaluate(model))
    finally:  # the tasks after it in this process depend on the variable, too: it stands in this file
        del os.environ["COUNT_OF_THE_TASK"]


@task("alone", "bar.n")
def a_bar_that_is_asked(run):
    from tqdm import tqdm

    model, opt = begin(run)
    with open(os.devnull, "w") as nowhere:
        bar = tqdm(total=run.updates, file=nowhere)
        for _, (x, y) in run.steps(draw()):
            bar.update(1)
            update(model, opt, x, y, 1 / bar.n)
            if run.eval_now:
                run.report(val_loss=evaluate(model))


def counting_hook(halves):
    n = [0]

    def hook(*given):
        n[0] += 1
        return halves(n[0], *given)

    return hook


@task("alone", "_backward_hooks")
def a_hook_of_a_weight(run):
    model, opt = begin(run)
    model[0].weight.register_hook(counting_hook(lambda n, slope: slope / n))
    for _, (x, y) in run.steps(draw()):
        update(model, opt, x, y)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "_forward_hooks")
def a_hook_of_a_layer(run):
    model, opt = begin(run)
    model[0].register_forward_hook(counting_hook(lambda n, layer, x, out: out / (1 + 0.01 * n)))
    for _, (x, y) in run.steps(draw()):
        update(model, opt, x, y)
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "run.count")
def an_attribute_of_the_run(run):
    run.count = 0

    def scale():
        run.count += 1
        return 1 / run.count

    loop(run, scale)


@task("alone", "the batches.count")
def an_attribute_of_the_loader(run):
    batches = loader()
    batches.count = 0

    def scale():
        batches.count += 1
        return 1 / batches.count

    loop(run, scale, batches)


@task("alone", "stack")
def callbacks_that_wait(run):
    model, opt = begin(run)
    stack = contextlib.ExitStack()
    for _, (x, y) in run.steps(draw()):
        stack.callback(len, ())
        update(model, opt, x, y, 1 / len(stack._exit_callbacks))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


@task("alone", "seen")
def a_set_that_is_counted(run):
    model, opt = begin(run)
    seen = set()
    for step, (x, y) in run.steps(draw()):
        seen.add(step)
        update(model, opt, x, y, 1 / len(seen))
        if run.eval_now:
            run.report(val_loss=evaluate(model))


TURNS = 0


@task("alone", "TURNS")
def a_counter_by_a_computed_name(run):
    def scale():
        globals()["TUR" + "NS"] += 1
        return 1 / turns_so_far()

    loop(run, scale)


def turns_so_far():
    return globals()["TUR" + "NS"]


torch.turns = 0


@task("alone", "torch.turns")
def a_counter_in_a_library(run):
    def scale():
        torch.turns += 1
        return 1 / torch.turns

    loop(run, scale)
