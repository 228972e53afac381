"""What a search found, as sentences and as a document."""

import dataclasses
import json

import numpy as np

from lrlab.analysis.comparison.statistics import compare
from lrlab.desk.tuned import Tuned
from lrlab.lab.search.space import BASELINE
from lrlab.lab.search.tuning import Rung

NOISE = np.array([[0.00, 0.03, 0.01, 0.02, 0.04]])
FOUND = Tuned(
    task="toy",
    metric="val_loss",
    updates=100,
    schedule="cosine()",
    averaging=None,
    lr=2.0,
    baseline=BASELINE.text,
    baseline_lr=1.0,
    comparison=compare({"cosine": {2.0: 1.0 + NOISE}, BASELINE.name: {1.0: 2.0 - NOISE}}),
    rungs=(Rung(100, 8, 1, 0, 0, 0.1, 700, 800),),
    runs=20,
    trained=600,
    spent=1400,
    naive=2000,
    budget=3000,
    maximise=False,
    lrs=(1.0, 0.5, 2.0),
)


def test_it_says_what_to_take_and_how_sure_that_is():
    """In sentences, with what was spent."""
    said = str(FOUND)
    assert said.startswith("cosine() at 2 times the LR of toy.")
    assert "Better than" in said
    assert "val_loss -0.96 (95% interval -0.99" in said
    assert "instead of 20.0 with every run alone (30% saved)" in said
    assert "take that" in str(dataclasses.replace(FOUND, comparison=None))


def test_the_winner_is_told_as_it_is_typed():
    """With the average of its weights, which its schedule alone does not say."""
    found = dataclasses.replace(FOUND, averaging=0.25)
    assert str(found).startswith("cosine() @ ema 25% at 2 times the LR of toy.")
    told = found.record()
    assert (told["schedule"], told["averaging"], told["arm"]) == ("cosine()", 0.25, "cosine() @ ema 25%")
    assert (FOUND.record()["averaging"], FOUND.record()["arm"]) == (None, "cosine()")


def test_the_document_is_plain_json():
    """Scores as the metric has them, also where more is better."""
    found = json.loads(json.dumps(FOUND.record(), allow_nan=False))
    assert (found["answer"], found["saved"], found["version"]) == ("better", 0.3, 1)
    assert found["evidence"]["scores"]["cosine"][0] == 1.0
    turned = compare({"cosine": {2.0: 1.0 + NOISE}, BASELINE.name: {1.0: 0.0 - NOISE}}, maximise=True)
    more = dataclasses.replace(FOUND, comparison=turned, maximise=True).record()
    assert more["evidence"]["scores"]["cosine"][0] == 1.0
    assert more["evidence"]["difference"] > 0
    none = dataclasses.replace(FOUND, comparison=None, maximise=True)
    assert none.record()["evidence"] is None
    assert "nothing that ends better than the baseline" in str(none)


def test_it_shows_itself_in_a_notebook():
    """The answer in sentences, the rungs as a table and as a data frame."""
    page = FOUND._repr_mimebundle_()["text/html"]
    assert "Better than" in page
    assert "<th" in page
    assert FOUND.to_dataframe("pandas")["tried"].tolist() == [8]


def test_what_was_found_at_an_edge_of_the_lrs_is_said():
    """Of the winner and of the baseline, in words and in the document; with one LR there is no edge."""
    assert FOUND.edges == {"winner": "highest"}
    assert "Best at the highest LR tried (2): winner. What lies beyond is not known: --lrs 0.5,1,2,4." in str(FOUND)
    assert dataclasses.replace(FOUND, baseline_lr=0.5).record()["edges"] == {"winner": "highest", "baseline": "lowest"}
    quarter = str(dataclasses.replace(FOUND, lr=0.25, lrs=(0.25, 0.5, 1.0)))
    assert "--lrs 0.125,0.25,0.5,1" in quarter  # on the lattice of the others
    inside = dataclasses.replace(FOUND, lr=1.0)
    assert (inside.edges, "beyond" in str(inside)) == ({}, False)
    assert dataclasses.replace(FOUND, lrs=(2.0,)).edges == {}
