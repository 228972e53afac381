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
        ("timm:cosine lr=1 num_epochs=10 warmup_epoch=3", "(?s)^timm: cosine does not take.*try:     warmup_epochs="),
        ("torchtitan:linear steps=9 warmup_step=3", "(?s)^torchtitan: linear does not take.*try:     warmup_steps="),
        ("torch:StepLR(opt, step_sise=3)", "(?s)^torch: StepLR does not take these: got.*try:     step_size="),
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


PASTED = [
    ("torch:OneCycleLR(opt, 0.01, total_steps=int(10*391))", 3910),
    ("optax:linear_schedule(0, 1, int(400.0))", "linear(400, start=0, to=1)"),
    (
        "transformers:get_cosine_schedule_with_warmup(optimizer, num_warmup_steps=1, num_training_steps=9)",
        "linear(1, start=0, to=1) >> cosine_cycle(16).repeat()",
    ),
    ("get_linear_schedule_with_warmup(opt, 10, 100)", "linear(10, start=0, to=1) >> linear(90)"),
    ("get_scheduler('linear', optimizer, 10, 100)", "linear(10, start=0, to=1) >> linear(90)"),
    (
        "get_scheduler(name='linear', optimizer=opt, num_warmup_steps=10, num_training_steps=100)",
        "linear(10, start=0, to=1) >> linear(90)",
    ),
    ("keras.optimizers.schedules.CosineDecay(0.1, 9, name='decay')", "cosine(9)"),
    ("keras:ReduceLROnPlateau(monitor='val_loss', factor=0.2)", 'plateau(factor=0.2, threshold_mode="abs", nan="bad")'),
    ("torch:scheduler = StepLR(opt, 3)", "step(3)"),
    ("scheduler = torch.optim.lr_scheduler.StepLR(opt, max(3, len([1])), 1e-1)  # drops", "step(3)"),
    ("N = 2 ** 5\nself.sched = StepLR(AdamW(p, lr=1), step_size=N)", "step(32)"),
    (
        "SequentialScheduler(schedulers=[CosWithWarmup(warmup=10), ConstantScheduler()], schedulers_max=[50])",
        "linear(9, start=0.1, to=1) >> cosine(40, to=0.1) >> constant(1, level=0.1) >> 0.1 * constant()",
    ),
    (
        "optax.join_schedules([optax.constant_schedule(1.), optax.linear_schedule(1., 0., 9)], [3])",
        "constant(3) >> linear(9)",
    ),
    ("keras.optimizers.SGD(keras.optimizers.schedules.CosineDecay(0.1, 9))", "cosine(9)"),
    (
        "CompositeParamScheduler([LinearParamScheduler(0, 1), CosineParamScheduler(1, 0)], [0.5, 0.5], 2 * ['fixed'])",
        100,
    ),
    ("create_scheduler_v2(opt, 'cosine', num_epochs=9, lr=0.1)", "cosine(9)"),
    ("CosineAnnealingWithWarmupScheduler('10ba', alpha_f=0.1)", "linear(10, start=0, to=1) >> cosine(90, to=0.1)"),
    ("WarmupLR(optimizer, 0, 0.1, 4, 'linear')", "constant(1, level=0) >> linear(4, start=0, to=1) >> constant()"),
    ("LambdaLR(optimizer, lr_lambda=[lambda e: 0.5 ** e])", "exponential(gamma=0.5)"),
]


