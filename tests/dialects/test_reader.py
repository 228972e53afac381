"""What is read from a line or a file."""

import json

import pytest

import lrlab as lr
from lrlab.dialects import from_deepspeed, from_olmo, from_timm, from_transformers, to_code
from lrlab.dialects.reader import read


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("transformers:linear num_warmup_steps=10 num_training_steps=100", "linear(10, start=0, to=1) >> linear(90)"),
        ("transformers:linear warmup_ratio=0.1 max_steps=100", "linear(10, start=0, to=1) >> linear(90)"),
        ("transformers:cosine num_training_steps=100 num_cycles=1.0", "cosine_cycle(100).repeat()"),
        ("optax:warmup_cosine_decay_schedule(0, 1e-3, 10, 100)", "linear(10, start=0, to=1) >> cosine(90)"),
        ("optax:linear_schedule init_value=0 end_value=1 transition_steps=10", "linear(10, start=0, to=1)"),
        ("keras:schedules.ExponentialDecay(0.1, 10, 0.5)", "exponential(decay=0.5, every=10)"),
        (
            "timm:cosine lr=1e-3 num_epochs=20 warmup_epochs=5 warmup_lr=0 warmup_prefix=true",
            "linear(5, start=0, to=1) >> cosine(20)",
        ),
        ("fvcore:CosineParamScheduler start_value=0.1 end_value=0 updates=50", "cosine(50)"),
        ("composer:LinearScheduler max_duration=50ba", "linear(50)"),
        (
            "deepspeed:WarmupLR warmup_max_lr=1e-3 warmup_num_steps=4 warmup_type=linear",
            "constant(1, level=0) >> linear(4, start=0, to=1) >> constant()",
        ),
        ("fairseq:inverse_sqrt lr=5e-4 warmup-updates=10", "linear(10, start=0, to=1) >> inverse_sqrt(10)"),
        ("megatron:cosine lr=1e-3 --train-iters=100 --lr-warmup-iters=10", "linear(10, start=0, to=1) >> cosine(90)"),
        ("olmo:WSD warmup=10 max_steps=100", "linear(9, start=0.1, to=1) >> constant(80) >> linear(10)"),
        ("torch:CosineAnnealingWarmRestarts(optimizer, 10)", "cosine().repeat(cycle=10)"),
        ("warmup(10) >> cosine()", "warmup(10) >> cosine()"),
    ],
)
def test_lines(source, text):
    """A line for each library, as it would be typed."""
    assert str(read(source).schedule) == text


@pytest.mark.parametrize(
    ("source", "whole"),
    [
        ("transformers:polynomial", "transformers:polynomial num_training_steps=100 learning_rate=0.01"),
        ("timm:cosine", "timm:cosine lr=0.01 num_epochs=100"),
        ("fvcore:CosineParamScheduler(0.1, 0)", "fvcore:CosineParamScheduler start_value=0.1 end_value=0 updates=100"),
        ("composer:LinearScheduler", "composer:LinearScheduler max_duration=100ba"),
        (
            "deepspeed:WarmupDecayLR warmup_max_lr=auto",
            "deepspeed:WarmupDecayLR warmup_max_lr=0.01 total_num_steps=100",
        ),
        ("fairseq:polynomial_decay", "fairseq:polynomial_decay lr=0.01 max_update=100"),
        ("megatron:WSD lr_wsd_decay_iters=9", "megatron:WSD lr_wsd_decay_iters=9 lr=0.01 train_iters=100"),
        ("olmo:WSD warmup=10 decay_min_lr=1e-3", "olmo:WSD warmup=10 decay_min_lr=1e-3 lr=0.01 max_steps=100"),
        ("torch:ExponentialLR(opt, 0.9)", "torch:ExponentialLR gamma=0.9 lr=0.01 horizon=100"),
    ],
)
def test_the_run_fills_in_what_is_left_out(source, whole):
    """The length of the run and the LR, in every library's own words."""
    assert read(source, horizon=lr.Horizon(updates=100), lr=0.01) == read(whole)


