"""The words of a comparison; see also test_statistics.py, where they are met."""

import numpy as np
import pytest
from scipy import optimize, stats

from lrlab.analysis.comparison.standing import Standing
from lrlab.analysis.comparison.statistics import compare
from lrlab.analysis.comparison.wording import FARTHEST, LIKELY, SURER, advice, held, method, needed, widening


def lines(names, verdicts="", high=0.7):
    """Standings of these names: the best, then each not distinguishable, or as its letter says: equal, worse."""
    words = {"e": "equally good", "w": "worse", "n": "not distinguishable", "o": "open"}
    told = ["best", *(words[letter] for letter in verdicts or "n" * (len(names) - 1))]
    return [
        Standing(name, k + 1, 1.0, 0.1, (1.0,), (1.0,), 0.0, 0.0, high, 0.5, told[k]) for k, name in enumerate(names)
    ]


def test_a_wider_grid_is_told_for_each_edge():
    """By the step that the grid has there."""
    edges = {"a": "highest", "b": "lowest", "c": "highest"}
    assert widening({}, (0.5, 1.0)) == ""
    said = widening(edges, (0.1, 0.3, 1.0, 2.0))
    assert "Best at the lowest LR tried (0.1): b. Best at the highest LR tried (2): a, c." in said
    assert said.endswith("--lrs 0.033,0.1,0.3,1,2,4.")


def test_who_is_alone_is_settled():
    """Over one other, or all."""
    said = "Settled: a is distinguishable from the other."
    assert advice(lines("ab", "w"), np.zeros((2, 5)), "fold", 0.95) == (said, True)
    assert "from all 3 others" in advice(lines("abcd", "www"), np.zeros((4, 5)), "fold", 0.95)[0]


def test_who_is_equally_good_is_named():
    """It takes no further units to say so; beside those that are worse, and those that are open."""
    assert advice(lines("abc", "ee"), np.zeros((3, 5)), "fold", 0.95) == ("Settled. Equally good as a: b, c.", True)
    said, settled = advice(lines("abc", "ew"), np.zeros((3, 5)), "fold", 0.95)
    assert said == "Settled: a is distinguishable from the other. Equally good as a: b."
    assert settled
    said, settled = advice(lines("abc", "en"), np.array([np.zeros(6), np.ones(6), np.ones(6)]), "fold", 0.95)
    assert said.endswith("would probably decide. Equally good as a: b.")
    assert not settled


def test_an_open_verdict_is_not_settled():
    """Whether it stands alone, beside one that is worse, or where parting the others is out of reach."""
    said, settled = advice(lines("abc", "ow"), np.zeros((3, 5)), "fold", 0.95)
    told = "b is worse so far, but best at an edge of the LRs tried: that is open."
    assert (said, settled) == (f"Undecided: more runs at these LRs would not decide. {told}", False)
    far = np.array([np.zeros(30), np.resize([1.0, -1.0], 30) + 1e-6, np.ones(30)])
    said, settled = advice(lines("abc", "no"), far, "seed", 0.95)
    assert "would take more than 100 further seeds" in said
    assert said.endswith("c is worse so far, but best at an edge of the LRs tried: that is open.")
    assert not settled
    assert "b, c are worse so far" in advice(lines("abc", "oo"), np.zeros((3, 5)), "fold", 0.95)[0]


def test_the_method_names_who_was_not_tested():
    """Because a run diverged; or nobody was."""
    said = method(5, 4, ["b", "c"], "fold", 1, 0.95)
    assert "Not tested, because runs diverged at every learning rate: b, c." in said
    assert "nothing was tested" in method(5, 2, ["b", "c"], "fold", 1, 0.95)


def test_rivals_are_named_up_to_three():
    """The others are counted; what would decide is told for the easiest and for all."""
    best, spread = np.zeros(6), np.array([1.0, -1.0, 0.5, -0.5, 2.0, -2.0])
    values = np.array([best, *(spread + far for far in (1.5, 1.0, 0.8, 0.6, 0.5))])
    said, settled = advice(lines("abcdef"), values, "fold", 0.95)
    assert "a is not distinguishable from b, c, d and 2 more;" in said
    assert "would probably decide about b" in said
    assert not settled
    said, _ = advice(lines("abcd"), values[:4], "fold", 0.95)
    assert "not distinguishable from b, c, d;" in said


