"""The conformance cases: our own shapes keep to them, and what breaks a law is caught by name."""

import dataclasses
import subprocess
import sys

import pytest

import lrlab as lr
from lrlab.core.feedback.plateau import PlateauState
from lrlab.testing import ControllerCase, ShapeCase


class TestLegs(ShapeCase):
    """Our shapes that fill a span."""

    def schedules(self):
        return [lr.cosine(), lr.linear(to=0.1), lr.rex(), lr.polynomial(power=2), lr.one_minus_sqrt(to=0.01)]


class TestTimescales(ShapeCase):
    """Our shapes with a time scale of their own."""

    updates = 300

    def schedules(self):
        return [lr.step(50), lr.exponential(gamma=0.99), lr.inverse_sqrt(20), lr.multistep([10, 100])]


class TestTables(ShapeCase):
    """A table of values."""

    updates = 50

    def schedules(self):
        return [lr.table([1.0, 0.5, 0.25])]


BROKEN = (AssertionError, lr.LrlabError)  # a word that is not known is an LrlabError of its own


def laws(case):
    """The names of its tests."""
    return [name for name in dir(case) if name.startswith("test_")]


def case_of(*controllers):
    """A case of some controllers."""
    return type("Case", (ControllerCase,), {"controllers": lambda self: controllers})()


def plateau_with(**changed):
    """A plateau of which some methods are others."""
    kind = type("broken", (type(lr.plateau()),), changed)
    made = object.__new__(kind)
    for field in dataclasses.fields(lr.plateau()):
        object.__setattr__(made, field.name, getattr(lr.plateau(patience=1, factor=0.5), field.name))
    return made


def passed_over(self, state, metric, update):
    """A decision that takes NaN for a number."""
    return state


def without_a_cause(self, state, metric, update):
    """A decision that is not told."""
    after = lr.plateau(patience=1, factor=0.5).decide(state, metric, update)
    return after._replace(event=after.event if after.event == "nan" else "")


def deaf_to_names(self, state, metrics, update):
    """An observation that takes any name for its own."""
    return self.decide(state, metrics if isinstance(metrics, float) else next(iter(metrics.values())), update)


COUNTER = iter(range(10**9))

BREACHES = {
    "test_not_a_number_is_an_event": {"decide": passed_over},
    "test_a_change_has_a_cause": {"decide": without_a_cause},
    "test_a_foreign_state_is_refused": {"restore": lambda self, record: PlateauState()},
    "test_the_state_is_plain_json": {"restore": lambda self, record: PlateauState()},
    "test_resume_anywhere": {"restore": lambda self, record: PlateauState()},
    "test_it_hears_its_own_name_alone": {"observe": deaf_to_names},
    "test_text_and_json_read_back": {"factor": lambda self, state: 0.5 * state.factor},
    "test_observations_are_counted": {"observe": lambda self, state, metrics, update: state._replace(event="nan")},
    "test_a_state_is_a_value": {
        "decide": lambda self, state, metric, update: state._replace(best=float(next(COUNTER)), event="x", cause="x")
    },
    "test_the_decisions_rebuild_the_trace": {"decide": without_a_cause},
}


@pytest.mark.parametrize("law", BREACHES)
def test_a_broken_controller_is_caught(law):
    """By the law that it breaks."""
    with pytest.raises(BROKEN):
        getattr(case_of(plateau_with(**BREACHES[law])), law)()


def test_every_law_of_controllers_can_be_broken():
    """A law that nothing breaks would be none."""
    assert set(laws(ControllerCase)) == set(BREACHES)


def shapes_of(**changed):
    """A case of one shape, a line of which some methods are others."""
    kind = type("broken", (type(lr.linear()),), changed)
    made = object.__new__(kind)
    for field in dataclasses.fields(lr.linear()):
        object.__setattr__(made, field.name, getattr(lr.linear(), field.name))
    return type("Case", (ShapeCase,), {"updates": 100, "schedules": lambda self: [made]})()


def compiled(value):
    """A `_compile` that gives this function of (t, maths) for every window."""
    return lambda self, window: value


@pytest.mark.parametrize(
    ("law", "changed"),
    [
        ("test_values_are_finite_also_after_the_end", {"_compile": compiled(lambda t, m: float("inf"))}),
        ("test_any_update_in_any_order", {"_compile": compiled(lambda t, m: float(next(COUNTER)) + 0 * t)}),
        ("test_a_phase_does_not_know_where_it_stands", {"_compile": lambda self, w: lambda t, m: 1.0 * (t + w.start)}),
        ("test_text_and_json_read_back", {}),
        ("test_it_says_what_it_does", {"words": lambda self: " "}),
        ("test_resume_anywhere", {"_compile": compiled(lambda t, m: float(next(COUNTER)) + 0 * t)}),
        ("test_a_product_has_no_order", {"_compile": compiled(lambda t, m: float(next(COUNTER)) + 0 * t)}),
    ],
)
def test_a_broken_shape_is_caught(law, changed):
    """By the law that it breaks; a shape that is not a word of the text form reads back as another."""
    with pytest.raises(BROKEN):
        getattr(shapes_of(**changed), law)()


def test_a_case_without_its_hook_says_what_to_write():
    """The sentence holds the line to type."""
    with pytest.raises(NotImplementedError, match="def schedules"):
        ShapeCase().test_text_and_json_read_back()
    with pytest.raises(NotImplementedError, match="def controllers"):
        ControllerCase().test_text_and_json_read_back()


def test_neither_pytest_nor_hypothesis_is_needed():
    """Any runner can run them."""
    code = "import sys, lrlab.testing; print(sorted({'pytest', 'hypothesis', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
