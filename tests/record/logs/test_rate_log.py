"""One row for each completed update, whenever the log is asked to write."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import lrlab as lr
from lrlab.core.run.metered import pacer_of
from lrlab.errors import LrlabError, LrlabTypeError
from lrlab.record.logs.rate_log import RateLog, _known_from


class Paced:
    """What a scheduler of any adapter has."""

    def __init__(self, text, base_lrs, *, absolute=False, updates=20):
        self.pacer = lr.Pacer(lr.parse(text).over(updates))
        self.base_lrs = base_lrs
        self.absolute = absolute


def columns(rows):
    """{name: {step: value}}, the last one of each step."""
    found = {}
    for step, values in rows:
        for name, value in values.items():
            found.setdefault(name, {})[step] = value
    return found


@pytest.mark.parametrize("every", [1, 3, 20])
def test_a_row_for_each_update_also_under_a_controller(every):
    """Written at each update or at the end: the LR that each really used."""
    scheduler, rows, used = Paced("linear() * plateau(patience=1, factor=0.5)", [0.1]), [], []
    log = RateLog(scheduler, rows.extend)
    for update in range(20):
        used.append((update, {"lr": 0.1 * scheduler.pacer.value}))
        scheduler.pacer.advance()
        if update % 4 == 0:
            scheduler.pacer.observe(1.0)
        if update % every == 0:
            log()
    log()
    assert rows == used
    assert len(scheduler.pacer.decisions) > 2


def test_a_log_begun_after_the_run_has_the_same_rows():
    """From the record alone."""
    scheduler, live, after = Paced("linear() * plateau(patience=1, factor=0.5)", [0.1, 0.01]), [], []
    log = RateLog(scheduler, live.extend)
    for _ in range(20):
        scheduler.pacer.advance()
        scheduler.pacer.observe(1.0)
        log()
    RateLog(scheduler, after.extend, since=0)()
    assert after == live
    assert len(live) == 20


def test_groups_of_constant_ratio_are_one_curve_and_the_ratios():
    """The greatest is the curve, since any other may be 0; the ratios stand in the first row."""
    scheduler, rows = Paced("constant()", [0.0, 1e-4, 1e-3]), []
    log = RateLog(scheduler, rows.extend, names=["frozen", "body", "head"])
    scheduler.pacer.advance(3)
    log()
    first, *others = rows
    assert first == (0, {"lr": 1e-3, "lr_ratio/frozen": 0, "lr_ratio/body": 0.1, "lr_ratio/head": 1})
    assert others == [(1, {"lr": 1e-3}), (2, {"lr": 1e-3})]


def test_changed_base_lrs_are_seen():
    """A new scale, and new ratios where they are others."""
    scheduler, rows = Paced("constant()", [1.0, 2.0]), []
    log = RateLog(scheduler, rows.extend)
    for base_lrs in ([1.0, 2.0], [2.0, 4.0], [4.0, 4.0]):
        scheduler.base_lrs = base_lrs
        scheduler.pacer.advance()
        log()
    found = columns(rows)
    assert found["lr"] == {0: 2.0, 1: 4.0, 2: 4.0}
    assert found["lr_ratio/0"] == {0: 0.5, 2: 1.0}


def test_absolute_values_are_the_lr_of_every_group():
    scheduler, rows = Paced("0.01 * constant()", [1.0, 5.0], absolute=True), []
    log = RateLog(scheduler, rows.extend)
    scheduler.pacer.advance()
    log()
    assert rows == [(0, {"lr": 0.01, "lr_ratio/0": 1.0, "lr_ratio/1": 1.0})]


def test_a_log_goes_back_with_the_position():
    """After a checkpoint of update 2 is loaded, updates 2 ... are written again."""
    scheduler, rows = Paced("linear()", [1.0]), []
    log = RateLog(scheduler, rows.extend)
    scheduler.pacer.advance(2)
    saved = scheduler.pacer.state()
    scheduler.pacer.advance(3)
    log()
    scheduler.pacer.restore(saved)
    log()
    scheduler.pacer.advance(4)
    log()
    assert [step for step, _ in rows] == [0, 1, 2, 3, 4, 2, 3, 4, 5]


def test_a_roll_back_between_two_calls_is_seen():
    """The guard's decision stands at the update that it went back to: the rows from there on are written again."""
    scheduler, rows = Paced("manual()", [1.0]), []
    pacer = scheduler.pacer
    log = RateLog(scheduler, rows.extend)
    pacer.advance(4)
    saved = pacer.state()
    pacer.advance(6)
    log()
    pacer.restore(saved)
    pacer.observe(live=0.5)
    pacer.advance(10)
    log()
    assert [values["lr"] for _, values in rows[:10]] == [1.0] * 10
    assert [step for step, _ in rows[10:]] == list(range(4, 14))
    assert {values["lr"] for _, values in rows[10:]} == {0.5}


