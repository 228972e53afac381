"""The running thing: position, observations, state."""

import json
import math

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.run.pacer import Decision, checked


def paced(schedule=None, n=100):
    return lr.Pacer((schedule or lr.constant() * lr.plateau(patience=1, factor=0.5)).over(n))


def test_position():
    """Updates are counted from 0 and may be set, so that any point of the run is one step away."""
    pacer = paced(lr.linear(), 10)
    assert (pacer.update, pacer.value) == (0, 1.0)
    pacer.advance()
    pacer.advance(4)
    assert (pacer.update, pacer.value) == (5, 0.5)
    pacer.update = 2
    assert pacer.value == pytest.approx(0.8)
    pacer.update = 10**6
    assert pacer.value == 0


@pytest.mark.parametrize("updates", [-1, 1.5, "2", None, True])
def test_time_does_not_run_backwards(updates):
    """advance() takes a whole number of completed updates."""
    with pytest.raises(lr.LrlabError, match="advance"):
        paced().advance(updates)


def test_decisions_have_their_cause():
    """Each cut is logged once, with what it was and why."""
    pacer = paced()
    for loss in (1.0, 2.0, 2.0):
        pacer.advance()
        pacer.observe(loss)
    assert pacer.value == 0.25
    assert pacer.decisions[0] == Decision(2, "plateau1", "cut", 1.0, 0.5, "1 observations without improvement on 1")
    assert [d.update for d in pacer.decisions] == [2, 3]


def test_a_phase_listens_during_itself():
    """A controller inside a phase observes and acts during that phase only; around the whole, from the start."""
    inside = paced(lr.warmup(5) >> lr.constant(5) * lr.plateau(patience=1, factor=0.5) >> lr.constant(), 20)
    for _ in range(20):
        inside.advance()
        inside.observe(1.0)
    updates = [d.update for d in inside.decisions]
    assert updates
    assert all(5 <= update < 10 for update in updates)
    assert inside.value == 1
    around = paced((lr.warmup(5) >> lr.constant()) * lr.plateau(patience=1, factor=0.5), 20)
    around.observe(1.0)
    around.observe(1.0)
    assert around.decisions[0].update == 0


def test_named_observations():
    """observe(acc=x) reaches those with metric="acc", observe(x) every one."""
    schedule = lr.constant() * lr.plateau(metric="acc", mode="max", name="a") * lr.plateau(name="b")
    pacer = paced(schedule)
    pacer.observe(acc=0.5)
    assert [s["observed"] for s in pacer.state()["controllers"].values()] == [1, 0]
    pacer.observe(0.5)
    assert [s["observed"] for s in pacer.state()["controllers"].values()] == [2, 1]


@pytest.mark.parametrize("given", [None, "2.3", [1.0, 2.0], np.array([1.0, 2.0]), object(), 1j])
def test_what_is_no_observation(given):
    """An observation is a number."""
    with pytest.raises(lr.LrlabError, match="observe"):
        paced().observe(given)
    with pytest.raises(lr.LrlabError, match="observe"):
        paced().observe(val_loss="2.3" if given is None else given)


@pytest.mark.parametrize("given", [math.nan, math.inf, -math.inf, 10**400])
def test_not_finite_is_an_event(given):
    """It is logged, and the LR stays."""
    pacer = paced()
    pacer.observe(1.0)
    pacer.observe(given)
    assert pacer.value == 1
    assert [d.event for d in pacer.decisions] == ["nan"]


def test_numbers_of_other_kinds():
    """NumPy's numbers are numbers."""
    pacer = paced()
    for given in (np.float32(1), np.float64(1), np.array(1.0), 1):
        pacer.observe(given)
    assert len(pacer.decisions) == 3


def test_state_is_plain_json():
    """Strings, numbers, lists and dicts alone; restoring takes its JSON."""
    pacer = paced()
    pacer.observe(1.0)
    pacer.observe(2.0)
    state = json.loads(json.dumps(pacer.state(), allow_nan=False))
    again = paced()
    again.restore(state)
    assert again.state() == pacer.state()
    assert again.value == 0.5


