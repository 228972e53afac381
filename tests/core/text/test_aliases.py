"""Schedules by the names people know."""

import pytest

import lrlab as lr
from lrlab.core.text.aliases import NAMES, by_name
from lrlab.core.text.parse import VOCABULARY

REFUSED = {"LambdaLR", "MultiplicativeLR", "LearningRateScheduler"}  # with what to write


@pytest.mark.parametrize("name", sorted({*NAMES, *VOCABULARY} - {"table", "function", "minimum", "maximum"} - REFUSED))
def test_every_name_makes_a_schedule(name):
    """Without arguments each gives a curve over a thousand updates, and reads back."""
    schedule = lr.by_name(name)
    assert lr.parse(str(schedule)) == schedule
    if name != "hold":
        assert schedule.over(1000).values().shape == (1000,)
        if "greedy" not in name.lower() and name not in ("LinearLR", "ConstantLR"):  # whose warmup counts observations
            assert lr.by_name(name, warmup=10).over(1000)(0) <= 0.2  # a warmup before any of them


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("StepLR", {"every": "30ep"}, 'step("30ep")'),
        ("step_lr", {"every": 30}, "step(30)"),
        ("MultiStepLR", {"milestones": ["50%"]}, 'multistep(["50%"])'),
        ("ExponentialLR", {"gamma": 0.9}, "exponential(gamma=0.9)"),
        ("CosineAnnealingLR", {"to": 0.1}, "cosine(to=0.1)"),
        ("cosine annealing", {}, "cosine()"),
        ("CosineAnnealingWarmRestarts", {"first_cycle": "10ep"}, 'cosine().repeat(cycle="10ep")'),
        ("OneCycleLR", {}, str(lr.one_cycle())),
        ("one-cycle", {}, str(lr.one_cycle())),
        ("CyclicLR", {"half_cycle": 500}, str(lr.triangular(500))),
        ("clr", {}, str(lr.triangular())),
        ("PolynomialLR", {}, "polynomial(power=1)"),
        ("polynomial_decay", {}, "polynomial()"),
        ("PolynomialDecay", {}, "polynomial(power=1)"),
        ("ExponentialDecay", {"decay": 0.5, "every": 100, "staircase": True}, None),
        ("CosineDecayRestarts", {"first_cycle": 10}, "cosine().repeat(stretch=2, cycle=10)"),
        ("cosine_with_restarts", {"times": 3}, "cosine().repeat(3)"),
        ("constant_with_warmup", {"warmup": 500}, "warmup(500) >> constant()"),
        ("cosine", {"warmup": "5%"}, 'warmup("5%") >> cosine()'),
        ("wsd", {"warmup": "3%"}, str(lr.wsd(warmup="3%"))),
        ("ReduceLROnPlateau", {"patience": 5}, 'plateau(patience=6, threshold_mode="signed", nan="bad")'),
        ("reduce_lr_on_plateau", {"rule": "keras"}, 'plateau(threshold_mode="abs", nan="bad")'),
        ("reduce_on_plateau", {"rule": "torch"}, 'plateau(patience=11, threshold_mode="signed", nan="bad")'),
        ("reduce_on_plateau", {"rule": "lrlab", "patience": 5}, "plateau(patience=5)"),
    ],
)
def test_names_as_others_write_them(name, arguments, text):
    """PyTorch, Keras, Transformers and the articles; with their own defaults where those differ."""
    assert text is None or str(lr.by_name(name, **arguments)) == text


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("reduce_on_plateau", {"patience": 5}, ["cuts at observation 5", "at 6", 'rule="torch"']),
        ("StepLR", {"every": 30}, ["count updates here", "30ep"]),
        ("MultiStepLR", {"milestones": [30, 60]}, ["count updates here"]),
        ("OneCycleLR", {}, ["one update later", "from_torch"]),
        ("ExponentialLR", {"gamma": 0.95}, ["count updates here", 'follow="calls"']),
        ("LinearLR", {}, ["LinearLR(): whole numbers count updates here"]),
        ("StepLR", {"step_size": 30}, ["StepLR(step_size=...)"]),
        ("ExponentialLR", {"gamma": 0.95, "every": "1ep"}, []),
        ("StepLR", {"step_size": "30ep"}, []),
        ("StepLR", {"every": "30%"}, []),
        ("step_decay", {"every": 30}, []),
        ("ReduceLROnPlateau", {"patience": 5}, []),
    ],
)
def test_what_means_something_else_elsewhere_is_said(name, arguments, said, caplog):
    """In one line of the log, where it matters, and only there."""
    lr.by_name(name, **arguments)
    assert len(caplog.records) == bool(said)
    assert all(part in caplog.text for part in said)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_name_that_means_another_curve_is_refused(name):
    """With what to write for it."""
    with pytest.raises(lr.LrlabError, match="try:"):
        lr.by_name(name)
    assert "LambdaLR" in NAMES


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("cosine_anealing", '"cosine_annealing"'),
        ("CosineAnealingLR", '"CosineAnnealingLR"'),
        ("reduce_on_platau", '"reduce_on_plateau"'),
        ("x" * 10**5, "no schedule has this name"),
        ("", "no schedule has this name"),
        (None, "no schedule has this name"),
        ([], "no schedule has this name"),
        (lr.cosine(), "no schedule has this name"),
    ],
)
def test_unknown_names(name, says):
    """Another library's name, a slip, or nothing: ours is named."""
    with pytest.raises(lr.LrlabError) as caught:
        lr.by_name(name)
    assert says in str(caught.value)


