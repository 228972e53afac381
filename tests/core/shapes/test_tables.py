"""Values from outside: lists and named functions."""

import copy
import functools
import math
import pickle

import pytest

import lrlab as lr
from lrlab.core.shapes.tables import source_digest


def halves(t):
    """A function of the module, which can be pickled."""
    return 0.5**t


def test_table():
    """One update each; the last is kept; its own length counts in a sequence."""
    curve = (lr.table([0.1, 1]) >> lr.table([0.5])).over(5)
    assert curve.values().tolist() == [0.1, 1, 0.5, 0.5, 0.5]
    with pytest.raises(lr.LrlabError, match="3 of 2"):
        lr.table([1, 2, 3]).over(2)


def test_a_long_table():
    """A value for each of many updates, across blocks."""
    values = [k / 10**5 for k in range(10**5)]
    assert lr.table(values).over(10**5).values().tolist() == values


def test_function_is_known_by_name_and_source():
    """Equal name and source: equal; another source or name: not."""

    def other(t):
        return 0.9**t

    assert lr.function(halves) == lr.function(halves)
    assert lr.function(halves) != lr.function(other, name="halves")
    assert lr.function(halves) != lr.function(halves, name="h")
    assert source_digest(halves) == source_digest(halves) != source_digest(other)


def test_function_survives_what_schedules_survive():
    """Copies, replace and combinators keep the function bound."""
    schedule = lr.function(halves)
    for same in (copy.deepcopy(schedule), pickle.loads(pickle.dumps(schedule)), schedule.replace()):
        assert same == schedule
        assert same.over(2).values().tolist() == [1, 0.5]
    assert schedule.replace(span=1).over(2).values().tolist() == [1, 0.5]
    assert (2 * schedule).over(2).values().tolist() == [2, 1]
    with pytest.raises(lr.LrlabError, match="by name and hash only"):
        schedule.replace(digest="0").over(2)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: lr.function(lambda t: 1), "a lambda has no name"),
        (lambda: lr.function(5), "needs a function"),
        (lambda: lr.function("f"), "needs the hash of its source"),
        (lambda: lr.function("f", 5), "must be a word"),
        (lambda: lr.function("f", "0", name="g"), "name= goes with a function"),
        (lambda: lr.function(halves, "0"), "taken from the function itself"),
        (lambda: lr.function(halves, name=5), "must be a word"),
        (lambda: lr.function(halves, span=-1), "must not be negative"),
    ],
)
def test_refusals(make, says):
    """What is no named function."""
    with pytest.raises(lr.LrlabError) as caught:
        make()
    assert says in str(caught.value)


def test_callables_of_every_kind():
    """A lambda with a name, a builtin, an object that can be called."""

    class Slope:
        def __call__(self, t):
            return t / 2

    assert lr.function(lambda t: 1.0, name="one").over(2).values().tolist() == [1, 1]
    assert lr.function(math.sqrt).over(2).values().tolist() == [0, 1]
    assert lr.function(Slope(), name="slope").over(3).values().tolist() == [0, 0.5, 1]


def test_what_a_function_has_captured_is_part_of_it():
    """Two functions of one source that differ in a captured number are two functions; a partial is refused."""

    def scaled(factor):
        def mine(t):
            return factor**t

        return mine

    assert lr.function(scaled(0.5)) == lr.function(scaled(0.5))
    assert lr.function(scaled(0.5)) != lr.function(scaled(0.9))
    with pytest.raises(lr.LrlabError, match="partial"):
        lr.function(functools.partial(pow, 0.5), name="mine")


@pytest.mark.parametrize("given", [lr.cosine(), 3, None])
def test_what_is_no_function_of_the_update_is_refused(given):
    """A schedule neither: it has no values before it is said how long the run is."""
    with pytest.raises(lr.LrlabError, match="function needs a function of the update number"):
        lr.function(given)
