"""What a sink writes is read back; a log that is begun again goes on, and a torn line does no harm."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.record.logs.rate_log import RateLog
from lrlab.record.logs.sinks import csv_log, jsonl_log, mlflow_log, tensorboard_log, wandb_log

FILES = {"csv": csv_log, "jsonl": jsonl_log, "tensorboard": tensorboard_log}


class Wandb:
    """What a W&B run does with `log`: steps must rise."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, dict[str, float]]] = []

    def log(self, values: dict[str, float], step: int) -> None:
        assert not self.rows or step >= self.rows[-1][0]
        self.rows.append((step, values))


class Mlflow:
    def __init__(self) -> None:
        self.metrics: dict[str, list[tuple[int, float]]] = {}

    def log_metric(self, key: str, value: float, step: int) -> None:
        self.metrics.setdefault(key, []).append((step, value))


@pytest.mark.parametrize("every", [1, 7, 50])
@pytest.mark.parametrize("kind", FILES)
def test_read_run_reads_back_what_was_written(kind, every, tmp_path):
    """The LR of every update to the last bit, and the losses at their updates, however seldom it was written."""
    place = tmp_path / f"run.{kind}"
    curve = lr.parse('warmup("10%") >> cosine(to=0.1)').over(100)
    pacer = lr.Pacer(curve)
    log = RateLog(pacer, FILES[kind](place), base_lrs=[3e-4])
    for update in range(1, 101):
        pacer.advance()
        if update % every == 0:
            log({"val_loss": 4 / update} if update % 5 == 0 else None)
    log({"val_loss": 0.01})
    run = lr.read_run(place)
    assert np.array_equal(run.lrs, curve.lr(3e-4))
    assert dict(zip(run.updates.tolist(), run.loss.tolist(), strict=True))[100] == 0.01
    if every == 1:
        assert run.updates.tolist() == list(range(5, 101, 5))
        assert run.loss.tolist() == [*(4 / update for update in range(5, 100, 5)), 0.01]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_log_goes_on_where_a_killed_writer_left_half_a_line(kind, tmp_path):
    """The half line is not a number: it is taken away, and nothing is glued to it."""
    file = tmp_path / f"run.{kind}"
    FILES[kind](file)([(0, {"lr": 0.1}), (1, {"lr": 0.2}), (2, {"lr": 0.3})])
    file.write_bytes(file.read_bytes()[:-3])
    FILES[kind](file)([(2, {"lr": 0.3}), (3, {"lr": 0.4}), (1, {"loss": 2.0}), (4, {"loss": 1.0})])
    assert lr.read_run(file).lrs.tolist() == [0.1, 0.2, 0.3, 0.4]


def test_a_csv_file_is_widened_by_a_later_name(tmp_path):
    """Old rows stay, with an empty place; a name that is not in a row leaves its place empty."""
    sink = csv_log(tmp_path / "deep" / "run.csv")
    sink([(0, {"lr": 0.1})])
    sink([(1, {"lr": 0.1, "val, loss": 2.0})])
    sink([(2, {"lr": 0.3})])
    assert (tmp_path / "deep" / "run.csv").read_text() == 'step,lr,"val, loss"\n0,0.1,\n1,0.1,2.0\n2,0.3,\n'
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["run.csv"]


def test_json_lines_are_strict_json_whatever_the_loss(tmp_path):
    """NaN is not JSON; the reader leaves such a point out and says so."""
    file = tmp_path / "run.jsonl"
    jsonl_log(file)([(0, {"lr": 0.1, "loss": math.nan}), (1, {"loss": math.inf}), (2, {"loss": 2.0}), (3, {"loss": 1})])

    def refuse(word):
        raise AssertionError(word)

    assert [json.loads(line, parse_constant=refuse)["step"] for line in file.read_text().splitlines()] == [0, 1, 2, 3]
    assert lr.read_run(file).loss.tolist() == [2.0, 1.0]


def test_trackers_get_every_row_through_the_users_object():
    """The same rows as in the files, with their step."""
    run, client, rows = Wandb(), Mlflow(), []
    pacer = lr.Pacer(lr.linear().over(4))
    log = RateLog(pacer, rows.extend, wandb_log(run), mlflow_log(client), base_lrs=[0.1, 0.2], names=["a", "b"])
    for _ in range(4):
        pacer.advance()
        log({"loss": 1.0})
    assert run.rows == rows
    assert [values["lr"] for _, values in rows if "lr" in values] == [0.2, 0.15000000000000002, 0.1, 0.05]
    assert client.metrics["lr"] == [(0, 0.2), (1, 0.15000000000000002), (2, 0.1), (3, 0.05)]
    assert client.metrics["loss"] == [(1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0)]
    assert client.metrics["lr_ratio/a"] == [(0, 0.5)]


@pytest.mark.parametrize(("make", "words"), [(wandb_log, "no method log"), (mlflow_log, "no method log_metric")])
def test_an_object_that_cannot_log_is_refused_at_once(make, words):
    with pytest.raises(LrlabError, match=words):
        make(object())


@pytest.mark.parametrize("make", [csv_log, jsonl_log, lambda path: tensorboard_log(path.parent)])
def test_the_folder_of_a_log_is_made_with_all_above_it(make, tmp_path):
    """And one that is there is written to."""
    for step in (0, 1):
        make(tmp_path / "a" / "b" / "log")([(step, {"lr": 0.1})])
    assert list((tmp_path / "a" / "b").iterdir())
