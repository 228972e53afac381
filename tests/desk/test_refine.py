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
    assert more.by_formula
    left = refined(norms(family="sgd", weight_decay=0.05, momentum=0.9), **{**STEADY, "correct": False})
    assert not left.corrected
    assert left.schedule == left.raw == more.raw


class Gradients:
    """As a hook would have seen them."""

    def __init__(self, l2, rises=1.0, l1=None, highest=None):
        self.l2, self.l1 = np.asarray(l2), np.asarray(l2 if l1 is None else l1)
        self.rises = rises * np.ones(len(self.l2))
        self.highest = self.l2 / 9 if highest is None else highest

    def norms(self, *, l1):
        return self.l1 if l1 else self.l2, self.rises

    def bounded(self):
        return self.l2, self.highest


FALLING = 1 + np.exp(-np.arange(400) / 100)


def test_what_was_measured_is_taken_out_and_no_formula():
    """A formula is for logs, and is a doubt; a task knows its optimizer, whatever its weight decay."""
    raised = 1 + np.maximum(0, np.arange(400) - 200) / 400
    known = norms(family="sgd", weight_decay=3.0, momentum=0.9, seen=Gradients(FALLING * raised, raised))
    found = refined(known, **STEADY)
    assert (found.corrected, found.rise, found.by_formula) == (True, pytest.approx(1.5, abs=0.01), False)
    assert FORMULA not in found.doubts
    assert FORMULA in refined(norms(family="sgd", weight_decay=0.05, momentum=0.9), **STEADY).doubts
    assert refined(norms(family="sgd", seen=Gradients(FALLING)), **STEADY).schedule == found.schedule
    left = refined(known, **{**STEADY, "correct": False})
    assert (left.schedule, left.corrected, left.rise) == (found.raw, False, found.rise)
    for given in ({"weight_decay": 0.1}, {"momentum": 0.5}):
        with pytest.raises(LrlabError, match=f"(?s)whose optimizer is known, has no use for {next(iter(given))}"):
            refined(known, **{**STEADY, **given})


def test_a_clipping_is_seen_in_the_norm_that_it_bounds():
    """Of Adam's kind L1 norms are used, while a clipping bounds L2 norms, or values."""
    bounded = np.ones(400)
    with pytest.raises(LrlabError, match="norms never change"):
        refined(norms(family="adam", seen=Gradients(bounded, l1=FALLING)), **STEADY)
    half = np.where(np.arange(400) % 3 == 0, 0.5, 1.0)
    for seen in (Gradients(half, l1=FALLING), Gradients(FALLING, highest=half), Gradients(FALLING, highest=bounded)):
        found = refined(norms(family="adam", seen=seen), **STEADY)
        assert any("clipped ones say nothing" in doubt for doubt in found.doubts)
    assert refined(norms(family="adam", seen=Gradients(FALLING)), **STEADY).doubts == ()


def test_an_optimizer_of_an_unknown_kind_is_a_doubt():
    """And takes the norms of the kind that is named."""
    seen = Gradients(FALLING, l1=np.ones(400) + np.arange(400) % 2)
    assert refined(norms(family="other", seen=seen), **STEADY).doubts[0] == UNKNOWN
    named = refined(norms(family="other", seen=seen), **{**STEADY, "optimizer": "sgd"})
    assert (UNKNOWN in named.doubts, named.power) == (False, 1.0)
    assert named.schedule == refined(norms(family="sgd", seen=Gradients(FALLING)), **STEADY).schedule


def test_momentum_is_of_sgd():
    """It would make the formula of Adam's kind ten times too strong."""
    with pytest.raises(LrlabError, match=r"(?s)not SGD has no use for momentum.*--optimizer sgd"):
        refined(norms(weight_decay=0.1), **{**STEADY, "momentum": 0.9})
    plain = refined(norms(family="adam", weight_decay=0.1, momentum=0.9), **STEADY)
    assert plain.rise == refined(norms(family="adam", weight_decay=0.1), **STEADY).rise


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
        ("control", {"updates": 30, "weight_decay": 0.1}, "has no use for weight_decay"),
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
