"""The schedule that norms ask for, and what is said against it."""

import json

import numpy as np
import pytest

from lrlab.analysis.refine.artefact import rise
from lrlab.analysis.refine.refine import refine_norms
from lrlab.core.text.parse import parse
from lrlab.errors import LrlabError

UPDATES = np.arange(1, 1001)
LRS = 2e-3 * (1 - np.arange(1000) / 1000)


def refined(norms, **given):
    return refine_norms(UPDATES, norms, LRS, **{"weight_decay": 0.0, **given})


def test_high_norms_at_the_beginning_are_a_warmup():
    """And high ones at the end a faster decay."""
    early = refined(1 + 4 * np.exp(-UPDATES / 50), width=0.02).schedule.over(1000).values()
    assert early[0] < 0.2 < 0.9 < early.max()
    late = refined(1 + (UPDATES > 800), power=1).schedule.over(1000).values()
    assert late[900] < 0.5 * refined(np.ones(1000)).schedule.over(1000).values()[900]


def test_a_spike_asks_for_nothing():
    """The median does not see it."""
    norms = np.ones(1000)
    norms[500:510] = 100
    assert refined(norms).schedule == refined(np.ones(1000)).schedule


def test_the_correction_takes_out_what_weight_decay_does():
    """Norms that rise by that alone give the line, and without the correction they do not."""
    longer = 20_000
    lrs = np.repeat(LRS, longer // 1000)
    at = np.arange(1, longer + 1)
    norms = np.repeat(rise(LRS, longer / 1000, 0.1, normed=True), longer // 1000)
    found = refine_norms(at, norms, lrs, power=1, weight_decay=0.1)
    line, raw = (each.over(1000).values() for each in (found.schedule, found.raw))
    assert found.corrected
    assert found.rise == pytest.approx(norms[-1], rel=0.02)
    assert line == pytest.approx(1 - np.arange(1000) / 1000, abs=0.03)
    assert raw[700] < line[700] - 0.03
    assert not refine_norms(at, norms, lrs, power=1, weight_decay=0.0).corrected


def test_sparse_norms_are_enough():
    """One in ten, with gaps, gives what all give."""
    norms = 2 + np.cos(UPDATES / 200)
    every = refined(norms).schedule.over(1000).values()
    some = np.delete(np.arange(9, 1000, 10), [20, 21, 22])
    few = refine_norms(UPDATES[some], norms[some], LRS, weight_decay=0.0).schedule.over(1000).values()
    assert few == pytest.approx(every, abs=0.05)


def test_doubts_are_said():
    """Norms that fall to nothing, a weight decay that is not known, norms that are none."""
    assert "follows a few of them" in refined(np.exp(-UPDATES / 100.0)).doubts[0]
    assert "weight decay is not known" in refined(np.ones(1000), weight_decay=None).doubts[0]
    broken = np.ones(1000)
    broken[3:5] = np.nan, 0
    assert "2 norms" in refined(broken).doubts[0]
    assert refined(np.ones(1000)).doubts == ()


def test_norms_that_are_missing_in_the_middle_are_a_doubt():
    """As they are at neither end a refusal: a tenth of the run is the most that may be missing there."""
    hole = np.where((UPDATES > 300) & (UPDATES < 500), np.nan, 1.0)
    assert refined(hole).doubts[0].startswith("For 20% of the run there are no norms")
    whole = np.where((UPDATES > 100) & (UPDATES <= 900), 1.0, np.nan)
    assert not any("no norms" in doubt for doubt in refined(whole).doubts)
    for short in (np.where(UPDATES <= 899, 1.0, np.nan), np.where(UPDATES > 101, 1.0, np.nan)):
        with pytest.raises(LrlabError, match="not known"):
            refined(short)


def test_a_schedule_that_follows_noise_is_doubted():
    """It turns up and down; a wider median has it straight."""
    noise = np.exp(np.random.default_rng(0).standard_normal(50))
    few = refine_norms(np.arange(1, 51), noise, np.ones(50), weight_decay=0.0, width=0.05)
    assert "it follows the noise of these norms" in few.doubts[-1]
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
        (np.where(UPDATES > 500, np.nan, 1.0), {}, r"(?s)end early.*from 0% to 50% of 1000 updates"),
        (np.where(UPDATES > 600, 0.0, 1.0), {}, r"(?s)end early.*from 0% to 60%"),
        (np.where(UPDATES < 700, np.nan, 1.0), {}, r"(?s)begin late.*from 70% to 100%"),
        (np.ones(1000), {"width": 0.5}, "width"),
        (np.ones(1000), {"width": 0.0}, "width"),
        (np.ones(1000), {"weight_decay": 1.0}, "weight decay"),
    ],
)
def test_what_cannot_be_refined_is_refused(norms, given, said):
    with pytest.raises(LrlabError, match=said):
        refined(norms, **given)
