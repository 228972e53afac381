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


def test_rivals_are_named_up_to_three():
    """The others are counted; what would decide is told for the easiest and for all."""
    best, spread = np.zeros(6), np.array([1.0, -1.0, 0.5, -0.5, 2.0, -2.0])
    values = np.array([best, *(spread + far for far in (1.5, 1.0, 0.8, 0.6, 0.5))])
    said, settled = advice(["a", "b", "c", "d", "e", "f"], values, 0, "fold", 0.95)
    assert "a is not distinguishable from b, c, d and 2 more;" in said
    assert "would decide about b" in said
    assert not settled
    said, _ = advice(["a", "b", "c", "d"], values[:4], 0, "fold", 0.95)
    assert "not distinguishable from b, c, d;" in said


def test_what_is_out_of_reach_counts_as_equally_good():
    """Where the best of the differences would take more than a hundred further units."""
    values = np.array([np.zeros(6), [1.0, -1.0, 1.0, -1.0, 1.0, -1.0 + 1e-6]])
    said, settled = advice(["a", "b"], values, 0, "seed", 0.95)
    assert "more than 100 further seeds: take them as equally good." in said
    assert settled


def test_a_grid_is_widened_where_it_was_too_narrow():
    """At that end alone."""
    assert widening({"a": "lowest"}, (0.1, 0.3, 1.0)).endswith("--lrs 0.0333333,0.1,0.3,1.")
    assert widening({"a": "highest"}, (0.1, 0.3, 1.0)).endswith("--lrs 0.1,0.3,1,3.33333.")
