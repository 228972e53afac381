"""What a range test found shows itself: sentences, tables, a picture, a data frame."""

from pathlib import Path

import pytest

import lrlab as lr
from lrlab.errors import LrlabError

QUADRATIC = str(Path(__file__).parents[1] / "lab" / "quadratic.py") + ":train"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return lr.find(QUADRATIC, store=tmp_path_factory.mktemp("store"), workers=0, quiet=True, horizon=400, budget=5.0)


def test_it_answers_in_sentences(found):
    """The LR, the range, how sure; where it is unstable; the horizon; what was trained and what it cost."""
    assert found.verdict == "range", found.answer
    text = str(found)
    assert f"Any from {found.low:.3g} to {found.high:.3g} is within" in text
    assert f"Unstable above {found.unstable_above:.3g}" in text
    assert "Sweep of " in text
    assert "complete runs of " in text
    assert "of a run" in text


def test_a_notebook_shows_it(found):
    """Text, a picture, and tables as HTML."""
    bundle = found._repr_mimebundle_()
    assert sorted(bundle) == ["image/svg+xml", "text/html", "text/plain"]
    assert "short complete runs" in bundle["text/html"]
    assert "regret" in bundle["text/plain"]


def test_its_runs_are_columns(found):
    pytest.importorskip("pandas")
    frame = found.to_dataframe("pandas")
    assert [*frame.columns] == ["lr", "updates", "loss"]
    assert len(frame) == len(found.tried)


def test_it_is_applied_to_an_optimizer_like_the_one_of_the_task(found):
    """Whose LR is the one that the test began with; another is refused."""

    class Optimizer:
        def __init__(self, rate):
            self.param_groups = [{"lr": rate}]

    fits = Optimizer(0.3)
    found.apply(fits)
    assert fits.param_groups[0]["lr"] == pytest.approx(found.lr)
    with pytest.raises(LrlabError, match="not those that the test began with"):
        found.apply(Optimizer(0.2))
