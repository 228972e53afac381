"""What cannot be meant is refused before it is attached."""

import pytest

import lrlab as lr
from lrlab.core.text.attach import refuse_odd


@pytest.mark.parametrize("text", ["linear() + -0.5", "1e300 * linear() * constant(level=1e300)", "-1 * cosine()"])
def test_a_negative_or_infinite_lr(text):
    with pytest.raises(lr.LrlabError, match=r"times the LR(.*\n)+.*clip"):
        refuse_odd(lr.parse(text).over(100), absolute=False)


@pytest.mark.parametrize("n", [100, 3_000_000])
def test_an_absolute_lr_by_mistake(n):
    """Also in a run that is too long to look at every update."""
    with pytest.raises(lr.LrlabError, match="looks like an absolute LR"):
        refuse_odd((3e-4 * lr.cosine()).over(n), absolute=False)
    refuse_odd((3e-4 * lr.cosine()).over(n), absolute=True)
    refuse_odd((0.02 * lr.cosine()).over(n), absolute=False)
