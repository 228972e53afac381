"""What is read of the file of live orders: as it grows, so much at a look, and nothing that is no order."""

import json
import os

import pytest

from lrlab.record.process.orders import ManualOrders, give
from lrlab.record.process.seen import FILE, Seen, is_factor, read, read_all


def test_a_file_that_has_not_grown_is_one_look_at_its_size(tmp_path, monkeypatch):
    """The very same is seen; with more lines it is another, and the first stays as it was."""
    ManualOrders(tmp_path)
    path = tmp_path / FILE
    first = read(path, Seen())
    monkeypatch.setattr("lrlab.record.process.seen.descriptor", pytest.fail)
    assert read(path, first) is first
    monkeypatch.undo()
    give(tmp_path, 0.5)
    second = read(path, first)
    assert ([order.factor for order in second.orders], first.orders) == ([0.5], ())


def test_a_look_reads_so_much(tmp_path, monkeypatch):
    """What is behind it is read at the next ones, in order; where all is asked for, so many are taken."""
    monkeypatch.setattr("lrlab.record.process.seen._AT_ONCE", 300)
    monkeypatch.setattr("lrlab.record.process.seen._LOOKS", 100)
    ManualOrders(tmp_path)
    given = [give(tmp_path, k / 8).factor for k in range(1, 9)]
    seen = read(tmp_path / FILE, Seen())
    assert 0 < len(seen.orders) < 8
    assert [order.factor for order in read_all(tmp_path / FILE, seen).orders] == given


def test_there_is_an_end_of_orders(tmp_path, monkeypatch):
    """Whoever gives more is told, and the run keeps those that it has."""
    monkeypatch.setattr("lrlab.record.process.seen._MOST_ORDERS", 2)
    ManualOrders(tmp_path)
    give(tmp_path, 0.5)
    give(tmp_path, 0.25)
    with pytest.raises(ValueError, match="no more orders are heard"):
        give(tmp_path, 0.125)
    assert len(read_all(tmp_path / FILE, Seen()).orders) == 2


def test_a_line_without_end_is_passed_over(tmp_path, monkeypatch, caplog):
    """And with it what has been read of it, so that it is not held."""
    monkeypatch.setattr("lrlab.record.process.seen._LONGEST", 300)
    ManualOrders(tmp_path)
    with open(tmp_path / FILE, "ab") as file:
        file.write(b"x" * 1000)
    seen = read(tmp_path / FILE, Seen())
    assert seen.offset == (tmp_path / FILE).stat().st_size
    give(tmp_path, 0.5)
    assert [order.factor for order in read(tmp_path / FILE, seen).orders] == [0.5]
    assert "it is too long" in caplog.text


def test_orders_of_before_have_no_digest(tmp_path):
    """They are told apart by their place: two may be alike."""
    rows = [{"factor": 0.5, "at": "now"}, {"factor": 0.5, "at": "now"}, {"taken": 2, "update": 7}]
    (tmp_path / FILE).write_text("".join(json.dumps(row) + "\n" for row in rows))
    seen = read(tmp_path / FILE, Seen())
    first, second = seen.orders
    assert first.name != second.name
    assert seen.taken == {second.name: 7}


@pytest.mark.parametrize("given", [-0.1, float("nan"), float("inf"), 10**400, True, "1", None, [1]])
def test_what_is_no_factor(given):
    """An LR times this would be none."""
    assert not is_factor(given)
    assert is_factor(0)
    assert is_factor(0.5)


def test_a_file_without_end_is_not_read_to_its_end(tmp_path, caplog):
    """Terabytes of zeros, a hundred thousand lines of nothing: said in a few words, and the next order is heard."""
    ManualOrders(tmp_path)
    path = tmp_path / FILE
    with open(path, "ab") as file:
        file.write(b"x\n" * 100_000)
    seen = read_all(path, Seen())
    assert len(caplog.records) < 20
    assert "more lines are passed over" in caplog.text
    os.truncate(path, 2**40)
    seen = read_all(path, seen)
    assert "only its end is read" in caplog.text
    give(tmp_path, 0.5)
    assert [order.factor for order in read_all(path, seen).orders] == [0.5]
