"""What is read of the file of live orders: as it grows, so much at a look, and nothing that is no order."""

import json
import os
from dataclasses import replace

import pytest

from lrlab.core.time.span import MOST
from lrlab.record.process.orders import ManualOrders, give
from lrlab.record.process.seen import FILE, Given, Seen, is_factor, read, read_all
from lrlab.record.sealed import digest


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
    assert "more lines are skipped" in caplog.text
    os.truncate(path, 2**40)
    seen = read_all(path, seen)
    assert "only its end is read" in caplog.text
    give(tmp_path, 0.5)
    assert [order.factor for order in read_all(path, seen).orders] == [0.5]


def test_the_greatest_factor():
    """A million; whole or not."""
    assert [is_factor(given) for given in (1_000_000, 1_000_000.0, 1_000_001, 1e6 + 1e-3)] == [True, True, False, False]
    assert [is_factor(given) for given in (-0.0, -1e-300)] == [True, False]


def test_the_longest_line(tmp_path, monkeypatch, caplog):
    """At the bound it is read, and one byte more is not."""
    ManualOrders(tmp_path)
    give(tmp_path, 0.5)
    longest = len((tmp_path / FILE).read_bytes().splitlines()[-1])
    monkeypatch.setattr("lrlab.record.process.seen._LONGEST", longest)
    assert len(read(tmp_path / FILE, Seen()).orders) == 1
    monkeypatch.setattr("lrlab.record.process.seen._LONGEST", longest - 1)
    assert read(tmp_path / FILE, Seen()).orders == ()
    assert "it is too long" in caplog.text


def test_three_lines_that_are_passed_over_are_said_one_by_one(tmp_path, caplog):
    """The others are counted."""
    for lines, said in ((3, None), (4, "1 more lines are skipped"), (10, "7 more lines are skipped")):
        caplog.clear()
        (tmp_path / FILE).write_bytes(b"x\n" * lines)
        read(tmp_path / FILE, Seen())
        assert len(caplog.records) == (3 if said is None else 4)
        assert (said or "a line is skipped") in caplog.text


def test_an_answer_names_an_order_and_an_update_that_may_be(tmp_path):
    """From the first update to the last that there can be; an order that there is."""
    for number, update, taken in ((1, 0, True), (1, MOST, True), (1, MOST + 1, False), (2, 5, False), (0, 5, False)):
        rows = [{"factor": 0.5, "at": "now"}, {"taken": number, "update": update}]
        (tmp_path / FILE).write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert list(read(tmp_path / FILE, Seen()).taken.values()) == ([update] if taken else [])


def test_a_file_that_is_cut_off_is_read_anew(tmp_path, caplog):
    """Which is said where orders are lost by it; one that has grown goes on where it was."""
    ManualOrders(tmp_path)
    give(tmp_path, 0.5)
    path, seen = tmp_path / FILE, read(tmp_path / FILE, Seen())
    give(tmp_path, 0.25)
    assert [order.factor for order in read(path, seen).orders] == [0.5, 0.25]
    assert not caplog.records
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    assert read(path, seen).orders == ()
    assert "it is read anew" in caplog.text


def test_of_a_file_beyond_all_reason_only_the_end_is_read(tmp_path, monkeypatch, caplog):
    """Beyond as many looks as may be; at the bound it is read whole."""
    monkeypatch.setattr("lrlab.record.process.seen._AT_ONCE", 100)
    monkeypatch.setattr("lrlab.record.process.seen._LOOKS", 3)
    path = tmp_path / FILE
    path.write_bytes(b'{"factor": 0.5}\n' + b"\n" * 284)
    assert path.stat().st_size == 300
    assert [order.factor for order in read_all(path, Seen()).orders] == [0.5]
    assert not caplog.records
    path.write_bytes(b'{"factor": 0.5}\n' + b"\n" * 285)
    assert read_all(path, Seen()).orders == ()
    assert "only its end is read" in caplog.text


ORDER = {"factor": 0.5, "at": "now"}


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"taken": 1, "update": 5}, None),
        ({"taken": 1, "update": 5, "order": "of nobody"}, "neither"),
        ({"taken": 1, "update": 5, "order": 3}, "neither"),
        ({"taken": 1, "update": 5, "more": 3}, "neither"),
        ({"taken": 2, "update": 5}, "neither"),
        ({"taken": 0, "update": 5}, "neither"),
        ({"taken": 1, "update": -1}, "neither"),
        ({"taken": True, "update": 5}, "neither"),
        ({"taken": 1, "update": 5.0}, "neither"),
        ({"taken": 1}, "neither"),
        ({"factor": -1}, "neither"),
        ({"factor": 0.5, "at": 3}, "neither"),
        ({"factor": 0.5, "who": "me"}, "neither"),
        ({"factor": 0.5}, None),
        ({"lrlab": 1, "live": "orders"}, None),
        ({"lrlab": 1}, "neither"),
        ({"other": 1}, "neither"),
    ],
)
def test_what_is_neither_an_order_nor_an_answer_is_said(tmp_path, caplog, row, why):
    """And what is one is not."""
    (tmp_path / FILE).write_text(json.dumps(ORDER) + "\n\n" + json.dumps(row) + "\n")
    read(tmp_path / FILE, Seen())
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == (why is not None)
    assert all("a line is skipped: it is neither an order nor an answer to one" in each for each in said)


