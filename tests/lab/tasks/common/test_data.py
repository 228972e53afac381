"""What tasks share about data: sizes, folds, named random numbers, batches."""

import numpy as np
import pytest

from lrlab.lab.tasks.common.data import batches, draws, parts, tensors

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("folds", [2, 5, 8])
def test_folds_partition_the_items(folds):
    """Each item is held out once, and never trained on where it is held out."""
    cuts = [parts(103, fold, folds) for fold in range(folds)]
    assert sorted(np.concatenate([held_out for _, held_out in cuts])) == list(range(103))
    for train, held_out in cuts:
        assert sorted([*train, *held_out]) == list(range(103))


def test_one_fold_alone_still_holds_something_out():
    """Nothing is judged by what it was trained on."""
    train, held_out = parts(100, 0, 1)
    assert len(train) == len(held_out) == 50


def test_named_numbers_depend_on_their_name_alone():
    """Golden: the same in every process and on every machine."""
    assert draws("signals", 0).integers(1000, size=3).tolist() == draws("signals", 0).integers(1000, size=3).tolist()
    assert draws("a", 1).random() != draws("a", 2).random()
    assert draws("a", 11).random() != draws("a1", 1).random()
    assert draws("golden").integers(1000, size=3).tolist() == [266, 400, 974]


def test_batches_keep_rows_together_and_follow_the_seed():
    """Columns stay aligned; a new generator at the same random state goes on with the same rows."""
    x = torch.arange(50)
    endless = batches(8, x, 10 * x)
    torch.manual_seed(3)
    next(endless)
    state = torch.get_rng_state()
    expected = next(endless)
    torch.set_rng_state(state)
    found = next(batches(8, x, 10 * x))
    assert torch.equal(found[0], expected[0])
    assert torch.equal(found[1], 10 * found[0])


def test_floats_become_single_precision_and_numbers_stay():
    """Labels must stay integers, weights and inputs must agree in their precision."""
    a, b = tensors(np.ones(3), np.ones(3, dtype=np.int64))
    assert (a.dtype, b.dtype) == (torch.float32, torch.int64)
