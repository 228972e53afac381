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
