"""Plans: values, rules in one order, bounds over the whole run."""

from __future__ import annotations

import copy
import json
import math
import pickle
from hashlib import sha256

import pytest

import lrlab as lr
from lrlab.core.plan.rules import Driven, Group
from lrlab.errors import LrlabError

COSINE, LINEAR = lr.cosine(), lr.linear()
FULL = lr.plan(
    lr='warmup("2%") >> cosine(to=0.1)',
    weight_decay=lr.linear(to=2),
    betas=(0.9, lr.linear(start=0.99, to=0.999)),
    groups={
        "head*": {"lr": lr.constant("20%", level=0) >> lr.warmup("5%") >> lr.cosine()},
        "no_decay": {"weight_decay": 0, "momentum": 0.8},
    },
    layer_decay=0.75,
    layers=["embed*", "blocks.{}.*", "head*"],
    joining=lr.warmup(100),
)
ADAM = frozenset({"lr", "weight_decay", "beta1", "beta2", "eps"})
SGD = frozenset({"lr", "weight_decay", "momentum"})


# -- a value ------------------------------------------------------------------------------------------------------


def test_a_plan_is_a_value():
    """Equal, hashable, printable, JSON; copying and pickling give an equal one."""
    again = lr.Plan.loads(FULL.dumps())
    assert again == FULL
    assert hash(again) == hash(FULL)
    assert again.fingerprint() == FULL.fingerprint()
    assert lr.Plan.loads(FULL.dumps(indent=2)) == FULL == copy.deepcopy(FULL) == pickle.loads(pickle.dumps(FULL))
    assert lr.plan(lr=COSINE) != lr.plan(lr=LINEAR)
    assert lr.plan(lr=COSINE).fingerprint() != lr.plan(weight_decay=COSINE).fingerprint()


def test_a_fingerprint_is_the_hash_of_its_shortest_json():
    """Names in the order of the alphabet, no blanks: what a checkpoint holds is known again by any version."""
    written = (
        '{"rules":[{"groups":"*","lr":{"closed":true,"kind":"cosine"},"momentum":{"kind":"constant","level":0.9}}]}'
    )
    found = lr.plan(lr=lr.cosine(closed=True), momentum=0.9)
    assert found.fingerprint() == sha256(f"lrlab plan 1 {written}".encode()).hexdigest()


def test_which_schedules_drive_an_lr():
    """One that drives something else as well does."""
    assert lr.plan(lr=COSINE, momentum=0.9, weight_decay=LINEAR).drives_lr == [True, False, False]
    assert lr.plan(weight_decay=COSINE, groups={"head": {"lr": LINEAR}}).drives_lr == [False, True]
    assert lr.plan(lr=COSINE, weight_decay=COSINE).drives_lr == [True]


@pytest.mark.parametrize(
    "given",
    [FULL, lr.plan(lr=COSINE), lr.plan(groups={"a": {"lr": COSINE}, "*": {"lr": LINEAR}}), lr.plan(momentum=0.9)],
)
def test_the_text_is_python_that_gives_the_plan_again(given):
    """What is printed can be typed."""
    assert eval(str(given), {name: getattr(lr, name) for name in dir(lr)}) == given


def test_the_order_of_the_hyper_parameters_is_not_a_difference():
    """Neither in a rule nor between `betas` and its parts; the order of rules is one."""
    assert lr.plan(lr=COSINE, momentum=0.9) == lr.plan(momentum=lr.constant(level=0.9), lr="cosine()")
    assert lr.plan(betas=(0.9, 0.99)) == lr.plan(beta2=0.99, beta1=0.9)
    assert lr.plan(lr=COSINE) == lr.plan(groups={"*": {"lr": COSINE}})
    one, other = {"a*": {"lr": COSINE}}, {"ab": {"lr": LINEAR}}
    assert lr.plan(groups=one | other) != lr.plan(groups=other | one)


