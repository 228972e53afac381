"""Folders of TensorBoard: the parts of one run."""

import pytest

from lrlab.errors import LrlabError
from lrlab.record.logs.formats.events import claims, rows
from lrlab.record.logs.rows import Config
from lrlab.record.logs.sinks import tensorboard_log


def written(folder, rows):
    tensorboard_log(folder)(rows)


def test_parts_of_a_run_have_the_name_of_their_folder(tmp_path):
    """Keras trains and validates in two; `add_scalars` makes one for each."""
    written(tmp_path, [(1, {"lr": 0.1})])
    written(tmp_path / "loss_train", [(1, {"loss": 3.0})])
    written(tmp_path / "validation", [(1, {"loss": 4.0})])
    assert claims(tmp_path) == 3
    found = [{"step": 1, "lr": 0.1}, {"step": 1, "loss_train/loss": 3.0}, {"step": 1, "validation/loss": 4.0}]
    assert list(rows(tmp_path)) == found


def test_several_runs_are_not_one(tmp_path):
    """Which is meant is for the user to say."""
    for name in ("a", "b"):
        written(tmp_path / name, [(1, {"loss": 3.0})])
    with pytest.raises(LrlabError, match=r"(?s)several runs.*'a', 'b'"):
        list(rows(tmp_path))
    (tmp_path / "alone").mkdir()
    written(tmp_path / "alone" / "version_0", [(1, {"loss": 3.0})])
    assert list(rows(tmp_path / "alone")) == [{"step": 1, "loss": 3.0}]


def test_keras_counts_epochs_and_tells_their_length(tmp_path):
    """One evaluation is written twice: by epoch, and by iteration."""
    written(tmp_path / "validation", [(0, {"epoch_loss": 3.0}), (1, {"epoch_loss": 2.0})])
    written(tmp_path / "validation", [(80, {"evaluation_loss_vs_iterations": 2.0})])
    found = list(rows(tmp_path))
    assert {"epoch": 1, "loss": 2.0} in found
    assert found[-1] == Config({"updates_per_epoch": 40.0})


def test_folders_are_searched_two_levels_deep(tmp_path):
    """`runs/name/train` is; what is deeper belongs to something else, and a link is not followed."""
    written(tmp_path / "run" / "train", [(1, {"loss": 3.0})])
    assert claims(tmp_path) == 1
    written(tmp_path / "run" / "train" / "deep", [(1, {"loss": 3.0})])
    assert claims(tmp_path) == 1
    (tmp_path / "link").symlink_to(tmp_path / "run" / "train")
    assert claims(tmp_path) == 1


def test_of_very_many_runs_twelve_are_named(tmp_path):
    """And the first is the one to type."""
    for k in range(14):
        written(tmp_path / f"r{k:02}", [(1, {"loss": 3.0})])
    with pytest.raises(LrlabError) as refused:
        list(rows(tmp_path))
    assert "'r11'" in str(refused.value)
    assert "'r12'" not in str(refused.value)
    assert str(refused.value).endswith("r00")


def test_keras_rates_that_differ_tell_nothing(tmp_path):
    """An epoch has one length, or none that is known; a tag that is not of epochs keeps its step."""
    written(tmp_path / "validation", [(0, {"epoch_loss": 3.0}), (1, {"epoch_loss": 2.0})])
    written(tmp_path / "validation", [(40, {"evaluation_loss_vs_iterations": 3.0})])
    assert list(rows(tmp_path))[-1] == Config({"updates_per_epoch": 40.0})
    written(tmp_path / "validation", [(90, {"evaluation_loss_vs_iterations": 2.0})])
    found = list(rows(tmp_path))
    assert not any(isinstance(item, Config) for item in found)
    assert found[-1] == {"step": 90, "evaluation_loss_vs_iterations": 2.0}


def test_a_run_beside_parts_of_another_is_refused(tmp_path):
    """A folder of a run may have parts in it, and its own events; not another run."""
    written(tmp_path, [(1, {"loss": 3.0})])
    written(tmp_path / "val", [(1, {"loss": 3.0})])
    assert len(list(rows(tmp_path))) == 2
    written(tmp_path / "other", [(1, {"loss": 3.0})])
    with pytest.raises(LrlabError, match="several runs"):
        list(rows(tmp_path))