def test_what_is_out_of_reach_is_not_called_equal():
    """More than a hundred further units are not worth naming; how far apart they may be is."""
    values = np.array([np.zeros(30), np.resize([1.0, -1.0], 30) + 1e-6])
    said, settled = advice(lines("ab"), values, "seed", 0.95)
    assert "would take more than 100 further seeds, and a difference of 0.7 is not ruled out." in said
    assert settled
    assert "and nothing is ruled out." in advice(lines("ab", high=None), values, "seed", 0.95)[0]


def test_a_grid_is_widened_where_it_was_too_narrow():
    """At that end alone."""
    assert widening({"a": "lowest"}, (0.1, 0.3, 1.0)).endswith("--lrs 0.033,0.1,0.3,1.")
    assert widening({"a": "highest"}, (0.1, 0.3, 1.0)).endswith("--lrs 0.1,0.3,1,3.3.")
    assert widening({"a": "lowest"}, (0.25, 0.5)).endswith("--lrs 0.125,0.25,0.5.")  # not 0.12, beside the lattice
    assert widening({"a": "highest"}, (32.0, 64.0)).endswith("--lrs 32,64,128.")


def with_effect(size, units=12):
    """Differences whose mean is `size` of their standard deviations."""
    d = np.resize([1.0, -1.0], units)
    return (d - d.mean()) / d.std(ddof=1) + size


