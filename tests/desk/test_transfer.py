"""Sweeps in files and stores become one answer."""

import pytest

import lrlab as lr
from lrlab.desk.transfer import settings
from lrlab.errors import LrlabError
from lrlab.record.runs.run import Series, StoredRun
from lrlab.record.runs.store import Store

HEAD = "size,batch,horizon,lr,loss\n"


def table(folder, name, size, best):
    rows = "".join(f"{size},8,100,{rate:g},{3 + (k - best) ** 2 / 50}\n" for k, rate in enumerate((1, 2, 4, 8)))
    (folder / name).write_text(HEAD + rows)
    return folder / name


def test_several_files_are_one_table(tmp_path):
    """A file for each size."""
    files = [table(tmp_path, "a.csv", 1000, 2), table(tmp_path, "b.csv", 4000, 1)]
    found = lr.transfer(files, size=2000)
    assert 2.0 < found.lr < 4.0
    assert len(found.sweeps) == 2


def test_runs_of_a_store(tmp_path):
    """Their LRs and scores; size and batch are given, beside a file of others."""
    store = Store(tmp_path / "runs")
    for k, score in enumerate((3.3, 3.1, 3.0, 3.1)):
        run = StoredRun(f"{k:064x}", "t", "a", "linear()", 2.0**k, 0, 0, 100, "loss", score, "finished", 1.0, Series(),
                        {}, (), {})  # fmt: skip
        store.put(run)
    given = [(str(tmp_path / "runs"), "size=4000,batch=8")]
    found = lr.transfer([], stores=given)
    assert (found.size, found.batch, found.horizon, found.sweeps[0].best) == (4000, 8, 100, 4.0)
    both = lr.transfer(table(tmp_path, "a.csv", 1000, 2), stores=given, size=2000)
    assert [sweep.size for sweep in both.sweeps] == [1000, 4000]


def test_settings_are_name_and_value():
    """What is no setting is refused with an example."""
    assert settings("size=1,batch=2", "runs") == {"size": "1", "batch": "2"}
    with pytest.raises(LrlabError, match="size=7e6,batch=32"):
        settings("7e6", "runs")