def test_a_change_of_scale_holds_from_its_update_on():
    """Also where the log is written long after it."""
    scheduler, rows = Paced("constant()", [0.1]), []
    log = RateLog(scheduler, rows.extend)
    scheduler.pacer.advance(2)
    scheduler.pacer.rescale(0.5)
    scheduler.pacer.advance(2)
    log()
    assert [values["lr"] for _, values in rows] == [0.1, 0.1, 0.05, 0.05]


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        *(({name: 3.0}, "writes this column itself") for name in ("step", "lr", "lr/body", "lr_ratio/body")),
        *(({"loss": given}, "a metric is a number") for given in ("low", None, [1.0])),
    ],
)
def test_metrics_that_would_spoil_the_log_are_refused(metrics, said):
    """A second "lr" would stand for the LR of an update; nothing is written."""
    rows = []
    log = RateLog(Paced("linear()", [0.1]), rows.extend)
    with pytest.raises(LrlabError, match=said):
        log(metrics)
    assert rows == []


def test_a_run_that_took_another_plan_keeps_the_lr_of_the_one_before():
    """on_change="take", twice, under a plateau: a log begun afterwards has what each update used."""
    from lrlab.core.resume.checkpoint import Checkpoint

    scheduler, rows, used = Paced("linear() * plateau(patience=1, factor=0.5)", [0.1]), [], []
    for text in ("cosine() * plateau(patience=1, factor=0.5)", "constant()", ""):
        for _ in range(5):
            used.append((scheduler.pacer.update, {"lr": 0.1 * scheduler.pacer.value}))
            scheduler.pacer.advance()
            if scheduler.pacer.update % 3 == 0:
                scheduler.pacer.observe(1.0)
        if text:
            scheduler.pacer = Checkpoint.of(scheduler.pacer, [0.1]).taken(lr.Pacer(lr.parse(text).over(30)))
    RateLog(scheduler, rows.extend, since=0)()
    assert rows == used


def test_a_run_that_is_measured_in_tokens_is_logged_update_by_update():
    """What an update uses is known when the one before has said what it consumed."""
    pacer, rows = pacer_of(lr.linear().over(lr.Horizon(tokens=1000))), []
    log = RateLog(pacer, rows.extend, base_lrs=[0.1])
    log()
    for tokens in (100, 400, 250):
        pacer.consume(tokens=tokens)
        pacer.advance()
        log()
    assert columns(rows)["lr"] == pytest.approx({0: 0.1, 1: 0.09, 2: 0.05, 3: 0.025})


@pytest.mark.parametrize(("absolute", "first"), [(True, 0.5), (False, 0.05)])
def test_in_tokens_an_absolute_value_is_the_lr_itself(absolute, first):
    """Else it is a multiple of the group's own."""
    rows: list[tuple] = []
    pacer = pacer_of((0.5 * lr.linear()).over(lr.Horizon(tokens=1000)))
    scheduler = SimpleNamespace(pacer=pacer, absolute=absolute, base_lrs=[0.1])
    RateLog(scheduler, rows.extend)()
    assert columns(rows)["lr"] == pytest.approx({0: first})


