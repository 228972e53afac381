"""The schedule that norms ask for, and what is said against it."""

import json

import numpy as np
import pytest

from lrlab.analysis.refine.artefact import rise
from lrlab.analysis.refine.refine import Refinement, _doubts, refine_norms
from lrlab.core.shapes.piecewise import piecewise_linear
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError

UPDATES = np.arange(1, 1001)
LRS = 2e-3 * (1 - np.arange(1000) / 1000)
STEADY = 1.0 + 1e-3 * (UPDATES % 3 == 0)  # whose medians are 1


def refined(norms, **given):
    return refine_norms(UPDATES, norms, LRS, **{"weight_decay": 0.0, **given})


def test_high_norms_at_the_beginning_are_a_warmup():
    """As high as the norms are low, and with the square root of it for updates with a length of their own."""
    high = np.where(UPDATES <= 500, 4.0, 1.0)
    for normed, beside in ((False, 1 / 4), (True, 1 / 2)):
        values = refined(high, normed=normed, width=0.02).schedule.over(1000).values()
        assert values[600] == pytest.approx(0.8, abs=0.04)  # of a linear decay in the second half
        assert values[400] == pytest.approx(beside * (1 + beside * 0.2), abs=0.04)


def test_a_rise_of_the_norms_asks_for_nothing():
    """Nor does what they fall after it: only a fall below all before it counts."""
    line = refined(STEADY).schedule
    assert line == piecewise_linear([(0, 1), ("100%", 0)])
    assert refined(1 + (UPDATES > 800)).schedule == refined(1 + UPDATES / 500).schedule == line
    assert refined(1 + np.sin(np.pi * UPDATES / 1100), width=0.05).schedule == line
    fallen = np.where(UPDATES <= 300, 4.0, np.where(UPDATES <= 800, 2.0, 3.0))
    assert refined(fallen).schedule == refined(np.minimum(fallen, np.where(UPDATES <= 300, 4.0, 2.0))).schedule != line


def test_a_spike_asks_for_nothing():
    """The median does not see it."""
    norms = STEADY.copy()
    norms[500:510] = 100
    assert refined(norms).schedule == refined(STEADY).schedule


