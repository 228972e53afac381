"""Schedules by the names people know."""

import pytest

import lrlab as lr
from lrlab.core.text.aliases import NAMES
from lrlab.core.text.parse import VOCABULARY


@pytest.mark.parametrize("name", sorted({*NAMES, *VOCABULARY} - {"table", "function", "minimum", "maximum"}))
def test_every_name_makes_a_schedule(name):
    """Without arguments each gives a curve over a thousand updates, and reads back."""
    schedule = lr.by_name(name)
    assert lr.parse(str(schedule)) == schedule
    if name != "hold":
        assert schedule.over(1000).values().shape == (1000,)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("CosineAnnealingLR", '"cosine_annealing"'),
        ("ReduceLROnPlateau", '"reduce_on_plateau"'),
        ("cosine_anealing", '"cosine_annealing"'),
        ("", "no schedule has this name"),
        (None, "no schedule has this name"),
        ([], "no schedule has this name"),
        (lr.cosine(), "no schedule has this name"),
    ],
)
def test_unknown_names(name, says):
    """Another library's name, a slip, or nothing: ours is named."""
    with pytest.raises(lr.LrlabError) as caught:
        lr.by_name(name)
    assert says in str(caught.value)


def test_arguments_are_ours():
    """PyTorch's arguments are refused with ours."""
    with pytest.raises(lr.LrlabError, match="the span, first"):
        lr.by_name("cosine_annealing", T_max=50)
    with pytest.raises(lr.LrlabError, match="warmup=") as caught:
        lr.by_name("warmup_cosine", num_warmup_steps=50)
    assert "T_max" not in str(caught.value)
    assert lr.by_name("warmup_cosine", warmup=50, to=0.1) == lr.warmup(50) >> lr.cosine(to=0.1)
