"""What only tells, told from what steers."""

import collections
import logging
import warnings

from lrlab.core.run.pacer import Pacer
from lrlab.lab.tasks.common.fitting import fit
from lrlab.lab.training.run import TrainingRun
from lrlab.lab.training.telling import tells


def test_logs_and_the_run_itself_tell():
    """With what comes from them."""
    assert all(map(tells, (logging.Logger, logging.FileHandler, warnings.catch_warnings, TrainingRun)))


def test_what_keeps_a_position_steers():
    """Such as a schedule that is driven, a task of the lab, or one's own subclass of what tells."""

    class Mine(logging.Handler):
        pass

    assert not any(map(tells, (Pacer, collections.Counter, type(fit), Mine)))
