"""A law as JSON: with offsets there and back."""

import numpy as np
import pytest

from lrlab.analysis.forecast.doubts import Seen
from lrlab.analysis.forecast.fit import Fitted
from lrlab.analysis.forecast.laws import Scale
from lrlab.analysis.forecast.offsets import Walk
from lrlab.analysis.forecast.saved import Saved, document, read
from lrlab.record.sealed import sealed

FIT = Fitted(
    np.array([0.5, 6.0]), np.array([2.5, 0.5, 0.4, 0.01, -0.02]), np.eye(7), 0.001, Walk(1e-3, (2e-3,), 0.1, 0.2)
)
SAVED = Saved("momentum", "llm", (FIT,), (FIT, FIT), Scale(), Seen((1e-3, 2e-3), 1000, True))


def test_a_law_comes_back_as_it_was():
    """Both kinds of fits, with their offsets and walks."""
    again = read(sealed(document(SAVED)))
    assert (len(again.fits), len(again.apart)) == (1, 2)
    assert again.fits[0].outer.tolist() == FIT.outer.tolist()
    assert again.apart[1].walk == FIT.walk
    assert (again.seen, again.scale) == (SAVED.seen, SAVED.scale)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"offsets": [0.1]}, "other parameters"),
        ({"covariance": [[1.0]]}, "covariance"),
        ({"walk": {"anchor": 0.0, "others": [2e-3], "floor": 0.1, "noise": 0.1}}, "not positive"),
    ],
)
def test_what_does_not_fit_together_is_refused(change, sentence):
    """Under a digest that fits."""
    whole = dict(document(SAVED))
    whole["fits"] = [{**whole["fits"][0], **change}]
    with pytest.raises(ValueError, match=sentence):
        read(sealed(whole))
