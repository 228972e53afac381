"""The weights of a merge: the reversed differences of the decay (WSM, arXiv:2507.17634)."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.merging import merging_weights

DECAYS = (lr.linear(), lr.cosine(), lr.wsd(warmup=0), lr.exponential(decay=0.1, every="100%"), lr.linear(to=0.3))


def test_a_linear_decay_counts_all_alike():
    """As in the paper: the mean of the checkpoints stands for a linear decay; one for every update here."""
    weights = merging_weights(lr.linear(), range(11))
    assert weights[0] == 0
    assert weights[1:] == pytest.approx([0.1] * 10)


@given(st.sampled_from(DECAYS), st.lists(st.integers(1, 50), min_size=1, max_size=8), st.integers(0, 1000))
def test_the_merge_is_where_the_decayed_steps_lead(schedule, apart, first):
    """Weights are shares, and their mean is the sum of the steps times the decay."""
    at = first + np.cumsum([0, *apart])
    weights = merging_weights(schedule, at.tolist())
    assert weights.min() >= -1e-12
    assert weights.sum() == pytest.approx(1)
    places = np.random.default_rng(0).normal(size=len(at))
    values = schedule.over(int(at[-1] - first)).values()
    steps = [values[a - first : b - first].mean() for a, b in itertools.pairwise(at)]
    assert weights @ places == pytest.approx(places[0] + steps @ np.diff(places))


@pytest.mark.parametrize("at", [[5], [5, 5], [5, 4], []])
def test_updates_that_do_not_increase(at):
    """Are no run."""
    with pytest.raises(LrlabError, match="two checkpoints or more"):
        merging_weights(lr.linear(), at)
