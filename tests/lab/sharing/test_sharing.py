"""Sharing is alone, or is refused: trainings of every style, shared and alone, compared to the last bit.

What each must come to, and the words that must be said, stand with it: see `common`. What is shared is trained by one
process, what is trained alone by another, so that nothing that a process remembers can make the two alike.
"""

import pytest
from comparing import FILES, came_to, tasks_of

from lrlab.lab.executors.local import Local


@pytest.fixture(scope="module")
def processes():
    """One that trains what is shared, another that trains each arm alone; Keras computes by PyTorch."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        pair = Local(1), Local(1)
        yield pair
        for each in pair:
            each.close()


@pytest.mark.parametrize(
    ("file", "name", "must", "words"),
    [pytest.param(file, *each, id=f"{file}-{each[0]}") for file in FILES for each in tasks_of(file)],
)
def test_sharing_is_alone_or_is_refused(processes, tmp_path, file, name, must, words):
    """Each comes to what stands with it; never to other bits than alone."""
    pytest.importorskip(FILES[file])
    came, said = came_to(file, name, tmp_path, *processes)
    assert came == must, said
    assert words in said


def test_there_are_enough_of_them():
    """Of each outcome, and of each framework."""
    every = [must for file in FILES for _, must, _ in tasks_of(file)]
    assert len(every) >= 85
    assert {*every} == {"equal", "alone", "refused"}
