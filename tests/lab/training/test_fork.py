"""A fork is held to what the training before it has seen."""

import pytest

from lrlab.errors import LrlabError
from lrlab.lab.training.fork import Alone, Lookout, held_to
from lrlab.lab.training.tracked import Tracked

BOX = {"n": 0}


def test_whatever_differs_is_named():
    """The first three of it."""
    held_to({"a": "1"}, {"a": "1"})
    with pytest.raises(Alone, match=r"^a is not as"):
        held_to({"a": "1"}, {"a": "2"})
    with pytest.raises(Alone, match=r"^a, b, c, \.\.\. are not as"):
        held_to(dict.fromkeys("abcd", "1"), {})


def test_the_loop_around_run_steps_is_looked_at():
    """Its variables that will be read, where it is, the batch that comes next."""
    found = []

    def train(batches):
        total, model = 0, [1.0, [2]]

        def steps():
            for k in range(2):
                found.append(lookout.look(mine, Tracked(), batches, k))
                yield k

        mine = steps()
        for each in mine:
            total += each
        return total, model

    lookout = Lookout(train)
    assert train([5]) == (1, [1.0, [2]])
    first, second = found
    assert first["the next batch"] != second["the next batch"]
    assert {name for name in first if first[name] != second[name]} == {"the next batch"}
    assert {"total", "model[0]", "the place of run.steps"} <= first.keys()


def test_what_changes_outside_is_an_error():
    """The next run of this process would begin with it."""

    def train(run):
        BOX["n"] += 1

    lookout = Lookout(train)
    lookout.watch_outside(Tracked())
    lookout.watch_outside(Tracked())
    train(None)
    with pytest.raises(LrlabError, match=r"(?s)changes what lies outside.*BOX\['n'\].*run\.track"):
        lookout.watch_outside(Tracked())
