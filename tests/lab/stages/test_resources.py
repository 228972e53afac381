"""What trainings may use, as one value."""

import dataclasses

import pytest

from lrlab.errors import LrlabError, LrlabTypeError
from lrlab.lab.stages.resources import Resources


def test_it_is_a_value():
    """Frozen, equal to another of the same, one process per core by default."""
    assert Resources() == Resources(None, "local", 1, "cpu")
    with pytest.raises(dataclasses.FrozenInstanceError):
        Resources().workers = 3


@pytest.mark.parametrize(
    ("given", "said"),
    [({"workers": -1}, "at least 0"), ({"threads": 0}, "at least 1"), ({"threads": -2}, "at least 1")],
)
def test_what_cannot_be_meant(given, said):
    """In a sentence, when it is made."""
    with pytest.raises(LrlabError, match=said):
        Resources(**given)


@pytest.mark.parametrize("given", [{"workers": "4"}, {"workers": 1.5}, {"workers": True}, {"threads": None}])
def test_numbers_are_whole(given):
    """A text is none."""
    with pytest.raises(LrlabTypeError, match="whole number"):
        Resources(**given)


def test_the_least_numbers_and_what_to_type():
    """None but this process, or one thread; the hint begins at the least."""
    assert (Resources(workers=0).workers, Resources(threads=1).threads) == (0, 1)
    for given, hint in (({"workers": -1}, "0, 1, ..."), ({"threads": 0}, "1, 2, ...")):
        with pytest.raises(LrlabError, match=hint):
            Resources(**given)
    for given, hint in (({"workers": "4"}, "0, 1, ..."), ({"threads": None}, "1, 2, ...")):
        with pytest.raises(LrlabTypeError, match=hint):
            Resources(**given)


def test_workers_have_one_order_of_sets(monkeypatch):
    """It is pinned there; this process has its own."""
    monkeypatch.setattr("lrlab.lab.stages.resources.order_of_sets", lambda: "mine")
    assert [Resources(workers).order for workers in (0, 1, 2, None)] == ["mine", "0", "0", "0"]