def planned(plan, updates=20):
    """A plan on two groups of PyTorch, and what they used."""
    torch = pytest.importorskip("torch")
    from lrlab.adapters.torch import Scheduler

    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": k, "name": n} for k, n in ((0.1, "a"), (0.4, "b"))]
    optimizer, used = torch.optim.SGD(groups, momentum=0.9), []
    scheduler = Scheduler(optimizer, plan, updates)
    optimizer.register_step_pre_hook(
        lambda *_: used.append({group["name"]: group["lr"] for group in optimizer.param_groups})
    )
    return optimizer, scheduler, used


def test_the_groups_of_a_plan_with_one_curve_keep_their_ratio():
    """Layer decay is in the ratio; a decision on the weight decay is none on the LR."""
    fed = lr.linear() * lr.plateau(patience=1, factor=0.5)
    optimizer, scheduler, used = planned(lr.plan(lr=fed, momentum=0.8 * fed, layer_decay=0.5))
    rows, after = [], []
    log = RateLog(scheduler, rows.extend)
    for _ in range(8):
        optimizer.step()
        scheduler.step()
        scheduler.observe(1.0)
        log()
    RateLog(scheduler, after.extend, since=0)()
    assert columns(rows)["lr"] == columns(after)["lr"] == {k: row["b"] for k, row in enumerate(used)}
    assert rows[0][1]["lr_ratio/a"] == 0.125
    assert {d.controller for d in scheduler.decisions} == {"plateau1", "momentum/plateau1"}


def test_a_plan_of_several_curves_is_logged_group_by_group():
    """Each has its own; one that joins later is there from then on."""
    import torch

    plan = lr.plan(lr=lr.linear(), groups={"b": {"lr": lr.cosine() * lr.plateau(patience=2)}}, joining=lr.warmup(3))
    optimizer, scheduler, used = planned(plan)
    rows, after = [], []
    log = RateLog(scheduler, rows.extend)
    for k in range(12):
        if k == 5:
            optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.3, "name": "c"})
        optimizer.step()
        scheduler.step()
        scheduler.observe(1.0)
        log()
    RateLog(scheduler, after.extend, since=0)()
    assert scheduler.decisions
    expected = [(k, {f"lr/{name}": rate for name, rate in row.items()}) for k, row in enumerate(used)]
    assert rows == after == expected


def test_of_very_many_decisions_the_early_past_is_not_known():
    """A resumed run has the latest of them: an earlier update is refused, and a later one exact."""
    curve = (lr.constant() * lr.plateau(patience=1, factor=0.999)).over(100_000)
    whole = Paced("constant() * plateau(patience=1, factor=0.999)", [1.0], updates=100_000)
    used = []
    for _ in range(2000):
        used.append(whole.pacer.value)
        whole.pacer.advance()
        whole.pacer.observe(1.0)
    resumed = Paced("constant()", [1.0])
    resumed.pacer = lr.Pacer(curve)
    resumed.pacer.restore(whole.pacer.state())
    gap = resumed.pacer.now.log.forgotten
    assert 0 < gap < 2000
    with pytest.raises(LrlabError, match=f"since={gap}"):
        RateLog(resumed, list, since=gap - 1)
    rows = []
    RateLog(resumed, rows.extend, since=gap)()
    assert columns(rows)["lr"] == {k: used[k] for k in range(gap, 2000)}