def test_it_says_what_it_does():
    """A line for each hyper-parameter of each rule, and what its values mean."""
    lines = FULL.describe().splitlines()
    assert lines[0].startswith("every group: lr (times the group's own) rises linearly")
    assert "every group: beta2 (itself) rises linearly from 0.99 to 0.999." in lines
    assert lines[-2] == "The LR is 0.75 times as high with each layer down from the top."
    assert len(lines) == 9


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "the plan is empty"),
        ({"betas1": 1}, "'betas1' is not known(.|\n)*try: +beta1"),
        ({"weight_deca": 1}, "try: +weight_decay"),
        ({"lr": None}, "lr must be a schedule"),
        ({"lr": True}, "lr must be a schedule"),
        ({"lr": "cosin()"}, "cosin"),
        ({"betas": 0.9}, "pair of schedules"),
        ({"betas": (0.9, 0.9, 0.9, 0.9)}, "'beta4' is not known"),
        ({"groups": [("a", COSINE)]}, "maps patterns to schedules"),
        ({"groups": {"a": COSINE}}, "needs schedules by name"),
        ({"groups": {"a": {}}}, "needs schedules by name"),
        ({"groups": {"": {"lr": 1}}}, "pattern"),
        ({"lr": 1, "layer_decay": 0}, "layer_decay must be above 0"),
        ({"lr": 1, "layers": ["a"]}, "layers without a decay"),
        ({"lr": 1, "layer_decay": 0.5, "layers": "abc"}, "layers must be a list"),
        ({"lr": 1, "joining": lr.warmup(3) * lr.plateau()}, "joining has no observations"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(arguments, said):
    """Unknown names, wrong kinds."""
    with pytest.raises(LrlabError, match=said):
        lr.plan(**arguments)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"lrlab_plan": 2, "rules": []}',
        '{"lrlab_plan": 1}',
        '{"lrlab_plan": 1, "rules": []}',
        '{"lrlab_plan": 1, "rules": [3]}',
        '{"lrlab_plan": 1, "rules": [{"groups": "*"}]}',
        '{"lrlab_plan": 1, "rules": [{"groups": "*", "lr": {"kind": "cosin"}}]}',
        '{"lrlab_plan": 1, "rules": [{"groups": "*", "lr": {"kind": "cosine"}}], "other": 1}',
        '{"lrlab_plan": 1, "rules": [{"groups": "*", "lr": {"kind": "cosine"}}], "groups": {"a": {"lr": 1}}}',
        '{"lrlab_plan": 1, "rules": 3}',
    ],
)
def test_a_document_that_is_none_is_refused(text):
    """`loads` raises nothing else."""
    with pytest.raises(LrlabError):
        lr.Plan.loads(text)


def test_user_functions_are_bound_by_name():
    """As by `lr.loads`."""

    def odd(update: int) -> float:
        return 1.0 / (1 + update)

    p = lr.plan(lr=lr.function(odd), joining=lr.warmup(3))
    there = lr.Plan.loads(p.dumps(), {"odd": odd})
    assert there == p
    assert next(iter(there.over(10).values()))(1) == 0.5


# -- rules --------------------------------------------------------------------------------------------------------


def names(driven: tuple[Driven, ...]) -> dict[str, str]:
    return {one.hyper: str(one.schedule) for one in driven}


def test_the_last_rule_that_matches_and_names_it_counts():
    """Overlapping rules have one order, hyper-parameter by hyper-parameter."""
    p = lr.plan(
        lr=COSINE,
        weight_decay=1,
        groups={"b*": {"lr": LINEAR}, "*.1": {"weight_decay": 0}, "b.1": {"lr": lr.hold()}, "*": {"beta1": 0.9}},
    )
    found = p.assign([Group(name, (), ADAM) for name in ("a", "b.0", "b.1", "c.1")])
    rest = {"beta1": "constant(level=0.9)"}
    assert [names(driven) for driven in found] == [
        {"lr": "cosine()", "weight_decay": "constant()"} | rest,
        {"lr": "linear()", "weight_decay": "constant()"} | rest,
        {"lr": "hold()", "weight_decay": "constant(level=0)"} | rest,
        {"lr": "cosine()", "weight_decay": "constant(level=0)"} | rest,
    ]
    assert [one.rule for one in found[2]] == ["b.1", "*.1", "*"]


def test_layer_decay_multiplies_the_lr_whichever_rule_it_came_from():
    """factor ** depth, of the LR alone."""
    p = lr.plan(lr=COSINE, weight_decay=1, groups={"head": {"lr": LINEAR}}, layer_decay=0.5)
    found = p.assign([Group(name, (), ADAM) for name in ("stem", "body", "head")])
    assert [[one.scale for one in driven] for driven in found] == [[0.25, 1], [0.5, 1], [1, 1]]


