"""Which column is the loss, and which the LR."""

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.choice import add_sums, choose_loss, choose_rate, refuse
from lrlab.record.logs.columns import collect


def table(*names, points=10, **more):
    rows = [{"step": k + 1, **dict.fromkeys(names, 2.0 + k)} for k in range(points)]
    return collect([[*rows, *({"step": 99, name: 1.0} for name, n in more.items() for _ in range(n))]], None, ())


def chosen(given, asked=None):
    points = {name: column.met for name, column in given.series.items()}
    return choose_loss(given, asked, points, "log")


def test_the_validation_loss_is_preferred_where_it_is_dense_enough():
    """Three points of forty are too few; that is said."""
    assert chosen(table("train_loss", "val_loss")) == ("val_loss", ())
    name, (said,) = chosen(table("train_loss", val_loss=3, points=40))
    assert name == "train_loss"
    assert "val_loss has 3 points only" in said
    assert chosen(table("train_loss", val_loss=3, points=4))[0] == "val_loss"


def test_the_densest_of_a_kind_is_taken():
    """A summary at the end stands beside the curve."""
    assert chosen(table("loss", train_loss=1))[0] == "loss"


@pytest.mark.parametrize("name", ["lr", "epoch", "step", "train_runtime", "accuracy", "batch_size", "learning_rate"])
def test_what_is_no_loss_is_never_one(name):
    """Neither asked for nor proposed."""
    with pytest.raises(LrlabError, match="not a loss"):
        refuse(name)
    with pytest.raises(LrlabError) as refused:
        chosen(table(name, "lr", "grad_norm"))
    assert f'loss="{name}"' not in str(refused.value)


def test_parts_of_a_loss_are_not_taken_for_the_whole():
    """Two networks that play against each other have no sum, either."""
    with pytest.raises(LrlabError, match=r"(?s)several losses, and none is the whole.*loss=\"d_loss\""):
        chosen(table("d_loss", "g_loss"))
    assert chosen(table("d_loss", "g_loss"), "g_loss")[0] == "g_loss"


def test_the_only_kind_of_loss_is_the_loss():
    """That is said; a perplexity is none, and no summary."""
    name, (said,) = chosen(table("train_recon_loss", "val_recon_loss"))
    assert name == "val_recon_loss"
    assert "only kind of loss" in said
    for other in ("val_ppl", "best_val_loss"):
        with pytest.raises(LrlabError, match="none is the whole"):
            chosen(table(other))


def test_the_parts_of_a_detector_are_added():
    """As ultralytics weighs them already; with the parts in one row."""
    given = table("train/box_loss", "train/cls_loss", "val/box_loss", "val/cls_loss", "val/dfl_loss")
    add_sums(given)
    assert chosen(given)[0] == "val/loss"
    assert given.series["val/loss"].numbers()[:2].tolist() == [6.0, 9.0]
    assert given.series["train/loss"].numbers()[:2].tolist() == [4.0, 6.0]
    whole = table("total_loss", "train/box_loss", "train/cls_loss")
    add_sums(whole)
    assert "train/loss" not in whole.series


def test_columns_of_several_runs_are_not_chosen_by_chance():
    """Which one is meant is for the user to say."""
    given = table("big - loss", "small - loss")
    with pytest.raises(LrlabError, match=r'(?s)several runs have a column loss.*loss="big - loss"'):
        chosen(given)
    assert chosen(given, "small - loss")[0] == "small - loss"
    assert chosen(table("big - val/loss"), "val/loss")[0] == "big - val/loss"


def test_the_lr_is_a_column_or_given():
    """Of several the plainest; that others differ is said."""
    assert choose_rate(table("lr", "loss"), None, "log") == ("lr", ())
    assert choose_rate(table("lr", "loss"), "cosine()", "log") == (None, ())
    rows = [{"step": 1, "lr-AdamW/pg1": 0.1, "lr-AdamW/pg2": 0.2, "loss": 1}]
    name, (said,) = choose_rate(collect([rows], None, ()), None, "log")
    assert name == "lr-AdamW/pg1"
    assert "lr-AdamW/pg2 differ" in said
    with pytest.raises(LrlabError, match="no lr column"):
        choose_rate(table("loss"), None, "log")
