"""A law as JSON: with offsets there and back."""

import json
from pathlib import Path

import numpy as np
import pytest

from lrlab.analysis.forecast.doubts import Seen
from lrlab.analysis.forecast.fit import Fitted
from lrlab.analysis.forecast.laws import Scale
from lrlab.analysis.forecast.offsets import Walk
from lrlab.analysis.forecast.saved import Saved, document, named, read
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


@pytest.mark.parametrize(("told", "falling"), [({"fallen": 0.149}, 1.5), ({"fallen": 0.15}, 0.25), ({}, 0.25)])
def test_a_law_that_does_not_tell_how_its_loss_falls_stays_about_as_wide(told, falling):
    """Where the loss had gone down to nothing, it may go on so."""
    whole = dict(document(SAVED))
    whole["seen"] = {name: value for name, value in whole["seen"].items() if name != "falling"} | told
    assert read(sealed(whole)).seen.falling == falling
    assert read(sealed(document(SAVED))).seen.falling == 0.0


FORMER = json.loads((Path(__file__).parents[2] / "compat" / "law_1.json").read_text(encoding="utf-8"))


def test_the_one_fit_of_an_earlier_version_is_that_of_each_peak():
    """Its widths stay what they were, by 0.68 instead of 0.33; elsewhere it is as unsure as any law."""
    found = read(json.dumps(FORMER))
    parameters = FORMER["parameters"]
    assert len(found.fits) == len(FORMER["seen"]["peaks"])
    for fitted, peak in zip(found.fits, FORMER["seen"]["peaks"], strict=True):
        assert fitted.covariance == pytest.approx((0.68 / 0.33) ** 2 * np.array(FORMER["covariance"]))
        assert fitted.walk == Walk(
            peak, (), pytest.approx(0.012 * parameters["floor"]), pytest.approx(0.3 * parameters["noise"])
        )
        assert [*named(found.law, fitted).values()] == [*parameters.values()]
    assert (found.apart, found.reason) == ((), "")


def test_from_the_second_version_on_a_law_has_a_digest():
    """The first had none; a number that is none is refused in either place."""
    second = {**FORMER, "version": 2}
    assert read(sealed(second)).law == FORMER["law"]
    with pytest.raises(ValueError, match="digest"):
        read(json.dumps(second))
    broken = [[1e400] * len(row) for row in FORMER["covariance"]]
    for name, value in (("covariance", broken), ("parameters", {**FORMER["parameters"], "floor": float("nan")})):
        with pytest.raises(ValueError):  # noqa: PT011 - by its schema or by the law
            read(sealed({**second, name: value}))


def test_a_law_with_two_other_peaks_comes_back():
    """With two offsets for each of them."""
    walk = Walk(1e-3, (2e-3, 4e-3), 0.1, 0.2)
    fit = Fitted(FIT.inner, np.append(FIT.outer, [0.03, 0.04]), np.eye(9), 0.001, walk)
    text = sealed(document(Saved("momentum", "llm", (fit,), (), Scale(), SAVED.seen)))
    assert read(text).fits[0].outer.tolist() == fit.outer.tolist()
    assert json.loads(text)["version"] == 3
