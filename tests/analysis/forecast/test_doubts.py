"""What speaks against a prediction, and how much."""

from dataclasses import replace

import numpy as np
import pytest

from lrlab.analysis.forecast.doubts import Seen, below, beyond, doubts, late_rise
from lrlab.analysis.forecast.logged import seen
from lrlab.errors import LrlabError
from lrlab.record.logs.log import LogRun

KNOWN = Seen(peaks=(1e-3, 2e-3), longest=10_000, annealed=True)
FLAT = np.full(10_000, 1e-3)


def size(lrs):
    return sum(doubt.sd**2 for doubt in doubts(KNOWN, lrs)) ** 0.5


def test_what_was_logged_is_not_doubted():
    """A peak and a horizon of the logs, and any fall."""
    assert doubts(KNOWN, FLAT) == ()
    assert doubts(KNOWN, np.linspace(2e-3, 0, 5000)) == ()


def test_a_rise_is_the_more_doubtful_the_larger():
    """After a fall."""
    assert 0 < size(1e-3 * np.array([1, 0.5, 0.7])) < size(1e-3 * np.array([1, 0.1, 1.0]))


def test_what_is_foreseen_beyond_the_logs_is_doubted_by_its_size():
    """A twelfth of the further progress, once more LR was summed up than at the nearest logged peak."""
    progress = 1 / np.sqrt(np.arange(1, 20_001))
    found = beyond(KNOWN, np.full(20_000, 1e-3), np.full(20_000, 3.0), progress)
    assert found[9_999] == 0
    assert found[-1] == pytest.approx(0.085 * (0.01 - 20_000**-0.5), rel=1e-3)
    short = replace(KNOWN, totals=(2.0, 50.0))
    assert beyond(short, np.full(20_000, 1e-3), np.full(20_000, 3.0), progress)[-1] > 3 * found[-1]


def test_a_loss_that_falls_on_may_end_below_what_is_foreseen():
    """By 0.4 of what it fell by over its last doubling, for each doubling of the longest log; nothing up to there."""
    found = below(replace(KNOWN, falling=0.5), np.full(40_000, 3.0))
    assert found[KNOWN.longest - 1] == 0
    assert found[[2 * KNOWN.longest - 1, 4 * KNOWN.longest - 1]] == pytest.approx([0.6, 1.2])
    assert below(replace(KNOWN, falling=-0.5), np.full(40_000, 3.0)).max() == 0  # a loss that rose


def test_such_a_run_is_long_beyond_a_third_more_than_the_longest():
    """With what to log."""
    assert [doubt.sentence for doubt in doubts(ONE, np.ones(13), unlike=True)] == []
    (found,) = doubts(ONE, np.ones(14), unlike=True)
    assert found.sentence.startswith("the run is 1.4x as long as the longest logged one (10 updates): ")
    assert found.sentence.endswith("log a longer run")


def test_a_decay_that_was_not_logged_is_doubted_by_its_depth():
    """From the least logged share of the peak: half of it gives a quarter of the whole."""
    never = replace(KNOWN, least=1.0)
    lrs, flat = np.append(np.full(5_000, 1e-3), [5e-4, 0.0]), np.full(5_002, 3.0)
    found = beyond(never, lrs, flat, 0 * flat)
    assert found[[4_999, 5_000, 5_001]] == pytest.approx([0, 0.013 * 3 / 4, 0.013 * 3])


def test_too_far_is_refused():
    """Beyond thirty times there is nothing to stand on."""
    with pytest.raises(LrlabError, match="peak LR too far"):
        doubts(KNOWN, FLAT * 100)
    with pytest.raises(LrlabError, match="horizon too far"):
        doubts(KNOWN, np.full(400_000, 1e-3))


ONE = Seen(peaks=(1.0,), longest=10, annealed=True)


def said(lrs):
    return [doubt.sentence for doubt in doubts(ONE, np.asarray(lrs, dtype=float))]


def test_a_peak_is_far_beyond_twice_and_refused_beyond_thirty_times_the_nearest():
    """Above and below; at the bounds it is not. The refusal names what is allowed."""
    assert said([2.0]) == said([0.5]) == []
    assert said([2.5]) == ["the peak LR 2.5 is 2.5x away from the nearest logged one (1)"]
    assert said([0.25]) == ["the peak LR 0.25 is 4.0x away from the nearest logged one (1)"]
    assert said([30.0]) == ["the peak LR 30 is 30.0x away from the nearest logged one (1)"]
    with pytest.raises(LrlabError, match=r"(?s)peak LR too far.*30\.5.*0\.0333333 \.\.\. 30.*base_lr=1"):
        said([30.5])


def test_beyond_five_times_the_nearest_peak_a_law_drifts():
    """1.1 % of the loss for each octave, above and below."""
    widths = [sum(doubt.sd for doubt in doubts(ONE, np.array([peak]))) for peak in (5.0, 10.0, 0.1, 0.05)]
    assert widths == pytest.approx([0.0, 0.011, 0.011, 0.022])


