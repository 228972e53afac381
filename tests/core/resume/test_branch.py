"""A branch from a stable phase: the run planned with that horizon, or a note on how it differs."""

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.resume.branch import branched
from lrlab.core.resume.change import extended


@pytest.mark.parametrize("at", [101, 600, 777, 8000, 12_345])
@pytest.mark.parametrize("decay", [1, 250, "10%", "20%", "1/3"])
@pytest.mark.parametrize("shape", ["one_minus_sqrt", "linear", "cosine"])
def test_with_an_absolute_warmup_it_is_the_planned_run(at, decay, shape):
    """The very schedule, and every value to the last bit, whatever horizon the stable run was planned for."""
    branch = branched(lr.wsd(warmup=100, decay="20%", shape=shape, to=0.05).over(50_000), at, decay)
    planned = lr.wsd(warmup=100, decay=branch.curve.updates - at, shape=shape, to=0.05).over(branch.curve.updates)
    assert branch.note == ""
    assert branch.curve.schedule == planned.schedule
    assert branch.curve.values().tolist() == planned.values().tolist()
    if isinstance(decay, str):
        relative = lr.wsd(warmup=100, decay=decay, shape=shape, to=0.05).over(branch.curve.updates)
        assert branch.curve.values().tolist() == relative.values().tolist()


@pytest.mark.parametrize("horizon", [None, 5000])
def test_a_stable_run_without_a_decay_of_its_own(horizon):
    """Planned without an end: the decay is chosen when it begins."""
    stable = (lr.warmup(100) >> lr.constant()).over(horizon)
    assert branched(stable, 800, "20%").curve.values().tolist() == lr.wsd(warmup=100).over(1000).values().tolist()
    linear = branched(stable, 800, 200, shape="linear", to=0.1)
    assert str(linear.curve.schedule) == "warmup(100) >> constant() >> linear(200, to=0.1)"


def test_with_a_relative_warmup_the_note_says_so():
    """What was done stays; the plan over the new horizon would have warmed up for longer or shorter."""
    stable = lr.wsd(warmup="5%").over(10_000)
    branch = branched(stable, 4000, 1000)
    assert branch.note.startswith("the branch keeps the first 4000 updates as they were made; ")
    assert "planned over 5000 updates would have begun otherwise (a relative warmup" in branch.note
    assert branch.curve.between(0, 4000).tolist() == stable.between(0, 4000).tolist()
    assert branch.curve.between(4000, 5000).tolist() == lr.one_minus_sqrt().over(1000).values().tolist()


@pytest.mark.parametrize(
    "text",
    [
        "0.5 * wsd(warmup=100)",
        "wsd(warmup=100) * plateau()",
        "constant()",
        "0.5 * constant()",
        "constant() >> linear(500, to=0.1)",
    ],
)
def test_factors_and_feedback_stay_around_it(text):
    stable = lr.parse(text).over(10_000)
    branch = branched(stable, 5000, "50%")
    assert branch.note == ""
    assert branch.curve.updates == 10_000
    assert branch.curve.between(0, 5000).tolist() == stable.between(0, 5000).tolist()
    assert branch.curve(5000) == stable(5000)
    assert branch.curve(10_000) == stable(10_000) if "linear" in text else branch.curve(10_000) == 0
    assert len(branch.curve.controllers) == len(stable.controllers)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("warmup(10) >> constant(level=0.5)", 0.5),
        ("linear(10, to=0.5) >> hold()", 0.5),
        ("constant().clip(high=0.3)", 0.3),
        ("warmup(10) >> 0.5 * constant()", 0.5),
        ("constant(level=0.5) + 0.1 * constant()", 0.6),
        ("warmup(10) >> constant(level=0.5) * plateau()", 0.5),
        ("step(1000) * constant(level=0.4)", 0.4),
    ],
)
@pytest.mark.parametrize("shape", [None, "linear", "cosine"])
def test_a_new_decay_begins_at_the_level_of_the_stable_phase(text, level, shape):
    """Not at the base LR: there is no jump, and it is that decay of the level to 0."""
    stable = lr.parse(text).over(None)
    branch = branched(stable, 80, 20, shape=shape)
    assert branch.curve.between(0, 80).tolist() == stable.between(0, 80).tolist()
    down = lr.parse(f"{shape or 'one_minus_sqrt'}()").over(20)
    assert branch.curve.between(80, 101) == pytest.approx(level * down(np.arange(21)), rel=1e-14, abs=1e-16)


