"""The content of plain values and of arrays."""

import itertools
import sys

import numpy as np
import pytest

from lrlab.lab.identity.plain import array_of, digest_of_plain, has_text, memory_of

VALUES = [
    *(0, 0.0, -0.0, False, 0j, "", b"", None, ..., (), frozenset(), (0,), ((),), ((0,),), (0, 0), "0", b"0"),
    *(1, 1.0, True, "1", (1, (2, 3)), ((1, 2), 3), (1, 2, 3), frozenset([1, 2]), slice(1, 2), range(1, 2), range(1, 3)),
    *(float("nan"), float("inf"), 10**5000, "\ud800", (8, 8, 4), (8, 4, 4), (8, 4, 8)),
]


def test_no_two_are_the_same():
    """By type, value and place."""
    digests = [digest_of_plain(value) for value in VALUES]
    assert None not in digests
    assert all(a != b for a, b in itertools.combinations(digests, 2))


def test_equal_ones_are_the_same():
    """Whether they are one object or two, and in whatever order a set has them."""
    assert digest_of_plain((1, (2.5, "a"))) == digest_of_plain((1, (2.5, "".join(["a"]))))
    assert digest_of_plain(frozenset("abcdef")) == digest_of_plain(frozenset("fedcba"))


def test_deep_and_wide_ones():
    """A tuple in a tuple, many times; one that is in it twice at every level."""
    deep = wide = ()
    for _ in range(10 * sys.getrecursionlimit()):
        deep = (deep,)
    for _ in range(200):
        wide = (wide, wide)
    assert digest_of_plain(deep) != digest_of_plain((deep,))
    assert digest_of_plain(wide) != digest_of_plain(deep)


@pytest.mark.parametrize("value", [[], {}, set(), ([],), frozenset([len]), object(), len, type("T", (int,), {})(1)])
def test_others_are_not_plain(value):
    """What can be changed, what has an identity, and what has a class of its own."""
    assert digest_of_plain(value) is None


def test_arrays_count_by_type_shape_and_content():
    """Of NumPy, whatever lies in memory how."""
    arrays = [
        *(np.zeros(4), np.zeros(4, "f4"), np.zeros(4, ">f8"), np.zeros((2, 2)), np.zeros((4, 1)), np.float64(0)),
        *(np.float32(0), np.array(0.0), np.array([0, 0, 0, 1.0]), np.array([0, 0, 1, 0.0]), np.zeros(4, "i8")),
        *(np.zeros(2, [("a", "f8"), ("b", "f8")]), np.array(["a", "b"]), np.array(["2020-01-01"], "M8[D]")),
    ]
    told = [array_of(each) for each in arrays]
    assert len({*told}) == len(told)
    whole = np.arange(12).reshape(3, 4)
    assert array_of(whole.T) == array_of(whole.T.copy()) != array_of(whole.reshape(4, 3))
    assert array_of(np.array([print])) is array_of([1.0]) is None


def test_tensors_count_by_their_content():
    """Of PyTorch: equal ones are the same, whatever they share or are views of."""
    torch = pytest.importorskip("torch")
    tensors = [
        *(torch.zeros(4), torch.zeros(4, dtype=torch.bfloat16), torch.zeros(2, 2), torch.zeros(4, requires_grad=True)),
        *(torch.tensor([0, 0, 0, 1.0]), torch.zeros(0), torch.zeros(4).to_sparse(), torch.zeros(4, device="meta")),
        *(torch.nn.Parameter(torch.zeros(4)), torch.complex(torch.zeros(4), torch.ones(4)), torch.tensor(0.0)),
    ]
    told = [array_of(each) for each in tensors]
    assert len({*told}) == len(told)
    assert array_of(torch.arange(4.0)[1:]) == array_of(torch.tensor([1.0, 2.0, 3.0]))


def test_arrays_of_jax():
    """By their content; a key by its data."""
    jax = pytest.importorskip("jax")
    assert array_of(jax.numpy.ones(2)) == array_of(jax.numpy.ones(2)) != array_of(jax.numpy.zeros(2))
    assert array_of(jax.random.key(1)) == array_of(jax.random.key(1)) != array_of(jax.random.key(2))


def test_texts_in_sets():
    """They alone are put in another order by PYTHONHASHSEED."""
    assert [has_text(value) for value in ("a", b"a", (1, "a"), 1, (1, 2.0), None)] == [True] * 3 + [False] * 3


def test_a_frozen_set_counts_by_what_is_in_it():
    """Of one size, and within a tuple."""
    sets = (frozenset({1, 2}), frozenset({1, 3}), frozenset({"a", "b"}), frozenset({(1, 2), 3}), frozenset())
    assert len({digest_of_plain(each) for each in sets}) == len({digest_of_plain((each,)) for each in sets}) == 5
    assert digest_of_plain(frozenset({1, 2})) == digest_of_plain(frozenset({2, 1}))


def test_the_order_of_bytes_and_the_fields_of_an_array_count():
    """Beside its numbers, which may lie alike."""
    little, big = (np.array([1, 2], f"{order}i4") for order in "<>")
    swapped = little.byteswap().view(">i4")
    assert array_of(little) != array_of(swapped)
    assert array_of(big) == array_of(swapped)
    fields = [np.zeros(2, [("x", "<i4"), (name, "<i4")]) for name in ("y", "z")]
    assert array_of(fields[0]) != array_of(fields[1])


def test_where_a_tensor_lies():
    """In the storage that it shares with its views; nowhere, where it is not of this machine's memory."""
    torch = pytest.importorskip("torch")
    whole = torch.arange(4.0)
    (start, first), (same, second) = memory_of(whole), memory_of(whole[1:])
    assert (start, first, second) == (same, 0, 1)
    assert memory_of(torch.empty(2, device="meta")) is None
    assert memory_of(torch.empty(0)) is None


def test_where_an_array_lies():
    """In the memory that it shares with its views."""
    whole = np.arange(8.0)
    (start, first), (same, second) = memory_of(whole), memory_of(whole[2:][1:])
    assert (start, first, second) == (same, 0, 24)
    assert memory_of(whole[:0]) is None
    assert memory_of([1]) is None


def test_a_million_values_are_no_plain_value():
    """They are looked at as data are."""
    assert digest_of_plain((0,) * 10**6) is None
    assert digest_of_plain((0,) * 10**3) is not None


def test_a_sparse_tensor_has_a_content():
    """Its numbers, and that it is sparse."""
    torch = pytest.importorskip("torch")
    whole, sparse = torch.eye(2), torch.eye(2).to_sparse()
    assert array_of(sparse) is not None
    assert array_of(sparse) != array_of(whole)
    assert array_of(sparse) != array_of((2 * torch.eye(2)).to_sparse())
