"""`lr.refine`, from a log, from a task, and what is refused."""

import jsonschema
import numpy as np
import pytest

import lrlab as lr
from lrlab.analysis.refine.refine import FORMULA
from lrlab.desk.norms import Norms, Training
from lrlab.desk.refine import BASE, UNKNOWN, document, norms_of, refined
from lrlab.desk.schemas import of_command
from lrlab.errors import LrlabError

STEADY = {"optimizer": None, "weight_decay": None, "momentum": None, "correct": True, "width": 0.1}


def norms(rows=400, **given):
    at = np.arange(1, rows + 1)
    return Norms("here", at, 1 + at / rows, 0.1 * (1 - at / rows), **given)


def test_a_task_is_trained_once_and_refined():
    """The optimizer is known then."""
    found = lr.refine("control", updates=60)
    assert found.power == 0.5
    assert lr.refine("control", updates=60, config={"optimizer": "sgd"}).power == 1.0
    values = found.schedule.over(60).values()
    assert values.max() == pytest.approx(1, abs=0.02)
    assert values[-1] < 0.2
    assert lr.refine("control", updates=60).schedule == found.schedule


def test_a_log_says_what_it_knows(tmp_path):
    """By its path; the document is that of the command."""
    rows = [f"{k},{0.1 * (1 - k / 400)},{1 + k / 400}" for k in range(1, 401)]
    (tmp_path / "log.csv").write_text("\n".join(["step,lr,grad_norm", *rows]))
    found = lr.refine(tmp_path / "log.csv", weight_decay=0.1)
    assert found.schedule == lr.refine([tmp_path / "log.csv"], weight_decay=0.1).schedule
    read = norms_of(str(tmp_path / "log.csv"), None, Training(BASE), {})
    written = document(read, refined(read, **STEADY))
    jsonschema.validate(written, of_command("refine", "lrlab.desk.refine:RefineDocument", closed=True))
    assert written["source"].endswith("log.csv")


def test_the_optimizer_decides_the_power():
    """As it is given, or as the source says; without either that of Adam, which is a doubt."""
    assert (refined(norms(), **STEADY).power, refined(norms(), **STEADY).doubts[0]) == (0.5, UNKNOWN)
    assert refined(norms(family="sgd"), **STEADY).power == 1.0
    for known in (refined(norms(), **{**STEADY, "optimizer": "sgd"}), refined(norms(family="sgd"), **STEADY)):
        assert UNKNOWN not in known.doubts
    assert refined(norms(family="other"), **{**STEADY, "optimizer": "sgd"}).power == 1.0


def test_an_optimizer_that_the_run_did_not_have_is_refused():
    """The power would be that of other norms than were measured."""
    for family, given in (("sgd", "AdamW"), ("adam", "sgd")):
        with pytest.raises(LrlabError, match=f"(?s)trained with another optimizer.*of the kind {family}.*--config"):
            refined(norms(family=family), **{**STEADY, "optimizer": given})


def test_what_would_be_ignored_is_refused(tmp_path):
    """How a log is read, of a task; how a task is trained, of a log; either of a stored run."""
    for given in ({"column": "size"}, {"step": "row"}, {"warmup": 3}, {"updates_per_epoch": 3.0}):
        with pytest.raises(
            LrlabError, match=f"(?s)a task has no use for {next(iter(given)).replace('column', 'norms')}"
        ):
            lr.refine("control", updates=60, **given)
    rows = [f"{k},{0.1 * (1 - k / 400)},{1 + k / 400}" for k in range(1, 401)]
    (tmp_path / "log.csv").write_text("\n".join(["step,lr,grad_norm", *rows]))
    for given in ({"lr": 2.0}, {"updates": 50}, {"seed": 3}, {"schedule": "cosine()"}, {"config": {"size": "tiny"}}):
        with pytest.raises(LrlabError, match=f"(?s)a log has no use for {next(iter(given))}"):
            lr.refine(tmp_path / "log.csv", **given)


def test_momentum_and_weight_decay_make_the_correction():
    """Both lengthen what the decay has time for; left in on request."""
    plain = refined(norms(family="sgd", weight_decay=0.05, momentum=0.0), **STEADY)
    more = refined(norms(family="sgd", weight_decay=0.05, momentum=0.9), **STEADY)
    given = refined(norms(family="sgd"), **{**STEADY, "weight_decay": 0.05, "momentum": 0.9})
    assert 1 < plain.rise < more.rise == given.rise
    left = refined(norms(family="sgd", weight_decay=0.05, momentum=0.9), **{**STEADY, "correct": False})
    assert not left.corrected
    assert left.schedule == left.raw == more.raw


def test_what_was_measured_is_taken_out_and_no_formula():
    """A formula is for logs, and is a doubt; a task knows its optimizer."""
    raised = 1 + np.maximum(0, np.arange(400) - 200) / 400
    known = norms(family="sgd", weight_decay=0.05, momentum=0.9, rises=raised)
    found = refined(known, **STEADY)
    assert (found.corrected, found.rise) == (True, pytest.approx(1.5, abs=0.01))
    assert FORMULA not in found.doubts
    assert FORMULA in refined(norms(family="sgd", weight_decay=0.05, momentum=0.9), **STEADY).doubts
    true = Norms("here", known.updates, np.asarray(known.norms) / raised, known.lrs, family="sgd", rises=np.ones(400))
    assert refined(true, **STEADY).schedule == found.schedule
    assert refined(known, **{**STEADY, "correct": False}).schedule == found.raw
    for given in ({"weight_decay": 0.1}, {"momentum": 0.5}):
        with pytest.raises(LrlabError, match=f"(?s)whose optimizer is known, has no use for {next(iter(given))}"):
            refined(known, **{**STEADY, **given})


def test_a_task_without_a_normalisation_has_nothing_to_take_out():
    """Whatever its weight decay."""
    found = lr.refine("control", updates=60)
    assert (found.corrected, found.rise) == (False, 1.0)


@pytest.mark.parametrize(
    ("source", "given", "said"),
    [
        ("contrl", {}, "try: +control"),
        ("nowhere.csv", {}, "no such log or task"),
        ("control", {"updates": 30, "optimizer": "schedule-free"}, "needs no schedule"),
        ("control", {"updates": 30, "optimizer": "adamv"}, "adam"),
        ("control", {"updates": 30, "momentum": 1.0}, "momentum"),
        ("control", {"updates": 10}, "(?s)20 or more.*--updates 20"),
        ("control", {"updates": 0}, "(?s)20 or more.*--updates 20"),
        ("control", {"updates": 30, "lr": 0}, r"(?s)multiple of the LR.*above 0.*--at 1"),
        ("control", {"updates": 30, "lr": float("nan")}, r"(?s)multiple of the LR.*above 0.*--at 1"),
        ("control", {"updates": 30, "lr": "lr2"}, r"(?s)multiple of the LR.*above 0.*--at 1"),
        ("control", {"updates": 30, "lr": 1e9}, r"(?s)diverged.*--at 0.5"),
        ("control", {"updates": 30, "optimizer": "foo"}, "refine: there is no such optimizer"),
    ],
)
def test_what_cannot_be_refined_is_refused(source, given, said):
    with pytest.raises(LrlabError, match=said):
        lr.refine(source, **given)


def test_it_shows_itself():
    """In a notebook, and as columns."""
    found = refined(norms(weight_decay=0.1), **STEADY)
    assert {"image/svg+xml", "text/html", "text/plain"} <= {*found._repr_mimebundle_()}
    assert [*found.to_dataframe("pandas").columns] == ["time", "measured", "norm", "value"]
    assert str(found.schedule) in repr(found)