@pytest.mark.parametrize(
    "damage",
    [
        lambda s: s.pop("update"),
        lambda s: s.update(update=-1),
        lambda s: s.update(update=True),
        lambda s: s.update(update=1.5),
        lambda s: s.update(version=99),
        lambda s: s.update(controllers=None),
        lambda s: s.update(controllers={}),
        lambda s: s.update(controllers={"plateau1": {}}),
        lambda s: s.update(controllers={"other": s["controllers"]["plateau1"]}),
        lambda s: s["controllers"]["plateau1"].update(factor=None),
        lambda s: s["controllers"]["plateau1"].update(factor="1"),
        lambda s: s["controllers"]["plateau1"].update(bad=1.5),
        lambda s: s["controllers"]["plateau1"].update(bad=True),
        lambda s: s["controllers"]["plateau1"].update(best="1"),
        lambda s: s["controllers"]["plateau1"].update(more=1),
        lambda s: s.update(decisions=[{"update": 1}]),
        lambda s: s.update(decisions=None),
    ],
)
def test_a_damaged_state_is_refused_and_changes_nothing(damage):
    """Whatever is wrong with a state: one LrlabError, and the pacer is as it was."""
    pacer = paced()
    pacer.advance(3)
    pacer.observe(1.0)
    before, state = pacer.state(), json.loads(json.dumps(pacer.state()))
    damage(state)
    with pytest.raises(lr.LrlabError):
        pacer.restore(state)
    assert pacer.state() == before


@pytest.mark.parametrize("state", [None, 5, [], "x", {}])
def test_what_is_no_state(state):
    """Something else altogether."""
    with pytest.raises(lr.LrlabError, match="not a state of a schedule"):
        checked(state)


def test_a_name_that_can_reach_nobody_is_refused():
    """`observe(val_loss=...)` to a plateau that listens to no name would be silence where feedback is meant."""
    pacer = lr.Pacer((lr.cosine() * lr.plateau()).over(10))
    with pytest.raises(lr.LrlabError, match=r'plateau\(metric="val_loss"\)'):
        pacer.observe(val_loss=1.0)
    lr.Pacer(lr.cosine().over(10)).observe(val_loss=1.0)  # without controllers nobody is meant to listen
    lr.Pacer((lr.cosine() * lr.plateau(metric="acc", mode="max")).over(10)).observe(
        val_loss=1.0
    )  # acc is missing this time


def test_a_metric_given_by_name_is_heard_once():
    """A controller with a metric hears its own name, or else what has none; never both."""
    pacer = lr.Pacer((lr.constant() * lr.plateau(metric="acc", mode="max") * lr.plateau(name="any")).over(10))
    pacer.observe(5.0, acc=0.5)
    pacer.observe(6.0)
    acc, other = (pacer.state()["controllers"][name] for name in ("plateau1", "any"))
    assert (acc["observed"], acc["best"]) == (2, 6.0)
    assert (other["observed"], other["best"]) == (2, 5.0)


def test_a_name_that_is_nearly_the_one_waited_for_is_a_mistake():
    """As long as nothing has come under the right one, which may come beside it."""
    schedule = lr.constant() * lr.plateau(metric="val_loss") * lr.plateau()
    with pytest.raises(lr.LrlabError, match=r"(?s)listens to va_loss.*observe\(val_loss=1\)"):
        paced(schedule).observe(va_loss=1.0)
    pacer = paced(schedule)
    pacer.observe(val_loss=1.0)
    pacer.observe(va_loss=1.0)
    assert sorted(state.observed for state in pacer.states.values()) == [0, 1]


def test_values_ahead_are_scaled_as_the_present_one_is():
    """By the scale that holds now."""
    pacer = lr.Pacer(lr.linear().over(10))
    pacer.rescale(0.5)
    assert pacer.between(0, 10).tolist() == pytest.approx([0.5 * (1 - k / 10) for k in range(10)])
