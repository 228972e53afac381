"""Two processes with metrics of their own: one decision, one LR; and who comes apart is stopped."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import lrlab as lr
from lrlab.adapters.torch.ranks import Ranks
from lrlab.adapters.torch.scheduler import Scheduler


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What each of the two ranks saw."""
    folder = tmp_path_factory.mktemp("ranks")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    script = str(Path(__file__).with_name("two_ranks.py"))
    ranks = [
        subprocess.Popen(
            [sys.executable, script, str(rank), str(folder)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        outputs = [rank.communicate(timeout=120) for rank in ranks]
    finally:
        for rank in ranks:
            rank.kill()
    for rank, (_, errors) in zip(ranks, outputs, strict=True):
        assert rank.returncode == 0, errors
    return [json.loads(out.splitlines()[-1]) for out, _ in outputs]


def test_each_for_itself_they_drift_apart(said):
    """What ranks= is for: one rank's loss falls, the other's does not."""
    assert said[0]["alone"] != said[1]["alone"]


@pytest.mark.parametrize("case", ["mean", "first", "nan", "live", "rescued"])
def test_one_lr_at_every_update(said, case):
    """Whatever each has observed."""
    assert said[0][case] == said[1][case]


def test_the_mean_is_what_is_heard(said):
    """2.0 and 2.0 - k/10 have the mean 2 - k/20, which falls: no cut. Rank 0's flat loss is cut."""
    line = [0.1 * value for value in lr.cosine().over(100).between(0, 13)]
    assert said[0]["mean"] == line
    assert said[0]["first"][3] == 0.5 * line[3]
    assert said[0]["first"][-1] == 0.5**5 * line[12]


def test_a_nan_on_one_rank_is_a_nan_on_all(said):
    """It changes nothing else: the cut comes with the third observation that counts."""
    assert said[0]["nan"][3] > 0.09
    assert said[0]["nan"][4] < 0.05


def test_a_live_order_reaches_all_ranks_at_one_update(said):
    """Rank 0 reads it."""
    assert said[0]["live"] == [0.1] * 5 + [0.025] * 3
    assert said[0]["live log"] == said[1]["live log"] == [[4, "set"]]


def test_all_ranks_go_back_together(said):
    """A NaN on one of them."""
    assert said[0]["rescued"][3] == [True, 2, 0.05]


def test_who_comes_apart_is_stopped_within_one_step(said):
    """On both ranks, with what each had."""
    for rank in said:
        steps, message = rank["apart"]
        assert steps == 0
        assert "the ranks no longer agree" in message
        assert "rank 0: update 2, LR 0.09" in message
        assert "rank 1: update 2, LR 0.19" in message


def test_different_metrics_are_refused(said):
    """On both ranks, rather than a wait without end."""
    for rank in said:
        assert rank["names"][0] == 0
        assert "do not observe the same metrics" in rank["names"][1]


def test_a_folder_in_several_processes_needs_ranks(said):
    """Two processes that each read orders would take them at different updates."""
    for rank in said:
        assert 'ranks="mean"' in rank["no ranks"][1]


def test_without_a_process_group(tmp_path):
    """Said at the start, as is a word that is not known."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    with pytest.raises(lr.LrlabError, match=r"needs torch\.distributed"):
        Scheduler(optimizer, "cosine()", 10, ranks="mean")
    with pytest.raises(lr.LrlabError, match="ranks is not known"):
        Ranks("median")
