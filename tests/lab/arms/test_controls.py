"""Control rows: the bits that an arm sets, those it realises under reports, and how far two arms agree."""

import functools
import hashlib
import itertools
import math

import numpy as np
import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.controls import ControlSpec, ControlTrace, agreement, order, replayed, together


def test_rows_are_the_bits_that_a_run_uses():
    """LR multiple x the curve's own values; two ways of writing one curve have the same rows and digests."""
    control = ControlTrace(ControlSpec(lr.cosine(), 0.7), 10_000)
    np.testing.assert_array_equal(control.rows(0, 10_000)[:, 0], 0.7 * lr.cosine().over(10_000).values())
    fixed, none = (
        ControlTrace(ControlSpec(lr.constant(), 1.0), 100),
        ControlTrace(ControlSpec(lr.multistep([30], gamma=1.0), 1.0), 100),
    )
    assert agreement(fixed, none, 0, 100) == 100
    assert fixed.digests([7, 100]) == none.digests([100, 7])


def test_agreement_is_by_bits():
    """The first update whose 64 bits differ; half of an LR at twice the multiple agrees."""
    trunk = ControlTrace(ControlSpec(lr.constant(), 1.0), 1000)
    for decay in (10, 200, 999):
        branch = ControlTrace(ControlSpec(lr.wsd(warmup=0, decay=decay), 1.0), 1000)
        expected = int(np.argmax(branch.rows(0, 1000) != 1.0))
        assert agreement(trunk, branch, 0, 1000) == agreement(branch, trunk, expected // 2, 1000) == expected
    assert agreement(trunk, ControlTrace(ControlSpec(0.5 * lr.constant(), 2.0), 1000), 0, 1000) == 1000
    tiny = math.nextafter(1.0, 2.0)
    assert agreement(trunk, ControlTrace(ControlSpec(lr.constant(), tiny), 1000), 0, 1000) == 0
    assert together([trunk], 3, 1000) == 1000


def test_digests_name_prefixes():
    """Equal for equal prefixes, different else, for any set of them asked at once."""
    a, b = (ControlTrace(ControlSpec(lr.wsd(warmup=0, decay=decay), 1.0), 100) for decay in (20, 40))
    part = agreement(a, b, 0, 100)
    mine, other = (control.digests(range(101)) for control in (a, b))
    assert [mine[k] == other[k] for k in range(101)] == [k <= part for k in range(101)]
    assert mine[50] == a.digests([50])[50]
    assert len(set(mine.values())) == 101


def test_reports_change_what_follows_and_nothing_before():
    """As `Pacer` has it; the digest is of the rows that were realised."""
    control = ControlTrace(ControlSpec(lr.cosine() * lr.plateau(patience=1, factor=0.5), 1.0), 100)
    before = control.rows(0, 100).copy()
    for update in (10, 20, 30):
        control.hear(update, {"val_loss": 1.0}, "val_loss")
    np.testing.assert_array_equal(control.rows(0, 20), before[:20])
    np.testing.assert_array_equal(control.rows(20, 30), before[20:30] / 2)
    np.testing.assert_array_equal(control.rows(30, 100), before[30:] / 4)
    assert [decision.update for decision in control.decisions] == [20, 30]
    again = replayed(ControlSpec(lr.cosine() * lr.plateau(patience=1, factor=0.5)), 100,
                     [[k, {"val_loss": 1.0}] for k in (10, 20, 30)], "val_loss")  # fmt: skip
    assert (
        again.digests([100])
        == control.digests([100])
        != ControlTrace(ControlSpec(lr.cosine(), 1.0), 100).digests([100])
    )


def test_a_controller_hears_the_metric_it_names_or_the_one_that_is_judged():
    """And who has none hears nothing."""
    named = ControlTrace(ControlSpec(lr.plateau(patience=1, factor=0.5, metric="error"), 1.0), 100)
    judged = ControlTrace(ControlSpec(lr.plateau(patience=1, factor=0.5), 1.0), 100)
    for update in (10, 20):
        for control in (named, judged):
            control.hear(update, {"val_loss": float(update), "error": -float(update)}, "val_loss")
    assert (named.rows(99, 100).item(), judged.rows(99, 100).item()) == (1.0, 0.5)
    assert (named.reactive, ControlTrace(ControlSpec(lr.cosine(), 1.0), 10).reactive) == (True, False)


def test_a_controller_that_gave_up_sets_nothing_more():
    """NaN: it agrees with nobody who goes on."""
    control = ControlTrace(ControlSpec(lr.constant() * lr.guard(after=1, patience=1, tries=1, cooldown=0), 1.0), 10)
    for update in (1, 2, 3):
        control.hear(update, {"val_loss": math.nan}, "val_loss")
    assert np.isnan(control.rows(3, 10)).all()
    assert agreement(control, ControlTrace(ControlSpec(lr.constant(), 1.0), 10), 5, 10) == 5


@pytest.mark.parametrize(("start", "stop", "heard"), [(0, 30, True), (30, 60, False)])
def test_a_controller_listens_in_its_own_phase(start, stop, heard):
    """Only what is heard can part arms."""
    control = ControlTrace(ControlSpec(lr.constant(30) * lr.plateau() >> lr.linear(), 1.0), 60)
    assert {control.listens(update) for update in range(start, stop)} == {heard}


def test_other_hyper_parameters_are_columns():
    """Arms part where any of them differs; a report may drive each."""
    momentum = lr.linear(start=0.95, to=0.85)
    plain, moved = (
        ControlTrace(ControlSpec(lr.constant(), 2.0, (("momentum", m),)), 100)
        for m in (lr.constant(level=0.95), momentum)
    )
    assert moved.names == ("lr", "momentum")
    np.testing.assert_array_equal(moved.rows(0, 100)[:, 1], momentum.over(100).values())
    assert moved.row(0) == {"lr": 2.0, "momentum": 0.95}
    assert agreement(plain, moved, 0, 100) == 1
    driven = ControlTrace(ControlSpec(lr.constant(), 1.0, (("weight_decay", lr.plateau(patience=1, factor=0.5)),)), 10)
    for update in (1, 2):
        driven.hear(update, {"val_loss": 1.0}, "val_loss")
    assert (driven.reactive, driven.row(2), driven.decisions) == (True, {"lr": 1.0, "weight_decay": 0.5}, ())
    assert (
        ControlSpec.from_json(
            driven_regime := ControlSpec(lr.cosine(), 0.3, (("beta2", momentum),)).to_json()
        ).to_json()
        == driven_regime
    )


@pytest.mark.parametrize(
    "arm",
    ["linear() * plateau(metric='acc', mode='max')", "linear(50) >> constant() * plateau(metric='acc', mode='max')"],
)
def test_a_controller_that_would_hear_nothing_is_told_at_the_first_report(arm):
    """Also one whose phase has not begun: it would wait forever."""
    control = ControlTrace(ControlSpec(lr.parse(arm)), 100)
    with pytest.raises(LrlabError, match=r'(?s)listens to acc, which run.report was not told.*metric="val_acc"'):
        control.hear(10, {"val_loss": 1.0, "val_acc": 0.5}, "val_loss")
    control.hear(10, {"val_loss": 1.0, "acc": 0.5}, "val_loss")


def test_arms_are_together_until_the_first_of_them_parts():
    """From where it is asked on; of two arms, too."""
    trunk, *branches = (ControlTrace(ControlSpec(lr.wsd(warmup=0, decay=d), 1.0), 1000) for d in (0, 100, 300))
    parts = [agreement(trunk, branch, 0, 1000) for branch in branches]
    assert [together([trunk, branch], 0, 1000) for branch in branches] == parts
    assert together([trunk, *branches], 0, 1000) == min(parts)
    assert together([trunk, branches[0]], 0, parts[0] - 1) == parts[0] - 1


def test_arms_that_begin_alike_are_neighbours_in_order():
    """Whoever is before another comes before it from either side; equal ones are equal."""
    values = ([1.0, 2.0, 3.0], [1.0, 2.0, 1.0], [2.0, 2.0, 3.0], [1.0, 1.0, 9.0], [1.0, 2.0, 3.0])
    traces = [ControlTrace(ControlSpec(lr.table([*rows])), 3) for rows in values]
    for one, other in itertools.product(traces, traces):
        same = one.rows(0, 3).tolist() == other.rows(0, 3).tolist()
        assert order(one, other, 3) == -order(other, one, 3) == (0 if same else order(one, other, 3))
        assert (order(one, other, 3) == 0) == same
    ranked = sorted(traces, key=functools.cmp_to_key(lambda one, other: order(one, other, 3)))
    firsts = [trace.row(0)["lr"] for trace in ranked]
    assert firsts == sorted(firsts)
    assert [tuple(trace.rows(0, 2)[:, 0].tolist()) for trace in ranked] == sorted(
        tuple(trace.rows(0, 2)[:, 0].tolist()) for trace in traces
    )
    assert order(traces[0], traces[1], 2) == 0  # they agree as far as was asked


def test_the_name_of_what_was_set_has_32_characters():
    """Stored states are found by it: another length finds none of them."""
    (digest,) = ControlTrace(ControlSpec(lr.constant()), 4).digests([4]).values()
    assert digest == hashlib.sha256(np.ones(4).tobytes()).hexdigest()[:32]


def test_an_arm_sets_the_lr_of_its_task():
    """Where no multiple is given, and nothing beside it. What it sets is not written into."""
    with pytest.raises(ValueError, match="read-only"):
        ControlTrace(ControlSpec(lr.constant()), 4).rows(0, 4)[0] = 2.0
    assert ControlSpec(lr.cosine()) == ControlSpec(lr.cosine(), 1.0, ())
