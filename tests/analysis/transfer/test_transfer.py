"""The best LR of a setting that was not swept: right where the truth is known, wide or refused where it is not seen."""

import json
import math

import numpy as np
import pytest
from scipy import stats

from lrlab.analysis.transfer.transfer import Swept, Transfer, _warnings, fit_sweeps
from lrlab.errors import LrlabError
from lrlab.record.trials import Trial

LRS = tuple(1e-3 * 2**n for n in range(7))


def transferred(given, prior="public", **asked):
    return fit_sweeps(given, prior).at(**asked)


def best(n, b, t):
    return 8e-3 * (n / 1e5) ** -0.4 * (b / 8) ** 0.4 * (t / 1e3) ** -0.2


def trials(sizes=(1e4, 4e4, 16e4), batches=(4, 16), horizons=(500, 2000), lrs=LRS, noise=1e-3, width=None, k=0.08):
    draw = np.random.default_rng(0).standard_normal

    def loss(lr, place):
        return 3 * math.exp(0.5 * k * math.log(lr / place) ** 2 + noise * draw())

    return [
        Trial(n, b, t, lr, loss(lr, best(n, b, t)), "", width and width(n))
        for n in sizes for b in batches for t in horizons for lr in lrs
    ]  # fmt: skip


def test_the_truth_is_in_the_interval():
    """At a size, batch and horizon that no sweep has, and near it."""
    found = transferred(trials(), size=64e4, batch=8, horizon=1000)
    truth = best(64e4, 8, 1000)
    assert found.low < truth < found.high
    assert abs(math.log(found.lr / truth)) < 0.4
    assert 0.5 * 0.08 * math.log(found.lr / truth) ** 2 < found.risk
    assert found.regret < found.risk < 0.03


def test_a_setting_that_was_swept_is_answered_by_its_own_sweep():
    """And is narrower than beside it."""
    own, beside = (transferred(trials(), size=n, batch=4, horizon=500) for n in (4e4, 8e4))
    assert own.lr == pytest.approx(best(4e4, 4, 500), rel=0.1)
    assert own.high / own.low < beside.high / beside.low


def test_one_sweep_alone_answers_for_itself():
    """What all trials share need not be said; a second value of it cannot be asked for."""
    one = trials((1e4,), (4,), (500,))
    assert transferred(one).lr == pytest.approx(best(1e4, 4, 500), rel=0.1)
    assert transferred(one).exponents == ()
    for factor, value in (("size", 4e4), ("batch", 8), ("horizon", 1000)):
        with pytest.raises(LrlabError, match=f"all trials have one {factor}"):
            transferred(one, **{factor: value})


def test_what_varies_must_be_said():
    """The message names the values; what is no number is refused."""
    with pytest.raises(LrlabError, match=r"for which size is the LR\?[\s\S]*10000 to 160000"):
        transferred(trials(), batch=4, horizon=500)
    with pytest.raises(LrlabError, match="batches from 4 to 16"):
        transferred(trials(), size=1e4, horizon=500)
    for wrong in (0, -1, math.nan, math.inf, True):
        with pytest.raises(LrlabError, match="size must be a positive number"):
            transferred(trials(), size=wrong, batch=4, horizon=500)
    with pytest.raises(LrlabError, match="level is a probability"):
        transferred(trials(), size=1e4, batch=4, horizon=500, level=1.0)


def test_two_lrs_a_sweep_are_enough():
    """Beside a few full sweeps; wider than with all."""
    full = trials((1e4,))
    sparse = trials((4e4, 16e4), lrs=(4e-3, 16e-3))
    found = transferred(full + sparse, size=32e4, batch=8, horizon=1000)
    assert found.low < best(32e4, 8, 1000) < found.high
    assert "fewer than 3 LRs" in " ".join(found.warnings)


def test_an_edge_is_said_and_does_not_pull_the_answer_to_it():
    """The largest size was swept below its optimum alone."""
    low = trials((16e4,), lrs=tuple(1e-4 * 2**n for n in range(4)))
    found = transferred(trials((1e4, 4e4)) + low, size=16e4, batch=4, horizon=500)
    assert found.low < best(16e4, 4, 500) < found.high
    assert "at the edge" in " ".join(found.warnings)


