"""The schedule as a value: frozen, comparable, printable; its methods."""

import copy
import dataclasses
import pickle

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.time.layout import TimeBase, Window, bounded


def test_frozen():
    """Nothing can be changed in place."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        lr.cosine().to = 0.5


def test_equal_where_the_normal_form_is():
    """Spelling does not count; kinds and numbers do."""
    assert lr.cosine("10%", to=0) == lr.cosine(span="1/10", to=0.0)
    assert lr.cosine() != lr.linear()
    assert lr.cosine(to=0.1) != lr.cosine(to=0.1 + 1e-17 + 1e-16)
    assert lr.cosine() != "cosine()"
    assert len({lr.cosine(), lr.cosine(start=1), lr.linear()}) == 2


def test_copies():
    """A frozen value needs no second copy; pickling makes an equal one."""
    schedule = 0.5 * (lr.warmup(5) >> lr.cosine())
    assert copy.copy(schedule) is schedule
    assert copy.deepcopy([schedule])[0] is schedule
    assert pickle.loads(pickle.dumps(schedule)) == schedule


def test_replace():
    """The same schedule with other arguments, by the arguments' own names."""
    assert lr.cosine("80%").replace(to=0.1) == lr.cosine("80%", to=0.1)
    assert lr.plateau().replace(factor=0.5) == lr.plateau(factor=0.5)
    with pytest.raises(lr.LrlabError, match="no argument 'T_max'"):
        lr.cosine().replace(T_max=5)


def test_parts_and_walk():
    """Every schedule inside, depth first."""
    schedule = 0.5 * (lr.warmup(5) >> lr.cosine().clip(0, 1))
    assert [type(s).__name__ for s in schedule.walk()] == ["Product", "Sequence", "warmup", "Clip", "cosine"]


def test_numpy_numbers_multiply():
    """A NumPy number times a schedule is a schedule."""
    assert np.float64(0.5) * lr.cosine() == lr.cosine() * np.float32(0.5) == 0.5 * lr.cosine()


def test_methods():
    """scale, hold, lasting, reverse."""
    assert lr.cosine().scale(0.5) == 0.5 * lr.cosine()
    assert lr.cosine(5).hold() == lr.cosine(5) >> lr.hold()
    assert lr.cosine().lasting(5).over(9).values()[5:].tolist() == [0] * 4
    assert lr.linear().reverse().over(4).values().tolist() == [0, 0.25, 0.5, 0.75]


def test_windows():
    """A part of no given length takes its window; a longer one is refused; a rounded one fits."""
    window = Window(TimeBase(lr.Horizon(updates=100), 100), 0, 33)
    assert window.fit(lr.cosine()).length == 33
    assert window.fit(lr.cosine("1/3")).length == 33
    assert window.fit(lr.cosine("33.9%")).length == 33
    with pytest.raises(lr.LrlabError, match="34 of 33"):
        window.fit(lr.cosine(34))
    with pytest.raises(lr.LrlabError, match="longer than any run"):
        bounded(10**16)


def test_here_is_only_asked_for_where_it_is_used():
    """A phase's end is computed only for a phase that starts there."""

    def once(t):
        assert t < 3
        return 1.0

    assert (lr.function(once, span=3) >> lr.cosine()).over(10)(9) < 1
    with pytest.raises(lr.LrlabError, match="there is none"):
        lr.cosine(start="here").over(10)
    with pytest.raises(lr.LrlabError, match="there is none"):
        lr.hold().over(10)
