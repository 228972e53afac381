"""The code on the pages of the gallery: every block runs alone, and makes the curve of the picture."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "extensions"
FRAMEWORKS = {"PyTorch": "torch", "Keras": "keras", "JAX": "optax", "Optax": "optax", "Transformers": "transformers"}


@pytest.fixture(scope="module")
def gallery():
    if find_spec("sphinx") is None:
        pytest.skip("sphinx is not installed: pip install '.[docs]'")
    sys.path.insert(0, str(FOLDER))
    yield import_module("gallery")
    sys.path.remove(str(FOLDER))


def ran(code, label):
    """The names that a block leaves, or a skip where its framework is missing."""
    if find_spec(FRAMEWORKS[label]) is None:
        pytest.skip(f"{FRAMEWORKS[label]} is not installed")
    names = {"__name__": "__main__"}
    exec(compile(code, label, "exec"), names)
    return names


@pytest.mark.parametrize("label", ["PyTorch", "Keras", "JAX"])
def test_every_block_runs_alone(label, gallery):
    for entry in gallery.entries():
        names = ran(gallery.blocks(entry)[label], label)
        curve = entry.schedule.over(entry.updates)
        if label == "PyTorch":
            assert names["scheduler"].get_last_lr() == [0.1 * curve(0)], entry.name
        elif "rate" in names:
            last = entry.updates - 1
            assert float(names["rate"](last)) == pytest.approx(0.1 * curve(last), abs=1e-7), entry.name


@pytest.mark.filterwarnings("ignore:Detected call of:UserWarning")  # no update is made between two steps here
@pytest.mark.parametrize("label", ["PyTorch", "Keras", "Optax", "Transformers"])
def test_code_without_lrlab_makes_the_curve(label, gallery):
    """Where a library can say it: at the updates of the picture."""
    told = 0
    for entry in gallery.entries():
        code = gallery.native(entry)[0].get(label)
        if code is None:
            continue
        assert "lrlab" not in code, entry.name
        names, told = ran(code, label), told + 1
        planned = 0.1 * entry.schedule.over(entry.updates).values()
        at = range(0, entry.updates, max(1, entry.updates // 20))
        if "scheduler" in names:
            made = []
            for _ in range(entry.updates):
                made.append(names["optimizer"].param_groups[0]["lr"])
                names["scheduler"].step()
            assert made == pytest.approx(planned.tolist(), rel=1e-9, abs=1e-12), entry.name
        else:
            made = [float(names["schedule"](update)) for update in at]
            assert made == pytest.approx([planned[update] for update in at], rel=1e-5, abs=1e-7), entry.name
    assert told >= 1
