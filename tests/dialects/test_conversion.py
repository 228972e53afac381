"""Any configuration in, any other out."""

import json
import subprocess
import sys

import pytest

import lrlab as lr
from lrlab.dialects import convert


def test_absolute_values_travel():
    """The base LR of the source is that of the target."""
    made = convert("optax:cosine_decay_schedule(3e-4, 100, alpha=0.1)", "keras")
    assert "CosineDecay(0.0003, 100, alpha=0.1)" in made.output
    assert "CosineDecay(1, 100" in convert("cosine(100)", "keras", base_lr=1).output.replace("1.0", "1")
    assert made.record["base_lr"] == 3e-4


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        ("cosine(100)", "mxnet", "target is not known"),
        ("cosine(power=2)", "torch", "how long"),
        ("transformers:cosine max_steps=100", "optax", r"try: +cosine\(100\): the same up to"),
        ("transformers:cosine max_steps=100", "keras", r"try: +cosine\(100\): the same up to"),
    ],
)
def test_refused(source, target, message):
    """Each refusal names what is wrong and, where there is one, what was meant."""
    with pytest.raises(lr.LrlabError, match=message):
        convert(source, target)


def test_the_record_is_json():
    """All that was read and written, as plain values."""
    made = convert("transformers:linear num_warmup_steps=10 num_training_steps=100", "python")
    document = json.loads(json.dumps(made.record))
    assert lr.parse(document["schedule"]) == lr.loads(json.dumps({"lrlab": 1, "schedule": document["document"]}))
    assert document["horizon"] == {"updates": 100}
    assert [finding["code"] for finding in document["findings"]] == ["zero-first"]
    assert document["output"] == made.output


def test_importing_meets_no_framework():
    """The dialects read and write other libraries' words without them."""
    code = (
        "import sys, lrlab.dialects as d\n"
        "from lrlab.dialects import convert, from_torch\n"
        "for target in ('torch', 'optax', 'keras', 'transformers', 'python'):\n"
        "    convert('transformers:linear num_warmup_steps=0 num_training_steps=9', target, base_lr=0.1)\n"
        "print([m for m in ('torch', 'jax', 'keras', 'optax', 'transformers', 'timm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


DECAY = '{"scheduler": {"type": "WarmupDecayLR", "params": {"total_num_steps": 800, "warmup_max_lr": 5e-4}}}'


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        (DECAY, {"horizon": 1000}, "it says itself that the run has 800 updates: the 1,000 that are given"),
        (DECAY.replace("800", "80"), {"horizon": 1000}, "the run has 80 updates: the 1,000 that are given"),
        (DECAY, {"horizon": lr.Horizon(epochs=3)}, "the run has 800 updates: the 3 epochs that are given"),
        (DECAY, {"base_lr": 1e-3}, "1 is an LR of 0.0005, warmup_max_lr: the optimizer's own 0.001 is not used"),
        (DECAY, {"horizon": 800, "base_lr": 5e-4}, ""),
        ('{"learning_rate": 1e-4, "lr_scheduler_type": "linear", "max_steps": 9}', {"base_lr": 1.0}, "own, 0.0001"),
        ('{"learning_rate": 1e-4, "lr_scheduler_type": "linear", "max_steps": 9}', {"horizon": 8}, "has 9 updates"),
        ("epochs: 300\nsched: cosine\nlr: 0.1\nopt: sgd", {"horizon": lr.Horizon(epochs=100)}, "the 100 epochs"),
    ],
)
def test_what_is_given_and_not_used_is_a_finding(text, given, said, tmp_path):
    """One of each kind, once: the LR and the length."""
    file = tmp_path / ("args.yaml" if "sched:" in text else "file.json")
    file.write_text(text)
    found = convert(str(file), **given).source.findings
    told = [str(finding) for finding in found if "not used" in str(finding)]
    assert [said in one for one in told] == [True] * bool(said)


def test_what_1_means_is_said():
    """Of every library whose configuration has an absolute LR: the multiples mean nothing without it."""
    for source in ("optax:cosine_decay_schedule(3e-4, 100)", "transformers:linear max_steps=9 learning_rate=3e-4"):
        assert "1 is an LR of 0.0003;" in convert(source).source.convention
    for unknown in (
        "transformers:linear max_steps=9",
        "torch:StepLR(optimizer, step_size=9)",
        "keras:ReduceLROnPlateau",
    ):
        assert "1 is an LR" not in convert(unknown).source.convention


def test_a_base_lr_that_is_found_later_is_said_too():
    """As the LR of the optimizer beside a schedule of Composer."""
    found = convert("transformers:linear max_steps=9 num_warmup_steps=3").source.based(0.5)
    assert found.base_lr == 0.5
    assert "1 is an LR of 0.5;" in found.convention
    assert found.within(lr.Horizon(updates=9)).base_lr == 0.5
