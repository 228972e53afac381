"""The words of a comparison; see also test_statistics.py, where they are met."""

import numpy as np

from lrlab.analysis.comparison.wording import advice, method, widening


def test_a_wider_grid_is_told_for_each_edge():
    """By the step that the grid has there."""
    edges = {"a": "highest", "b": "lowest", "c": "highest"}
    assert widening({}, (0.5, 1.0)) == ""
    said = widening(edges, (0.1, 0.3, 1.0, 2.0))
    assert "Best at the lowest LR tried (0.1): b. Best at the highest LR tried (2): a, c." in said
    assert said.endswith("--lrs 0.0333333,0.1,0.3,1,2,4.")


def test_who_is_alone_is_settled():
    """Over one other, or all."""
    assert advice(["a"], np.zeros((1, 5)), 1, "fold", 0.95) == ("Settled: a is distinguishable from the other.", True)
    assert "from all 3 others" in advice(["a"], np.zeros((1, 5)), 3, "fold", 0.95)[0]


def test_the_method_names_who_was_not_tested():
    """Because a run diverged; or nobody was."""
    assert "Not tested, because a run diverged: b, c." in method(5, 4, ["b", "c"], "fold", 1, 0.95)
    assert "nothing was tested" in method(5, 2, ["b", "c"], "fold", 1, 0.95)
