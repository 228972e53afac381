"""`lrlab merge`: what each checkpoint counts, and where the file is."""

import json
import re

import pytest
from click.testing import CliRunner

from lrlab.cli.main import main

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")


def test_it_says_what_each_counts(tmp_path):
    """In words, and as a document."""
    for update in (1, 2):
        safetensors.save_file({"w": torch.full((2,), float(update))}, tmp_path / f"step_{update}.safetensors")
    out = tmp_path / "out" / "merged.safetensors"
    out.parent.mkdir()
    answer = CliRunner().invoke(main, ["merge", str(tmp_path), "--decay", "0.5 * constant()", "--out", str(out)])
    assert answer.exit_code == 0, answer.output
    assert "0.5000" in answer.stdout
    assert "1 tensors, merged as 0.5 * constant()" in answer.stdout
    assert safetensors.load_file(out)["w"].tolist() == [1.5, 1.5]
    assert "not foreseen: the decay takes 50 % of the run, and 20 % was measured." in answer.stdout
    answer = CliRunner().invoke(main, ["merge", str(tmp_path), "--out", str(out), "--json"])
    assert [each["weight"] for each in json.loads(answer.stdout)["checkpoints"]] == [0.0, 1.0]


def test_it_foresees_what_a_cooldown_would_gain(tmp_path):
    """In multiples of what can be measured, with where that is from."""
    for update in range(80, 101):
        safetensors.save_file({"w": torch.zeros(2)}, tmp_path / f"step_{update}.safetensors")
    answer = CliRunner().invoke(main, ["merge", str(tmp_path), "--out", str(tmp_path / "merged.safetensors")])
    assert re.search(r"foreseen to gain \d\.\d\d to \d\.\d\d times what they gain on the last", answer.stdout)
    assert "Yours may be unlike them." in answer.stdout


def test_a_place_that_is_not_there():
    """Is said before anything is read."""
    answer = CliRunner().invoke(main, ["merge", "nowhere"])
    assert (answer.exit_code, "does not exist" in answer.stderr) == (2, True)
