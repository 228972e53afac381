"""Accelerate, run for real: the LR of every update is the declared one on every process, by the change of the weight.

Run with Accelerate 1.15.0, several processes under gloo.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lrlab.adapters.torch.scheduler import Scheduler

pytest.importorskip("accelerate")

from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState

TEXT = 'warmup("20%") >> cosine(to=0.1)'
WORKER = Path(__file__).with_name("accelerate_worker.py")

CASES = [
    *({"accumulate": accumulate} for accumulate in (1, 2, 4, 8)),
    *({"accumulate": accumulate, "split_batches": True} for accumulate in (1, 4)),
    *({"accumulate": accumulate, "with_optimizer": False} for accumulate in (1, 4)),
]


@pytest.fixture(autouse=True)
def _fresh():
    """Accelerate keeps its state for the whole process."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()


@pytest.mark.parametrize("count", [2, *(pytest.param(n, marks=pytest.mark.exhaustive) for n in (1, 4))])
def test_neither_processes_nor_accumulation_change_the_curve(count, processes, declared):
    """12 updates of 16 examples each, on 1, 2 and 4 processes, in 1, 2, 4 and 8 micro-batches: the same LRs.

    Accelerate calls step() once per process, and not while gradients accumulate, unless it is told otherwise.
    """
    cases = [case for case in CASES if 16 // case["accumulate"] >= count]
    for rank in processes(count, WORKER, cases):
        for case, told in zip(cases, rank, strict=True):
            assert told["processes"] == count
            assert told["lrs"] == pytest.approx(declared(12), rel=1e-12), case
            assert told["update"] == 12, case


@pytest.mark.parametrize("overflows", [[0], [0, 1, 2, 3], [3, 7, 8, 11]])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_an_overflow_is_no_update(overflows, accumulate, overflowing, declared):
    """Under a GradScaler; with two micro-batches an update, too."""
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=accumulate)
    accelerator.scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    model = overflowing([accumulate * update for update in overflows])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scheduler = Scheduler(optimizer, TEXT, horizon=12)
    batches = torch.utils.data.DataLoader(torch.ones(24 * accumulate, 1), batch_size=2)
    model, optimizer, prepared, batches = accelerator.prepare(model, optimizer, scheduler, batches)
    for batch in batches:
        with accelerator.accumulate(model):
            accelerator.backward(model(batch)["loss"])
            optimizer.step()
            prepared.step()
            optimizer.zero_grad()
    made = 12 - len(overflows)
    assert scheduler.update == made
    assert model.line.realised() == pytest.approx(declared(12)[:made], rel=1e-4)


@pytest.mark.parametrize(
    ("text", "after"),
    [(TEXT, "optimizer.step()"), (TEXT, "scheduler.step()"), ("plateau(patience=1, factor=0.5)", "observe()")],
)
def test_save_state_and_load_state(text, after, line, tmp_path):
    """Saved by Accelerate at any point of the loop, the run goes on as if never stopped."""

    def run(stop=None, start=None):
        AcceleratorState._reset_state(reset_partial_state=True)
        accelerator = Accelerator(cpu=True)
        model = line()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scheduler = Scheduler(optimizer, text, horizon=12)
        prepared_model, optimizer, prepared = accelerator.prepare(model, optimizer, scheduler)
        if start is not None:
            accelerator.load_state(tmp_path / "state")
        for update in range(start or 0, 12):
            accelerator.backward(prepared_model(torch.ones(2, 1))["loss"])
            optimizer.step()
            optimizer.zero_grad()
            for what, do in {
                "optimizer.step()": lambda: None,
                "scheduler.step()": prepared.step,
                "observe()": lambda: scheduler.observe(1.0),
            }.items():
                do()
                if update + 1 == stop and what == after:
                    accelerator.save_state(tmp_path / "state")
                    return []
        return model.realised()

    whole = run()
    for stop in (1, 5, 11):
        run(stop=stop)
        assert run(start=stop) == pytest.approx(whole[stop:], rel=1e-12)


def test_the_wrapped_optimizer_may_be_given(line, declared):
    """Attached after prepare(), and not prepared itself: the position is counted where the updates are made."""
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
    model = line()
    prepared_model, optimizer = accelerator.prepare(model, torch.optim.SGD(model.parameters(), lr=0.1))
    scheduler = Scheduler(optimizer, TEXT, horizon=12)
    for _ in range(24):
        with accelerator.accumulate(prepared_model):
            accelerator.backward(prepared_model(torch.ones(2, 1))["loss"])
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
    assert model.realised() == pytest.approx(declared(12), rel=1e-12)
