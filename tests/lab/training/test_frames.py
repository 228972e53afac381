"""Which variables a loop will still read, and what nobody can see of where it is."""

import contextlib
import dis
import functools
import itertools
import sys

import pytest

from lrlab.lab.training.frames import (
    _live,
    asked_of,
    counters_around,
    frames_between,
    gathering,
    live,
    position,
    within_a_loop,
)


def suspended(body, *given):
    """The frame of a generator that has yielded once."""
    steps = body(*given)
    next(steps)
    return steps


def test_what_is_written_before_it_is_read_is_not_live():
    """Of the loop's own variables only those that go from one round to the next."""

    def body():
        total, model, _unused, scale = 0, object(), 3, 1.0
        for k in range(3):
            batch = k
            with contextlib.nullcontext():
                loss = batch * scale
            total += loss
            if k == 1:
                scale = 0.5
            yield model
            last = loss
        return total, last

    steps = suspended(body)
    assert sorted(live(steps.gi_frame)) == ["loss", "model", "scale", "total"]
    assert "_unused" in steps.gi_frame.f_locals


def test_a_list_that_is_only_appended_to_is_not_read():
    """It tells; where it is read, it may steer."""

    def telling():
        losses = []
        for k in range(3):
            losses.append(k)
            yield

    def steering():
        losses = []
        for k in range(3):
            losses.append(k + len(losses))
            yield

    assert live(suspended(telling).gi_frame) == {}
    assert list(live(suspended(steering).gi_frame)) == ["losses"]


def test_a_list_that_is_handed_on_with_a_function_called_append_is_read():
    """The name beside it is not its own method."""

    def handing(append=print):
        losses = []
        for k in range(3):
            losses.append(k)
            yield
        append(losses, append)

    assert sorted(live(suspended(handing).gi_frame)) == ["append", "losses"]


def test_variables_of_closures_are_live_where_a_function_may_read_them():
    """Those that the loop writes first are not."""

    def body():
        kept, batch = 1, None
        for _ in range(3):
            yield
            batch = 2

            def closure():
                return kept + batch  # noqa: B023

            closure()

    assert list(live(suspended(body).gi_frame)) == ["kept"]


def test_what_an_exception_leads_to_is_read_too():
    """A second loader, begun again where it ends."""

    def body(loader):
        more = iter(loader)
        while True:
            yield
            try:
                next(more)
            except StopIteration:
                more = iter(loader)

    assert sorted(live(suspended(body, [1]).gi_frame)) == ["loader", "more"]


def test_a_generator_that_has_not_begun_holds_what_it_was_given():
    """All that it will read."""

    def body(start):
        yield start

    assert live(body(7).gi_frame) == {"start": 7}


def test_a_for_loop_around_the_place_is_seen_and_a_while_loop_is_none():
    """How far the first is, Python keeps to itself; how far the second is, stands in variables."""

    def repeated(epochs):
        for _ in range(epochs):
            yield

    def waiting():
        done = 0
        while done < 3:
            yield
            done += 1

    assert within_a_loop(suspended(repeated, 3).gi_frame)
    assert not within_a_loop(suspended(waiting).gi_frame)


def test_a_loop_that_is_warm_stands_where_a_cold_one_does():
    """The steps themselves are not a loop around them, nor is a comprehension less of one, once Python has adapted."""
    within, gathered = set(), set()

    def steps():
        for k in range(100):
            frame = sys._getframe(1)
            within.add(within_a_loop(frame))
            gathered.add(tuple(gathering([sys._getframe(), frame])))
            yield k

    def plain():
        for _ in steps():
            pass

    def collects():
        return [k for k in steps()]

    for _ in range(3):
        plain()
    assert (within, gathered) == ({False}, {()})
    gathered.clear()
    for _ in range(3):
        collects()
    assert gathered == {("a comprehension",)}


@pytest.mark.parametrize(
    ("wrapped", "name"),
    [
        (enumerate, "enumerate"),
        (lambda steps: zip(steps, itertools.count(), strict=False), "zip"),
        (lambda steps: itertools.islice(steps, 2), "islice"),
        (lambda steps: map(str, steps), "map"),
        (list, None),
    ],
)
def test_what_counts_around_a_generator_is_found(wrapped, name):
    """Whatever of Python's own draws from it."""
    steps = (k for k in range(3))
    kept = wrapped(steps)
    assert counters_around([], steps) == ([name] if name else [])
    del kept


def test_a_counter_around_a_generator_of_ones_own_around_it_is_found():
    """Its frame is on the way out."""

    def own(inner):
        yield from inner

    steps = own(k for k in range(3))
    counted = enumerate(steps)
    next(counted)
    assert counters_around([steps.gi_frame], steps.gi_yieldfrom) == ["enumerate"]


