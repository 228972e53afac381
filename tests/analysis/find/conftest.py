"""A policy that is driven by a known loss."""

import numpy as np
import pytest

from lrlab.analysis.find.policy import Told, swept


def _falls(x):
    """Lowest between 0 and 2.5, and broken beyond."""
    return np.where(x < 2.5, 2 - 1 / (1 + np.exp(-3 * (x + 1))), 3 * x)


def _driven(policy, loss, sweep=None):
    """Everything it asks for, answered by functions of (log LR, updates), and of the log LRs of the sweep."""
    asked, every = policy.first(), []
    while asked:
        every += asked
        told = []
        for each in asked:
            if each.kind == "untrained":
                told.append(Told(6.0))
            elif each.kind == "sweep":
                x = np.log(swept(each.updates))
                losses = _falls(x) if sweep is None else sweep(x)
                told.append(Told(np.inf, tuple(losses.tolist())))
            else:
                told.append(Told(loss(np.log(each.multiple), each.updates)))
        asked = policy.told(told)
    return every


@pytest.fixture
def driven():
    return _driven
