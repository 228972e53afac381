"""A strategy as it is typed: whatever its name and its text, what is printed can be typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrlab.desk.typed import named, typed
from lrlab.lab.arms.arms import Arm, arm_of
from lrlab.testing import strategies

NAMES = st.one_of(
    st.sampled_from(["early", "warmup + linear", "a=b", "a (b)", " early ", "=", ""]), st.text(max_size=8)
)


@given(NAMES, strategies.schedules(), st.sampled_from([None, 0.1, "swa 25%", "merge wsd(warmup=0)"]))
def test_what_is_typed_is_the_strategy(name, schedule, averaging):
    """Under its own name where that is possible, and else under its text."""
    text = Arm("a", schedule, averaging).text
    read, told = named(typed(name, text))
    assert arm_of("a", told) == Arm("a", schedule, averaging)
    plain = name == name.strip() and name and not {*name} & {*"=("}
    assert read == (name if plain else text)


@pytest.mark.parametrize(
    ("given", "name", "text"),
    [
        ("early=wsd()", "early", "wsd()"),
        (" early = wsd(warmup=0)", "early", " wsd(warmup=0)"),
        ("wsd(warmup=0)", "wsd(warmup=0)", "wsd(warmup=0)"),
        ("constant() @ ema 10%", "constant() @ ema 10%", "constant() @ ema 10%"),
        ("=cosine()", "=cosine()", "=cosine()"),
    ],
)
def test_the_name_stands_before_the_first_sign(given, name, text):
    """Where there is one that no schedule has begun before."""
    assert named(given) == (name, text)
