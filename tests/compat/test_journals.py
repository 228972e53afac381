"""The folder of a run as an earlier version wrote it: rescued, ordered about, resumed, extended, rescaled, finished."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from lrlab.core.run.pacer import Decision
from lrlab.record.process.journal import rows
from lrlab.record.process.orders import FactorOrder, orders
from lrlab.record.process.replay import replay

FOLDER = Path(__file__).with_name("run_folder_1")
READ = json.loads(FOLDER.with_name("run_folder_1_read.json").read_text())


def test_the_journal_replays():
    """The same values, the same decisions, and nothing that differs from what is written there."""
    found = replay(FOLDER)
    assert found.differences == tuple(READ["differences"]) == ()
    assert found.schedule == READ["schedule"]
    np.testing.assert_allclose(found.values, READ["values"], rtol=1e-12)
    assert found.decisions == tuple(Decision(**decision) for decision in READ["decisions"])
    assert (found.observations, dict(found.heard)) == (READ["observations"], READ["heard"])


def test_every_kind_of_line_is_there():
    """A start, a resume, a rescue, another horizon, another base LR and an early end."""
    begun = [row["begin"] for row in rows(FOLDER) if "begin" in row]
    assert begun == READ["begins"]
    assert {*begun} == {"start", "rollback", "resumed", "rescale-rest", "changed", "finish"}


def test_the_orders_read():
    """With the updates from which on they held."""
    assert orders(FOLDER) == tuple(FactorOrder(**order) for order in READ["orders"])
    assert [dataclasses.asdict(order)["taken"] for order in orders(FOLDER)] == [7, 15]
