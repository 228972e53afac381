"""A change of a plan: what is of the LR acts on the LRs, and the rest follows."""

from __future__ import annotations

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.plan.pacer import PlanPacer
from lrlab.core.resume import change
from lrlab.core.resume.plans import branched, extended, finished, spliced
from lrlab.errors import LrlabError

MOMENTUM = lr.linear(start=0.95, to=0.85)
FED = (lr.warmup(10) >> lr.cosine(to=0.1)) * lr.plateau(patience=1, factor=0.5)


def at(plan: lr.Plan, horizon: int | None, update: int, observations: int = 0) -> PlanPacer:
    pacer = PlanPacer(plan, horizon)
    pacer.update = update
    for _ in range(observations):
        pacer.observe(1.0)
    return pacer


def values(pacer: PlanPacer, start: int, stop: int) -> list[list[float]]:
    return [track.between(start, stop).tolist() for track in pacer.now.tracks]


PLAN = lr.plan(lr=FED, momentum=MOMENTUM, weight_decay=lr.linear(start=0.5, to=2) * lr.plateau(patience=2, factor=0.9))
CHANGES = {
    "rescale-rest": lambda p: extended(p, 200, "rescale-rest"),
    "hold-then-decay": lambda p: extended(p, 200, "hold-then-decay"),
    "re-warm": lambda p: extended(p, 200, "re-warm"),
    "keep": lambda p: extended(p, 200, "keep"),
    "finish": lambda p: finished(p, 30),
    "splice": lambda p: spliced(p, PlanPacer(lr.plan(lr=lr.linear(), momentum=0.9, weight_decay=lr.cosine()), 150), {}),
}


@pytest.mark.parametrize("how", CHANGES)
def test_nothing_jumps_nothing_of_the_past_moves_and_what_was_decided_stays(how):
    """Three curves, two of them with a plateau of one name that have decided differently."""
    pacer = at(PLAN, 100, 60, observations=3)
    before, factors = values(pacer, 0, 61), pacer.factor_of
    assert factors == {"plateau1": 0.25, "weight_decay/plateau1": 0.9}
    made = CHANGES[how](pacer)
    found = values(made, 0, 61)
    assert [row[-1] for row in found] == pytest.approx([row[-1] for row in before], rel=1e-12)
    assert [curve.between(0, 60).tolist() for curve in made.curves] == [
        curve.between(0, 60).tolist() for curve in pacer.curves
    ]
    assert made.factor_of == factors or how == "splice"
    assert (made.changes[-1].update, made.changes[-1].how) == (60, how)
    assert made.decisions == pacer.decisions
    assert values(pacer, 0, 61) == before  # the one that went on from here is as it was
    made.plan.refuse_out_of_bounds(made.curves)


def test_a_schedule_alone_changes_as_a_schedule_does():
    """To the last bit, and to the last letter."""
    pacer, alone = at(lr.plan(lr=FED), 100, 60), lr.Pacer(FED.over(100))
    alone.advance(60)
    for made, curve in (
        (extended(pacer, 200, "rescale-rest"), change.extended(alone.curve, 60, 200, "rescale-rest")),
        (extended(pacer, 200, "re-warm", peak=0.7), change.extended(alone.curve, 60, 200, "re-warm", peak=0.7)),
        (finished(pacer, "20%"), change.finished(alone.curve, 60, "20%")),
    ):
        assert made.schedule == curve.schedule
        assert made.curve.values().tolist() == curve.values().tolist()
        assert made.horizon == curve.horizon


# -- longer -------------------------------------------------------------------------------------------------------


def test_momentum_is_stretched_and_held_with_the_lr():
    """What was planned for the last part of the run is so in the last part of the longer one."""
    pacer = at(lr.plan(lr=lr.linear(), momentum=MOMENTUM), 100, 50)
    stretched, held = extended(pacer, 150, "rescale-rest"), extended(pacer, 150, "hold-then-decay")
    assert [row[-1] for row in values(stretched, 0, 101)] == pytest.approx([0.25, 0.875])
    assert [row[-1] for row in values(held, 0, 101)] == pytest.approx([0.5, 0.9])
    assert [row[-1] for row in values(held, 0, 151)] == pytest.approx([0.0, 0.85])