@pytest.mark.parametrize("size", [2.0, 1.2, 0.9, 0.65, 0.5, 0.4, 0.3, 0.05])
@pytest.mark.parametrize(("arms", "level", "units"), [(2, 0.95, 12), (5, 0.95, 12), (3, 0.99, 12), (4, 0.9, 4)])
def test_the_further_units_are_likely_to_decide(size, arms, level, units):
    """Drawn from what follows of the difference after `units` of them: a mean and a spread that are known so well.
    With so many further ones it is beyond the critical value for all pairs with the chance that is asked for, not with
    fewer.
    Rounded up: singly, by 5 from 10 on, by 10 from 50 on."""
    d = 3 * with_effect(size, units)  # the scale of a metric does not matter
    found = needed(d, arms, "fold", level)
    rng = np.random.default_rng(0)
    likely = LIKELY + SURER * stats.ttest_1samp(d, 0.0).pvalue
    spread = d.std(ddof=1) * np.sqrt((units - 1) / rng.chisquare(units - 1, size=100_000))
    true = d.mean() + spread / np.sqrt(units) * rng.standard_normal(100_000)

    def chance(further):
        total = units + further
        mean = (units * d.mean() + further * (true + spread / np.sqrt(further) * rng.standard_normal(100_000))) / total
        critical = stats.t.isf((1 - level) / (arms * (arms - 1)), total - 1)
        return np.mean(np.abs(mean) > critical * d.std(ddof=1) / np.sqrt(total))

    exact = next((k for k in range(1, FARTHEST + 1) if chance(k) >= likely - 0.005), FARTHEST + 1)
    least = next((k for k in range(1, FARTHEST + 1) if chance(k) >= likely + 0.005), FARTHEST + 1)
    rounded = [k if k < 10 or k > FARTHEST else -(-k // 5) * 5 if k < 50 else -(-k // 10) * 10 for k in (exact, least)]
    assert rounded[0] <= found <= rounded[1]


def test_overlapping_folds_take_more():
    """Their error is larger, by 1 + n / (n - 1) in the variance."""
    d = with_effect(0.6, 6)
    assert needed(d, 2, "fold", 0.95) < needed(d, 2, "fold", 0.95, inflation=2.2)
    values = np.array([np.ones(6), 1.0 + d])
    told = [advice(lines("ab"), values, "fold", 0.95, overlapping)[0] for overlapping in (False, True)]
    assert f"roughly {needed(d, 2, 'fold', 0.95)} further" in told[0]
    assert f"roughly {needed(d, 2, 'fold', 0.95, 2.2)} further" in told[1]


def test_differences_without_a_mean_or_a_spread():
    """Equal arms are never told apart; a difference that is always the same needs one fold more, or the least."""
    assert needed(np.zeros(6), 2, "fold", 0.95) > FARTHEST
    assert needed(np.ones(6), 2, "fold", 0.95) == 1
    assert needed(np.ones(3), 2, "seed", 0.95) == 3  # 2^(1 - n) <= 0.05 from n = 6 on


@pytest.mark.parametrize("each", [1.0, 0.1])
def test_further_folds_for_equal_differences_decide_indeed(each):
    """Fewer than five folds that all differ by the same, to rounding, decide nothing: what is told leads to five."""
    base = np.array([[5.3, 4.7, 6.1, 5.9, 5.2]])
    for folds in (2, 3, 4):
        arms = {"a": {1.0: base[:, :folds]}, "b": {1.0: base[:, :folds] + each}}
        found = compare(arms)
        assert found.standings[1].verdict == "not distinguishable"
        assert f"roughly {5 - folds} further fold" in found.advice
    assert compare({"a": {1.0: base}, "b": {1.0: base + each}}).standings[1].verdict == "worse"


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
    assert f"any false 'worse' is {held(0.95)}, if folds err independently (" in method(5, 2, [], "fold", 1, 0.95)
    assert f"any false 'worse' is {held(0.95)}, if seeds err independently. " in method(5, 2, [], "seed", 1, 0.95)
    assert "Nadeau and Bengio" in method(5, 2, [], "fold", 1, 0.95, overlapping=True)


def test_one_further_unit_is_told_in_the_singular():
    """And what would decide, where it is the same for all."""
    rivals = np.array([np.zeros(6), np.ones(6), np.ones(6)])
    said, settled = advice(lines("abc"), rivals, "fold", 0.95)
    assert said.endswith("from b, c; roughly 1 further fold would probably decide.")
    assert not settled
    said, _ = advice(lines("ab"), np.array([np.zeros(3), np.ones(3)]), "seed", 0.95)
    assert said.endswith("roughly 3 further seeds would probably decide.")


@pytest.mark.parametrize(("further", "told"), [(99, 100), (100, 100), (101, FARTHEST + 1)])
def test_a_hundred_further_units_are_worth_naming(further, told):
    """More are not: the smallest difference that so many would find lies just above what is given up."""
    n = 12 + further
    reach, unsure = stats.t.isf(0.025, n - 1) / n**0.5, (further / (12 * n)) ** 0.5

    def chance(size):
        return stats.t.sf((reach - size) / unsure, 11) + stats.t.cdf((-reach - size) / unsure, 11)

    def asked(size):
        return LIKELY + SURER * 2 * stats.t.sf(12**0.5 * size, 11)

    size = optimize.brentq(lambda size: chance(size) - asked(size), 0.0, 1.0)
    values = np.array([np.ones(12), 1.0 + with_effect(size * (1 + 1e-9))])
    assert needed(values[1] - values[0], 2, "fold", 0.95) == told
    said, settled = advice(lines("ab"), values, "fold", 0.95)
    assert ("roughly 100 further folds would probably decide." in said) == (not settled) == (further <= FARTHEST)


def test_a_difference_that_never_varies_needs_one_fold_more():
    """However many arms it is told apart from; of fewer than four folds, five in all."""
    assert [needed(np.ones(4), arms, "fold", 0.95) for arms in (2, 13, 40)] == [1, 1, 1]
    assert [needed(np.ones(2), arms, "fold", 0.95) for arms in (2, 13, 40)] == [3, 3, 3]


def test_two_others_are_all():
    """And the fourth rival is counted, not named; two further folds are folds."""
    said = "Settled: a is distinguishable from all 2 others."
    assert advice(lines("abc", "ww"), np.zeros((3, 5)), "fold", 0.95)[0] == said
    rivals = np.array([np.zeros(6), *(np.ones((4, 6)))])
    assert "from b, c, d and 1 more;" in advice(lines("abcde"), rivals, "fold", 0.95)[0]
    two = np.array([np.ones(4), 1.0 + with_effect(1.2, 4)])
    assert "roughly 2 further folds would probably decide." in advice(lines("ab"), two, "fold", 0.95)[0]


def test_the_fewest_seeds_are_exact():
    """2^(1 - n) <= 1 - level: at 0.75 and 0.875 it is equal from 3 and 4 on."""
    assert "it takes 3 or more." in method(2, 2, [], "seed", 2, 0.75)
    assert "it takes 4 or more." in method(3, 2, [], "seed", 3, 0.875)
    assert "it takes" not in method(4, 2, [], "seed", 4, 0.875)
