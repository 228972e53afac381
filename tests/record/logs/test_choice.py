"""Which column is the loss, and which the LR."""

import math

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.choice import add_sums, choose_loss, choose_rate, find, refuse
from lrlab.record.logs.columns import collect
from lrlab.record.logs.rows import Unusable


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
    assert said == "val_recon_loss is the only kind of loss in the log"
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


@pytest.mark.parametrize(
    ("validation", "training", "taken"),
    [(5, 100, "val_loss"), (4, 100, "train_loss"), (4, 9, "train_loss"), (4, 8, "val_loss"), (1, 2, "val_loss")],
)
def test_a_validation_loss_is_dense_enough_with_five_points_or_half_of_those_of_training(validation, training, taken):
    """And what is not taken is said, with what takes it."""
    name, said = chosen(table("train_loss", points=training, val_loss=validation))
    assert name == taken
    sparse = f"val_loss has {validation} points only: train_loss is taken; loss='val_loss' takes the other"
    assert said == ((sparse,) if taken == "train_loss" else ())


@pytest.mark.parametrize(("points", "taken"), [(4, "test_loss"), (5, "val_loss")])
def test_a_sparse_loss_of_a_better_kind_comes_after_a_dense_one(points, taken):
    """Fewer than five points are sparse; of two sparse ones that with most points counts as dense."""
    assert chosen(table("test_loss", val_loss=points))[0] == taken
    assert chosen(table("train_loss", points=3, val_loss=3, test_loss=4))[0] == "test_loss"
    assert chosen(table("train_loss", points=3, val_loss=4, test_loss=4))[0] == "val_loss"


def test_the_sum_of_a_detector_needs_a_box_and_another_part():
    """All of one length; a validation loss that is whole already is not added again, and what was added is said."""
    for names in (["val/box_loss"], ["val/cls_loss", "val/dfl_loss"], ["val/box_loss", "train/cls_loss"]):
        given = table(*names)
        add_sums(given)
        assert list(given.series) == names
    uneven = table("val/box_loss", **{"val/cls_loss": 3})
    add_sums(uneven)
    assert "val/loss" not in uneven.series
    half = table("val_loss", "val/box_loss", "val/cls_loss", "train/box_loss", "train/cls_loss")
    add_sums(half)
    assert "val/loss" not in half.series
    total = half.series["train/loss"]
    assert total.steps("step").tolist() == list(range(1, 11))
    assert (total.met, total.stride, total.own) == (10, 1, {"step": 10})
    assert list(half.said) == ["train/loss is the sum of train/box_loss, train/cls_loss"]


def test_a_loss_without_a_finite_point_is_no_loss():
    """The next one is taken; where there is none, that is said with the first entry."""
    given = table("train_loss", val_loss=6)
    given.series["val_loss"].values[:] = type(given.series["val_loss"].values)("d", [-math.inf, *[math.nan] * 5])
    assert choose_loss(given, None, {"val_loss": 0, "train_loss": 10}, "log")[0] == "train_loss"
    with pytest.raises(LrlabError, match=r"(?s)log: val_loss holds no finite number.*given: +-inf"):
        choose_loss(given, "val_loss", {}, "log")
    text = collect([[{"step": 1, "loss": "x"}, {"step": 2, "loss": "y"}]], None, ())
    with pytest.raises(LrlabError, match=r"(?s)log: loss holds no number.*given: +'x'"):
        choose_loss(text, None, {}, "log")


