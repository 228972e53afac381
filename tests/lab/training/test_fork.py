"""A fork is held to what the training before it has seen."""

import logging

import pytest

from lrlab.errors import LrlabError
from lrlab.lab.training.fork import Alone, Lookout, held_to
from lrlab.lab.training.tracked import Tracked

BOX = {"n": 0}


def test_whatever_differs_is_named():
    """The first three of it."""
    held_to({"a": "1"}, {"a": "1"})
    with pytest.raises(Alone, match=r"^a is not as the training before the fork left it$"):
        held_to({"a": "1"}, {"a": "2"})
    with pytest.raises(Alone, match=r"^a, b, c, \.\.\. are not as"):
        held_to(dict.fromkeys("abcd", "1"), {})
    with pytest.raises(Alone, match=r"^a, b, c are not as the training before the fork left them$"):
        held_to(dict.fromkeys("abc", "1"), {})


def test_switches_of_a_library_that_only_one_process_has_loaded_are_of_none_that_trains():
    """One that both have is held to; anything else that is missing, too."""
    held_to({"a": "1", "the switch autocast": "False"}, {"a": "1"})
    held_to({"a": "1"}, {"a": "1", "the switch autocast": "False"})
    with pytest.raises(Alone, match="the switch autocast is not as"):
        held_to({"the switch autocast": "False"}, {"the switch autocast": "True"})
    with pytest.raises(Alone, match=r"^a is not as"):
        held_to({"a": "1"}, {"the switch autocast": "False"})


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
    with pytest.raises(LrlabError, match=r"(?s)changes something outside.*BOX\['n'\].*run\.track"):
        lookout.watch_outside(Tracked())


def test_what_was_empty_may_be_filled_before_the_loop():
    """What takes long is made once; what was there is not changed."""
    made, counts = {}, {"n": 0}

    def train(run):
        made["data"] = [1, 2]
        counts["n"] += run

    for number in (0, 1):
        lookout = Lookout(train)
        train(number)
        if number:
            with pytest.raises(LrlabError, match=r"changes something outside[\s\S]*counts"):
                lookout.watch_outside(Tracked())
        else:
            lookout.watch_outside(Tracked())


def test_a_run_begins_as_the_one_before_it_of_its_cell():
    """By what is tracked, its first batch, and the random numbers that were drawn."""
    numpy = pytest.importorskip("numpy")

    def begin(cell, weight, batch=0, function=None):
        lookout, tracked = Lookout(function, cell), Tracked()
        tracked.add("box", {"weight": numpy.array([weight]), "name": str(weight)})
        lookout.watch_beginning(tracked, batch)

    begin("a cell of the test", 1.0)
    begin("a cell of the test", 1.0)
    begin("another cell of the test", 2.0)
    begin("a cell of the test", 2.0, function=begin)
    begin("", 2.0)
    with pytest.raises(LrlabError, match=r"does not begin the same way[\s\S]*box\['weight'\][\s\S]*run\.seed"):
        begin("a cell of the test", 2.0)
    with pytest.raises(LrlabError, match=r"does not begin the same way[\s\S]*the next batch"):
        begin("a cell of the test", 1.0, batch=1)


def test_only_the_last_beginnings_are_remembered():
    """A process that trains thousands of cells does not grow by them; those of before are still compared."""
    numpy = pytest.importorskip("numpy")

    def begin(cell, weight):
        lookout, tracked = Lookout(None, cell), Tracked()
        tracked.add("box", {"weight": numpy.array([weight])})
        lookout.watch_beginning(tracked, None)

    for number in range(65):
        begin(f"cell {number} of many", 1.0)
    begin("cell 0 of many", 2.0)  # forgotten
    with pytest.raises(LrlabError, match="does not begin the same way"):
        begin("cell 2 of many", 2.0)


def test_what_was_empty_is_not_filled_in_the_loop():
    """Only what is made before the first update is made once."""
    made = {}

    def train(run):
        return made

    lookout = Lookout(train)
    lookout.watch_outside(Tracked())
    made["data"] = [1]
    with pytest.raises(LrlabError, match=r"changes something outside[\s\S]*made"):
        lookout.watch_outside(Tracked())


class Holder:
    def __init__(self):
        self.items = [[1], [2]]


def test_of_what_only_tells_the_attributes_that_the_code_asks_for_are_seen():
    """A logger is not looked into; its level is, where it is asked; what is looked into is looked at once."""
    found = []

    def train():
        logger, silent, holder = logging.getLogger("a"), logging.getLogger("b"), Holder()

        def steps():
            found.append(lookout.look(mine, Tracked(), [5], 0))
            yield 0

        mine = steps()
        for _ in mine:
            pass
        return logger.level, silent, holder.items

    lookout = Lookout(train)
    train()
    (seen,) = found
    told = {name: text for name, text in seen.items() if name.startswith(("logger", "silent", "holder"))}
    assert told == {
        "logger.level": "0",
        "holder": "Holder",
        "holder.items": "2 items",
        "holder.items[0]": seen["holder.items[0]"],
        "holder.items[1]": seen["holder.items[1]"],
    }


DRIVER = """
def drive(steps):
    for each in steps:
        yield each
"""


class Driven:
    """A loader that a library drives."""

    def __init__(self, driven_by):
        self.driven_by = driven_by


def test_the_frames_of_the_library_that_drives_a_loader_are_left_out():
    """Those of its modules alone: where the training function is stays."""
    library = {"__name__": "somebody.loops"}
    exec(DRIVER, library)
    places = {}

    def train(loader):
        def steps():
            places[loader.driven_by] = lookout.look(mine, Tracked(), loader, 0)["the place of run.steps"]
            yield 0

        mine = steps()
        for _ in library["drive"](mine):
            pass

    for driven_by in ("somebody", "some", "somebody.loops"):
        lookout = Lookout(train)
        train(Driven(driven_by))
    inner, _, outer = places["some"].split(" ", 2)
    assert (inner, outer) == ("drive", places["somebody"])
    assert outer.startswith(train.__qualname__)
    assert places["somebody.loops"] == places["some"]


def test_without_a_function_the_loop_alone_is_the_place():
    """Whoever calls what has the loop in it."""
    found = []

    def loop():
        def steps():
            found.append(lookout.look(mine, Tracked(), [5], 0)["the place of run.steps"])
            yield 0

        mine = steps()
        for _ in mine:
            pass

    lookout = Lookout(None)
    loop()
    loop()
    assert found[0] == found[1] != ""