@pytest.mark.parametrize(("source", "expected"), PASTED)
def test_pasted_code(source, expected):
    """A call as it stands in a script, of every library; the number is that of the updates."""
    found = read(source, horizon=lr.Horizon(updates=100))
    assert expected in (str(found.schedule), found.horizon.total)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (
            "torchrun --nproc_per_node 8 pretrain_gpt.py --num-layers 2 --lr-decay-style cosine \\\n"
            "    --lr 1e-4 --min-lr 1e-5 --train-iters 1000 --lr-warmup-fraction .01",
            "linear(10, start=0, to=1) >> cosine(990, to=0.1)",
        ),
        ("./distributed_train.sh 4 /imagenet --sched cosine --epochs 450 --lr 0.4 --warmup-epochs 0", "cosine(450)"),
        (
            "deepspeed train.py --model_name_or_path m --learning_rate 2e-5 --warmup_ratio 0.03 --max_steps 1000 "
            "--lr_scheduler_type 'linear' --bf16 True",
            "linear(30, start=0, to=1) >> linear(970)",
        ),
        (
            "python train.py --deepspeed ds.json --learning_rate 2e-5 --lr_scheduler_type linear --max_steps 100",
            "linear(100)",
        ),
        (
            "fairseq-train data-bin/iwslt --arch transformer --adam-betas '(0.9, 0.98)' --lr 5e-4 "
            "--lr-scheduler inverse_sqrt --warmup-updates 4000 --warmup-init-lr 0 --max-update 100000",
            "linear(4000, start=0, to=1) >> inverse_sqrt(4000)",
        ),
        (
            "fairseq-hydra-train task.data=x lr_scheduler._name=fixed optimization.lr=[0.1] optimization.max_update=99 "
            "+lr_scheduler.warmup_updates=4",
            "linear(3, start=0.25, to=1) >> constant()",
        ),
    ],
)
def test_launch_lines(source, text):
    """A command line as it stands in a launch script: line ends, quotes, and flags of other things."""
    assert str(read(source).schedule) == text


def test_scripts(tmp_path):
    """A file of Python by the schedule that it makes, a shell script by its line."""
    (tmp_path / "train.py").write_text("E = 30\nclass M:\n    def f(self):\n        self.s = StepLR(self.opt, E)\n")
    assert str(read(str(tmp_path / "train.py")).schedule) == "step(30)"
    (tmp_path / "two.py").write_text("a = StepLR(o, 3)\ndef get_lr(it):\n    return 0.1 * 0.5 ** it\n")
    found = read(f"{tmp_path}/two.py:get_lr")
    assert (str(found.schedule), found.base_lr) == ("exponential(gamma=0.5)", 0.1)
    (tmp_path / "run.sh").write_text(
        "LR=1e-3\npython pretrain.py --lr $LR --lr-decay-style linear \\\n --train-iters 9\n"
    )
    assert read(str(tmp_path / "run.sh")).base_lr == 1e-3


def test_a_name_with_two_owners():
    """Its path tells, or what it takes; where neither does, that is said."""
    assert "threshold_mode" in str(read("ReduceLROnPlateau(monitor='val_loss')").schedule)
    assert "signed" in str(read("ReduceLROnPlateau(optimizer, 'min')", lr=0.1).schedule)
    assert "signed" in str(read("optim.lr_scheduler.ReduceLROnPlateau(opt, patience=3)", lr=0.1).schedule)
    with pytest.raises(lr.LrlabError, match="may be of keras or torch"):
        read("ReduceLROnPlateau(patience=3)", lr=0.1)


