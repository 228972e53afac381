"""What was chosen shows itself: sentences with code, a table, columns."""

from pathlib import Path

import pytest

import lrlab as lr

QUADRATIC = str(Path(__file__).parents[1] / "lab" / "quadratic.py") + ":train"


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return lr.auto(QUADRATIC, budget=12, horizon=160, workers=0, quiet=True, store=tmp_path_factory.mktemp("store"))


def test_it_answers_in_sentences(found):
    """The schedule and its LR, the gain against which constant LR, on how many folds, the cost, and the code."""
    text = str(found)
    assert text.startswith(f"{found.best.whole} at LR {found.lr:.3g}.")
    assert f"a constant LR of {0.3 * found.fixed:.3g}" in text
    assert f"on {len(found.comparison.standings[0].scores)} folds" in text
    assert "of the 12 runs of the budget" in text
    assert found.code.strip() in text


def test_a_notebook_shows_it(found):
    assert "constant" in found._repr_mimebundle_()["text/html"]


def test_its_screening_is_columns(found):
    pytest.importorskip("pandas")
    frame = found.to_dataframe("pandas")
    assert [*frame.columns] == ["name", "lr", "updates", "score"]
    assert len(frame) == len(found.screened)
