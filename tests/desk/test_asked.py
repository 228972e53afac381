"""What a verb is asked to train, and where."""

import pytest

from lrlab.desk.asked import reached, wanted
from lrlab.errors import LrlabTypeError
from lrlab.lab.stages.resources import Resources


def test_a_length_is_the_tasks_own_or_the_given_one():
    """By name or as a function; anything that is no number of updates is refused with what is."""
    task, updates = wanted("control", None)
    assert updates == task.settings.updates
    assert wanted("control", 7)[1] == 7
    assert wanted(lambda run: None, 1)[1] == 1
    for horizon in (0, -3, 2.0, True, "100"):
        with pytest.raises(LrlabTypeError, match="horizon is the number of updates of each run"):
            wanted("control", horizon)


def test_a_task_that_no_other_process_finds_is_trained_here_and_it_is_said(capsys):
    """Once, on standard error; a task of a file goes where it is asked to."""
    task, _ = wanted(lambda run: None, 10)
    assert reached(Resources(), task).workers == 0
    assert capsys.readouterr().err
    named, _ = wanted("control", None)
    assert reached(Resources(), named) == Resources()
    assert capsys.readouterr().err == ""
