"""Merging checkpoints: the paper's identity, the files that are found, and a sentence for what cannot be merged."""

import numpy as np
import pytest

import lrlab as lr
from lrlab.analysis.forecast.merged import SHARES
from lrlab.desk.merge import merge
from lrlab.errors import LrlabError

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.torch")


def run(folder, updates=(10, 20, 40), **more):
    """Checkpoints of a random walk; returns the positions."""
    generator = torch.Generator().manual_seed(0)
    found = []
    for update in updates:
        place = folder / f"checkpoint-{update}"
        place.mkdir(parents=True)
        found.append(torch.randn(3, generator=generator, dtype=torch.float64))
        state = {"w": found[-1].float(), "half": found[-1].bfloat16(), "seen": torch.tensor(update)}
        safetensors.save_file({**state, **more}, place / "model.safetensors")
    return found


def test_it_is_where_the_decayed_steps_lead(tmp_path):
    """Each step between two checkpoints times the mean LR of the decay there; other tensors: the last."""
    a, b, c = run(tmp_path / "run")
    document = merge([tmp_path / "run"], "linear()", tmp_path / "merged.safetensors")
    first, second = (np.mean([1 - k / 30 for k in range(*each)]) for each in ((0, 10), (10, 30)))
    expected = a + first * (b - a) + second * (c - b)
    merged = safetensors.load_file(tmp_path / "merged.safetensors")
    assert merged["w"].numpy() == pytest.approx(expected.numpy(), rel=1e-6)
    assert merged["half"].dtype == torch.bfloat16
    assert merged["seen"] == 40
    assert [each["update"] for each in document["checkpoints"]] == [10, 20, 40]
    assert sum(each["weight"] for each in document["checkpoints"]) == pytest.approx(1)


def test_complex_weights_are_merged_as_two_real_ones(tmp_path):
    """And are not those of the last checkpoint."""
    for update in (10, 20, 40):
        place = tmp_path / "run" / f"checkpoint-{update}"
        place.mkdir(parents=True)
        state = {"w": torch.full((2,), float(update)), "z": torch.full((2,), complex(update, -update))}
        safetensors.save_file(state, place / "model.safetensors")
    merge([tmp_path / "run"], "linear()", tmp_path / "merged.safetensors")
    merged = safetensors.load_file(tmp_path / "merged.safetensors")
    assert merged["z"].dtype == torch.complex64
    assert merged["w"][0] != 40
    assert torch.equal(merged["z"], torch.complex(merged["w"], -merged["w"]))


def test_what_a_cooldown_would_gain_is_foreseen_where_the_decay_is_like_those_measured(tmp_path):
    """Otherwise it is said in what they are unlike, or that the names tell nothing."""
    out = tmp_path / "merged.safetensors"
    run(tmp_path / "run", range(80, 101, 2))
    told = merge([tmp_path / "run"], "linear()", out)
    assert told["unforeseen"] == ""
    assert told["cooldown"] is not None
    assert told["cooldown"]["low"] < 1 / np.median([*SHARES.values()]) < told["cooldown"]["high"]
    told = merge([tmp_path / "run"], "wsd(warmup=0)", out)
    assert told["cooldown"] is None
    assert told["unforeseen"].startswith("the decay takes 4 % of the run")
    for name in ("early", "late"):
        safetensors.save_file({"w": torch.zeros(1)}, tmp_path / f"{name}.safetensors")
    told = merge([tmp_path / f"{name}.safetensors" for name in ("early", "late")], "linear()", out)
    assert (told["cooldown"], told["unforeseen"]) == (None, "the names of the checkpoints tell no updates")


def test_files_and_folders_in_any_order(tmp_path):
    """A constant LR is the last checkpoint; names without numbers are taken in their order."""
    *_, last = run(tmp_path)
    places = [tmp_path / f"checkpoint-{update}" for update in (40, 10, 20)]
    merge(places, "constant()", tmp_path / "merged.safetensors")
    assert safetensors.load_file(tmp_path / "merged.safetensors")["w"].tolist() == last.float().tolist()
    for name in ("early", "late"):
        safetensors.save_file({"w": torch.full((1,), float(name == "late"))}, tmp_path / f"{name}.safetensors")
    files = [tmp_path / f"{name}.safetensors" for name in ("early", "late")]
    assert merge(files, "0.25 * constant()", tmp_path / "two.safetensors")["checkpoints"][1]["weight"] == 0.25
    assert safetensors.load_file(tmp_path / "two.safetensors")["w"].item() == 0.25


@pytest.mark.parametrize(
    ("decay", "said"),
    [
        ("warmup(5) >> linear()", "weights can stand for a decay alone"),
        ("2 * linear()", "weights can stand for a decay alone"),
        ("plateau()", "cannot listen to metrics"),
        ("linaer()", "linear"),
    ],
)
def test_what_is_no_decay_is_a_sentence(tmp_path, decay, said):
    """And nothing is written."""
    run(tmp_path / "run")
    with pytest.raises(LrlabError, match=said):
        merge([tmp_path / "run"], decay, tmp_path / "merged.safetensors")
    assert not (tmp_path / "merged.safetensors").exists()


def test_what_are_no_checkpoints_of_one_run_is_a_sentence(tmp_path):
    """One alone, twice the same update, another model, another format, a shard, over a checkpoint."""
    run(tmp_path / "run")
    one, two = (tmp_path / "run" / f"checkpoint-{update}" for update in (10, 20))
    run(tmp_path / "other", (50,), extra=torch.zeros(1))
    (tmp_path / "notes-60.safetensors").write_text("none")
    (tmp_path / "model-00001-of-00002.safetensors").write_text("none")
    out = tmp_path / "merged.safetensors"
    for places, said in (
        ([one], "two checkpoints or more"),
        ([one, one], "of a later update"),
        ([one, tmp_path / "other" / "checkpoint-50"], "of another model"),
        ([one, tmp_path / "notes-60.safetensors"], "cannot be read"),
        ([one, tmp_path / "model-00001-of-00002.safetensors"], "in several files"),
    ):
        with pytest.raises(LrlabError, match=said):
            merge(places, "linear()", out)
    for name in ("best", "last"):
        run(tmp_path / "unnamed" / name, (10,))
        (tmp_path / "unnamed" / name / "checkpoint-10").rename(tmp_path / "unnamed" / name[:2])
        (tmp_path / "unnamed" / name).rmdir()
    with pytest.raises(LrlabError, match="do not tell their order"):
        merge([tmp_path / "unnamed"], "linear()", out)
    with pytest.raises(LrlabError, match="not overwritten"):
        merge([one, two], "linear()", two / "model.safetensors")


def test_the_public_schedules_are_decays():
    """Those that fall from the beginning."""
    from lrlab.lab.arms.merging import factors

    for schedule in (lr.linear(), lr.cosine(), lr.wsd(warmup=0), lr.step("34%"), lr.constant()):
        assert factors(schedule, 100)[0] == 1
