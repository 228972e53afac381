"""A name that stands for several strategies is told apart, within its task alone."""

from lrlab.record.runs.strategies import told_apart
from stored import stored


def test_a_name_of_one_strategy_stays():
    """Whatever runs under it elsewhere."""
    runs = [stored("a", "constant()"), stored("a", "constant()", 1), stored("a", "linear()", task="other")]
    assert told_apart(runs) == runs


def test_another_schedule_or_average_is_another_strategy():
    """Each by its schedule, and its average where it has one."""
    runs = [stored("a", "constant()"), stored("a", "linear()"), stored("a", "linear()", averaging="swa 25%")]
    names = ["a: constant()", "a: linear()", "a: linear(), averaging=swa 25%"]
    assert [run.arm for run in told_apart([*runs, stored("b", "linear()")])] == [*names, "b"]
