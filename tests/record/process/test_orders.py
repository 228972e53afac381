"""Orders for a running process: taken at the next update, once, at the same update after a resume, never half."""

import json
import os
import threading
from pathlib import Path

import pytest

from lrlab.errors import LrlabError, LrlabTypeError
from lrlab.record.process.orders import FILE, ManualOrders, give, orders
from lrlab.record.sealed import digest


def test_an_order_is_taken_once_at_the_next_update(tmp_path):
    """And its answer stands in the file."""
    live = ManualOrders(tmp_path)
    assert live.due(0) is None
    order = give(tmp_path, 0.5)
    assert (order.number, order.factor, order.taken) == (1, 0.5, None)
    assert live.due(7) == 0.5
    assert [live.due(update) for update in (8, 9)] == [None, None]
    assert orders(tmp_path)[0].taken == 7


def test_of_several_the_last_counts(tmp_path):
    """Two orders between two updates: one decision."""
    live = ManualOrders(tmp_path)
    give(tmp_path, 0.5)
    give(tmp_path, 0.25)
    assert live.due(3) == 0.25
    assert live.due(4) is None
    assert [order.taken for order in orders(tmp_path)] == [None, 3]


def test_an_order_given_while_no_run_is_up_waits_for_it(tmp_path):
    """The folder outlives the process."""
    ManualOrders(tmp_path)
    give(tmp_path, 0.5)
    assert ManualOrders(tmp_path).due(100) == 0.5


def taken(live, updates):
    """Which factor is set before which update."""
    return {update: factor for update in updates if (factor := live.due(update)) is not None}


def test_a_resumed_run_takes_the_orders_at_the_same_updates(tmp_path):
    """From before them at the same updates; from after them not again, for its state has them."""
    live = ManualOrders(tmp_path)
    for at, factor in ((10, 0.5), (20, 0.25)):
        give(tmp_path, factor)
        assert live.due(at) == factor
    assert taken(ManualOrders(tmp_path), range(5, 30)) == {10: 0.5, 20: 0.25}
    assert taken(ManualOrders(tmp_path), range(15, 30)) == {20: 0.25}
    assert taken(ManualOrders(tmp_path), range(25, 30)) == {}
    assert taken(ManualOrders(tmp_path), range(20, 30)) == {20: 0.25}  # at its very update: the state may lack it
    live.resumed()
    assert taken(live, range(5, 30)) == {10: 0.5, 20: 0.25}


def test_an_order_that_was_overtaken_never_holds(tmp_path):
    """Two orders between two updates: a run that is resumed from before them does not meet the first one either."""
    live = ManualOrders(tmp_path)
    give(tmp_path, 0.5)
    give(tmp_path, 0.25)
    assert live.due(20) == 0.25
    assert taken(ManualOrders(tmp_path), range(5, 30)) == {20: 0.25}
    give(tmp_path, 0.75)
    assert taken(ManualOrders(tmp_path), range(25, 30)) == {25: 0.75}


def test_the_newest_order_holds(tmp_path):
    """A run that goes back, and is told anew there, does not meet the older order of later on again."""
    live = ManualOrders(tmp_path)
    give(tmp_path, 0.5)
    assert live.due(50) == 0.5
    again = ManualOrders(tmp_path)
    give(tmp_path, 2.0)
    assert taken(again, range(10, 60)) == {10: 2.0}


def test_half_a_line_is_not_read(tmp_path):
    """Until its end is there; a torn one that never ends is passed over, and the next order is whole."""
    live = ManualOrders(tmp_path)
    row = {"factor": 0.5, "at": "now"}
    line = json.dumps({**row, "digest": digest(row)})
    with open(tmp_path / FILE, "a", encoding="utf-8") as file:
        file.write(line[:9])
        file.flush()
        assert live.due(1) is None
        file.write(line[9:] + "\n")
    assert live.due(2) == 0.5
    with open(tmp_path / FILE, "a", encoding="utf-8") as file:
        file.write(line[:9])
    assert give(tmp_path, 0.125).factor == 0.125
    assert live.due(3) == 0.125


def test_lines_that_are_no_orders_are_said_and_passed_over(tmp_path, caplog):
    """Whatever stands there, the run goes on."""
    live = ManualOrders(tmp_path)
    with open(tmp_path / FILE, "a", encoding="utf-8") as file:
        file.write('nonsense\n[1]\n{"factor": "much"}\n\n{"taken": 1}\n')
    assert live.due(1) is None
    assert len(caplog.records) == 4


