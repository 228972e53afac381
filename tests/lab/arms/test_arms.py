"""The default contestants: complete, parsed, and fair at any run length."""

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import DEFAULT_ARMS, Arm, arms_named, default_arms, optimizer_arms
from lrlab.lab.tasks.common.optimizers import OPTIMIZERS

NAMES = [
    "fixed", "step", "multistep", "exponential", "cosine", "warm restarts", "plateau", "cyclical", "one-cycle",
    "warmup + linear", "warmup + cosine", "WSD", "averaging",
]  # fmt: skip


def test_the_default_arms_are_those_of_the_main_job():
    """Thirteen, each once, in this order; one of them averages its weights at a constant LR."""
    arms = default_arms()
    assert [arm.name for arm in arms] == NAMES == list(DEFAULT_ARMS)
    assert [arm.name for arm in arms if arm.averaging is not None] == ["averaging"]
    assert arms[-1].schedule == lr.constant()


@pytest.mark.parametrize("updates", [40, 240, 600, 3200, 10_001])
@pytest.mark.parametrize("arm", default_arms(), ids=lambda arm: arm.name)
def test_each_arm_fits_every_run_length(arm, updates):
    """The peak is the base LR, nothing is negative, and what decays ends near 0 rather than high or restarted."""
    values = arm.schedule.over(updates).values()
    assert values.max() == pytest.approx(1.0, abs=0.06)
    assert values.min() >= 0
    decays = arm.name not in ("fixed", "plateau", "averaging", "cyclical")
    if decays:
        assert values[-1] < 0.12
        assert values[-1] <= values[updates // 2]


def test_the_plateau_arm_follows_the_mode_of_the_metric():
    """Of accuracies more is better: the controller must not take a rise for a standstill."""
    by_name = {arm.name: arm.schedule for arm in default_arms("max")}
    assert by_name["plateau"] == lr.plateau(patience=2, factor=0.3, mode="max")
    assert by_name["cosine"] == lr.cosine()


@pytest.mark.parametrize(("name", "averaging", "said"), [("", None, "name"), ("x", 0.0, "share"), ("x", 2, "share")])
def test_an_arm_that_cannot_be_meant_is_refused(name, averaging, said):
    """No name, or an averaging that is not a share of the run."""
    with pytest.raises(LrlabError, match=said):
        Arm(name, lr.cosine(), averaging)


def test_the_optimizer_arms_name_each_optimizer_once():
    """One arm for each, under a decay for all but the two that are made to need none."""
    arms = optimizer_arms()
    assert [arm.config["optimizer"] for arm in arms] == list(OPTIMIZERS)
    for arm in arms:
        last = arm.schedule.over(1000).values()[-1]
        assert last == (1.0 if "schedule-free" in arm.name else pytest.approx(0.0, abs=0.01))


def test_sets_of_arms_have_names():
    """The default ones are called strategies; an unknown set is refused with those that exist."""
    assert arms_named("strategies", "max") == default_arms("max")
    assert arms_named("optimizers") == optimizer_arms()
    with pytest.raises(LrlabError, match=r"optimisers(.|\n)*strategies, optimizers"):
        arms_named("optimisers")
    with pytest.raises(LrlabError, match=r"try: +strategies"):
        arms_named("mine")


def test_arms_that_differ_in_their_configuration_differ():
    """And an arm with one can still be a member of a set."""
    plain, adam = Arm("x", lr.cosine()), Arm("x", lr.cosine(), config={"optimizer": "adam"})
    assert plain != adam
    assert len({plain, adam}) == 2


def test_averaging_is_a_share_of_the_run():
    """Up to all of it; none is no averaging."""
    assert [Arm("a", lr.constant(), averaging=share).averaging for share in (None, 0.001, 1)] == [None, 0.001, 1]
    for share in (0, 1.001, -0.1):
        with pytest.raises(LrlabError, match="averaging is a share of the run"):
            Arm("a", lr.constant(), averaging=share)


def test_arms_with_different_configurations_are_one_key():
    """What is no part of the hash is a part of equality; an arm may stand in a set."""
    one, other = (Arm("a", lr.constant(), config={"width": width}) for width in (8, 9))
    assert hash(one) == hash(other)
    assert one != other
    assert len({one, other}) == 2


def test_an_arm_may_schedule_what_is_beside_the_lr():
    """Each kind by its name; not the LR itself, and nothing that no group has."""
    for name in ("weight_decay", "momentum", "beta1", "beta2", "eps"):
        assert Arm("a", lr.constant(), also={name: lr.linear()}).also == {name: lr.linear()}
    assert Arm("a", lr.constant(), 0.25, {"width": 8}, {"eps": lr.constant()}).beside == (
        "weights averaged over 25% of the run (ema 25%), width=8, eps=constant()"
    )
    assert Arm("a", lr.constant()).beside == ""
    for wrong in ("lr", "momentun"):
        with pytest.raises(LrlabError, match="an arm cannot schedule this") as refused:
            Arm("a", lr.constant(), also={wrong: lr.linear()})
        allowed = str(refused.value).partition("allowed: ")[2].splitlines()[0].split(", ")
        assert "momentum" in allowed
        assert "lr" not in allowed


@pytest.mark.parametrize("name", ["", "a\nb"])
def test_a_name_is_printable(name):
    """And there is one."""
    with pytest.raises(LrlabError, match="an arm needs a name of printable characters"):
        Arm(name, lr.constant())


def test_a_tenth_of_the_run_is_averaged():
    """In the default arm; the numbers of the others are those of their papers, or fit any run."""
    assert default_arms()[-1].averaging == 0.1