def test_a_hyper_parameter_drives_the_groups_that_have_it():
    """Muon has a momentum, AdamW has betas: one plan for both; where nobody has it, it is refused."""
    p = lr.plan(lr=COSINE, momentum=0.9, beta1=0.8)
    found = p.assign([Group("muon", (), SGD), Group("adamw", (), ADAM)])
    assert [list(names(driven)) for driven in found] == [["lr", "momentum"], ["lr", "beta1"]]
    with pytest.raises(LrlabError, match=r"no group(.|\n)*has the hyper-parameter momentum(.|\n)*try: +beta1="):
        lr.plan(momentum=0.9).assign([Group("adamw", (), ADAM)])
    with pytest.raises(LrlabError, match=r"no group(.|\n)*has the hyper-parameter beta1(.|\n)*try: +momentum="):
        lr.plan(groups={"muon": {"beta1": 0.9}}).assign([Group("muon", (), SGD), Group("adamw", (), ADAM)])


def test_a_rule_that_matches_no_group_is_refused():
    """It is a typo: the groups there are, and the nearest, are named."""
    with pytest.raises(LrlabError, match=r"the rule 'backbon' matches no parameter group(.|\n)*try: +backbone"):
        lr.plan(groups={"backbon": {"lr": 1}}).assign([Group("backbone"), Group("head")])


# -- bounds -------------------------------------------------------------------------------------------------------


def test_the_curves_are_compiled_once_for_each_schedule():
    """Two rules with equal schedules share one curve."""
    p = lr.plan(lr=COSINE, weight_decay=COSINE, groups={"a": {"lr": "cosine()", "weight_decay": LINEAR}})
    assert set(p.over(10)) == {COSINE, LINEAR}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"beta1": lr.linear(start=0.9, to=1.0)}, "beta1 is 1 at update 1000"),
        ({"beta2": 1}, "beta2 is 1 at update 0"),
        ({"momentum": lr.linear(start=0.8, to=1.2)}, "momentum is 1 at update 500"),
        ({"weight_decay": lr.linear(to=-1)}, "weight_decay is -0.002 at update 501"),
        ({"lr": lr.linear(to=-1), "eps": 1e-8}, "lr is -0.002 at update 501"),
        ({"eps": -1e-8}, "eps is -1e-08 at update 0"),
        ({"lr": lr.linear(to=-1)}, r"gives -0.002 times the LR(.|\n)*clip"),
        ({"lr": 1e-4}, "looks like an absolute LR"),
        ({"lr": lr.exponential(gamma=2.0), "eps": 1e-8}, "lr is inf at update"),
        ({"groups": {"head": {"beta1": lr.warmup(10) >> lr.constant()}}}, "beta1 is 1 at update 10"),
    ],
)
def test_values_out_of_bounds_are_refused_and_say_at_which_update(arguments, said):
    """Over the whole run and the end that is held, before it begins."""
    horizon = 2000 if "inf" in said else 1000
    with pytest.raises(LrlabError, match=said):
        lr.plan(**arguments).over(horizon)


def test_bounds_are_looked_at_in_a_long_and_in_a_live_run():
    """Ten million updates, and a budget of tokens."""
    bad = lr.plan(momentum=lr.constant("50%", level=0.9) >> lr.constant(level=1.5))
    with pytest.raises(LrlabError, match=r"momentum is 1\.5 at update 5000000"):
        bad.over(10_000_000)
    with pytest.raises(LrlabError, match=r"momentum is 1\.5 at tokens: 500"):
        bad.over(lr.Horizon(tokens=1000))


def test_an_lr_of_zero_freezes_a_group():
    """0 throughout is meant; 1e-4 throughout is an absolute LR."""
    lr.plan(lr=1, groups={"frozen": {"lr": 0}}).over(10)


def test_the_record_is_plain_json():
    """Numbers, texts, lists and dicts."""
    document = json.loads(FULL.dumps())
    assert document["rules"][0]["groups"] == "*"
    assert document["layers"] == ["embed*", "blocks.{}.*", "head*"]
    assert math.isclose(document["layer_decay"], 0.75)
