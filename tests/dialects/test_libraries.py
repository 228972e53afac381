"""The folder of libraries is their registry."""

import ast
from pathlib import Path

import pytest

from lrlab import dialects
from lrlab.core.time.horizon import Horizon
from lrlab.dialects.libraries import libraries, library, names
from lrlab.dialects.parts.library import Library


@pytest.mark.parametrize("name", names())
def test_a_file_declares_its_library(name):
    """Its row is called after the file, and so is its function."""
    found = library(name)
    assert isinstance(found, Library)
    assert found.name == name
    assert callable(getattr(dialects, f"from_{name}"))
    assert f"from_{name}" in dir(dialects)


def test_the_lines_for_editors_are_complete():
    """Each from_NAME is imported for type checkers, so that an editor knows its arguments."""
    tree = ast.parse(Path(dialects.__file__).read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert imported >= {f"from_{name}" for name in names()}


def test_what_is_known_of_a_run_is_told_in_the_librarys_words():
    """The steps, the LR and the updates of an epoch, where the library has words for them."""
    run = Horizon(epochs=3, updates_per_epoch=10)
    assert library("transformers").known(run, 0.1) == {"num_training_steps": 30, "learning_rate": 0.1}
    assert library("composer").known(run, None) == {"updates": 30, "epochs": 3, "batches_per_epoch": 10}
    assert library("optax").known(run, 0.1) == {}


def test_no_two_libraries_recognise_one_configuration():
    """A configuration of each, as it is saved: its own library knows it, and no other does."""
    documents = {
        "transformers": {"lr_scheduler_type": "cosine", "learning_rate": 1e-4, "max_steps": 10, "output_dir": "out"},
        "timm": {"sched": "cosine", "epochs": 10, "lr": 0.1, "warmup_epochs": 1},
        "keras": {"module": "keras.optimizers.schedules", "class_name": "CosineDecay", "config": {"decay_steps": 9}},
        "olmo": {"_CLASS_": "olmo_core.optim.scheduler.WSD", "warmup": 10},
        "megatron": {"lr": 1e-4, "lr_decay_style": "cosine", "train_iters": 100},
        "deepspeed": {"scheduler": {"type": "WarmupLR", "params": {}}, "zero_optimization": {}},
        "composer": {"scheduler": {"name": "cosine_with_warmup", "t_warmup": "10ba"}, "max_duration": "100ba"},
        "fairseq": {"lr_scheduler": "inverse_sqrt", "lr": [0.1], "warmup_updates": 9, "arch": "transformer"},
        "torchtitan": {"lr_scheduler": {"warmup_steps": 2}, "training": {"steps": 100}, "optimizer": {"lr": 1e-3}},
    }
    for name, document in documents.items():
        assert [one.name for one in libraries() if one.recognise(document)] == [name]