def test_after_a_line_with_a_digest_each_has_one(tmp_path, caplog):
    """An order without is passed over, and said."""
    ManualOrders(tmp_path)
    with open(tmp_path / FILE, "a") as file:
        file.write(json.dumps(ORDER) + "\n")
    seen = read(tmp_path / FILE, Seen())
    assert (seen.orders, seen.sealed) == ((), True)
    assert "it has no digest: orders are given by lrlab live" in caplog.text
    assert not Seen().sealed


def test_a_folder_cannot_command_a_terminal_by_its_name(tmp_path, caplog):
    """A name may hold a line end."""
    (tmp_path / "a\nb").mkdir()
    (tmp_path / "a\nb" / FILE).write_text("x\n")
    read(tmp_path / "a\nb" / FILE, Seen())
    assert "a\\nb" in caplog.text


@pytest.mark.parametrize("length", [2**14, 2**14 + 1])
def test_a_line_of_sixteen_thousand_bytes_is_read(tmp_path, length):
    """A longer one is not, whatever is in it."""
    line = json.dumps({"factor": 0.5, "at": ""})
    line = line.replace('""', '"' + "x" * (length - len(line)) + '"')
    (tmp_path / FILE).write_text(line + "\n")
    assert len(read(tmp_path / FILE, Seen()).orders) == (length == 2**14)


def test_a_look_of_just_as_much_as_is_read_at_once_is_no_other_file(tmp_path, caplog, monkeypatch):
    """There may be more to look at; what was read stays."""
    (tmp_path / FILE).write_text(json.dumps(ORDER) + "\n")
    monkeypatch.setattr("lrlab.record.process.seen._AT_ONCE", (tmp_path / FILE).stat().st_size)
    seen = read(tmp_path / FILE, Seen())
    assert read(tmp_path / FILE, seen).orders == seen.orders != ()
    assert not caplog.records


def test_64_kilobytes_are_read_at_once(tmp_path):
    """A file of a thousand times as much is read from its beginning, a larger one at its end."""
    path = tmp_path / FILE
    path.write_bytes(b"\n" * 2**16 + json.dumps(ORDER).encode() + b"\n")
    assert read(path, Seen()).offset == 2**16
    for size, whole in ((2**26, True), (2**26 + 1, False)):
        os.truncate(path, size)
        assert (read(path, Seen()).offset == 2**16) is whole


def test_a_hundred_thousand_orders_are_heard(tmp_path):
    """The next ones are not."""
    seen = Seen(orders=tuple(Given(1.0, "", str(k)) for k in range(99_999)))
    (tmp_path / FILE).write_text((json.dumps(ORDER) + "\n") * 2)
    seen = replace(seen, file=(os.stat(tmp_path / FILE).st_ino, 0))
    assert len(read(tmp_path / FILE, seen).orders) == 100_000


def test_a_line_of_the_longest_that_is_not_ended_yet_is_waited_for(tmp_path):
    """Its end may be on the way."""
    path = tmp_path / FILE
    line = b'{"factor": 0.5' + b" " * (2**14 - 15) + b"}"
    assert len(line) == 2**14
    path.write_bytes(line)
    seen = read(path, Seen())
    assert (seen.orders, seen.offset) == ((), 0)
    path.write_bytes(line + b"\n")
    assert [order.factor for order in read(path, seen).orders] == [0.5]


def test_an_order_of_before_has_the_name_of_its_place(tmp_path):
    """Counted from 1: an answer that was written since names it so."""
    path = tmp_path / FILE
    path.write_text('{"factor": 0.5}\n{"factor": 0.5}\n')
    names = [digest({"factor": 0.5, "number": number}) for number in (1, 2)]
    assert [order.name for order in read(path, Seen()).orders] == names


def test_a_line_that_is_no_json_is_no_order_either(tmp_path, caplog):
    """What is said is what it should have been."""
    (tmp_path / FILE).write_text("nonsense\n")
    read(tmp_path / FILE, Seen())
    assert "it is neither an order nor an answer to one" in caplog.text
