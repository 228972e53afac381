"""What an arm cannot mean."""

import pytest

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.refusals import refuse_absolute, refuse_turned, refuse_units


@pytest.mark.parametrize("schedule", ["0.003 * cosine()", "constant(level=0.001)", "0.009 * (warmup(10) >> linear())"])
def test_an_absolute_lr_is_refused(schedule):
    """By the rule of the Scheduler: no multiple of the LR reaches a hundredth."""
    with pytest.raises(LrlabError, match="looks like an absolute LR") as here:
        refuse_absolute("b", lr.parse(schedule), 100, (1.0,))
    assert "arm b" in str(here.value)


@pytest.mark.parametrize("schedule", ["0.01 * cosine()", "constant()", "cosine(to=0.001)", "inverse_sqrt()"])
def test_a_multiple_is_none(schedule):
    """From a hundredth on."""
    refuse_absolute("b", lr.parse(schedule), 100, (0.5, 1.0))


def test_lrs_that_are_no_multiples():
    """None of them, with the schedule, reaches a hundredth; one that does tells that multiples are meant."""
    with pytest.raises(LrlabError, match="look like LRs themselves"):
        refuse_absolute("b", lr.cosine(), 100, (1e-3, 3e-3))
    refuse_absolute("b", lr.cosine(), 100, (1e-3, 1.0))
    with pytest.raises(LrlabError, match="look like LRs themselves"):
        refuse_absolute("b", 0.4 * lr.cosine(), 100, (0.02,))
    refuse_absolute("b", lr.cosine(), 100, (0.01,))


@pytest.mark.parametrize("schedule", ["linear(to=-0.5)", "constant(level=-1)"])
def test_an_lr_is_not_negative(schedule):
    """As at the Scheduler."""
    with pytest.raises(LrlabError):
        refuse_absolute("b", lr.parse(schedule), 100, (1.0,))


@pytest.mark.parametrize("kind", ["plateau", "greedy"])
def test_a_controller_goes_the_way_of_its_task(kind):
    """The judged metric, by name or as what comes without one."""
    for named in ("", 'metric="acc", '):
        turned, right = (lr.parse(f'constant() * {kind}({named}mode="{mode}")') for mode in ("min", "max"))
        with pytest.raises(LrlabError, match=r'(?s)takes less of acc.*mode="max"'):
            refuse_turned("a", turned, 100, "acc", "max")
        with pytest.raises(LrlabError, match="takes more of acc"):
            refuse_turned("a", right, 100, "acc", "min")
        refuse_turned("a", right, 100, "acc", "max")
    refuse_turned("a", lr.parse(f'constant() * {kind}(metric="loss")'), 100, "acc", "max")
    refuse_turned("a", lr.parse("cosine() * guard()"), 100, "acc", "max")


@pytest.mark.parametrize(
    "schedule", ['step("10ep")', 'warmup("2Gtok") >> cosine()', '(cosine() >> linear("5min")).repeat(2)']
)
def test_spans_in_other_units_than_updates(schedule):
    """A comparison has no `--updates-per-epoch`: it is said what to type in its place, at both doors."""
    with pytest.raises(LrlabError, match="arm b: the runs of a comparison are counted in updates"):
        refuse_absolute("b", lr.parse(schedule), 100, (1.0,))


@pytest.mark.parametrize("schedule", ["step(10)", 'warmup("2%") >> cosine()', "linear() * plateau()"])
def test_updates_and_shares_are_the_units_of_a_comparison(schedule):
    refuse_units("b", lr.parse(schedule))