def test_the_correction_takes_out_what_weight_decay_does():
    """Norms that fall, and rise by that alone: corrected they give what the fall gives, not corrected less of it."""
    longer = 20_000
    lrs = np.repeat(LRS, longer // 1000)
    at = np.arange(1, longer + 1)
    falling = np.linspace(3, 1, longer)
    norms = falling * np.repeat(rise(LRS, longer / 1000, 0.1, normed=True), longer // 1000)
    found = refine_norms(at, norms, lrs, normed=True, weight_decay=0.1)
    corrected, raw = (each.over(1000).values() for each in (found.schedule, found.raw))
    true = refine_norms(at, falling, lrs, normed=True, weight_decay=0.0)
    assert found.corrected
    assert not true.corrected
    assert found.rise == pytest.approx(norms[-1], rel=0.02)
    assert corrected == pytest.approx(true.schedule.over(1000).values(), abs=0.03)
    assert raw[700] < corrected[700] - 0.03


def test_sparse_norms_are_enough():
    """One in ten, with gaps, gives what all give."""
    norms = 2 + np.cos(UPDATES / 200)
    every = refined(norms).schedule.over(1000).values()
    some = np.delete(np.arange(9, 1000, 10), [20, 21, 22])
    few = refine_norms(UPDATES[some], norms[some], LRS, weight_decay=0.0).schedule.over(1000).values()
    assert few == pytest.approx(every, abs=0.05)


def test_doubts_are_said():
    """Norms that fall to nothing, a weight decay that is not known, norms that are none."""
    assert "follows a few of them" in refined(np.exp(-UPDATES / 50.0)).doubts[0]
    assert "weight decay is not known" in refined(STEADY, weight_decay=None).doubts[0]
    broken = STEADY.copy()
    broken[3:5] = np.nan, 0
    assert "2 norms" in refined(broken).doubts[0]
    assert refined(STEADY).doubts == ()


def test_norms_after_the_clipping_are_a_doubt():
    """More than half of them at the bound."""
    true = 1 + 2 * np.exp(-UPDATES / 500)
    for bound, doubted in ((1.5, True), (2.5, False)):
        found = refined(np.minimum(true, bound))
        assert any(f"norms are {bound}, the greatest" in doubt for doubt in found.doubts) == doubted
    assert refined(STEADY).doubts == ()


def test_a_late_peak_is_no_linear_decay():
    """Norms that fall fourfold in the middle ask for a low LR before; steady ones for a linear decay."""
    assert not refined(np.where(UPDATES <= 500, 4.0, 1.0)).linear
    assert refined(STEADY).linear


@pytest.mark.parametrize("unit", [1e-30, 1e-8, 1.0, 1e8])
def test_the_unit_of_the_norms_changes_nothing(unit):
    norms = 1 + 3 * np.exp(-UPDATES / 300)
    assert str(refined(unit * norms).schedule) == str(refined(norms).schedule)


@pytest.mark.parametrize(("updates", "told"), [(150, False), (300, True)])
def test_a_rise_that_is_no_warmup_is_told(updates, told):
    """For more than a fifth of the run: the schedule begins at its height."""
    rates = 1e-3 * np.minimum(1.0, np.arange(1, 1001) / updates) * (1 - np.arange(1000) / 2000)
    found = refine_norms(UPDATES, 1 + np.exp(-UPDATES / 300), rates, weight_decay=0.0)
    assert any("longer than a warmup (20%)" in doubt for doubt in found.doubts) == told


@pytest.mark.parametrize("norms", [np.full(1000, 3.0), 3.0 + 1e-5 * (UPDATES % 7)])
def test_norms_that_never_change_are_refused(norms):
    """Nothing was logged, or what a clipping left."""
    with pytest.raises(LrlabError, match=r"(?s)never change.*1000 times 3.*were they logged, and before the clipping"):
        refined(norms)


@pytest.mark.parametrize("first", [0.01, 100.0])
def test_the_warmup_of_the_run_stays(first):
    """Whatever its norms are: what follows is what the rest asks for, and the LR rises as it did in the run."""
    rising = np.arange(1, 101) / 101
    lrs = np.append(rising, np.linspace(1, 0, 900, endpoint=False))
    found = refine_norms(UPDATES, np.where(UPDATES <= 100, first, STEADY), lrs, weight_decay=0.0)
    assert found.schedule.over(1000).values() == pytest.approx(np.append(rising, 1 - np.arange(900) / 900), abs=0.03)
    (_, begin), (end, top), *_ = points(found.schedule)
    assert (begin, end, top) == (pytest.approx(1 / 101, abs=1e-3), "10%", 1.0)


@pytest.mark.parametrize(("peak", "kept"), [(200, True), (201, False)])
def test_a_rise_of_more_than_a_fifth_of_the_run_is_no_warmup(peak, kept):
    """Nor is one that falls in between: then the norms of the whole run count. In steps it may rise."""
    lrs = np.append(np.arange(1, peak + 1) / (peak + 1), np.ones(1000 - peak))
    lrs[:2] = lrs[0]
    assert bool(refine_norms(UPDATES, STEADY, lrs).values[0] < 0.1) is kept
    lrs[0] = lrs[2]
    assert refine_norms(UPDATES, STEADY, lrs).values[0] > 0.9


def test_a_norm_below_zero_is_none():
    with pytest.raises(LrlabError, match=r"never below 0(.|\n)*logarithms"):
        refined(np.log(1 + 2 * np.exp(-UPDATES / 50)) - 0.1)


def test_norms_that_are_missing_in_the_middle_are_a_doubt():
    """As they are at neither end a refusal: a tenth of the run is the most that may be missing there."""
    hole = np.where((UPDATES > 300) & (UPDATES < 500), np.nan, STEADY)
    assert refined(hole).doubts[0].startswith("For 20% of the run there are no norms")
    whole = np.where((UPDATES > 100) & (UPDATES <= 900), STEADY, np.nan)
    assert not any("no norms" in doubt for doubt in refined(whole).doubts)
    for short in (np.where(UPDATES <= 899, STEADY, np.nan), np.where(UPDATES > 101, STEADY, np.nan)):
        with pytest.raises(LrlabError, match="not known"):
            refined(short)


def test_a_schedule_that_follows_noise_is_doubted():
    """It turns up and down with norms that fall in steps; a wider median has it straight."""
    stairs = 0.6 ** (UPDATES // 150)
    assert "it follows the noise of these norms" in refined(stairs, width=0.02).doubts[-1]
    assert refined(stairs, width=0.4).doubts == ()
    assert refined(2 + np.cos(UPDATES / 200)).doubts == ()


def test_the_record_reads_back():
    """The schedule in its text form; curves of one length."""
    found = refined(2 + np.cos(UPDATES / 200))
    record = json.loads(json.dumps(found.record(), allow_nan=False))
    assert parse(record["schedule"]) == found.schedule
    assert len(record["times"]) == len(record["norms"]) == len(record["values"])
    assert max(record["values"]) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("norms", "given", "said"),
    [
        (np.zeros(1000), {}, "(?s)0 of 1000 are positive.*20 or more.*zero_grad"),
        (np.where(UPDATES > 500, np.nan, STEADY), {}, r"(?s)end early.*from 0% to 50% of 1000 updates"),
        (np.where(UPDATES > 600, 0.0, STEADY), {}, r"(?s)end early.*from 0% to 60%"),
        (np.where(UPDATES < 700, np.nan, STEADY), {}, r"(?s)begin late.*from 70% to 100%"),
        (np.where((UPDATES > 100) & (UPDATES <= 800), STEADY, 0.0), {}, "(?s)end early.*from 10% to 80%"),
        (STEADY, {"width": 0.5}, "width"),
        (STEADY, {"width": 0.0}, "width"),
        (STEADY, {"weight_decay": -0.1}, "weight decay"),
        (STEADY, {"weight_decay": np.inf}, "weight decay"),
    ],
)
def test_what_cannot_be_refined_is_refused(norms, given, said):
    with pytest.raises(LrlabError, match=said):
        refined(norms, **given)


TWENTY = np.arange(1, 21)


def test_twenty_norms_are_enough():
    """What is missing is said by what there is: a log of few norms, a run of few updates, or norms that are zero."""
    assert refine_norms(TWENTY, STEADY[:20], np.ones(20), weight_decay=0.0).schedule == refined(STEADY).schedule
    one_zero = np.append(STEADY[:19], 0.0)
    for at, norms, run, hint in (
        (TWENTY[:19] * 5, STEADY[:19], 100, "log one an update"),
        (TWENTY * 5, one_zero, 100, "the norm after backward"),
        (TWENTY, one_zero, 20, "the norm after backward"),
        (TWENTY[:19], STEADY[:19], 19, "updates=20"),
    ):
        with pytest.raises(LrlabError, match=f"(?s)19 of {len(at)} are positive.*20 or more.*{hint}"):
            refine_norms(at, norms, np.ones(run), weight_decay=0.0)


def test_a_norm_belongs_to_the_update_that_gave_it():
    """Of a run as long as its norms are many each is one stretch, at the LR of that update."""
    norms, lrs = 1.0 + TWENTY % 7, 1e-3 * (21.0 - TWENTY)
    found = refine_norms(TWENTY, norms, lrs, normed=True, weight_decay=0.9)
    assert found.measured.tolist() == norms.tolist()
    assert found.rise == rise(lrs, 1, 0.9, normed=True)[-1] > 1.0
    assert found.times == pytest.approx((TWENTY - 0.5) / 20)


def test_a_longer_run_is_read_as_the_medians_of_two_hundred_stretches():
    norms = 2 + np.sin(UPDATES**2)
    assert refined(norms).measured.tolist() == np.median(norms.reshape(200, 5), axis=1).tolist()


def test_the_usual_power_and_width():
    """Half of that of the paper, and a tenth of the run; in a short one up to three, so that it holds 250 norms."""
    for count, width in ((5000, 0.1), (2500, 0.1), (1000, 0.25), (500, 0.3)):
        at = np.arange(1, count + 1)
        norms, lrs = 2 + np.cos(10 * at / count), np.ones(count)
        found = refine_norms(at, norms, lrs)
        assert found.record() == refine_norms(at, norms, lrs, normed=False, width=width).record()
        assert (found.power, refine_norms(at, norms, lrs, normed=True).power) == (1.0, 0.5)


def test_the_values_are_those_of_the_schedule_at_its_times():
    """To the 1e-3 by which its text is rounded."""
    found = refined(2 + np.cos(UPDATES / 100), width=0.01)
    at, there = np.array([(float(str(share).rstrip("%")) / 100, value) for share, value in points(found.schedule)]).T
    assert found.values == pytest.approx(np.interp(found.times, at, there), abs=1e-4)
    assert len(at) > 3
    assert [round(value, 3) for value in there] == there.tolist()


def points(schedule):
    """As they are written."""
    return json.loads(str(schedule).removeprefix("piecewise_linear(").rstrip(")").replace("(", "[").replace(")", "]"))


def test_an_lr_of_zero_moves_no_weights():
    """There is nothing to correct; nor is there where the norms rose by less than a hundredth."""
    idle = refine_norms(TWENTY, STEADY[:20], np.zeros(20), weight_decay=0.1)
    assert (idle.corrected, idle.rise) == (False, 1.0)
    for decay, corrected in ((0.3, False), (0.8, True)):
        lrs = 0.1 * np.append(np.ones(19), 0.5)
        found = refine_norms(TWENTY, STEADY[:20], lrs, weight_decay=decay)
        assert found.rise == pytest.approx(1.0, abs=0.03)
        assert found.corrected is corrected is (found.rise > 1.01)


def test_norms_behind_the_end_of_the_run_are_refused():
    """Then these are not the LRs of the run."""
    with pytest.raises(LrlabError, match=r"(?s)not of one run.*norms after 1001 updates, in a run of 1000"):
        refine_norms(UPDATES + 1, STEADY, LRS)


def test_a_tenth_of_the_run_without_norms_is_no_doubt():
    """More of it is one."""
    for gap, doubts in ((100, 0), (101, 1)):
        kept = np.delete(UPDATES, slice(300, 299 + gap))
        found = refine_norms(kept, STEADY[: len(kept)], LRS, weight_decay=0.0)
        assert len(found.doubts) == doubts


@pytest.mark.parametrize(("lowest", "doubted"), [("30%", False), ("29.8%", True)])
def test_a_schedule_is_narrow_below_fifteen_hundredths_of_the_run(lowest, doubted):
    """For so long it is above half of its peak: at the half itself it is not."""
    found = _doubts(piecewise_linear([(0, 1.0), (lowest, 0.0), ("100%", 0.0)]), 0.0, 0, 0.0)
    assert [doubt[:55] for doubt in found] == ["The schedule is above half of its peak for 15% of the r"] * doubted


@pytest.mark.parametrize(("turns", "doubted"), [(4, False), (5, True)])
def test_a_schedule_may_turn_four_times(turns, doubted):
    """A level part between is no turn."""
    way = [1.0, 0.6, 0.6, *(0.9 if k % 2 else 0.6 for k in range(1, turns + 1))]
    found = _doubts(piecewise_linear([(f"{10 * k}%" if k else 0, value) for k, value in enumerate(way)]), 0.0, 0, 0.0)
    assert [doubt.partition(":")[0] for doubt in found] == [f"The schedule turns {turns} times"] * doubted


def test_a_refinement_is_equal_to_itself_alone():
    """To compare arrays as one truth would be an error."""
    assert Refinement.__eq__ is object.__eq__