def test_what_is_drawn_is_no_phase():
    """A table beyond the run, and a range test without end: the horizon is that of the run."""
    chain = "torch:ChainedScheduler([CosineAnnealingLR(opt, T_max=10, eta_min=0.01), StepLR(opt, 3)])"
    found = read(chain, horizon=lr.Horizon(updates=10), lr=0.1)
    assert found.horizon == lr.Horizon(updates=10)
    assert "too-long" not in [finding.code for finding in found.findings]
    test = "deepspeed:LRRangeTest lr_range_test_step_size=1 lr_range_test_staircase=true lr_range_test_min_lr=1"
    found = read(test, horizon=lr.Horizon(updates=2000))
    assert found.schedule.over(2000).values().tolist() == pytest.approx([1 + k for k in range(2000)], rel=1e-12)
    stairs = "deepspeed:LRRangeTest lr_range_test_step_size=3 lr_range_test_staircase=true lr_range_test_min_lr=1"
    found = read(stairs, horizon=lr.Horizon(updates=2000))
    assert found.schedule.over(2000).values().tolist() == pytest.approx([1 + k // 3 for k in range(2000)], rel=1e-9)


def test_an_endless_schedule_gets_the_run_it_is_read_for():
    """What lies beyond it is found, as where a configuration says itself how long it is."""
    found = read("deepspeed:WarmupLR warmup_max_lr=0.1 warmup_num_steps=1000", horizon=lr.Horizon(updates=500))
    assert found.horizon == lr.Horizon(updates=1001)
    assert "too-long" in [finding.code for finding in found.findings]
    assert read("torch:StepLR(opt, 3)", horizon=lr.Horizon(updates=9)).horizon == lr.Horizon(updates=9)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("fairseq:cosine lr=0.1 min_lr=0.1 max_update=9", "cosine(to=1).repeat(gain=0.1, cycle=9)"),
        ("fvcore:PolynomialDecayParamScheduler(0.1, 0)", "constant(100)"),
        (
            "deepspeed:OneCycle cycle_min_lr=0.1 cycle_max_lr=1 cycle_first_step_size=9 cycle_second_step_size=0",
            "linear(9, start=0.1, to=1) >> constant(level=0.1)",
        ),
        (
            "keras:ExponentialDecay(1.0, 2.5, 0.5, staircase=True)",
            "multistep([3], gamma=0.5).repeat(gain=0.25, cycle=5)",
        ),
        ("olmo:WSD warmup=10 decay=0", "linear(9, start=0.1, to=1) >> constant()"),
        ("olmo:CosWithWarmupAndLinearDecay warmup=0 decay_fraction=0.0", None),
        ("olmo:WSDS warmup=1 decay=0 period_lengths=[20]", None),
        ("transformers:polynomial power=0", "constant(100) >> constant(level=1e-07)"),
        ("composer:PolynomialScheduler power=0", "constant(100)"),
        ("timm:poly decay_rate=0 min_lr=0.1", None),
        ("timm:wsd lr=1 num_epochs=10 decay_epochs=4 min_lr=2", "constant(1) >> constant(level=2)"),
    ],
)
def test_what_a_library_allows_is_read(source, text):
    """Lengths and powers of 0, floors as high as the peak, drops between two updates."""
    found = read(source, horizon=lr.Horizon(updates=100), lr=1.0)
    assert text in (None, str(found.schedule))


@pytest.mark.parametrize(
    ("call", "given"),
    [
        (
            "CosineLRScheduler(opt, 20, lr_min=0.01, warmup_t=5, warmup_prefix=True)",
            {"sched": "cosine", "num_epochs": 20, "min_lr": 0.01, "warmup_epochs": 5, "warmup_prefix": True},
        ),
        ("timm.scheduler.PolyLRScheduler(opt, t_initial=20)", {"sched": "poly", "num_epochs": 20, "decay_rate": 0.5}),
        (
            "StepLRScheduler(opt, decay_t=7, decay_rate=0.5, warmup_t=2)",
            {
                "sched": "step",
                "num_epochs": 100,
                "decay_epochs": 7,
                "decay_rate": 0.5,
                "warmup_epochs": 2,
                "warmup_prefix": True,
            },
        ),
    ],
)
def test_timms_classes_are_its_factorys_schedules(call, given):
    """With the defaults of the class, which are others than those of the factory."""
    whole = {"cycle_decay": 1.0, "warmup_lr": 0.0, **given}
    assert read(call, horizon=lr.Horizon(updates=100), lr=1.0) == from_timm(lr=1.0, **whole)
    with pytest.raises(lr.LrlabError, match=r"warmup_epochs is not read|not read"):
        read("CosineLRScheduler(opt, 20, warmup_epochs=5)", lr=1.0)


@pytest.mark.parametrize("rate", [-1, -0.1, float("nan")])
def test_a_learning_rate_that_is_none_is_refused(rate, tmp_path):
    """-1 is not 'as the epochs say', which it is for max_steps alone."""
    (tmp_path / "training_args.json").write_text(json.dumps(TRAINING | {"learning_rate": rate}), encoding="utf-8")
    with pytest.raises(lr.LrlabError, match="learning_rate must"):
        read(str(tmp_path / "training_args.json"))