def test_a_warmup_anew_is_of_the_lr_alone():
    """Momentum and weight decay go on to their ends; after a finished plan they stay there."""
    pacer = at(lr.plan(lr=lr.linear(), momentum=MOMENTUM), 100, 50)
    longer = extended(pacer, 200, "re-warm", peak=0.8)
    rates, momenta = (np.array(row) for row in values(longer, 50, 201))
    assert rates.max() == pytest.approx(0.8)
    assert (np.diff(momenta) <= 0).all()
    assert (momenta[0], momenta[-1]) == pytest.approx((0.9, 0.85))
    done = extended(at(lr.plan(lr=lr.linear(), momentum=MOMENTUM), 100, 100), 200, "re-warm")
    assert set(np.round(values(done, 100, 201)[1], 12)) == {0.85}


def test_a_peak_is_that_of_the_greatest_lr_and_the_others_keep_their_ratio():
    """A quarter of the peak for the embedding stays a quarter; what is no LR has no part in it."""
    plan = lr.plan(lr=0.4 * lr.linear(), momentum=MOMENTUM, groups={"embed": {"lr": 0.1 * lr.linear()}})
    longer = extended(at(plan, 100, 50), 200, "re-warm", peak=2.0)
    assert [max(row) for row in values(longer, 50, 201)] == pytest.approx([2.0, 0.9, 0.5])


def test_a_curve_without_an_end_goes_on_as_it_does():
    """A frozen group, a constant momentum: nothing of them is left to stretch."""
    plan = lr.plan(lr=lr.linear(100), momentum=0.9, groups={"head": {"lr": lr.constant()}})
    longer = extended(at(plan, None, 50), 150, "rescale-rest")
    assert longer.plan.schedules[1:] == plan.schedules[1:]
    assert values(longer, 100, 101)[0] == pytest.approx([0.25])
    with pytest.raises(LrlabError, match="nothing of it is left"):
        extended(at(lr.plan(lr=lr.constant(), momentum=0.9), None, 50), 150, "rescale-rest")
    with pytest.raises(LrlabError, match="how is not known"):
        extended(at(plan, None, 50), 150, "longer")


# -- decay now ----------------------------------------------------------------------------------------------------


def test_every_lr_decays_to_its_floor_and_the_others_play_their_rest():
    """A group that is frozen now stays so; momentum comes to its own end in the shorter time."""
    frozen = lr.constant("80%", level=0) >> lr.warmup(5) >> lr.linear()
    plan = lr.plan(lr=lr.cosine(to=0.1), momentum=MOMENTUM, groups={"embed": {"lr": frozen}})
    done = finished(at(plan, 100, 50), 10, shape="linear")
    assert done.horizon.total == 60
    rates, momenta, embed = values(done, 50, 61)
    assert (rates[0], rates[-1]) == pytest.approx((0.55, 0.1))
    assert (momenta[0], momenta[5], momenta[-1]) == pytest.approx((0.9, 0.875, 0.85))
    assert set(embed) == {0.0}


def test_a_constant_is_left_as_it_is_written():
    done = finished(at(lr.plan(lr=lr.cosine(), momentum=0.9), 100, 50), 10)
    assert str(done.plan).endswith("momentum=constant(level=0.9))")


def test_a_schedule_that_drives_the_lr_and_something_else_is_the_lrs():
    """Weight decay that was tied to the LR stays tied to it."""
    done = finished(at(lr.plan(lr=lr.linear(), weight_decay=lr.linear()), 100, 50), 10, to=0.2)
    assert len(done.curves) == 1
    assert dict(done.plan.rules[0].schedules)["weight_decay"] == done.curve.schedule


def test_a_plan_without_an_lr_has_nothing_to_decay():
    with pytest.raises(LrlabError, match="drives no LR"):
        finished(at(lr.plan(momentum=MOMENTUM), 100, 50), 10)