RUN = {  # as OLMo-core saves the configuration of a run, in part
    "_CLASS_": "olmo_core.internal.experiment.ExperimentConfig",
    "train_module": {
        "optim": {"_CLASS_": "olmo_core.optim.SkipStepAdamWConfig", "lr": 4e-4},
        "scheduler": {"_CLASS_": "olmo_core.optim.scheduler.CosWithWarmup", "warmup_steps": 10},
    },
    "trainer": {"max_duration": {"value": 100, "unit": "steps"}},
}
DEEPSPEED = {"scheduler": {"type": "WarmupDecayLR", "params": {"total_num_steps": 100, "warmup_num_steps": 10}}}
TRAINING = {"lr_scheduler_type": "cosine", "warmup_steps": 10, "max_steps": 100, "learning_rate": 1e-4, "seed": 1}
TIMM = {
    "sched": "cosine",
    "epochs": 20,
    "lr": 1e-3,
    "warmup_epochs": 5,
    "lr_cycle_mul": 1.0,
    "batch_size": 64,
    "min_lr": 0.0,
    "warmup_lr": 1e-05,
    "cooldown_epochs": 0,
}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (DEEPSPEED, lambda: from_deepspeed(DEEPSPEED)),
        (TRAINING, lambda: from_transformers("cosine", 10, 100, learning_rate=1e-4)),
        (TIMM, lambda: from_timm("cosine", num_epochs=20, lr=1e-3, warmup_epochs=5)),
        (RUN, lambda: from_olmo("CosWithWarmup", max_steps=100, lr=4e-4, warmup=10)),
    ],
    ids=["deepspeed", "transformers", "timm", "olmo"],
)
def test_files(tmp_path, document, expected):
    """Configuration files are told by what is in them, whatever they are called."""
    (tmp_path / "saved.json").write_text(json.dumps(document))
    assert read(str(tmp_path / "saved.json")) == expected()


def test_yaml(tmp_path):
    """timm's training script saves its arguments as YAML."""
    pytest.importorskip("yaml")
    (tmp_path / "args.yaml").write_text("\n".join(f"{word}: {value}" for word, value in TIMM.items()))
    assert read(str(tmp_path / "args.yaml")) == from_timm("cosine", num_epochs=20, lr=1e-3, warmup_epochs=5)


def test_keras_file(tmp_path):
    """What keras.optimizers.schedules.serialize gives; the library may be named."""
    keras = {"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.1, "decay_steps": 100, "name": "c"}}
    (tmp_path / "keras.json").write_text(json.dumps(keras))
    found = read(str(tmp_path / "keras.json"))
    assert (str(found.schedule), found.base_lr) == ("cosine(100)", 0.1)
    assert read(f"keras:{tmp_path / 'keras.json'}") == found


def test_own_files(tmp_path):
    """What to_code(..., "toml") and dumps write."""
    schedule = lr.parse('warmup("10%") >> cosine(to=0.1)')
    (tmp_path / "own.toml").write_text(to_code(schedule, "toml", horizon=100))
    (tmp_path / "own.json").write_text(lr.dumps(schedule))
    found = read(str(tmp_path / "own.toml"))
    assert (found.schedule, found.horizon) == (schedule, lr.Horizon(updates=100))
    assert read(str(tmp_path / "own.json"), horizon=lr.Horizon(updates=100)) == found


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("transformer:cosine", "transformers"),
        ("transformers:cosin num_training_steps=10", "cosine"),
        ("transformers:cosine num_training_steps", "name=value"),
        ("transformers:linear num_training_steps=10 num_cycles=2", "no argument"),
        ("transformers:", "name key=value"),
        ("optax:linear_schedule(0, 1)", "transition_steps"),
        ("timm:cosine num_epochs=10", "lr"),
        ("timm:cosine lr=1 'num_epochs=10", "cannot be read"),
        ("nowhere.json", "cannot be read"),
        ("timm:nowhere.yaml", "cannot be read"),
        ("warmup(10) >> cosin()", "cosine"),
    ],
)
def test_refused(source, message):
    """Each refusal names what is wrong and, where there is one, what was meant."""
    with pytest.raises(lr.LrlabError, match=message):
        read(source)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "no JSON"),
        ("a.toml", "a =", "no TOML"),
        ("a.yaml", "a: [", "no YAML"),
        ("a.json", "[1]", "no configuration"),
        ("a.json", '{"a": 1}', "no library is known"),
    ],
)
def test_files_refused(tmp_path, name, text, message):
    """A file that holds something else."""
    (tmp_path / name).write_text(text)
    with pytest.raises(lr.LrlabError, match=message):
        read(str(tmp_path / name))
