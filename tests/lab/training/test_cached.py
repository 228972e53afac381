"""Cached functions that draw random numbers, told from those that compute."""

import functools
import random
from random import shuffle

import numpy as np
import pytest

from lrlab.lab.training.cached import drawing
from lrlab.lab.training.process import put_back

torch = pytest.importorskip("torch")


@functools.cache
def by_torch(k):
    return torch.randn(k)


@functools.lru_cache
def by_numpy(k):
    return np.random.normal(size=k)


@functools.cache
def by_python(k):
    return helper(k)


def helper(k):
    return random.choice([k])


@functools.cache
def by_a_generator(k):
    return torch.randn(k, generator=torch.Generator().manual_seed(0)), np.random.default_rng(0).normal()


@functools.cache
def computed(k):
    return torch.arange(k), np.sqrt(k), random.Random(0).random()


def test_who_draws_from_the_random_numbers_of_the_process_is_found():
    """Directly, or by way of a function of one's own; a generator that is seeded is no secret."""

    def train(run):
        return [each(3) for each in (by_torch, by_numpy, by_python, by_a_generator, computed)]

    assert {*drawing(train)} == {"by_torch", "by_numpy", "by_python"}


def test_they_begin_anew_with_each_stage():
    """What is only computed is kept."""

    def train(run):
        return by_numpy(2), computed(2)

    for _ in range(2):
        with put_back(train):
            assert by_numpy.cache_info().currsize == 0
            train(None)
    assert computed.cache_info().hits > 0


OWN = random.Random(3)


@functools.cache
def shuffles(k):
    return shuffle([1, 2])


@functools.cache
def from_within(k):
    return np.random.mtrand.normal()


@functools.cache
def seeded(k):
    return OWN.random(), random.Random(k), np.random.default_rng(k).normal(), np.random.PCG64(k)


def test_what_draws_is_known_by_what_it_belongs_to():
    """A method of the one generator of Python or NumPy, under whatever name; one of one's own draws from itself."""
    assert [*drawing(lambda run: (shuffles(1), from_within(1), seeded(1)))] == ["shuffles", "from_within"]


def within():
    """Caches of a function, and what they draw with: a module or a call of the function around, or their own import."""
    import numpy.random as numbers
    from numpy.random import uniform

    draw, unset = numbers.normal, None

    @functools.cache
    def module(k):
        return numbers.normal(k)

    @functools.cache
    def call(k):
        return draw(k)

    @functools.cache
    def imported(k):
        import random as rnd

        return rnd.random()

    @functools.cache
    def taken(k):
        from numpy.random import normal

        return normal(k)

    @functools.cache
    def around(k):
        return uniform(k)

    @functools.cache
    def of_torch(k):
        import torch as t

        return t.randn(k)

    @functools.cache
    def computes(k):
        import math as m

        from numpy.random import Generator

        return m.sqrt(k), Generator, unset, later

    def train(run):
        return module(1), call(1), imported(1), taken(1), around(1), of_torch(1), computes(1)

    if unset:
        later = 1
    return train


def test_names_of_a_function_around_and_imports_within_are_followed():
    """Also one that is assigned later, and is in no cell yet."""
    found = {name.rpartition(".")[2] for name in drawing(within())}
    assert found == {"module", "call", "imported", "taken", "around", "of_torch"}
