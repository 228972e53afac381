"""Programs that differ in one place have different identities; equal ones the same, in every process."""

import random

import programs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_one_place_makes_another_program(seed):
    """A value, its place, its nesting, an attribute, an import, a hook, a global that is set at run time ..."""
    draw = random.Random(seed)
    one = programs.program(draw)
    other, said = programs.changed(draw, one)
    assert programs.identity(one) != programs.identity(other), said


def test_equal_programs_are_equal_in_every_process():
    """Whatever the order of its sets."""
    drawn = [programs.program(random.Random(seed)) for seed in range(60)]
    here = [programs.identity(each) for each in drawn]
    assert here == [programs.identity(each) for each in drawn] == programs.elsewhere(drawn, seed=7)


@pytest.mark.parametrize("kind", sorted(programs.KINDS))
def test_every_variant_of_a_kind_is_another(kind):
    """One after the other, with two values."""
    texts = programs.KINDS[kind]
    made = [
        programs.Program([(kind, value, k)], None, {}, {"LRLAB_TEST_A": "1"})
        for value in "57"
        for k in range(len(texts))
    ]
    sources = {each.files()["mine.py"] for each in made}
    assert len({programs.identity(each) for each in made}) == len(sources)
