"""Whose a configuration is follows from all that is in it: foreign, half-right and wrongly spelt ones are refused.

Each stands for a kind of file that people have: another trainer's words that look like a library's, a word spelt
wrongly, a part that is missing. `may` is whose it may be, as the message says; "" where nobody is named.
"""

import json

import pytest

import lrlab as lr
from lrlab.dialects.reader import read

RUN = {"seed": 1, "batch_size": 8}
NOBODYS = {
    "axolotl": (
        {"base_model": "m", "lr_scheduler": "cosine", "learning_rate": 2e-4, "warmup_steps": 10, "num_epochs": 3},
        ("fairseq", "transformers"),
    ),
    "axolotl with a ratio": ({"lr_scheduler": "cosine", "learning_rate": 2e-4, "warmup_ratio": 0.1}, ("transformers",)),
    "diffusers": ({"lr_scheduler": "constant", "learning_rate": 1e-4, "lr_warmup_steps": 500}, ("fairseq",)),
    "gpt-neox": (
        {
            "lr_decay_style": "cosine",
            "train-iters": 320000,
            "lr-decay-iters": 320000,
            "warmup": 0.01,
            "optimizer": {"type": "Adam", "params": {"lr": 6e-4}},
            "min_lr": 6e-5,
        },
        ("megatron",),
    ),
    "hydra with a name": (
        {"scheduler": {"name": "cosine", "warmup": 10}, "trainer": {"max_epochs": 3}},
        ("deepspeed",),
    ),
    "a scheduler by a word": ({"scheduler": "cosine", "lr": 0.1, "epochs": 90}, ("timm",)),
    "composer without a length": ({"scheduler": {"name": "cosine_with_warmup", "t_warmup": "10ba"}}, ("composer",)),
    "mmengine": ({"param_scheduler": [{"type": "LinearLR", "begin": 0, "end": 10}]}, ("",)),
    "detectron2": ({"SOLVER": {"BASE_LR": 0.02, "LR_SCHEDULER_NAME": "WarmupMultiStepLR"}}, ("",)),
    "a lone style": ({"lr_decay_style": "cosine"}, ("megatron",)),
    "a lone sched": ({"sched": "cosine"}, ("timm",)),
    "a lone lr_scheduler": ({"lr_scheduler": "cosine"}, ("fairseq",)),
    "an unknown type": ({"lr_scheduler_type": "cosin", "learning_rate": 1e-4}, ("transformers",)),
    "two libraries in one": (
        {"sched": "cosine", "epochs": 3, "lr": 0.1, "lr_decay_style": "cosine", "train_iters": 9},
        ("megatron", "timm"),
    ),
    "a keras model": ({"class_name": "Functional", "config": {"name": "model"}}, ("keras",)),
    "a tokenizer": ({"vocab_size": 32000, "model_max_length": 2048}, ("",)),
    "no schedule in deepspeed": ({"zero_optimization": {"stage": 2}, "train_batch_size": 8}, ("deepspeed",)),
    "an unknown deepspeed type": ({"scheduler": {"type": "CosineLR", "params": {}}}, ("deepspeed",)),
    "lightning without a class": ({"lr_scheduler": {"interval": "step"}}, ("fairseq",)),
}


@pytest.mark.parametrize("kind", NOBODYS)
def test_no_library_is_guessed(kind, tmp_path):
    """By one word least of all; whose it may be is said, and how to name it."""
    document, may = NOBODYS[kind]
    (tmp_path / "config.json").write_text(json.dumps(document))
    with pytest.raises(lr.LrlabError, match=r"whose this is does not follow|no library is known") as refused:
        read(str(tmp_path / "config.json"), horizon=lr.Horizon(updates=1000), lr=2e-4)
    if may != ("",):
        assert "it may be" in str(refused.value)
    for name in may:
        assert name in str(refused.value)


