"""A resumed run has the LR of the uninterrupted one, to the last bit, whatever is loaded in whatever order."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import io
import itertools
import json
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch.scheduler import Scheduler
from lrlab.core.expression.vocabulary import VOCABULARY
from lrlab.core.resume.checkpoint import Checkpoint, digest
from lrlab.errors import LrlabError

lr.parse("constant()")  # fills the vocabulary


def halves(t: int) -> float:
    return 0.5 ** (t / 5)


GIVEN = {  # the words that are nothing without arguments
    "hold": 'warmup(3) >> linear("50%", to=0.25) >> hold()',
    "table": "table([1, 0.5, 0.75, 0.25])",
    "minimum": "minimum(cosine(), linear(start=0.8))",
    "maximum": "maximum(cosine(), 0.5 * linear())",
    "plateau": "plateau(patience=1, factor=0.7)",
}
COMPOSITES = [
    'warmup("20%") >> cosine(to=0.1)',
    'warmup(3) >> cosine() * plateau(patience=1, factor=0.5, metric="loss")',
    '(warmup(4) >> linear(to=0.1)) * plateau(patience=1, factor=0.9, cooldown=1, min=0.2, mode="max")',
    'cosine() * plateau(patience=1, factor=0.5, name="a") * plateau(patience=2, factor=0.5, metric="loss", name="b")',
    "cosine().repeat(3, gain=0.5).clip(low=0.1) + 0.1",
    "warm_restarts(4, stretch=2, gain=0.5, to=0.1)",
]
ORDERS = ["bos", "obs", "bso"]  # build, load the optimizer, load the scheduler


def schedules() -> dict[str, Callable[[], lr.Schedule]]:
    """A schedule for every word of the vocabulary, and mixtures of them."""
    texts = {word: GIVEN.get(word, f"{word}()") for word in VOCABULARY if word != "function"}
    texts.update({text: text for text in COMPOSITES})
    return {**{name: partial(lr.parse, text) for name, text in texts.items()}, "function": lambda: lr.function(halves)}


def at(update: int, state: dict[str, Any]) -> dict[str, Any]:
    """The record of the same run at another update."""
    there = Checkpoint.read(state)
    return dataclasses.replace(there, position={**there.position, "update": update}).record()


class Saved(NamedTuple):
    weights: list[torch.Tensor]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]


def sgd(parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    """Two groups whose LRs differ, one of them a tensor."""
    first, second = parameters
    return torch.optim.SGD(
        [{"params": [first], "lr": 0.1}, {"params": [second], "lr": torch.tensor(0.03)}], momentum=0.9
    )


def adamw(parameters: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    first, second = parameters
    return torch.optim.AdamW([{"params": [first], "lr": 0.1}, {"params": [second], "lr": 0.01}], weight_decay=0.1)


def fresh() -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.tensor([1.0, -2.0])), torch.nn.Parameter(torch.tensor([[0.5], [3.0]]))]


def train(
    parameters: list[torch.nn.Parameter],
    optimizer: torch.optim.Optimizer,
    scheduler: Scheduler,
    updates: range,
) -> Iterator[list[float]]:
    """Real updates; before each, the LRs that it uses."""
    for i in updates:
        yield [float(group["lr"]) for group in optimizer.param_groups]
        for k, parameter in enumerate(parameters):
            parameter.grad = parameter.detach() * (k + 1) + 0.1 * i
        optimizer.step()
        scheduler.step()
        if i % 2:
            metric = 1.0 + 0.1 * ((i * 7) % 5)
            scheduler.observe(metric, loss=-metric)


def save(parameters: list[torch.nn.Parameter], optimizer: torch.optim.Optimizer, scheduler: Scheduler) -> Saved:
    weights = [p.detach().clone() for p in parameters]
    return Saved(weights, copy.deepcopy(optimizer.state_dict()), json.loads(json.dumps(scheduler.state_dict())))


def resume(
    saved: Saved,
    order: str,
    make: Callable[..., torch.optim.Optimizer],
    schedule: lr.Schedule,
    horizon: int,
) -> tuple[list[torch.nn.Parameter], torch.optim.Optimizer, Scheduler]:
    """A new process: new parameters, optimizer and scheduler, and the three steps in this order."""
    parameters = fresh()
    with torch.no_grad():
        for parameter, weight in zip(parameters, saved.weights, strict=True):
            parameter.copy_(weight)
    optimizer = make(parameters)
    scheduler = None
    for act in order:
        if act == "b":
            scheduler = Scheduler(optimizer, schedule, horizon)
        elif act == "o":
            optimizer.load_state_dict(copy.deepcopy(saved.optimizer))  # it takes the tensors as they are
        else:
            scheduler.load_state_dict(saved.scheduler)
    return parameters, optimizer, scheduler


def mistakes(schedule: lr.Schedule, make: Callable[..., torch.optim.Optimizer], n: int, cuts: range) -> list[str]:
    """Where the trace or the weights of a resumed run differ from those of the whole one."""
    parameters = fresh()
    optimizer = make(parameters)
    scheduler = Scheduler(optimizer, schedule, n)
    saved, whole = [save(parameters, optimizer, scheduler)], []
    run = train(parameters, optimizer, scheduler, range(2 * n))
    for lrs in run:
        whole.append(lrs)
        if len(whole) > 1:
            saved.append(save(parameters, optimizer, scheduler))
    saved.append(save(parameters, optimizer, scheduler))
    assert len(whole) == 2 * n
    wrong = []
    for cut, order in itertools.product(cuts, ORDERS):
        again, opt, sched = resume(saved[cut], order, make, schedule, n)
        assert sched.update == cut
        if list(train(again, opt, sched, range(cut, 2 * n))) != whole[cut:]:
            wrong.append(f"{order} after {cut}: LR")
        if not all(torch.equal(mine, theirs) for mine, theirs in zip(again, parameters, strict=True)):
            wrong.append(f"{order} after {cut}: weights")
    return wrong


def test_every_word_of_the_vocabulary_is_resumed():
    """A new word is tested here without being listed; the ones that need arguments are given some."""
    assert set(VOCABULARY) <= set(schedules())
    assert set(GIVEN) <= set(VOCABULARY)


@pytest.mark.parametrize("name", schedules())
def test_any_order_of_loading_goes_on_bit_for_bit(name):
    """Saved at every step of a run that goes on past its end, resumed on a fresh optimizer in each order."""
    assert mistakes(schedules()[name](), sgd, 6, range(13)) == []


@pytest.mark.parametrize("text", COMPOSITES)
def test_the_moments_of_an_adaptive_optimizer_go_on_too(text):
    assert mistakes(lr.parse(text), adamw, 8, range(0, 17, 3)) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("make", [sgd, adamw])
@pytest.mark.parametrize("name", schedules())
def test_any_order_of_loading_goes_on_bit_for_bit_exhaustively(name, make):
    assert mistakes(schedules()[name](), make, 24, range(49)) == []


def test_a_wrong_lr_would_be_seen():
    """The comparison itself can fail: a state that is one update off is found."""
    parameters = fresh()
    optimizer = sgd(parameters)
    scheduler = Scheduler(optimizer, "cosine()", 6)
    whole = list(train(parameters, optimizer, scheduler, range(6)))
    saved = save(parameters, optimizer, scheduler)
    saved = saved._replace(scheduler=at(2, saved.scheduler))
    again = resume(saved, "bos", sgd, lr.parse("cosine()"), 6)
    assert list(train(*again, range(3, 6))) != whole[3:]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("cut_after", ["optimizer", "scheduler", "observe"])
def test_a_checkpoint_between_any_two_statements_of_the_loop_is_right(order, cut_after):
    """The position is the number of completed updates, also where the scheduler has not been told yet."""
    schedule = lr.parse("warmup(4) >> cosine() * plateau(patience=1, factor=0.5)")
    parameters = fresh()
    optimizer = sgd(parameters)
    scheduler = Scheduler(optimizer, schedule, 16)
    saved = {}
    for i in range(16):
        for parameter in parameters:
            parameter.grad = parameter.detach() + i
        for statement in ("optimizer", "scheduler", "observe"):
            if statement == "optimizer":
                optimizer.step()
            elif statement == "scheduler":
                scheduler.step()
            else:
                scheduler.observe(1.0)
            if statement == cut_after:
                saved[i + 1] = save(parameters, optimizer, scheduler)
    for completed, checkpoint in saved.items():
        _, opt, sched = resume(checkpoint, order, sgd, schedule, 16)
        assert sched.update == completed
        value = sched.pacer.value
        assert float(opt.param_groups[0]["lr"]) == 0.1 * value
        sched.step()  # the process goes on with the next statement: no update was made meanwhile
        assert (sched.update, sched.pacer.value) == (completed, value)


@pytest.mark.parametrize("text", COMPOSITES)
def test_the_state_survives_json_and_a_safe_torch_load(text):
    """Plain numbers and texts: what comes back is equal, and resumes."""
    parameters = fresh()
    optimizer = sgd(parameters)
    scheduler = Scheduler(optimizer, text, 10)
    list(train(parameters, optimizer, scheduler, range(7)))
    state = scheduler.state_dict()
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=True)
    assert loaded == state == json.loads(json.dumps(state, allow_nan=False)) == copy.deepcopy(state)
    again = sgd(fresh())
    Scheduler(again, text, 10).load_state_dict(loaded)
    assert [float(g["lr"]) for g in again.param_groups] == [float(g["lr"]) for g in optimizer.param_groups]


def test_the_state_holds_position_controllers_groups_and_what_to_compare():
    """Numbers, texts and lists of numbers; what is nested is a JSON text."""
    parameters = fresh()
    optimizer = adamw(parameters)
    scheduler = Scheduler(optimizer, "cosine()", 100)
    before = scheduler.state_dict()
    groups = [
        {"name": str(k), "own": {"lr": base}, "now": {"lr": base}, "joined": 0, "driven": {"lr": [0, 1.0]}}
        for k, base in enumerate((0.1, 0.01))
    ]
    nested = {
        "controllers": {},
        "decisions": [],
        "changes": [],
        "consumed": {"update": 0, "past": {}, "pending": {}, "starts": [[]]},
        "groups": groups,
        "document": json.loads(lr.dumps(lr.cosine())),
        "horizon": {"updates": 100},
    }
    assert {name: json.loads(before[name]) for name in nested} == nested
    assert {name: value for name, value in before.items() if name not in nested} == {
        "version": 3,
        "update": 0,
        "scale": 1.0,
        "forgotten": 0,
        "lost": 0,
        "base_lrs": [0.1, 0.01],
        "lrs": [0.1, 0.01],
        "schedule": "cosine()",
        "fingerprint": lr.cosine().fingerprint(),
        "absolute": False,
        "digest": before["digest"],
    }
    list(train(parameters, optimizer, scheduler, range(50)))
    state = scheduler.state_dict()
    changed = {name for name in state if state[name] != before[name]}
    assert changed <= {"update", "lrs", "groups", "consumed", "digest"}
    assert (state["update"], state["lrs"]) == (50, [group["lr"] for group in optimizer.param_groups])


def test_a_state_is_not_shared_with_the_scheduler_it_came_from():
    """Training on, or changing the state by hand, leaves the other alone."""
    parameters = fresh()
    optimizer = sgd(parameters)
    scheduler = Scheduler(optimizer, "cosine() * plateau(patience=1)", 10)
    state = scheduler.state_dict()
    recorded = copy.deepcopy(state)
    list(train(parameters, optimizer, scheduler, range(7)))
    assert state == recorded
    state["base_lrs"][0] = 7.0
    assert scheduler.base_lrs == [0.1, pytest.approx(0.03)]


@pytest.mark.parametrize(
    ("built", "said"),
    [
        (lambda o: Scheduler(o, "linear()", 10), ["schedule: in the checkpoint cosine(), in the code linear()"]),
        (lambda o: Scheduler(o, "cosine()", 20), ["horizon: in the checkpoint {'updates': 10}", "{'updates': 20}"]),
        (lambda o: Scheduler(o, "cosine()", 10, absolute=True), ["absolute: in the checkpoint False"]),
    ],
)
def test_another_configuration_is_refused_field_by_field_and_changes_nothing(built, said):
    state = Scheduler(sgd(fresh()), "cosine()", 10).state_dict()
    optimizer = sgd(fresh())
    scheduler = built(optimizer)
    before = scheduler.state_dict(), [float(g["lr"]) for g in optimizer.param_groups]
    with pytest.raises(LrlabError, match="disagree, and nothing was loaded") as raised:
        scheduler.load_state_dict(at(5, state))
    assert all(part in str(raised.value) for part in said)
    assert (scheduler.state_dict(), [float(g["lr"]) for g in optimizer.param_groups]) == before


def test_another_base_lr_or_number_of_groups_is_refused():
    """The new LR of a command line is neither ignored nor taken silently."""
    state = at(5, Scheduler(adamw(fresh()), "cosine()", 10).state_dict())
    other = torch.optim.AdamW([{"params": [p], "lr": base} for p, base in zip(fresh(), (0.1, 0.02), strict=True)])
    with pytest.raises(LrlabError, match=r"base LR of group 1: in the checkpoint 0\.01, in the code 0\.02"):
        Scheduler(other, "cosine()", 10).load_state_dict(state)
    with pytest.raises(LrlabError, match="parameter groups: in the checkpoint 2, in the code 1"):
        Scheduler(torch.optim.SGD(fresh(), lr=0.1), "cosine()", 10).load_state_dict(state)


def test_the_base_lr_does_not_matter_where_the_schedule_is_the_lr():
    """With absolute=True another LR in the optimizer is no difference."""
    state = at(5, Scheduler(adamw(fresh()), "0.01 * cosine()", 10, absolute=True).state_dict())
    optimizer = torch.optim.SGD([{"params": [p], "lr": 1.0} for p in fresh()])
    Scheduler(optimizer, "0.01 * cosine()", 10, absolute=True).load_state_dict(state)
    assert [g["lr"] for g in optimizer.param_groups] == [pytest.approx(0.005)] * 2


@pytest.mark.parametrize(
    "broken",
    [
        {},
        [],
        {"base_lrs": None},
        {"base_lrs": ["much", "more"]},
        {"update": -1},
        {"update": 2.5},
        {"controllers": None},
        {"version": 99},
        {"decisions": [{"update": 1}]},
    ],
)
def test_a_broken_state_is_refused_in_words_and_changes_nothing(broken):
    optimizer = sgd(fresh())
    scheduler = Scheduler(optimizer, "cosine() * plateau()", 10)
    before = scheduler.state_dict()
    state = {**before, **broken} if broken else broken
    with pytest.raises(LrlabError):
        scheduler.load_state_dict(state)
    assert scheduler.state_dict() == before


def test_the_state_of_another_torch_scheduler_is_refused_in_words():
    """What a plateau of PyTorch counts is not updates."""
    state = torch.optim.lr_scheduler.ReduceLROnPlateau(sgd(fresh())).state_dict()
    with pytest.raises(LrlabError, match=r"counts its observations, not the updates(.|\n)*at=\.\.\."):
        Scheduler(sgd(fresh()), "cosine()", 10).load_state_dict(state)


def test_a_scheduler_loads_its_own_earlier_state_while_it_runs():
    """Going back to a checkpoint within one process, as after a loss spike."""
    parameters = fresh()
    optimizer = sgd(parameters)
    scheduler = Scheduler(optimizer, "cosine() * plateau(patience=1, factor=0.5)", 10)
    list(train(parameters, optimizer, scheduler, range(4)))
    saved = save(parameters, optimizer, scheduler)
    first = list(train(parameters, optimizer, scheduler, range(4, 9)))
    with torch.no_grad():
        for parameter, weight in zip(parameters, saved.weights, strict=True):
            parameter.copy_(weight)
    scheduler.load_state_dict(saved.scheduler)
    optimizer.load_state_dict(saved.optimizer)
    assert list(train(parameters, optimizer, scheduler, range(4, 9))) == first


def test_a_checkpoint_with_a_tensor_lr_resumes_where_the_code_has_a_float():
    """Which kind the LR is comes from the optimizer's checkpoint; its value from the scheduler's."""
    first = torch.optim.SGD(fresh(), lr=torch.tensor(0.5))
    scheduler = Scheduler(first, "cosine()", 10)
    state = at(3, scheduler.state_dict())
    scheduler.load_state_dict(state)
    for order in ORDERS:
        optimizer = torch.optim.SGD(fresh(), lr=0.5)
        for act in order:
            if act == "b":
                again = Scheduler(optimizer, "cosine()", 10)
            elif act == "o":
                optimizer.load_state_dict(copy.deepcopy(first.state_dict()))
            else:
                again.load_state_dict(state)
        assert isinstance(optimizer.param_groups[0]["lr"], torch.Tensor)
        assert torch.equal(optimizer.param_groups[0]["lr"], first.param_groups[0]["lr"])


# -- whatever a run has come to -----------------------------------------------------------------------------------

PASTS = {
    "a decision": lambda s: [s.observe(1.0) for _ in range(3)],
    "another length": lambda s: s.extend(40, how="rescale-rest"),
    "an end": lambda s: s.finish(5),
    "a scale": lambda s: s.resume(s.state_dict(), scale=0.5),
    "another base LR": lambda s: setattr(s, "base_lrs", [0.2, 0.1]),
    "what was consumed": lambda s: s.consume(tokens=5),
    "all of it": lambda s: [PASTS[name](s) for name in list(PASTS)[:-1]],
}


@pytest.mark.parametrize("past", PASTS)
def test_a_distributed_checkpoint_of_any_past_is_loaded_into_a_new_scheduler(past, tmp_path):
    """It takes a state apart by its keys, and asks for those of a new one: they must be the same, and be leaves."""
    dcp = pytest.importorskip("torch.distributed.checkpoint")
    text = "cosine() * plateau(patience=1, factor=0.5)"
    scheduler = Scheduler(adamw(fresh()), text, 20)
    PASTS[past](scheduler)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about a process group of one
        dcp.save({"scheduler": scheduler}, checkpoint_id=tmp_path)
        again = Scheduler(adamw(fresh()), text, 20, on_change="keep")
        dcp.load({"scheduler": again}, checkpoint_id=tmp_path)
    assert again.state_dict() == scheduler.state_dict()
    assert again.get_last_lr() == scheduler.get_last_lr()


def test_the_keys_of_a_state_do_not_depend_on_the_run():
    """One schedule, a plan, tokens: the same keys, and none of them holds a dict."""
    optimizer = torch.optim.SGD(fresh(), lr=0.1, momentum=0.9)
    states = [
        Scheduler(optimizer, *given).state_dict()
        for given in (
            ("cosine()", 20),
            (lr.plan(lr=lr.cosine() * lr.plateau(), momentum=0.8), 20),
            ("cosine()", lr.Horizon(tokens=100)),
        )
    ]
    assert states[0].keys() == states[1].keys() == states[2].keys()
    for state in states:
        assert not any(isinstance(part, dict) for part in state.values())
        lists = [part for part in state.values() if isinstance(part, list)]
        assert all(isinstance(item, float) for part in lists for item in part)


FORGED = {
    "factor": lambda r: r["controllers"]["plateau1"].update(factor=-1.0),
    "no number": lambda r: r["controllers"]["plateau1"].update(factor=float("nan")),
    "best": lambda r: r["controllers"]["plateau1"].update(best=float("nan")),
    "count": lambda r: r["controllers"]["plateau1"].update(bad=-5),
    "scale": lambda r: r.update(scale=-0.5),
    "scale of nothing": lambda r: r.update(scale=float("nan")),
    "base LR": lambda r: (r["groups"][0]["own"].update(lr=-0.1), r.update(base_lrs=[-0.1, *r["base_lrs"][1:]])),
    "joined": lambda r: r["groups"][0].update(joined=-3),
    "driven": lambda r: r["groups"][0]["driven"].update(lr=[0, -1.0]),
    "another hyper-parameter": lambda r: r["groups"][0]["own"].update(nothing=1.0),
    "update": lambda r: r.update(update=-1),
    "decision": lambda r: r["decisions"].append({**DECISION, "new": -2.0}),
    "consumed": lambda r: r["consumed"]["past"].update(tokens=-1),
    "horizon": lambda r: r["horizon"].update(updates=-20),
}
DECISION = {"update": 0, "controller": "plateau1", "event": "cut", "old": 1.0, "new": 0.5, "cause": ""}


@pytest.mark.parametrize("policy", ["stop", "keep", "take", "splice"])
@pytest.mark.parametrize("what", FORGED)
def test_a_checkpoint_that_was_made_by_hand_makes_no_lr_that_cannot_be(what, policy):
    """A digest is no signature: with one that fits, the values are held against what a run can come to."""
    optimizer = adamw(fresh())
    scheduler = Scheduler(optimizer, "cosine() * plateau(patience=1)", 20, on_change=policy)
    before = scheduler.state_dict(), [group["lr"] for group in optimizer.param_groups]
    record = {name: part for name, part in scheduler.checkpoint().record().items() if name != "digest"}
    FORGED[what](record)
    with contextlib.suppress(LrlabError):
        scheduler.load_state_dict({**record, "digest": digest(record)})
    lrs = [group["lr"] for group in optimizer.param_groups]
    assert lrs == before[1]
    if what != "horizon" or policy != "take":
        assert scheduler.state_dict() == before[0]
