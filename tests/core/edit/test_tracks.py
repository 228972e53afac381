"""A plan by its schedules: each is changed alone, one is added, one taken away."""

import json

import pytest

import lrlab as lr
from lrlab.core.edit.tracks import MOST, added, changed, removed, tracks
from lrlab.core.plan.rules import KINDS
from lrlab.errors import LrlabError

PLAN = lr.plan(lr="cosine()", momentum=0.9, groups={"head*": {"lr": "linear()"}, "b*": {"eps": 1e-6}}, layer_decay=0.9)


def test_its_schedules_are_told_rule_by_rule():
    found = [(each.groups, each.hyper, str(each.schedule), each.multiple) for each in tracks(PLAN)]
    assert found == [
        ("*", "lr", "cosine()", True), ("*", "momentum", "constant(level=0.9)", False),
        ("head*", "lr", "linear()", True), ("b*", "eps", "constant(level=1e-06)", False),
    ]  # fmt: skip


@pytest.mark.parametrize("number", range(4))
def test_one_is_changed_and_the_others_stay(number):
    after = changed(PLAN, number, lr.step(3))
    for k, (before, now) in enumerate(zip(tracks(PLAN), tracks(after), strict=True)):
        assert now.schedule == (lr.step(3) if k == number else before.schedule)
        assert (now.groups, now.hyper) == (before.groups, before.hyper)
    assert after.layer_decay == 0.9


@pytest.mark.parametrize("hyper", KINDS)
def test_what_is_added_is_possible_and_can_be_taken_away(hyper):
    """In the rule of its groups, as the last word where they are new; it begins with what drives the others."""
    after = added(PLAN, "tail", hyper)
    after.over(100)
    assert tracks(after)[-1].groups == "tail"
    assert removed(after, 4) == PLAN
    known = {each.hyper: each.schedule for each in reversed(tracks(PLAN))}
    assert tracks(after)[-1].schedule == known.get(hyper, tracks(after)[-1].schedule)


def test_rules_that_name_a_pattern_twice_keep_their_order():
    """The last rule counts: they are not put together."""
    rules = [{"groups": name, "lr": {"kind": "cosine"}} for name in ("a", "*", "a")]
    twice = lr.Plan.loads(json.dumps({"lrlab_plan": 1, "rules": rules}))
    assert changed(twice, 0, lr.cosine()) == twice
    assert [each.groups for each in tracks(removed(twice, 1))] == ["a", "a"]


@pytest.mark.parametrize(
    ("gesture", "said"),
    [
        (lambda: added(PLAN, "*", "lr"), "have such a schedule"),
        (lambda: added(PLAN, "*", "speed"), "not known"),
        (lambda: removed(PLAN, 9), "no such schedule"),
        (lambda: changed(PLAN, -1, lr.cosine()), "no such schedule"),
        (lambda: removed(lr.plan(lr="cosine()"), 0), "keeps a schedule"),
    ],
)
def test_what_cannot_be_is_a_sentence(gesture, said):
    with pytest.raises(LrlabError, match=said):
        gesture()


def test_a_plan_has_no_end_of_schedules():
    many = PLAN
    for k in range(MOST - 4):
        many = added(many, f"g{k}", "lr")
    with pytest.raises(LrlabError, match="at most"):
        added(many, "one more", "lr")


def test_what_is_added_begins_where_it_is_mostly_set():
    """As PyTorch's optimizers have it; or with the schedule that it has in other groups."""
    bare = lr.plan(lr="cosine()")
    found = {hyper: tracks(added(bare, "*", hyper))[-1].schedule for hyper in KINDS if hyper != "lr"}
    values = {"weight_decay": 1, "momentum": 0.9, "beta1": 0.9, "beta2": 0.999, "beta3": 0.9, "eps": 1e-8}
    assert found == {hyper: lr.constant(level=value) for hyper, value in values.items()}
    assert [str(each.schedule) for each in tracks(added(bare, "head*", "lr"))] == ["cosine()", "cosine()"]


def test_a_schedule_that_is_not_there_is_told_those_that_are():
    with pytest.raises(LrlabError, match=r"no such schedule[\s\S]*0 to 3"):
        removed(PLAN, 4)
