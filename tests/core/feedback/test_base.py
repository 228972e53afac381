"""Feedback: what every controller keeps to, and what an improvement is."""

import json
import math

import pytest

import lrlab as lr
from lrlab.core.feedback.base import better
from lrlab.core.feedback.plateau import PlateauState
from lrlab.testing.cases import ControllerCase


class TestPlateau(ControllerCase):
    """Our plateau, with all that it can be told."""

    def controllers(self):
        return [
            lr.plateau(patience=2, factor=0.5),
            lr.plateau(patience=1, mode="max", cooldown=2, threshold_mode="abs", margin=0.1),
            lr.plateau(patience=1, average=3, nan="bad", threshold_mode="signed", eps=0.01),
            lr.plateau(patience=1, factor=0.5, min=0.25, restart=True),
        ]


class TestGreedy(ControllerCase):
    """Our GreedyLR."""

    def controllers(self):
        return [
            lr.greedy(patience=2, factor=0.5),
            lr.greedy(patience=1, window=3, cooldown=1, warmup=2, mode="max"),
            lr.greedy(patience=1, factor=0.5, min=0.5, max=2.0, reset=2),
        ]


class TestGuard(ControllerCase):
    """Our divergence guard."""

    def controllers(self):
        return [
            lr.guard(after=3, patience=1, deviations=1.0, cooldown=0, tries=4),
            lr.guard(after=2, window=3, rewarm=2, deviations=0.5, multiple=1.0, tries=100),
        ]


class TestManual(ControllerCase):
    """Our live factor."""

    def controllers(self):
        return [lr.manual(), lr.manual(metric="hand")]


def test_open_loop_value_is_one():
    """Without observations a controller changes nothing."""
    closed = lr.cosine() * lr.plateau() * lr.greedy() * lr.guard() * lr.manual()
    assert closed.over(50).values().tolist() == lr.cosine().over(50).values().tolist()


def test_observations_by_name():
    """A controller with a metric takes that one, one without a name takes what comes without."""
    named, state = lr.plateau(metric="acc", mode="max"), lr.plateau(metric="acc", mode="max").init()
    assert named.observe(state, {"loss": 1.0}, 0) is state
    assert named.observe(state, {"acc": 1.0}, 0).observed == 1
    assert lr.plateau().observe(state, {"acc": 1.0}, 0) is state


def test_an_observation_is_counted_once(monkeypatch):
    """By `observe`: also where `decide` counts as well, or begins a fresh state."""
    controller = lr.plateau()
    for observed in (0, 1, 7):
        monkeypatch.setattr(lr.plateau, "decide", lambda *given, count=observed: PlateauState(observed=count))
        assert controller.observe(PlateauState(observed=6), 1.0, 0).observed == 7


def test_state_is_restored_from_its_record():
    """The record of a state is the state; anything else is refused."""
    controller = lr.plateau(patience=2)
    state = controller.observe(controller.init(), 2.5, 0)
    assert controller.restore(state._asdict()) == state
    with pytest.raises(lr.LrlabError, match="not a state of plateau"):
        controller.restore({"best": 1.0})


@pytest.mark.parametrize("recent", [[1.0, "2"], "12", 1.0, None, [True]])
def test_a_list_of_numbers_in_a_state_is_checked(recent):
    """JSON brings a tuple back as a list; what is not a list of numbers is refused."""
    controller = lr.greedy(window=3)
    state = controller.observe(controller.init(), 2.5, 0)
    assert controller.restore(json.loads(json.dumps(state._asdict()))) == state
    with pytest.raises(lr.LrlabError, match="not a state of greedy"):
        controller.restore({**state._asdict(), "recent": recent})


def test_inside_what_has_no_single_phase():
    """A controller inside repeat or reverse is refused with the way out."""
    for attempt in (lambda s: s.repeat(3), lambda s: s.reverse()):
        with pytest.raises(lr.LrlabError, match="put it around"):
            attempt(lr.cosine() * lr.plateau())


# By hand: where the bar lies. "signed" of a best below 0 lies on the worse side.
@pytest.mark.parametrize(
    ("best", "mode", "threshold", "threshold_mode", "margin", "bar"),
    [
        (10.0, "min", 0.1, "rel", 0.0, 9.0),
        (10.0, "max", 0.1, "rel", 0.0, 11.0),
        (-10.0, "min", 0.1, "rel", 0.0, -11.0),
        (-10.0, "max", 0.1, "rel", 0.0, -9.0),
        (10.0, "min", 0.5, "abs", 0.25, 9.25),
        (10.0, "max", 0.5, "abs", 0.25, 10.75),
        (-10.0, "min", 0.25, "signed", 0.0, -7.5),
        (-10.0, "max", 0.25, "signed", 1.0, -11.5),
    ],
)
def test_better(best, mode, threshold, threshold_mode, margin, bar):
    """Just beyond the bar is better, on it and just short of it is not."""
    beyond = -math.inf if mode == "min" else math.inf

    def judged(metric):
        return better(metric, best, mode, threshold, threshold_mode, margin)

    assert judged(math.nextafter(bar, beyond))
    assert not judged(bar)
    assert not judged(math.nextafter(bar, -beyond))
    assert not judged(math.nan)


@pytest.mark.parametrize("word", ["plateau", "greedy", "guard", "manual"])
@pytest.mark.parametrize("factor", [-1, -1e-300, math.nan, math.inf, -math.inf, "1", None, True])
def test_a_recorded_factor_that_no_lr_can_be_made_of(word, factor):
    """Negative, infinite, not a number: refused by name, by the controller and by the pacer, which stays as it was."""
    controller = lr.parse(f"{word}()")
    record = {**controller.init()._asdict(), "factor": factor}
    with pytest.raises(lr.LrlabError, match=r"not a state of .*factor"):
        controller.restore(record)
    pacer = lr.Pacer((lr.constant() * controller).over(10))
    state = pacer.state()
    state["controllers"] = {f"{word}1": record}
    with pytest.raises(lr.LrlabError, match="factor"):
        pacer.restore(state)
    assert pacer.value == 1


@pytest.mark.parametrize("change", [{"observed": -1}, {"bad": -2}, {"best": math.nan}, {"best": math.inf}])
def test_a_recorded_number_that_cannot_be(change):
    """Counts are not negative, and what was observed is finite."""
    with pytest.raises(lr.LrlabError, match=next(iter(change))):
        lr.plateau().restore({**lr.plateau().init()._asdict(), **change})


@pytest.mark.parametrize("variance", [-1e-9, -1, math.nan, math.inf])
def test_a_recorded_variance_that_has_no_root(variance):
    """It would end the training at the next observation, in an error of Python."""
    with pytest.raises(lr.LrlabError, match=r"not a state of .*variance"):
        lr.guard().restore({**lr.guard().init()._asdict(), "variance": variance})