def test_a_run_is_long_beyond_three_times_and_refused_beyond_thirty_times_the_longest():
    """At the bounds it is not."""
    assert said(np.ones(31)) == []
    assert said(np.ones(32)) == ["the run is 3.2x as long as the longest logged one (10 updates)"]
    assert said(np.ones(300)) == ["the run is 30.0x as long as the longest logged one (10 updates)"]
    with pytest.raises(LrlabError, match=r"(?s)horizon too far.*301.*up to 300 updates"):
        said(np.ones(301))


def test_the_largest_rise_after_the_first_fall():
    """From the least LR so far, as a share of the peak; up to a tenth it is not spoken of."""
    assert late_rise(np.array([0.5, 1.0, 1.0])) == late_rise(np.array([1.0, 1.0, 2.0, 1.0])) == 0
    assert late_rise(np.array([0.5, 2.0, 1.0, 1.5, 0.5, 0.75])) == 0.25
    assert late_rise(np.array([2.0, 1.0, 0.5, 2.0])) == 0.75
    assert said([1.0, 0.5, 0.6]) == said([1.0, 0.0, 0.1]) == []
    assert said([1.0, 0.5, 0.625]) == ["the LR goes up again by 12% of its peak: rises were never checked"]
    assert doubts(ONE, np.array([1.0, 0.5, 0.75]))[0].sd == pytest.approx(0.006 * 0.25)


def logged(loss, lrs=None, **more):
    updates = np.arange(10, 10 * len(loss) + 1, 10)
    lrs = np.linspace(1e-3, 1e-4, 10 * len(loss)) if lrs is None else lrs
    return LogRun.from_arrays(updates, loss, lrs, **more)


def test_a_loss_that_turns_up_is_doubted_by_half_of_its_rise():
    """By more than 1 %, of the least of ten stretches, where the LR was not raised since by more than a twentieth."""
    falling = np.linspace(4.0, 2.0, 9)
    up = seen([logged([*falling, 2.5], name="a")]).doubts
    assert [doubt.sentence.partition(",")[0] for doubt in up] == ["a: the loss turns up by 25.0% at the end"]
    assert up[0].sd == pytest.approx(0.5 * 0.25 + 0.01)
    assert seen([logged([*falling, 2.019])]).doubts == ()
    assert len(seen([logged([*falling, 2.021])]).doubts) == 1
    for end, found in ((1.06, 0), (1.04, 1)):
        lrs = np.append(np.full(90, 1e-4), np.full(10, end * 1e-4))
        lrs[0] = 1e-3
        assert len(seen([logged([*falling, 2.5], lrs)]).doubts) == found


def test_batches_that_change_are_doubted():
    """By 2 % of the loss."""
    (doubt,) = seen([logged(np.linspace(4.0, 2.0, 10), batch_changes=True)]).doubts
    assert (doubt.sentence, doubt.sd) == (
        "a run: the batch size changes during the run; the laws do not know it",
        0.02,
    )


def test_what_the_logs_held():
    """Of each run its peak, and its sum of LRs; of all the longest, the shortest, and the least share of a peak."""
    first = logged(np.linspace(4.0, 2.0, 10), np.append(np.full(50, 2e-3), np.full(50, 5e-4)))
    second = logged(np.linspace(4.0, 2.0, 5), np.full(50, 1e-3))
    found = seen([first, second])
    assert found.peaks == (2e-3, 1e-3)
    assert (found.longest, found.shortest, found.annealed) == (100, 50, True)
    assert found.totals == pytest.approx((0.125, 0.05))
    assert found.least == 0.25


def test_a_warmup_unlike_the_logged_ones_is_doubted():
    """Shorter than half of every logged one, or longer than twice: the doubt covers what leaving one out has cost."""
    warm = replace(KNOWN, warmups=(700, 1400))
    near, left_out, long = (
        doubts(warm, np.append(np.linspace(1e-5, 1e-3, length), np.full(10_000 - length, 1e-3)))
        for length in (400, 1, 5_000)
    )
    assert near == ()
    assert 0.02 < left_out[0].sd < 0.03  # 3 % of the loss were measured
    assert "warmup of 1 updates is far from the nearest logged one (700)" in left_out[0].sentence
    assert "warmup of 4999" in long[0].sentence


def test_a_far_shorter_run_is_doubted():
    """Than the shortest logged one; a half is still like it."""
    long = replace(KNOWN, shortest=10_000)
    assert doubts(long, FLAT[:5_000]) == ()
    half, tenth = (doubts(long, FLAT[:updates])[0] for updates in (3_500, 1_000))
    assert half.sd < tenth.sd
    assert (half.sentence, "10.0x shorter" in tenth.sentence) == ("", True)


def test_what_a_law_of_an_earlier_version_does_not_tell_is_nothing():
    """No sums of LRs, no warmups, no share of the peak."""
    assert Seen((1.0,), 10, True, doubts=(), totals=(), least=0.0, warmups=(), shortest=0) == ONE