def test_frames_go_outwards_to_the_training_function():
    """And no further, whoever calls it."""
    import sys

    def inner():
        return [frame.f_code.co_name for frame in frames_between(sys._getframe(), outer.__code__)]

    def outer():
        return inner()

    assert outer() == ["inner", "outer"]


def test_a_position_is_the_same_however_warm_the_code_is():
    """It is the place in the source."""

    def body():
        while True:
            yield

    steps = suspended(body)
    first = position(steps.gi_frame)
    for _ in range(100):
        next(steps)
    assert position(steps.gi_frame) == first


class Meter:
    def append(self, value):
        return value


def test_what_is_ones_own_may_do_anything_when_it_is_appended_to():
    """A list may not."""

    def body():
        meter, values = Meter(), []
        for k in range(3):
            values.append(meter.append(k))
            yield

    assert list(live(suspended(body).gi_frame)) == ["meter"]


GATHERED = []


def numbers():
    """Three, each of which notes what goes through them."""
    for k in range(3):
        frame = sys._getframe()
        GATHERED.append(gathering([frame, *frames_between(frame.f_back, None)][:3]))
        yield k


def test_what_goes_through_the_steps_in_c_is_named():
    """A loop, `next`, a generator around them, and a list that nobody takes are none."""

    def plain():
        for k in numbers():
            _ = [k for k in range(2)]
        next(numbers())
        list(numbers())
        list(*(numbers(),))
        for _ in (k for k in numbers()):
            continue

    def gathers():
        found = [k for k in numbers()]
        functools.reduce(max, numbers())
        return found, sum(numbers())

    for body, said in ((plain, set()), (gathers, {"a comprehension", "reduce", "sum"})):
        GATHERED.clear()
        body()
        assert {name for names in GATHERED for name in names} - {
            "test_what_goes_through_the_steps_in_c_is_named"
        } == said


def test_without_the_outer_code_all_frames_are_there():
    """To the one that Python began with; of a code that runs twice, to its outermost."""
    found = list(frames_between(sys._getframe(), None))
    assert found[0] is sys._getframe()
    assert found[-1].f_back is None
    assert list(frames_between(None, None)) == []

    def nested(depth):
        if depth:
            return nested(depth - 1)
        return [frame.f_locals["depth"] for frame in frames_between(sys._getframe(), nested.__code__)]

    assert nested(2) == [0, 1, 2]


def test_a_position_is_a_place_in_the_source():
    """Of the function's own name, and of the line that runs: each of them is another."""

    def steps():
        yield 1
        yield 2

    running, told = steps(), []
    for _ in running:
        name, _, place = position(running.gi_frame).rpartition(" ")
        assert name.endswith("steps")
        assert int(place.split("-")[0]) == running.gi_frame.f_lineno
        told.append(place)
    assert len(set(told)) == 2


def test_attributes_are_asked_of_the_variable_that_is_meant():
    """Not of another one, nor where it is called or given on."""

    def body(bar, other):
        other.seen = bar.n
        bar.update(other.total, bar)
        return other.last

    assert asked_of(body.__code__, "bar") - {"update"} == {"n"}
    assert asked_of(body.__code__, "other") == {"total", "last"}


def test_what_stands_behind_a_return_is_not_read():
    def body(x, ends=True):
        if ends:
            yield
            return 0
        return x

    assert live(suspended(body, 1).gi_frame) == {}


def test_what_a_function_made_before_may_read_is_live_while_it_may_be_called():
    def body(called):
        total, other = [0], [1]

        def show():
            return total, other

        yield
        if called:
            show()

    def done():
        total = [0]

        def show():
            return total

        show()
        yield

    assert {"total", "other", "show"} <= live(suspended(body, True).gi_frame).keys()
    assert live(suspended(done).gi_frame) == {}


def test_what_gathers_is_named_by_the_word_that_is_called():
    """Where it begins in the source, whatever it is given: not by a name among its arguments."""

    def body(next, start):  # noqa: A002
        return functools.reduce(next, numbers(), start)

    GATHERED.clear()
    body(lambda one, other: one, 5)
    assert {names[0] for names in GATHERED if names} == {"reduce"}


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="later Pythons do not split a call")
def test_a_call_that_is_split_is_one_place():
    """What its second part may read is no longer live at its first: both are the same call."""

    def calling():
        kept = 1

        def reads():
            return kept

        reads()
        last = [reads()]
        return len(last)

    code = calling.__code__
    places = [each.offset for each in dis.get_instructions(code) if each.opname == "PRECALL"]
    assert len(places) == 3
    first, second, third = (_live(code, place) for place in places)
    assert {"kept", "reads"} <= first
    assert second == {"kept"}  # the next call may read it
    assert third == frozenset()
    calls = [each.offset for each in dis.get_instructions(code) if each.opname == "CALL"]
    assert [_live(code, place) for place in calls] == [first, second, third]