def test_a_resumed_run_goes_on_from_its_position():
    """What was logged before is in the log of before."""
    scheduler, rows = Paced("linear()", [1.0]), []
    scheduler.pacer.advance(5)
    log = RateLog(scheduler, rows.extend)
    scheduler.pacer.advance()
    log()
    assert rows == [(5, {"lr": 0.75})]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: RateLog(lr.Pacer(lr.linear().over(4)), list), LrlabError, "does not know the base LR"),
        (lambda: RateLog(lr.linear(), list), LrlabTypeError, "takes a scheduler"),
        (lambda: RateLog(Paced("linear()", [1.0]), list, names=["a", "b"]), LrlabError, "1 names"),
    ],
)
def test_what_cannot_be_logged_is_refused_at_once(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_a_run_that_was_cut_scaled_extended_and_finished_early_is_logged_to_the_last_bit():
    """While it runs and after it: what the optimizer was given, update by update."""
    torch = pytest.importorskip("torch")
    from lrlab.adapters.torch.scheduler import Scheduler

    weight = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    used, live, after = [], [], []
    optimizer.register_step_pre_hook(lambda *_: used.append(optimizer.param_groups[0]["lr"]))
    scheduler = Scheduler(optimizer, "warmup(10) >> cosine(to=0.1) * plateau(patience=2)", 100)
    log = RateLog(scheduler, live.extend)

    def train(updates):
        for _ in range(updates):
            weight.sum().backward()
            optimizer.step()
            scheduler.step()
            if scheduler.update % 7 == 0:
                scheduler.observe(1.0)
            if scheduler.update % 5 == 0:
                log()

    train(40)
    scheduler.resume(scheduler.state_dict(), scale=0.5)
    train(20)
    scheduler.extend(200, how="rescale-rest")
    train(60)
    scheduler.finish(over=20)
    train(20)
    RateLog(scheduler, after.extend, since=0)()
    assert len(scheduler.decisions) > 3
    assert columns(live)["lr"] == columns(after)["lr"] == dict(enumerate(used))


@pytest.mark.parametrize("change", [("plan", "schedule"), ("schedule", "plan"), ("plan", "plan")])
def test_before_a_plan_was_taken_or_left_nothing_can_be_computed(change):
    """Whichever side of the change it stands on; a schedule in place of another leaves the past as it was."""
    before, after = change

    def known(forgotten, *changes):
        taken = [SimpleNamespace(update=at, how="take", before={b: ""}, after={a: ""}) for at, b, a in changes]
        log = SimpleNamespace(forgotten=forgotten)
        return _known_from(SimpleNamespace(changes=taken, now=SimpleNamespace(log=log)))

    assert known(3, (20, before, after), (10, before, after)) == 20
    assert known(30, (20, before, after)) == 30
    assert known(3, (20, "schedule", "schedule")) == 3


def test_a_plan_with_a_joining_is_logged_group_by_group_once_a_group_has_joined():
    """Before that by the curve and the ratios, as any of one curve."""
    import torch

    plan = lr.plan(lr=lr.linear(), joining=lr.warmup(3))
    optimizer, scheduler, used = planned(plan)
    rows = []
    log = RateLog(scheduler, rows.extend)
    for k in range(4):
        if k == 2:
            optimizer.add_param_group({"params": [torch.nn.Parameter(torch.zeros(1))], "lr": 0.4, "name": "c"})
        optimizer.step()
        scheduler.step()
        if k == 1:
            log()
    assert rows == [(0, {"lr": used[0]["b"], "lr_ratio/a": 0.25, "lr_ratio/b": 1.0}), (1, {"lr": used[1]["b"]})]
    log()
    assert [row for _, row in rows[2:]] == [{f"lr/{name}": rate for name, rate in row.items()} for row in used[2:]]


def test_a_run_that_takes_another_plan_while_it_is_logged():
    """What was written before is not asked again, and the rest of the old plan is written by it."""
    from lrlab.core.resume.checkpoint import Checkpoint

    scheduler, rows, used = Paced("linear()", [0.1]), [], []
    log = RateLog(scheduler, rows.extend)
    for text in ("cosine()", ""):
        for _ in range(5):
            used.append((scheduler.pacer.update, {"lr": 0.1 * scheduler.pacer.value}))
            scheduler.pacer.advance()
            if scheduler.pacer.update == 2:
                log()
        if text:
            scheduler.pacer = Checkpoint.of(scheduler.pacer, [0.1]).taken(lr.Pacer(lr.parse(text).over(30)))
    log()
    assert rows == used