def test_the_prior_can_be_switched_off_or_given():
    """With many sweeps it changes little; a given one must be of a factor."""
    asked = {"size": 32e4, "batch": 8, "horizon": 1000}
    public, none = (transferred(trials(), **asked, prior=prior) for prior in ("public", None))
    assert (public.prior, none.prior) == ("public", "none")
    assert abs(math.log(public.lr / none.lr)) < 0.25
    sure = transferred(trials(), **asked, prior={"size": (-0.9, 0.001)})
    assert sure.prior == "given"
    assert dict((e.term, e.mean) for e in sure.exponents)["size"] == pytest.approx(-0.9, abs=0.02)
    for prior, match in (
        ("pubic", "unknown prior"),
        ({"sise": (0, 1)}, r"no such factor[\s\S]*size"),
        ({"size": (0, 0)}, "sd > 0"),
    ):
        with pytest.raises(LrlabError, match=match):
            transferred(trials(), **asked, prior=prior)


def test_far_away_is_said_and_wide():
    """Ten thousand times the largest size."""
    found = transferred(trials(), size=16e8, batch=8, horizon=1000)
    assert "10000x beyond the sweeps" in " ".join(found.warnings)
    assert found.high / found.low > 10


def test_rules_start_from_the_nearest_sweep():
    """The linear rule doubles it with the batch; muP goes by the widths of the table, or the root of the size."""
    found = transferred(trials(), size=16e4, batch=32, horizon=2000)
    rules = {rule.name: rule for rule in found.rules}
    assert found.nearest == (16e4, 16, 2000)
    assert rules["linear in batch"].lr == pytest.approx(2 * rules["same LR"].lr)
    assert rules["linear in batch"].regret > found.regret
    for width, ratio in ((None, 0.5), (lambda n: n, 0.25)):
        found = transferred(trials(width=width), size=64e4, batch=16, horizon=2000)
        rules = {rule.name: rule.lr for rule in found.rules}
        assert rules["muP, 1/width"] / rules["same LR"] == pytest.approx(ratio, rel=1e-6)


def test_the_record_is_plain():
    """It goes through JSON and back."""
    record = transferred(trials(), size=32e4, batch=8, horizon=1000).record()
    assert json.loads(json.dumps(record)) == record
    assert record["sweeps"][0]["lrs"] == 7
    assert record["nearest"] == [16e4, 4.0, 500.0]


def test_it_shows_itself_in_a_line():
    """The answer, its interval, its risk."""
    assert "it risks" in repr(transferred(trials(), size=32e4, batch=8, horizon=1000))


@pytest.mark.parametrize("level", [0.9, 0.5])
def test_an_interval_holds_as_much_as_its_level_says(level):
    """Of the mixture of normal distributions that the law gives; regret is the loss that is expected by a parabola,
    and risk the one that is exceeded as seldom."""
    swept = fit_sweeps(trials())
    asked = (64e4, 8, 1000)
    found = swept.at(size=64e4, batch=8, horizon=1000, level=level)
    shares, means, sds = np.array(swept.law.places(asked)).T

    def below(lr):
        return shares @ stats.norm.cdf((math.log(lr) - means) / sds)

    outside = (1 - level) / 2
    assert [below(lr) for lr in (found.low, found.lr, found.high)] == pytest.approx(
        [outside, 0.5, 1 - outside], abs=3e-3
    )
    expected = shares @ (sds**2 + (means - math.log(found.lr)) ** 2)
    assert found.regret == pytest.approx(0.5 * found.curvature * expected, rel=5e-3)
    known, unsure = swept.optima.curvature.at(asked)
    assert found.curvature == pytest.approx(math.exp(known + unsure**2 / 2))
    even, within = stats.norm.ppf((np.arange(60) + 0.5) / 60), []
    for steep in np.outer(np.exp(known + unsure * even), (1 + 0.4 * even).clip(1e-9)).ravel():  # by law and by sweep
        reach = math.exp(min(math.sqrt(2 * found.risk / steep), 50.0))
        within.append(below(found.lr * reach) - below(found.lr / reach))
    assert np.mean(within) == pytest.approx(level, abs=8e-3)


@pytest.mark.parametrize("level", [0.9, 0.5])
def test_one_sweep_alone_is_what_its_row_says(level):
    (row,) = (found := fit_sweeps(trials((1e4,), (4,), (500,))).at(level=level)).sweeps
    assert (row.low, row.lr, row.high) == pytest.approx((found.low, found.lr, found.high), rel=1e-9)
    assert (row.lrs, row.edge) == (7, "")


def said(given, prior="public", **asked):
    return " | ".join(transferred(given, prior, **asked).warnings)


