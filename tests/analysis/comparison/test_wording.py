"""The words of a comparison; see also test_statistics.py, where they are met."""

import numpy as np
import pytest
from scipy import optimize, stats

from lrlab.analysis.comparison.wording import FARTHEST, _needed, advice, method, widening


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


def with_effect(size, units=12):
    """Differences whose mean is `size` of their standard deviations."""
    d = np.resize([1.0, -1.0], units)
    return (d - d.mean()) / d.std(ddof=1) + size


@pytest.mark.parametrize("size", [2.0, 1.2, 0.9, 0.65, 0.5, 0.4, 0.32, 0.3])
@pytest.mark.parametrize(
    ("arms", "level", "units"), [(2, 0.95, 12), (5, 0.95, 12), (3, 0.99, 12), (2, 0.9, 2), (4, 0.9, 3)]
)
def test_the_further_units_are_those_of_the_power_of_a_t_test(size, arms, level, units):
    """n units find a difference of d standard deviations with probability 0.8: the noncentral t of n - 1 degrees and
    centre d sqrt(n), beyond the critical value for all pairs. Rounded up: singly, by 5 from 10 on, by 10 from 50 on."""
    d = 3 * with_effect(size, units)  # the scale of a metric does not matter

    def power(n):
        critical = stats.t.isf((1 - level) / (arms * (arms - 1)), n - 1)
        return stats.nct.sf(critical, n - 1, size * n**0.5)

    exact = next(k for k in range(1, 1000) if power(units + k) >= 0.8)
    step = 1 if exact < 10 else 5 if exact < 50 else 10
    assert _needed(d, arms, "fold", level) == (-(-exact // step) * step if exact <= FARTHEST else FARTHEST + 1)


def test_differences_without_a_mean_or_a_spread():
    """Equal arms are never told apart; a difference that is always the same needs one fold more, or the least seeds."""
    assert _needed(np.zeros(6), 2, "fold", 0.95) > FARTHEST
    assert _needed(np.ones(6), 2, "fold", 0.95) == 1
    assert _needed(np.ones(3), 2, "seed", 0.95) == 3  # 2^(1 - n) <= 0.05 from n = 6 on


def test_few_folds_and_few_seeds_are_said():
    """Below five folds, and below the seeds whose least p, 2^(1 - n), is above 1 - level; at the bound no longer."""
    few = "Fewer than 5 folds find only very large differences."
    assert (few in method(4, 2, [], "fold", 1, 0.95), few in method(5, 2, [], "fold", 1, 0.95)) == (True, False)
    said = "With 5 seeds no difference can be established at 0.95; it takes 6 or more."
    assert said in method(5, 2, [], "seed", 5, 0.95)
    assert "can be established" not in method(6, 2, [], "seed", 6, 0.95)
    assert "it takes 8 or more" in method(7, 2, [], "seed", 7, 0.99)
    assert "(means over 2 seeds)" in method(5, 2, [], "fold", 2, 0.95)
    assert "means over" not in method(5, 2, [], "fold", 1, 0.95)
    assert "any false 'worse' is at most 0.05." in method(5, 2, [], "fold", 1, 0.95)


def test_one_further_unit_is_told_in_the_singular():
    """And what would decide, where it is the same for all."""
    rivals = np.array([np.zeros(6), np.ones(6), np.ones(6)])
    said, settled = advice(["a", "b", "c"], rivals, 0, "fold", 0.95)
    assert said.endswith("if the differences seen are real, roughly 1 further fold would decide.")
    assert not settled
    said, _ = advice(["a", "b"], np.array([np.zeros(3), np.ones(3)]), 0, "seed", 0.95)
    assert said.endswith("roughly 3 further seeds would decide.")


@pytest.mark.parametrize(("further", "told"), [(99, 100), (100, 100), (101, FARTHEST + 1)])
def test_a_hundred_further_units_are_worth_naming(further, told):
    """More are not: the smallest difference that so many would find lies just above what is given up."""
    n = 12 + further
    critical = stats.t.isf(0.025, n - 1)
    size = optimize.brentq(lambda size: stats.nct.sf(critical, n - 1, size * n**0.5) - 0.8, 0.1, 1.0)
    values = np.array([np.ones(12), 1.0 + with_effect(size * (1 + 1e-9))])
    assert _needed(values[1] - values[0], 2, "fold", 0.95) == told
    said, settled = advice(["a", "b"], values, 0, "fold", 0.95)
    assert ("roughly 100 further folds would decide." in said) == (not settled) == (further <= FARTHEST)


def test_a_difference_that_never_varies_needs_one_fold_more():
    """However many arms it is told apart from."""
    assert [_needed(np.ones(2), arms, "fold", 0.95) for arms in (2, 13, 40)] == [1, 1, 1]


def test_two_others_are_all():
    """And the fourth rival is counted, not named; two further folds are folds."""
    assert advice(["a"], np.zeros((1, 5)), 2, "fold", 0.95)[0] == "Settled: a is distinguishable from all 2 others."
    rivals = np.array([np.zeros(6), *(np.ones((4, 6)))])
    assert "from b, c, d and 1 more;" in advice(["a", "b", "c", "d", "e"], rivals, 0, "fold", 0.95)[0]
    two = np.array([np.ones(4), 1.0 + with_effect(1.55, 4)])
    assert "roughly 2 further folds would decide." in advice(["a", "b"], two, 0, "fold", 0.95)[0]


def test_the_fewest_seeds_are_exact():
    """2^(1 - n) <= 1 - level: at 0.75 and 0.875 it is equal from 3 and 4 on."""
    assert "it takes 3 or more." in method(2, 2, [], "seed", 2, 0.75)
    assert "it takes 4 or more." in method(3, 2, [], "seed", 3, 0.875)
    assert "it takes" not in method(4, 2, [], "seed", 4, 0.875)