def test_arguments_are_ours():
    """Another library's arguments are refused with ours, under the name that was typed."""
    with pytest.raises(lr.LrlabError, match="reduce_lr_on_plateau has no argument 'pationce'"):
        lr.by_name("reduce_lr_on_plateau", pationce=3)
    with pytest.raises(lr.LrlabError, match="StepLR has no argument 'foo'"):
        lr.by_name("StepLR", foo=3)
    with pytest.raises(lr.LrlabError, match="no effect in PyTorch any more"):
        lr.by_name("ReduceLROnPlateau", verbose=True)
    with pytest.raises(lr.LrlabError, match="the span, first"):
        lr.by_name("cosine_annealing", T_max=50)
    with pytest.raises(lr.LrlabError, match="warmup=") as caught:
        lr.by_name("warmup_cosine", num_warmup_steps=50)
    assert "T_max" not in str(caught.value)
    assert lr.by_name("warmup_cosine", warmup=50, to=0.1) == lr.warmup(50) >> lr.cosine(to=0.1)


def test_the_rule_of_keras_counts_a_cooldown_from_the_next_observation():
    """So that one of ours is one less; its threshold is absolute, and a NaN is bad."""
    made = by_name("reduce_on_plateau", rule="keras", patience=3, cooldown=4, threshold=0.01)
    assert made == lr.plateau(patience=3, cooldown=3, threshold=0.01, threshold_mode="abs", nan="bad")
    for cooldown in (0, 1):
        assert by_name("reduce_on_plateau", rule="keras", cooldown=cooldown).cooldown == 0


@pytest.mark.parametrize(
    ("given", "warned"),
    [({}, False), ({"patience": 3}, True), ({"patience": 3, "rule": "lrlab"}, False), ({"factor": 0.5}, False)],
)
def test_a_patience_without_a_rule_is_doubtful(caplog, given, warned):
    """The name is PyTorch's, whose patience is one less."""
    by_name("reduce_on_plateau", **given)
    assert ("cuts at observation 3 without improvement, PyTorch's ReduceLROnPlateau at 4" in caplog.text) is warned


TORCHS, KERAS = (f"plateau(patience={{}}, threshold_mode='{mode}', nan='bad')" for mode in ("signed", "abs"))


@pytest.mark.parametrize(
    ("name", "arguments", "schedule"),
    [
        ("torch.optim.lr_scheduler.StepLR", {"every": 30}, "step(30)"),
        ("keras.optimizers.schedules.CosineDecay", {}, "cosine()"),
        ("torch.optim.lr_scheduler.ReduceLROnPlateau", {"patience": 5}, TORCHS.format(6)),
        ("keras.callbacks.ReduceLROnPlateau", {"patience": 5}, KERAS.format(5)),
        ("tf.keras.callbacks.ReduceLROnPlateau", {"patience": 0}, KERAS.format(1)),
        ("ReduceLROnPlateau", {"patience": 0}, TORCHS.format(1)),
    ],
)
def test_names_with_their_modules(name, arguments, schedule):
    """As they stand in a script: whose plateau it is follows from them."""
    assert by_name(name, **arguments) == lr.parse(schedule)


def test_an_articles_plateau_is_told_from_pytorchs_by_default_too(caplog):
    by_name("reduce_on_plateau")
    assert "cuts at observation 10 without improvement, PyTorch's ReduceLROnPlateau at 11" in caplog.text