def test_a_decay_by_another_shape_begins_where_the_planned_one_does():
    stable = lr.parse("constant(level=0.3) >> cosine(20, start=0.3, to=0.1)").over(200)
    assert branched(stable, 100, 50, shape="linear").curve.between(99, 151) == pytest.approx(
        [0.3, *np.linspace(0.3, 0.1, 51)]
    )


def test_a_stable_phase_within_a_plan_that_falls():
    """A step of a staircase: the shorter plan would be at its end there, the branch goes on from where it is."""
    stable = lr.parse("(warmup(3) >> cosine()).staircase(4)").over(20)
    branch = branched(stable, 3, 3, shape="linear")
    assert branch.curve.between(0, 3).tolist() == stable.between(0, 3).tolist() == [0.25] * 3
    assert branch.curve.between(3, 7) == pytest.approx([0.25, 0.25 * 2 / 3, 0.25 / 3, 0], abs=1e-16)


def test_what_feedback_decided_is_not_lost():
    """A controller of the stable phase goes on in the decay: the LR that it has cut does not jump back."""
    pacer = lr.Pacer((lr.warmup(2) >> lr.constant() * lr.plateau(patience=1, factor=0.5)).over(None))
    pacer.advance(8)
    pacer.observe(1.0)
    pacer.observe(1.0)
    pacer.go_on(branched(pacer.curve, 8, 2).curve, "branch")
    assert pacer.value == 0.5
    pacer.advance(2)
    assert pacer.value == 0


def test_a_run_that_was_prolonged_branches_too():
    """Its parts have lengths of their own; the decay goes to the plan's floor."""
    longer = extended(lr.wsd(warmup=100, decay=200, to=0.1).over(1000), 500, 5000, "hold-then-decay")
    branch = branched(longer, 3000, "20%")
    assert branch.curve.updates == 3750
    assert branch.curve.between(0, 3000).tolist() == longer.between(0, 3000).tolist()
    assert branch.curve(3750) == pytest.approx(0.1, rel=1e-15)


def test_the_stable_run_is_not_touched():
    """A branch is another value."""
    stable = lr.wsd(warmup=100).over(10_000)
    before = stable.values().tolist()
    assert branched(stable, 4000, "20%").curve is not stable
    assert stable.values().tolist() == before


@pytest.mark.parametrize(
    ("text", "at", "arguments", "said"),
    [
        ("cosine()", 500, {"decay": 100}, "no stable phase"),
        ("wsd(warmup=100)", 50, {"decay": 100}, "no stable phase"),
        ("wsd(warmup=100)", 950, {"decay": 100}, "no stable phase"),
        ("wsd(warmup=100)", 500, {"decay": 0}, "no update"),
        ("wsd(warmup=100)", 500, {"decay": "100%"}, "the whole run"),
        ("wsd(warmup=100)", 500, {"decay": 100, "shape": "slow"}, "branch: shape is not a decay"),
        ("wsd(warmup=100)", 0, {"decay": 100}, "no stable phase"),
        ("constant(999) >> linear(1)", 1000, {"decay": 100}, "no stable phase"),  # one value is no stable phase
        ("wsd(warmup=100)", "x", {"decay": 100}, "branch: at"),
    ],
)
def test_what_is_no_branch(text, at, arguments, said):
    with pytest.raises(lr.LrlabError, match=said):
        branched(lr.parse(text).over(1000), at, **arguments)


def test_a_branch_may_begin_where_a_stable_phase_ends():
    """Whatever comes after it; one update later the LR has moved."""
    stable = (lr.constant(500) >> lr.linear(500, start=0.5)).over(1000)
    assert branched(stable, 500, 100).curve.between(499, 501).tolist() == [1, 0.5]
    planned = lr.wsd(warmup=100, decay=200)
    assert branched(planned.over(1000), 800, 200).curve.values().tolist() == planned.over(1000).values().tolist()
    with pytest.raises(lr.LrlabError, match="no stable phase"):
        branched(planned.over(1000), 801, 200)


def test_a_branch_from_the_end_value_of_its_plan_goes_to_nothing():
    """Where the plan never falls there is no floor in it."""
    assert branched((lr.warmup("5%") >> lr.constant()).over(1000), 300, 100).curve(400) == 0