def test_the_lr_with_most_points_is_taken():
    """Of those with as many the plainest; no more than three others are named, and none that is the same."""
    given = collect([[{"step": 1, "lr": 0.1, "lr/b": 0.2}, {"step": 2, "lr/b": 0.2}]], None, ())
    assert choose_rate(given, None, "log")[0] == "lr/b"
    same = collect([[{"step": 1, "lr/a": 0.1, "lr/b/c": 0.1}]], None, ())
    assert choose_rate(same, None, "log") == ("lr/a", ())
    many = collect([[{"step": 1, **{f"lr/pg{k}": k + 0.1 for k in range(6)}}]], None, ())
    assert choose_rate(many, None, "log") == (
        "lr/pg0",
        ("the LR is lr/pg0; lr/pg1, lr/pg2, lr/pg3 differ: lr= names another",),
    )
    assert choose_rate(many, "lr/pg5", "log") == ("lr/pg5", ())
    assert choose_rate(many, 0.1, "log") == (None, ())
    empty = collect([[{"step": 1, "lr": "x", "lr/b": 0.2}]], None, ())
    assert choose_rate(empty, None, "log")[0] == "lr/b"


def test_a_column_is_found_behind_the_name_of_its_run():
    """Of one run; with several it is for the user to say, and twelve are named."""
    assert find(table("loss", "big - loss"), "loss") == "loss"
    assert find(table("big - loss"), "loss") == "big - loss"
    assert find(table("big-loss"), "loss") is None
    assert chosen(table("big - loss")) == ("big - loss", ())
    with pytest.raises(LrlabError, match="several runs have a column loss"):
        find(table("a - loss", "b - loss"), "loss")
    many = table(*(f"r{k} - loss" for k in range(14)))
    for refused in (lambda: find(many, "loss"), lambda: chosen(many)):
        with pytest.raises(LrlabError, match=r"several runs have a column loss") as error:
            refused()
        assert "'r11 - loss'" in str(error.value)
        assert "'r12 - loss'" not in str(error.value)
        assert 'loss="r0 - loss"' in str(error.value)


def test_what_is_missing_is_said_with_what_may_be_meant():
    """A loss first, the nearest to what was typed; the LR may be a text."""
    with pytest.raises(LrlabError, match=r"(?s)no column 'val_los'.*loss= one of the columns\n.*loss=\"val_loss\""):
        chosen(table("train_loss", "val_loss"), "val_los")
    with pytest.raises(LrlabError, match=r'(?s)log: no loss column.*loss="objective"'):
        chosen(collect([[{"step": 1, "objective": 2.0, "lr": 0.1}]], None, ()))
    with pytest.raises(LrlabError, match=r"(?s)no lr column.*lr= one of the columns, or the LR as a schedule's text"):
        choose_rate(table("loss"), None, "log")


@pytest.mark.parametrize(("column", "missing"), [("loss", "loss"), ("lr", "lr")])
def test_a_column_that_cannot_be_used_is_said_before_it_is_missing(column, missing):
    """With the reason."""
    given = collect([[Unusable(column, "two columns have this name"), {"step": 1, "acc": 0.5}]], None, ())
    choose = chosen if missing == "loss" else lambda given, asked=None: choose_rate(given, asked, "log")
    with pytest.raises(LrlabError, match=rf"(?s)log: {column} cannot be used.*two columns have this name"):
        choose(given)
    if missing == "loss":
        with pytest.raises(LrlabError, match=rf"(?s)log: {column} cannot be used.*two columns have this name"):
            choose(given, column)


def test_a_part_that_cannot_be_used_is_why_there_is_no_loss():
    """For the loss; that there is no LR has another reason."""
    given = collect([[Unusable("g_loss", "uneven"), {"step": 1, "g_loss": 1.0, "d_loss": 2.0}]], None, ())
    with pytest.raises(LrlabError, match=r"(?s)log: g_loss cannot be used.*uneven"):
        chosen(given)
    with pytest.raises(LrlabError, match="no lr column"):
        choose_rate(given, None, "log")


def test_parts_of_different_updates_are_not_added():
    """As many rows of each, one after the other: their sum would be the loss of no update."""
    rows = [{"step": 2 * k + j, name: 1.0} for k in range(4) for j, name in enumerate(["val/box_loss", "val/cls_loss"])]
    given = collect([rows], None, ())
    add_sums(given)
    assert "val/loss" not in given.series
