"""Logs that the libraries themselves wrote, read as typed: `corpus/make.py` trained the runs and says what is true."""

import json
from pathlib import Path

import pytest

import lrlab as lr

CORPUS = Path(__file__).parent / "corpus"
TRUTH = json.loads((CORPUS / "truth.json").read_text())


def log(name):
    """What one would type: the file, or the folder of an event log, or several files."""
    folder = CORPUS / "logs" / name
    if TRUTH[name]["files"]:
        found = [folder / file for file in TRUTH[name]["files"]]
        return found if len(found) > 1 else found[0]
    found = list(folder.iterdir())
    return found[0] if len(found) == 1 and "tfevents" not in found[0].name else folder


@pytest.mark.parametrize("name", sorted(TRUTH))
def test_a_log_is_read_as_typed(name):
    """The loss, at the updates that had been made, under the LR that they had."""
    truth = TRUTH[name]
    run = lr.read_run(log(name), **truth["options"])
    assert run.unit == "update"
    assert len(run.loss) == truth["points"]
    for place, (update, loss) in ((0, truth["first"]), (-1, truth["last"])):
        assert abs(run.updates[place] - update) <= 1  # some count from 0
        assert run.loss[place] == pytest.approx(loss, rel=1e-3)
    assert abs(run.horizon - truth["updates"]) <= 1
    assert run.lrs.max() == pytest.approx(truth["peak"], rel=0.02)
    assert run.lrs[-1] == pytest.approx(truth["end"], abs=0.02 * truth["peak"])


def test_the_corpus_is_one():
    """At least 25 logs of ten kinds, small."""
    assert len(TRUTH) >= 25
    assert len({name.split("_")[0] for name in TRUTH}) >= 10
    assert sum(file.stat().st_size for file in CORPUS.rglob("*") if file.is_file()) < 300_000


def test_both_losses_are_kept():
    """The validation loss is fitted, the training loss is beside it."""
    run = lr.read_run(log("hf_steps"))
    assert [(curve.name, curve.validation, len(curve.loss)) for curve in run.other_losses] == [("loss", False, 32)]
    assert run.loss[-1] == pytest.approx(TRUTH["hf_steps"]["last"][1])