@pytest.mark.parametrize(
    ("logged", "asked", "octaves"),
    [
        ((700, 1400), 300, np.log2(750 / 350)),
        ((700, 1400), 340, 0),  # less than an octave away, with what hardly matters added to both
        ((700, 1400), 2_000, 0),
        ((700, 1400), 3_000, np.log2(3_050 / 1_450)),
        ((100, 1400), 400, 0),  # between two of them
        ((2_000,), 1, 4.0),  # and no more than four
    ],
)
def test_a_warmup_is_doubted_by_octaves(logged, asked, octaves):
    """0.6 % for each, where half a per cent of the run is added to both."""
    lrs = np.append(np.linspace(1e-5, 1e-3, asked + 1), np.full(10_000 - asked - 1, 1e-3))
    found = doubts(replace(KNOWN, warmups=logged), lrs)
    assert [doubt.sd for doubt in found] == pytest.approx([0.006 * octaves] if octaves else [])


def test_a_shorter_run_is_doubted_by_octaves():
    """0.3 % for each; in words from 3.1 times on."""
    long = replace(ONE, longest=64, shortest=64)
    assert doubts(long, np.ones(32)) == ()
    for updates, said in ((31, False), (21, False), (20, True), (16, True)):
        (doubt,) = doubts(long, np.ones(updates))
        assert doubt.sd == pytest.approx(0.003 * np.log2(64 / updates))
        assert bool(doubt.sentence) == said


def test_further_begins_where_the_logged_sum_of_lrs_ends():
    """The progress from that update on is doubted, all of it where the first update goes beyond."""
    progress = 1 / np.arange(1.0, 21.0)
    flat, none = np.ones(20), np.zeros(20)
    found = beyond(replace(ONE, totals=(10.0,)), flat, none, progress)
    assert found == pytest.approx(0.085 * np.maximum(progress[9] - progress, 0.0))
    assert beyond(ONE, flat, none, progress).tolist() == found.tolist()  # the longest run at its peak
    at_once = beyond(replace(ONE, totals=(0.5,)), flat, none, progress)
    assert at_once == pytest.approx(0.085 * (progress[0] - progress))


def test_longer_runs_than_those_that_have_hardly_moved_end_lower():
    """By the sum of LRs of the logged ones, of language models alone; below 2 and beyond 1.3 times the length."""
    unlike = doubts(replace(ONE, totals=(1.9,)), np.ones(14), unlike=True)
    assert not any("hardly moved" in doubt.sentence for doubt in unlike)
    for total, updates, said in ((1.9, 14, True), (2.0, 14, False), (1.9, 13, False)):
        found = [doubt.sentence for doubt in doubts(replace(ONE, totals=(total,)), np.ones(updates))]
        assert any("have hardly moved (the sum of their LRs is 1.9)" in sentence for sentence in found) == said


@pytest.mark.parametrize(("falling", "updates", "said"), [(0.36, 14, True), (0.36, 13, False), (0.35, 14, False)])
def test_a_loss_that_falls_steeply_is_said_of_a_longer_run(falling, updates, said):
    """From 1.3 times the length on; that of a language model does not go to nothing."""
    known = replace(ONE, falling=falling)
    found = [doubt.sentence for doubt in doubts(known, np.ones(updates), unlike=True)]
    told = "the logged loss fell by 30% over the last doubling of the run"
    assert any(sentence.startswith(told) for sentence in found) == said
    assert not any("fell by" in doubt.sentence for doubt in doubts(known, np.ones(updates)))


def test_how_far_a_loss_falls_at_last_is_that_of_the_run_in_which_it_falls_most():
    """From the middle of a run to its end: half of it for a loss that falls with the inverse of time."""
    at = np.arange(10, 1001, 10)
    runs = [LogRun.from_arrays(at, loss * at**-power, np.ones(1000)) for loss, power in ((3.0, 1.0), (5.0, 0.5))]
    assert seen(runs).falling == pytest.approx(np.log(2), abs=0.06)
    assert seen(runs[1:]).falling == pytest.approx(np.log(2) / 2, abs=0.03)


def test_the_depth_is_counted_from_the_peak_on():
    """A warmup begins low; that was no decay."""
    never, loss = replace(ONE, least=1.0), np.full(4, 3.0)
    found = beyond(never, np.array([0.1, 1.0, 0.5, 0.75]), loss, 0 * loss)
    assert found == pytest.approx([0, 0, 0.013 * 3 / 4, 0.013 * 3 / 4])


def test_logs_that_hardly_outlast_their_warmup_say_little_of_what_follows():
    """Four times the doubt where a third of the log is warmup, hardly more for a thirtieth; said past a quarter."""
    progress, lrs = 1 / np.sqrt(np.arange(1, 20_001)), np.full(20_000, 1e-3)
    doubt = {warmup: beyond(replace(KNOWN, warmups=(warmup,)), lrs, 0 * lrs, progress)[-1] for warmup in (0, 333, 3333)}
    assert doubt[333] == pytest.approx(1.0277 * doubt[0], rel=1e-3)
    assert doubt[3333] == pytest.approx(3.777 * doubt[0], rel=1e-3)
    at = np.arange(100, 1001, 100)
    for warmup, said in ((200, False), (300, True)):
        run = LogRun.from_arrays(at, 3 + 10 / at, np.minimum(np.arange(1, 1001) / warmup, 1.0))
        assert any("are warmup" in each.sentence for each in seen([run]).doubts) == said