SLIPS = [  # whose, a configuration with one slip in it, and what is meant
    ("megatron", {"lr": 1e-4, "lr_decay_style": "cosine", "train_iters": 9, "lr_warmup_itres": 3}, "lr_warmup_iters"),
    ("megatron", {"lr": 1e-4, "lr_decay_style": "cosine", "train_itres": 9, "num_layers": 2}, "train_iters"),
    ("megatron", {"lr": 1e-4, "lr_decay_style": "cosin", "train_iters": 9}, "cosine"),
    ("megatron", {"anything": 1}, "lr_decay_style"),
    ("megatron", {"lr": 1e-4, "train_iters": 9, "lr_decay_style": "cosine", "anything": 1}, "anything"),
    ("fairseq", {"lr_scheduler": "step", "lr": [0.1], "lr_decay_period": 9}, "lr_deacy_period"),
    (
        "fairseq",
        {"lr_scheduler": "cosine", "lr": [0.1], "max_update": 9, "warmup_update": 3, "arch": "a"},
        "warmup_updates",
    ),
    ("fairseq", {"lr_scheduler": "cosine", "lr": [0.1], "max_update": 9, "power": 2.0}, "power"),
    ("fairseq", {"lr_scheduler": "cosine", "learning_rate": 0.1, "max_update": 9, "seed": 1}, "learning_rate"),
    ("fairseq", {"lr_scheduler": "cosin", "lr": [0.1], "max_update": 9}, "cosine"),
    ("timm", {"sched": "cosine", "epochs": 9, "lr": 0.1, "warmup_epoch": 3, "seed": 1}, "warmup_epochs"),
    ("timm", {"sched": "cosine", "epochs": 9, "lr": 0.1, "lr_cycle_mult": 3, "seed": 1}, "lr_cycle_mul"),
    ("timm", {"epochs": 9, "lr": 0.1}, "sched"),
    ("transformers", {"lr_scheduler_type": "linear", "max_steps": 9, "warmup_step": 3, "seed": 1}, "warmup_steps"),
    ("transformers", {"lr_scheduler_type": "linear", "max_steps": 9, "lr_scheduler_kwargs": {"to": 1}}, "no argument"),
    ("deepspeed", {"scheduler": {"type": "WarmupLR", "params": {"warmup_step": 9}}}, "warmup_num_steps"),
    ("deepspeed", {"scheduler": {"type": "WarmupLR", "param": {"warmup_num_steps": 9}}}, "params"),
    ("keras", {"class_name": "CosineDecay", "config": {"initial_learning_rate": 0.1, "decay_step": 9}}, "decay_steps"),
    ("olmo", {"_CLASS_": "olmo_core.optim.scheduler.WSD", "warmup": 3, "decay_step": 3}, "decay_step"),
    ("torchtitan", {"lr_scheduler": {"warmup_step": 3}, "training": {"steps": 9}}, "warmup_steps"),
    ("composer", {"scheduler": {"name": "cosine_with_warmup", "t_warmups": "3ba"}, "max_duration": "9ba"}, "t_warmup"),
]


@pytest.mark.parametrize(("library", "document", "meant"), SLIPS)
def test_no_unknown_word_is_swallowed(library, document, meant, tmp_path):
    """In the file of a library that is named, with what is meant."""
    (tmp_path / "config.json").write_text(json.dumps(document))
    with pytest.raises(lr.LrlabError) as refused:
        read(f"{library}:{tmp_path}/config.json", horizon=lr.Horizon(updates=1000), lr=2e-4)
    assert meant in str(refused.value)


@pytest.mark.parametrize(
    "source",
    [
        "megatron:cosine lr=1e-4 train_iters=1000 lr_warmup_itres=100",
        "fairseq:step lr=0.1 lr-step-size=1000",
        "fairseq:step lr=0.1 lr_decay_period=1000",
        "deepspeed:WarmupLR warmup_max_lr=0.1 warmup_steps=10",
        "transformers:linear max_steps=10 warmup_step=3",
        "timm:cosine lr=1 num_epochs=10 warmup_epoch=3",
        "optax:linear_schedule init_value=0 end_value=1 transition_step=3",
        "keras:CosineDecay initial_learning_rate=1 decay_step=3",
        "composer:LinearScheduler max_duration=9ba t_maximum=9ba",
        "fvcore:ConstantParamScheduler values=1 updates=10",
        "olmo:WSD warmup=3 max_steps=10 decays=3",
        "torch:StepLR stepsize=3",
        "torchtitan:linear steps=10 warmups=3",
        "--lr-decay-style cosine --lr 1e-4 --train-iters 1000 --lr-warmup-itres 10 --num-layers 2",
        "--sched cosine --epochs 10 --lr 0.1 --warmup-epoch 3 --model resnet50",
        "--lr_scheduler_type cosine --learning_rate 1e-4 --max_steps 10 --warmup_step 3 --output_dir x",
        "fairseq-train d --lr 0.1 --lr-scheduler cosine --max-update 9 --warmup-update 3 --arch a",
    ],
)
def test_no_unknown_word_is_swallowed_in_a_line(source):
    """In every library's words, and on command lines."""
    with pytest.raises(lr.LrlabError, match=r"not known|does not take|no argument|do not fit"):
        read(source)


def test_files_of_a_whole_run_are_read():
    """What has nothing to do with the LR may stand there."""
    args = {"lr_scheduler_type": "cosine", "learning_rate": 1e-4, "max_steps": 100, "output_dir": "o", "fp16": True}
    line = " ".join(f"--{word} {value}" for word, value in args.items())
    assert str(read(f"accelerate launch train.py {line} --dataset_name x").schedule) == "cosine_cycle(200).repeat()"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            {"scheduler": {"_target_": "torch.optim.lr_scheduler.StepLR", "_partial_": True, "step_size": 3}},
            "step(3)",
        ),
        (
            {
                "model": {
                    "lr_scheduler": {"class_path": "torch.optim.lr_scheduler.StepLR", "init_args": {"step_size": 3}}
                }
            },
            "step(3)",
        ),
        (
            {"scheduler": {"name": "linear_decay_with_warmup", "t_warmup": "10ba"}, "max_duration": "100ba", **RUN},
            "linear(10, start=0, to=1) >> linear(90)",
        ),
        (
            {
                "class_name": "Adam",
                "config": {
                    "learning_rate": {
                        "class_name": "CosineDecay",
                        "config": {"initial_learning_rate": 0.1, "decay_steps": 9},
                    }
                },
            },
            "cosine(9)",
        ),
    ],
)
def test_what_says_whose_it_is(document, expected, tmp_path):
    """An import path, a name that one library has alone, a schedule within an optimizer."""
    (tmp_path / "config.json").write_text(json.dumps(document))
    assert str(read(str(tmp_path / "config.json")).schedule) == expected
