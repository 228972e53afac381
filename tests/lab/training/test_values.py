"""Values of other libraries: digests that tell every change, and random numbers that go on."""

import functools
import operator
import random
import sys

import numpy as np
import pytest

from lrlab.lab.training.values import (
    array_digest,
    as_numpy,
    attributes_of,
    digest_of,
    is_array,
    is_random,
    random_state_of,
    set_random_state_of,
)

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("words", [8, 2**13, 2**13 + 1, 2**14 + 3, 3 * 2**12 + 4095])
def test_every_change_of_an_array_changes_its_digest(words):
    """Of a long one, too, of which sums are told: a bit anywhere, words that change places, type, shape."""
    whole = np.random.default_rng(0).integers(2**63, size=words, dtype=np.uint64)
    changed = [whole]
    for place in (0, words // 2, words - 1):
        changed.append(whole.copy())
        changed[-1][place] ^= np.uint64(1)
    for one, other in ((0, 1), (0, words - 1), (1, words // 2)):
        changed.append(whole.copy())
        changed[-1][[one, other]] = whole[[other, one]]
    changed += [whole.view(np.int64), whole[:, None]]
    assert len({array_digest(each) for each in changed}) == len(changed)
    assert array_digest(whole.copy()) == array_digest(whole)
    assert array_digest(np.repeat(whole, 2)[::2]) == array_digest(whole)


def test_a_short_digest_has_sixteen_digits():
    """They are kept beside the states of a comparison."""
    assert len(digest_of(b"some")) == 16
    assert digest_of(b"some") != digest_of(b"other")


@pytest.mark.parametrize(
    ("make", "draw"),
    [
        (lambda: random.Random(1), lambda each: each.random()),
        (lambda: np.random.default_rng(1), lambda each: each.random()),
        (lambda: np.random.RandomState(1), lambda each: each.random_sample()),
        (lambda: np.random.PCG64(1), lambda each: int(each.random_raw())),
        (lambda: torch.Generator(), lambda each: float(torch.rand((), generator=each))),
    ],
)
def test_a_generator_goes_on_from_its_state(make, draw):
    """Of Python, NumPy and PyTorch."""
    one, other = make(), make()
    draw(one)
    assert is_random(type(one))
    state = random_state_of(one)
    following = [draw(one) for _ in range(3)]
    draw(other)
    draw(other)
    set_random_state_of(other, state)
    assert [draw(other) for _ in range(3)] == following


def test_what_is_none_of_these():
    """A list is no generator, a number no array."""
    assert not any(map(is_random, (list, int, torch.Tensor, np.ndarray)))
    assert [is_array(kind) for kind in (np.ndarray, torch.Tensor, list)] == [True, True, False]


def test_attributes_in_slots_and_out_of_them():
    """Hidden names as Python mangles them; one that was not set is left out."""

    class Slotted:
        __slots__ = ("__hidden", "__weakref__", "empty", "x")

        def __init__(self):
            self.x, self.__hidden = 1, 2

    class Both(Slotted):
        def __init__(self):
            super().__init__()
            self.y = 3

    class One:
        __slots__ = "only"

    assert attributes_of(Slotted()) == {"x": 1, "_Slotted__hidden": 2}
    assert attributes_of(Both()) == {"x": 1, "_Slotted__hidden": 2, "y": 3}
    assert (attributes_of(One()), attributes_of(3), attributes_of("text")) == ({}, None, None)


@pytest.mark.parametrize("size", [2**16 - 1, 2**16, 2**16 + 1, 3 * 2**15, 3 * 2**15 + 8])
def test_a_long_array_is_told_by_the_sums_of_its_rows_and_the_parity_of_its_columns(size):
    """Rows of 4096 words; what is left at the end, and what has at most 2**16 bytes, is told whole."""
    raw = np.random.default_rng(1).integers(256, size=size, dtype=np.uint8)
    expected = raw.tobytes()
    if size > 2**16:
        rows = size // 2**15
        words = [int.from_bytes(expected[8 * k : 8 * k + 8], sys.byteorder) for k in range(rows * 2**12)]
        sums = [sum(words[2**12 * k : 2**12 * (k + 1)]) % 2**64 for k in range(rows)]
        parity = [functools.reduce(operator.xor, words[k :: 2**12]) for k in range(2**12)]
        expected = b"".join(each.to_bytes(8, sys.byteorder) for each in sums + parity) + expected[rows * 2**15 :]
    assert array_digest(raw) == f"uint8 [{size}] {digest_of(expected)}"


def test_a_key_of_jax_is_read_as_its_numbers():
    """NumPy has no such type."""
    jax = pytest.importorskip("jax")
    keys = jax.random.split(jax.random.key(5), 2)
    assert as_numpy(keys).tolist() == jax.random.key_data(keys).tolist()
    assert as_numpy(jax.numpy.arange(2)).tolist() == [0, 1]