def test_curves_that_become_one_are_one():
    """Two groups whose decays would have been different, finished in the common warmup."""
    plan = lr.plan(lr=lr.warmup(20) >> lr.cosine(), groups={"head": {"lr": lr.warmup(20) >> lr.linear()}})
    done = finished(at(plan, 100, 5), 10)
    assert len(done.curves) == len(done.plan.schedules) == 1
    there = PlanPacer(lr.Plan.loads(done.plan.dumps()), done.horizon).restored(done.state())
    assert there.values == done.values


# -- branches -----------------------------------------------------------------------------------------------------


def test_a_branch_is_the_plan_with_that_horizon():
    """LR and momentum as planned over 1000 updates."""
    stable = lr.plan(lr=lr.warmup(100) >> lr.constant(), momentum=0.9)
    made, note = branched(at(stable, None, 800), "20%")
    planned = lr.plan(lr=lr.wsd(warmup=100, decay="20%"), momentum=0.9).over(1000)
    assert note == ""
    assert [c.values().tolist() for c in made.curves] == [c.values().tolist() for c in planned.values()]
    relative = lr.plan(lr=lr.warmup("5%") >> lr.constant(), momentum=MOMENTUM)
    other, note = branched(at(relative, 1000, 300), 100)
    assert "relative warmup" in note
    assert values(other, 400, 401)[1] == pytest.approx([0.85])
    with pytest.raises(LrlabError, match="no stable phase"):
        branched(at(lr.plan(lr=lr.cosine(), momentum=0.9), 100, 50), 10)


# -- another plan -------------------------------------------------------------------------------------------------


def test_a_splice_is_curve_by_curve():
    """What the new plan leaves alone is left alone; momentum that is at its end already stays there."""
    old = at(lr.plan(lr=lr.linear(), momentum=MOMENTUM, weight_decay=1), 100, 50)
    new = PlanPacer(lr.plan(lr=lr.cosine(), momentum=lr.cosine(start=0.8, to=0.9), weight_decay=1), 100)
    made = spliced(old, new, {})
    rates, decays, momenta = values(made, 50, 101)
    assert (rates[0], rates[-1]) == pytest.approx((0.5, 0.0), abs=1e-12)
    assert set(np.round(momenta, 12)) == {0.9}
    assert set(decays) == {1.0}
    assert made.plan.rules[0].schedules[1] == ("weight_decay", lr.constant(level=1.0))


def test_a_splice_goes_over_other_base_values():
    """The recorded LRs are half of the code's, the weight decays are not."""
    old = at(lr.plan(lr=lr.linear(), weight_decay=lr.linear()), 100, 50)
    new = PlanPacer(lr.plan(lr=lr.cosine(), weight_decay=lr.cosine()), 100)
    made = spliced(old, new, {"lr": 0.5})
    assert [row[0] for row in values(made, 50, 51)] == pytest.approx([0.25, 0.5])


def test_plans_that_drive_different_things_cannot_be_spliced():
    old = at(lr.plan(lr=lr.linear()), 100, 50)
    for other in (
        lr.plan(lr=lr.cosine(), momentum=0.9),
        lr.plan(lr=lr.cosine(), layer_decay=0.5),
        lr.plan(lr=lr.cosine(), groups={"head": {"lr": 0.5}}),
        lr.plan(lr=lr.cosine(), joining=lr.warmup(5)),
    ):
        with pytest.raises(LrlabError, match="do not drive the same"):
            spliced(old, PlanPacer(other, 100), {})


def test_the_warmup_of_groups_that_join_keeps_its_length():
    """A share of the run is of the run that it was said for."""
    plan = lr.plan(lr=lr.linear(), joining=lr.warmup("10%"))
    longer = extended(at(plan, 100, 50), 400, "rescale-rest")
    assert longer.joined(60, 60, 80).tolist() == at(plan, 100, 50).joined(60, 60, 80).tolist()
    again = PlanPacer(lr.Plan.loads(longer.plan.dumps()), longer.horizon)
    assert again.joined(60, 60, 80).tolist() == longer.joined(60, 60, 80).tolist()
