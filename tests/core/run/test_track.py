"""A curve with the states of its controllers: a value that an observation replaces."""

from __future__ import annotations

import pytest

import lrlab as lr
from lrlab.core.run.meter import Meter
from lrlab.core.run.track import Track, apart
from lrlab.errors import LrlabError

FED = (lr.linear() * lr.plateau(patience=1, factor=0.5)).over(10)


def track() -> Track:
    return Track.of(FED, {"plateau1": "momentum/plateau1"})


def test_an_observation_gives_another_track():
    """The one before is as it was, so that an interrupt can leave no half."""
    first, meter = track(), Meter(())
    once, nothing = first.heard(2, meter, 1.0, {})
    twice, decisions = once.heard(2, meter, 1.0, {})
    assert nothing == []
    assert [(d.update, d.controller, d.new) for d in decisions] == [(2, "momentum/plateau1", 0.5)]
    assert (first.factors, once.factors, twice.factors) == ([1.0], [1.0], [0.5])
    assert twice.factor_of == {"momentum/plateau1": 0.5}
    assert twice.between(5, 6).tolist() == [0.25]


def test_a_recorded_state_is_restored_or_carried_as_far_as_it_fits():
    told, _ = track().heard(2, Meter(()), 1.0, {})
    records = {name: state._asdict() for name, state in told.states.items()}
    assert track().restored(records, ()).states == told.states
    assert Track.of(FED, told.names, records).states == told.states
    odd = {"momentum/plateau1": {"factor": -1.0}}
    assert Track.of(FED, told.names, odd).states == track().states
    with pytest.raises(LrlabError, match="not a state of"):
        track().restored(odd, ())


def test_no_two_controllers_of_a_run_have_one_name():
    """Also where a given name is the very one that a label would make."""
    named = (lr.linear() * lr.plateau(name="momentum/plateau1")).over(10)
    assert apart([FED, FED, named], ["lr/", "momentum/", "beta/"]) == [
        {"plateau1": "plateau1"},
        {"plateau1": "momentum/plateau1"},
        {"momentum/plateau1": "beta/momentum/plateau1"},
    ]