def test_what_is_beyond_ten_times_the_sweeps_is_said_of_each_factor():
    """Above and below; ten times is not beyond."""
    inside = {"size": 16e5, "batch": 160, "horizon": 50}
    assert "beyond" not in said(trials(), **inside)
    for factor, value, told in (
        ("size", 16.2e5, "the size 1.62e+06 is 10x beyond the sweeps (10000 to 160000)"),
        ("batch", 0.1, "the batch 0.1 is 40x beyond the sweeps (4 to 16)"),
        ("horizon", 1e5, "the horizon 100000 is 50x beyond the sweeps (500 to 2000)"),
    ):
        assert told in said(trials(), **{**inside, factor: value})


def test_what_the_sweeps_do_not_show_is_said():
    """Three LRs show a valley, two do not; batches that were swept at one horizon alone say nothing of both."""
    asked = {"size": 1e4, "batch": 4, "horizon": 500}
    three, two = (trials((1e4,), lrs=LRS[first:5]) + trials((4e4,)) for first in (2, 3))
    assert "fewer than" not in said(three, **asked)
    assert "4 of 8 sweeps have fewer than 3 LRs" in said(two, **asked)
    line = trials(batches=(4,)) + trials(batches=(16,), horizons=(500,))
    what = "no two batches were swept at two horizons: how one changes the other "
    assert what + "comes from public sweeps alone" in said(line, **asked)
    assert what + "is left out" in said(line, None, **asked)
    assert "no two batches" not in said(trials(), **asked)
    assert "no two batches" not in said(trials(horizons=(500,)), size=1e4, batch=4)
    assert "no two batches" not in said(trials(batches=(4,)), size=1e4, horizon=500)


def test_a_wide_interval_is_said_with_its_width():
    found = transferred(trials(), size=16e8, batch=8, horizon=1000)
    assert f"the interval is {found.high / found.low:.0f}x wide" in " ".join(found.warnings)
    assert "wide" not in said(trials(), size=8e4, batch=8, horizon=1000)


def test_edges_are_named_up_to_four():
    low = trials(lrs=tuple(1e-5 * 2**n for n in range(4)))
    told = said(trials((1e6,)) + low, size=1e6, batch=4, horizon=500)
    assert "in 12 of 16 sweeps the best LR is at the edge" in told
    assert told.count("the highest, 8e-05") == 4
    assert "(size 10000, batch 4, horizon 500: the highest, 8e-05; size 10000, batch 4, horizon 2000: " in told


@pytest.mark.parametrize(
    ("widths", "size", "ratio"),
    [
        ({1e4: 100, 4e4: 200, 16e4: 300}, 16e4, 1.0),
        ({1e4: 100, 4e4: 200, 16e4: 300}, 6e4, 200 / (200 * 1.5 ** (math.log(1.5) / math.log(4)))),
        ({1e4: 100, 4e4: 200, 16e4: 400}, 64e4, 0.5),
        ({1e4: 100, 4e4: 200, 16e4: 400}, 25e2, 2.0),
        ({4e4: 200}, 64e4, 1.0),
        ({}, 64e4, 0.5),
    ],
)
def test_the_width_of_a_size_that_no_row_has(widths, size, ratio):
    """Between two sizes by a line of logarithms, beyond them by the one through all; of one width it is that one."""
    found = transferred(trials(width=widths.get), size=size, batch=16, horizon=2000)
    rules = {rule.name: rule.lr for rule in found.rules}
    assert rules["muP, 1/width"] / rules["same LR"] == pytest.approx(ratio, rel=1e-6)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_a_row_holds_its_lr(level):
    """Also where that is the best one at an edge, beside which the parabola has its optimum."""
    low = trials((16e4,), lrs=tuple(1e-4 * 2**n for n in range(4)))
    high = trials((64e4,), lrs=tuple(3e-2 * 2**n for n in range(4)))
    found = fit_sweeps(trials((1e4,)) + low + high).at(size=1e4, batch=4, horizon=500, level=level)
    assert {row.edge for row in found.sweeps} == {"", "lowest", "highest"}
    for row in found.sweeps:
        assert row.low <= row.lr <= row.high
        assert row.edge == "" or row.lr == row.best


def test_an_interval_is_wide_beyond_a_factor_of_ten():
    swept = fit_sweeps(trials())
    for high, told in ((10.0, []), (10.5, ["the interval is 10x wide: sweep a few LRs"])):
        said = [*_warnings(swept, (1e4, 4.0, 500.0), (1.0, high))]
        assert [each.partition(" at a")[0] for each in said] == told


@pytest.mark.parametrize("kind", [Transfer, Swept])
def test_what_holds_sweeps_is_equal_to_itself_alone(kind):
    """To compare arrays as one truth would be an error."""
    assert kind.__eq__ is object.__eq__
