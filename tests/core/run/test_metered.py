"""Schedules measured in what updates consume: the LR is a function of the unit, whatever the path."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.expression.maths import OPEN_LOOP
from lrlab.core.run.metered import MeteredCurve, MeteredPacer, pacer_of, sampled
from lrlab.errors import LrlabError

BUDGET = 100_000
TEXTS = [
    'warmup("2%") >> cosine(to=0.1)',
    'wsd(warmup="5%", decay="20%", shape="one_minus_sqrt", to=0)',
    'step("10%", gamma=0.5)',
    'cosine("25%").repeat(cycle="25%")',
    '0.5 * (warmup("1ktok") >> linear()) + 0.1',
    'inverse_sqrt("5ktok").clip(high=0.8)',
    'multistep(["30ktok", "60ktok"])',
]


def path(seed: int, budget: int = BUDGET) -> list[int]:
    """Random batch sizes of 1 to 3000 that use up a budget."""
    rng, sizes, used = random.Random(seed), [], 0
    while used < budget:
        sizes.append(rng.randint(1, 3000))
        used += sizes[-1]
    return sizes


def trace(pacer: lr.Pacer, sizes: list[int], unit: str = "tokens") -> dict[int, float]:
    """The value that follows each amount consumed so far."""
    found = {pacer.meter.ticks(unit): pacer.value}
    for size in sizes:
        pacer.consume(**{unit: size})
        pacer.advance()
        found[pacer.meter.ticks(unit)] = pacer.value
    return found


@pytest.mark.parametrize("text", TEXTS)
def test_the_value_after_k_tokens_is_the_specs_whatever_the_path(text):
    """Random batch sizes against the same schedule over a run of one token per update, to the last bit."""
    curve = lr.parse(text).over(lr.Horizon(tokens=BUDGET))
    spec = lr.parse(text).over(lr.Horizon(updates=BUDGET, tokens_per_update=1))
    assert curve.unit == "tokens"
    for seed in range(5):
        for at, value in trace(MeteredPacer(curve), path(seed)).items():
            assert value == spec(at) == curve(at)
    np.testing.assert_array_equal(curve(np.arange(0, BUDGET, 997)), spec(np.arange(0, BUDGET, 997)))


@pytest.mark.parametrize("seed", range(20))
def test_the_decay_of_wsd_is_complete_at_the_budget(seed):
    """However the batch size ramps; running over holds the end."""
    schedule = lr.wsd(warmup="5%", decay="20%", to=0.01)
    pacer = MeteredPacer(schedule.over(lr.Horizon(samples=BUDGET)))
    values = trace(pacer, [*path(seed), 500, 500], "samples")
    assert [value for at, value in values.items() if at >= BUDGET] == [0.01] * 3
    assert all(value > 0.01 for at, value in values.items() if BUDGET * 0.05 < at < BUDGET)
    assert all(value == 1 for at, value in values.items() if BUDGET * 0.05 <= at <= BUDGET * 0.8)


def test_the_accumulation_does_not_matter():
    """1, 2, 4, 8 micro-batches of the same effective batch: the same value at each update."""
    curve = lr.parse('warmup("10%") >> cosine()').over(lr.Horizon(samples=6400))
    traces = []
    for accumulation in (1, 2, 4, 8):
        pacer, values = MeteredPacer(curve), []
        for _ in range(100):
            values.append(pacer.value)
            for _ in range(accumulation):
                pacer.consume(samples=64 // accumulation)
            pacer.advance()
        traces.append(values)
    assert traces[0] == traces[1] == traces[2] == traces[3]
    assert traces[0] == [curve(64 * i) for i in range(100)]


@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_other_ranks_after_a_resume_give_the_same_curve_of_samples(ranks):
    """Saved on 2 processes and resumed on 1, 3, 4: all report what they consumed together."""
    curve = lr.parse('warmup("10%") >> linear()').over(lr.Horizon(samples=12_000))
    pacer = MeteredPacer(curve)
    for _ in range(50):
        pacer.consume(samples=2 * 16)
        pacer.advance()
    there = MeteredPacer(curve)
    there.restore(json.loads(json.dumps(pacer.state())))
    assert there.value == pacer.value == curve(1600)
    for at, value in trace(there, [ranks * 16] * 100, "samples").items():
        assert value == curve(at)


# -- several units ------------------------------------------------------------------------------------------------


def test_a_warmup_in_updates_and_then_a_cosine_over_the_rest_of_the_budget():
    """The second phase begins where the first was over, and ends with the budget."""
    curve = lr.parse("warmup(50) >> cosine()").over(lr.Horizon(tokens=BUDGET))
    pacer, values, used, starts = MeteredPacer(curve), [], 0, 0
    for i, size in enumerate(path(3)):
        values.append(pacer.value)
        if i <= 50:
            assert values[i] == pytest.approx((i + 1) / 51, rel=1e-15)
            starts = used
        else:
            u = min((used - starts) / (BUDGET - starts), 1.0)
            assert values[i] == pytest.approx((1 + np.cos(np.pi * u)) / 2, abs=1e-12)
        pacer.consume(tokens=size)
        pacer.advance()
        used += size
    assert pacer.value == 0
    assert pacer.state()["consumed"]["starts"] == [[[0, 0], [starts, starts]]]


def test_three_units_in_one_schedule():
    """Updates, tokens, samples: each from its recorded start, "here" across the joints."""
    curve = lr.parse('warmup(3) >> linear("100tok", to=0.5) >> linear("40samples", start="here", to=0)').over(
        lr.Horizon(samples=1000)
    )
    pacer = MeteredPacer(curve)
    values = []
    for _ in range(16):
        values.append(pacer.value)
        pacer.consume(tokens=30, samples=10)
        pacer.advance()
    assert values[:3] == [0.25, 0.5, 0.75]
    assert values[3:7] == pytest.approx([1, 0.85, 0.7, 0.55])
    assert values[7:] == pytest.approx([0.5, 0.375, 0.25, 0.125] + [0] * 5)


def test_a_resume_anywhere_goes_on_bit_for_bit():
    """In each stretch, and between a report and its update."""
    curve = lr.parse('warmup(5) >> hold() >> linear("30%") * plateau(patience=3)').over(lr.Horizon(tokens=3000))
    whole, states = MeteredPacer(curve), []
    values = []
    for i in range(40):
        states.append(json.loads(json.dumps(whole.state())))
        values.append(whole.value)
        whole.consume(tokens=60 + i)
        states.append(json.loads(json.dumps(whole.state())))
        whole.advance()
        whole.value  # noqa: B018  (the step() of the loop)
        whole.observe(1.0)
    assert len(whole.decisions) == 3
    for k, state in enumerate(states):
        there = MeteredPacer(curve)
        there.restore(state)
        for i in range(k // 2, 40):
            assert there.value == values[i]
            if k % 2 == 0 or i > k // 2:
                there.consume(tokens=60 + i)
            there.advance()
            there.observe(1.0)
        assert there.state()["consumed"] == whole.state()["consumed"]
        assert there.decisions == whole.decisions


def test_controllers_act_in_their_own_stretch():
    """A plateau in the second phase does not hear the first."""
    curve = lr.parse("warmup(4) >> cosine() * plateau(patience=1, factor=0.5)").over(lr.Horizon(tokens=1000))
    pacer = MeteredPacer(curve)
    for _ in range(4):
        pacer.observe(1.0)
        pacer.consume(tokens=10)
        pacer.advance()
    assert pacer.states["plateau1"].observed == 0
    pacer.observe(1.0)
    pacer.observe(1.0)
    assert [(d.update, d.new) for d in pacer.decisions] == [(4, 0.5)]
    assert pacer.value == 0.5


# -- the clock ----------------------------------------------------------------------------------------------------


def test_a_wall_clock_budget_is_kept_whatever_the_throughput():
    """Throughput drifts by half and stalls: monotone after the peak, and at the floor when the budget ends."""
    rng, now = random.Random(1), [0.0]
    pacer = MeteredPacer(lr.parse('warmup("2%") >> cosine(to=0.01)').over(lr.Horizon(minutes=30)), lambda: now[0])
    values = []
    while now[0] < 1800:
        values.append(pacer.value)
        now[0] += 0.4 * rng.uniform(0.5, 1.5) + (60 if len(values) == 1500 else 0)
        pacer.advance()
    peak = int(np.argmax(values))
    assert values[peak] > 0.99
    assert np.all(np.diff(values[peak:]) <= 0)
    assert pacer.value == 0.01
    assert values[-1] == pytest.approx(0.01, rel=0.01)


def test_a_rate_beside_updates_is_still_a_plan_in_updates():
    """`minutes` beside `updates` says how long an update takes: nothing is live."""
    assert lr.parse('warmup("5min") >> cosine()').over(lr.Horizon(updates=100, minutes=50)).updates == 100


# -- what is refused ----------------------------------------------------------------------------------------------


def test_what_needs_every_update_names_the_missing_rate():
    """values(), lr(), common_prefix(): there is no list of updates to give."""
    curve = lr.cosine().over(lr.Horizon(tokens=1000))
    pacer = lr.Pacer(curve)  # one that counts updates alone
    live = MeteredPacer(curve)
    for asked in (
        curve.values,
        lambda: curve.lr(0.1),
        lambda: curve.common_prefix(curve),
        lambda: curve.traced(3, OPEN_LOOP),
        lambda: pacer.value,
        lambda: live.between(0, 3),
    ):
        with pytest.raises(LrlabError, match=r"tokens_per_update="):
            asked()
    with pytest.raises(LrlabError, match=r"tokens_per_update="):
        lr.cosine().over(100).common_prefix(curve)
    mixed = lr.parse('warmup(5) >> hold("3s") >> cosine()').over(lr.Horizon(tokens=1000))
    with pytest.raises(LrlabError, match=r"depends on the path(.|\n)*minutes=(.|\n)*tokens_per_update="):
        mixed(3)


def test_a_change_of_the_curve_is_refused():
    """A new plan from here on needs to know which update is where."""
    pacer = MeteredPacer(lr.cosine().over(lr.Horizon(tokens=1000)))
    with pytest.raises(LrlabError, match="tokens_per_update="):
        pacer.go_on(lr.cosine().over(10), "splice")


def test_a_state_of_another_kind_is_refused_and_changes_nothing():
    """One that was measured in updates says nothing of tokens; starts must fit the schedule."""
    curve = lr.parse("warmup(2) >> cosine()").over(lr.Horizon(tokens=1000))
    pacer = MeteredPacer(curve)
    good = MeteredPacer(curve).state()
    with pytest.raises(LrlabError, match="measured in updates"):
        pacer.restore(lr.Pacer(curve.schedule.over(1000)).state())
    for starts in ([], [[0, 0]] * 3, [[0, -1]], [["x", 0]], None):
        with pytest.raises(LrlabError, match=r"recorded starts|what was consumed|not a state"):
            pacer.restore({**good, "consumed": {**good["consumed"], "starts": [starts]}})
    with pytest.raises(LrlabError, match="not a record of what was consumed"):
        pacer.restore({**good, "consumed": {**good["consumed"], "past": {"tokens": -1}}})
    assert pacer.state() == good


def test_pacer_of_gives_the_pacer_that_the_curve_needs():
    """Plain where the rates are known."""
    assert type(pacer_of(lr.cosine().over(10))) is lr.Pacer
    assert type(pacer_of(lr.cosine().over(lr.Horizon(samples=10)))) is MeteredPacer


def test_sampled_is_all_of_a_short_run_and_enough_of_a_long_one():
    """The peak of a warmup and the end that is held are among the times."""
    times, values = sampled(lr.linear().over(4))
    assert times.tolist() == [0, 1, 2, 3, 4]
    assert values.tolist() == [1, 0.75, 0.5, 0.25, 0]
    long = lr.parse('warmup("1%") >> linear()').over(lr.Horizon(tokens=10**12))
    assert isinstance(long, MeteredCurve)
    times, values = sampled(long)
    assert len(times) < 2**19
    assert values.max() == 1
    assert values[-1] == 0
    times, values = sampled(lr.parse("warmup(3) >> linear()").over(lr.Horizon(tokens=4)))
    assert times.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 4]
    assert values.tolist() == [0.25, 0.5, 0.75, 1, 1, 0.75, 0.5, 0.25, 0]


def test_what_takes_the_rest_before_another_unit_is_named():
    """With what comes next, and the rates of both units."""
    with pytest.raises(LrlabError) as raised:
        lr.parse("constant() >> linear(50)").over(lr.Horizon(tokens=BUDGET))
    said = str(raised.value)
    assert "constant() takes what linear(50) leaves, which is in other units" in said
    assert "Horizon(..., tokens_per_update=" in said


def test_spans_in_the_unit_of_the_run_add_up_to_no_more_than_it():
    """At the bound they fit."""
    fits = lr.parse('linear("600tok", to=0.5) >> linear("400tok")').over(lr.Horizon(tokens=1000))
    assert fits(1000) == 0
    with pytest.raises(LrlabError, match="1001 of 1000"):
        lr.parse('linear("600tok") >> linear("401tok")').over(lr.Horizon(tokens=1000))
