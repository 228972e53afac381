"""Orders for a running process: taken at the next update, once, at the same update after a resume, never half."""

import json
import threading

import pytest

from lrlab.errors import LrlabError, LrlabTypeError
from lrlab.record.process.orders import FILE, ManualOrders, give, orders


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
    line = json.dumps({"factor": 0.5, "at": "now"})
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
    assert len(caplog.records) == 3


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
    for factor in (-1, float("nan"), float("inf")):
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