def test_many_writers(tmp_path):
    """Orders from several threads at once: every one is there, whole."""
    ManualOrders(tmp_path)

    def write(k):
        for j in range(20):
            give(tmp_path, k + j / 100)

    threads = [threading.Thread(target=write, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    given = sorted(k + j / 100 for k in range(4) for j in range(20))
    assert sorted(order.factor for order in orders(tmp_path)) == given


def test_a_file_that_is_taken_away_does_no_harm(tmp_path):
    """Somebody tidies up while the run goes on."""
    live = ManualOrders(tmp_path)
    live.due(0)
    (tmp_path / FILE).unlink()
    assert live.due(1) is None


def test_what_is_no_factor_is_refused(tmp_path):
    """Before it reaches the run."""
    ManualOrders(tmp_path)
    for factor in (-1, float("nan"), float("inf"), 1e308, 10**400):
        with pytest.raises(LrlabError, match="finite, and not below 0"):
            give(tmp_path, factor)
    with pytest.raises(LrlabTypeError, match="is a number"):
        give(tmp_path, "half")
    assert orders(tmp_path) == ()


def test_a_folder_where_nobody_listens_is_refused(tmp_path):
    """A typing error in the path is no order that is never taken."""
    for ask in (orders, lambda folder: give(folder, 0.5)):
        with pytest.raises(LrlabError, match=r"no run listens.*\n.*\n.*\n.*live="):
            ask(tmp_path)


def raw(folder, *lines):
    """Lines that somebody else has written."""
    with open(folder / FILE, "ab") as file:
        for line in lines:
            file.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")


FORGED = [
    {"taken": 1000000, "update": 0}, {"taken": 1, "update": 0}, {"taken": 1, "update": 10**18},
    {"taken": 1, "update": 1e9}, {"taken": 0, "update": 1}, {"taken": -1, "update": 1}, {"taken": 1, "update": -5},
    {"taken": True, "update": 1}, {"taken": 10**400, "update": 10**400}, {"taken": 1, "order": "x", "update": 0},
    {"taken": 1, "order": [], "update": 0},
    {"factor": -1.0}, {"factor": 10**400}, {"factor": True}, {"factor": "0.5"}, {"factor": None}, {"factor": [0.5]},
    {"factor": 0.5}, {"factor": 0.5, "at": "2026-11-29T02:59:55+00:00"}, {"taken": 1, "update": 3},
    {"factor": 1e308}, b'{"factor": NaN}', b'{"factor": 1e999}',
    b'{"factor": ' + b"9" * 5000 + b"}", b"[" * 50_000, b'{"a":' * 20_000,
    b"x" * 200_000, b"\0" * 100, b"\xff\xfe", b"[]", b"null", b"{}", {"factor": 0.5, "at": 3},
    {"taken": 1, "update": 3, "more": 1}, {"taken": 1}, {"update": 3},
    {"factor": 0.5, "more": 1}, {"factor": 0.5, "digest": "0" * 64}, {"lrlab": 1},
    {"lrlab": 1, "live": "orders", "factor": 0.5},
]  # fmt: skip


@pytest.mark.parametrize("line", FORGED, ids=lambda line: str(line)[:40])
def test_a_forged_line_changes_nothing(tmp_path, line, caplog):
    """Before an order, behind it and behind its answer: the order is taken at the next update, and held."""
    live = ManualOrders(tmp_path)
    raw(tmp_path, line)
    assert live.due(1) is None
    give(tmp_path, 0.5)
    raw(tmp_path, line)
    assert live.due(7) == 0.5
    assert [live.due(update) for update in (8, 9)] == [None, None]
    assert caplog.records
    assert [order.factor for order in orders(tmp_path)] == [0.5]
    give(tmp_path, 0.25)
    assert live.due(10) == 0.25
    assert orders(tmp_path)[1].taken == 10


def test_a_damaged_line_is_not_an_order_and_moves_none(tmp_path):
    """A resumed run takes the others at their updates: an answer names its order."""
    live = ManualOrders(tmp_path)
    for at, factor in ((10, 0.5), (20, 0.25)):
        give(tmp_path, factor)
        assert live.due(at) == factor
    whole = (tmp_path / FILE).read_bytes()
    assert taken(ManualOrders(tmp_path), range(5, 30)) == {10: 0.5, 20: 0.25}
    (tmp_path / FILE).write_bytes(whole.replace(b"0.5,", b"0.7,"))
    assert taken(ManualOrders(tmp_path), range(5, 30)) == {20: 0.25}
    first, *rest = whole.splitlines(keepends=True)
    (tmp_path / FILE).write_bytes(b"".join([first, rest[0], *rest]))  # a line twice is one order
    assert taken(ManualOrders(tmp_path), range(5, 30)) == {10: 0.5, 20: 0.25}


def test_a_file_that_is_cut_off_or_another_is_read_anew(tmp_path, caplog):
    """Orders that were heard are not heard again, and new ones are."""
    live = ManualOrders(tmp_path)
    give(tmp_path, 0.5)
    assert live.due(3) == 0.5
    give(tmp_path, 0.25)
    assert live.due(4) == 0.25
    lines = (tmp_path / FILE).read_bytes().splitlines(keepends=True)
    (tmp_path / FILE).write_bytes(b"".join(lines[:2]))
    assert live.due(5) is None
    assert "read anew" in caplog.text
    give(tmp_path, 0.75)
    assert live.due(6) == 0.75
    (tmp_path / "other").write_bytes(lines[0])
    os.replace(tmp_path / "other", tmp_path / FILE)
    assert live.due(7) is None
    give(tmp_path, 0.125)
    assert live.due(8) == 0.125


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
@pytest.mark.parametrize("kind", ["pipe", "folder", "link", "dangling", "device"])
def test_what_is_no_file_is_passed_over(tmp_path, kind, caplog):
    """In the place of the file while the run goes on: said once, not waited for, and heard again afterwards."""
    live = ManualOrders(tmp_path)
    live.due(0)
    path, aside = tmp_path / FILE, tmp_path / "aside"
    os.rename(path, aside)
    target = {"link": aside, "dangling": tmp_path / "nowhere", "device": Path("/dev/zero")}
    if kind in target:
        path.symlink_to(target[kind])
    else:
        (os.mkfifo if kind == "pipe" else os.mkdir)(path)
    assert [live.due(update) for update in (1, 2)] == [None, None]
    assert len(caplog.records) == 1
    for ask in (orders, lambda folder: give(folder, 0.5)):
        with pytest.raises(LrlabError, match="no run listens"):
            ask(tmp_path)
    with pytest.raises(LrlabError, match="live orders cannot be heard"):
        ManualOrders(tmp_path)
    (path.rmdir if kind == "folder" else path.unlink)()
    os.rename(aside, path)
    give(tmp_path, 0.5)
    assert live.due(3) == 0.5


def test_a_folder_that_became_a_file_does_no_harm(tmp_path):
    """Nor does one that is gone."""
    live = ManualOrders(tmp_path / "run")
    live.due(0)
    (tmp_path / "run" / FILE).unlink()
    (tmp_path / "run").rmdir()
    assert live.due(1) is None
    (tmp_path / "run").write_text("x")
    assert live.due(2) is None


def test_an_order_that_cannot_be_answered_is_taken(tmp_path, monkeypatch, caplog):
    """A full disk is said, and ends no training."""
    live = ManualOrders(tmp_path)
    give(tmp_path, 0.5)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lrlab.record.process.orders.append", full)
    assert live.due(3) == 0.5
    assert live.due(4) is None
    assert "No space left" in caplog.text
    with pytest.raises(LrlabError, match="cannot be written"):
        give(tmp_path, 0.5)


def test_asked_again_it_is_the_same(tmp_path):
    """Who was interrupted before the factor was set asks again; who goes on has it."""
    live = ManualOrders(tmp_path)
    give(tmp_path, 0.5)
    assert [live.due(3), live.due(3), live.due(4), live.due(5)] == [0.5, 0.5, None, None]
    assert orders(tmp_path)[0].taken == 3


def test_the_folder_is_made_with_all_above_it(tmp_path):
    """A run names the folder before there is one; it listens again in one that is there."""
    for _ in range(2):
        live = ManualOrders(tmp_path / "runs" / "x")
    assert give(tmp_path / "runs" / "x", 0.5).number == 1
    assert live.due(3) == 0.5


def test_the_file_says_what_it_is(tmp_path):
    """In its first line, with the number of its form."""
    ManualOrders(tmp_path)
    (line,) = (tmp_path / FILE).read_text(encoding="utf-8").splitlines()
    assert {"lrlab": 1, "live": "orders"}.items() <= json.loads(line).items()


def test_a_factor_that_was_not_set_is_given_again(tmp_path):
    """As the number of those that were says; also before a later update."""
    live = ManualOrders(tmp_path)
    give(tmp_path, 0.5)
    assert [live.due(3, 0), live.due(4, 0), live.due(5, 0)] == [0.5, 0.5, 0.5]
    assert [live.due(6, 1), live.due(7, 1)] == [None, None]
    give(tmp_path, 0.25)
    assert [live.due(8, 1), live.due(9, 2), live.due(10, 2)] == [0.25, None, None]


def lines(folder):
    return [json.loads(line) for line in (folder / FILE).read_text(encoding="utf-8").splitlines()]


def test_the_answer_names_the_order_by_its_number(tmp_path):
    """From 1, and the update; once, however often it is asked."""
    live = ManualOrders(tmp_path)
    for factor in (0.5, 0.25):
        give(tmp_path, factor)
        assert [live.due(8), live.due(8)] == [factor, factor] if factor == 0.5 else [live.due(9)] == [factor]
    answers = [(row["taken"], row["update"]) for row in lines(tmp_path) if "taken" in row]
    assert answers == [(1, 8), (2, 9)]


def test_a_resumed_run_answers_nothing_again(tmp_path):
    """An order holds from where it was taken first, though it is heard again at a later update."""
    live = ManualOrders(tmp_path)
    give(tmp_path, 0.5)
    assert live.due(10) == 0.5
    again = ManualOrders(tmp_path)
    assert [again.due(9), again.due(15)] == [None, 0.5]
    assert orders(tmp_path)[0].taken == 10
    assert len(lines(tmp_path)) == 3
