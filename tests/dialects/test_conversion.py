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
        "    convert('transformers:linear num_warmup_steps=0 num_training_steps=9', target)\n"
        "print([m for m in ('torch', 'jax', 'keras', 'optax', 'transformers', 'timm') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
