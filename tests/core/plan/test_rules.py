"""Which groups a pattern means, and how deep a layer lies."""

from __future__ import annotations

import pytest

import lrlab as lr
from lrlab import cosine, linear, plan
from lrlab.core.plan.rules import KINDS, Group, depths
from lrlab.errors import LrlabError


@pytest.mark.parametrize(
    ("pattern", "means"),
    [("head", True), ("h*", True), ("he?d", True), ("[a-h]ead", True), ("*", True), ("HEAD", False), ("ead", False)],
)
def test_a_pattern_means_a_group_by_its_name(pattern, means):
    """fnmatch, with upper and lower case told apart on every machine."""
    assert Group("head").matches(pattern) is means


def test_a_pattern_means_a_group_by_all_its_parameters_or_not_at_all():
    """Part of a group cannot have an LR of its own: it is said which parameter stands in the way."""
    group = Group("0", ("backbone.0.weight", "backbone.0.bias", "head.weight"))
    assert group.matches("*.*")
    assert not group.matches("neck.*")
    with pytest.raises(LrlabError, match=r"2 of the 3 parameters of group 0(.|\n)*head\.weight is not"):
        group.matches("backbone.*")


@pytest.mark.parametrize(
    ("pattern", "means"),
    [
        *(("kind=muon", True), ("kind=mu*", True), ("kind=adamw", False), ("use_muon=True", True), ("depth=3", True)),
        *(("other=muon", False), ("other=*", False), ("muon", False), ("kind=", False), ("kind", False)),
    ],
)
def test_a_pattern_means_a_group_by_a_key_of_its_own(pattern, means):
    """As Muon's users write their groups: dict(params=..., kind="muon")."""
    assert Group("0", keys={"kind": "muon", "use_muon": True, "depth": 3}).matches(pattern) is means


def test_a_key_that_no_group_has_is_refused_with_those_that_tell_the_groups_apart():
    groups = [Group("0", keys={"kind": "muon", "nesterov": True}), Group("1", keys={"kind": "adamw", "nesterov": True})]
    with pytest.raises(LrlabError, match=r"(?s)0, 1, kind=muon, kind=adamw\n.*try: +kind=muon"):
        plan(lr=cosine(), groups={"kind=moun": {"lr": linear()}}).assign(groups)


def test_without_layers_each_group_is_one_and_the_last_is_on_top():
    """A group that joined later leaves the others where they were."""
    assert depths([Group("0"), Group("1"), Group("2")], ()) == [2, 1, 0]
    assert depths([Group("0"), Group("1"), Group("2"), Group("new", joined=7)], ()) == [2, 1, 0, 0]


def test_layers_are_in_the_order_of_the_patterns_and_then_of_their_numbers():
    """Two groups of one layer, with and without weight decay, have one depth; "10" stands above "9"."""
    blocks = [Group(f"{k}{kind}", (f"blocks.{k}.{kind}",)) for k in (10, 9, 2) for kind in ("weight", "bias")]
    groups = [Group("stem", ("embed.weight",)), *blocks, Group("head"), Group("other")]
    layers = ("embed*", "blocks.{}.*", "head")
    assert depths(groups, layers) == [4, 1, 1, 2, 2, 3, 3, 0, None]


def test_layers_are_found_by_the_rule_of_beit():
    """Depth of 12 blocks between embedding and head: num_layers - layer_id, as in BEiT's get_num_layer_for_vit."""

    def layer_id(name: str) -> int:  # Bao et al., BEiT, optim_factory.py
        if name in ("cls_token", "mask_token", "pos_embed") or name.startswith("patch_embed"):
            return 0
        return int(name.split(".")[1]) + 1 if name.startswith("blocks") else 13

    names = ["cls_token", "pos_embed", "patch_embed.proj.weight", *(f"blocks.{k}.attn.qkv.weight" for k in range(12))]
    names += ["norm.weight", "head.weight"]
    layers = ("[cpm]*_*", "blocks.{}.*", "[nh]*")
    found = depths([Group(str(k), (name,)) for k, name in enumerate(names)], layers)
    assert found == [13 - layer_id(name) for name in names]


def test_what_fits_no_layer_or_several_is_refused():
    """A pattern that matches nothing is a typo; a group across layers cannot have one depth."""
    with pytest.raises(LrlabError, match=r"the layer 'block\.\{\}' matches no parameter group(.|\n)*blocks\.0"):
        depths([Group("blocks.0"), Group("head")], ("block.{}", "head"))
    with pytest.raises(LrlabError, match="belong to several layers"):
        depths([Group("0", ("blocks.0.weight", "blocks.1.weight"))], ("blocks.{}.*",))


@pytest.mark.parametrize(("groups", "more"), [(12, False), (13, True)])
def test_twelve_names_are_told(groups, more):
    """And that there are others, where there are."""
    with pytest.raises(LrlabError) as refused:
        plan(lr=cosine(), groups={"none": {"lr": linear()}}).assign([Group(f"g{k:02}") for k in range(groups)])
    assert ("g11 ..." in str(refused.value)) is more
    assert "g12" not in str(refused.value)


def test_of_a_group_that_is_meant_in_part_one_parameter_of_each_is_named():
    """The first that is meant, and the first that is not."""
    with pytest.raises(LrlabError, match=r"a\.0 is meant, b\.0 is not"):
        Group("0", ("a.0", "a.1", "b.0", "b.1")).matches("a.*")


def test_hyper_parameters_are_multiples_of_the_groups_own_or_values():
    """As PyTorch users write them: weight decay goes with each group's own, momentum and betas are what they are."""
    assert {name for name, kind in KINDS.items() if kind.multiple} == {"lr", "weight_decay"}


@pytest.mark.parametrize("hyper", ["momentum", "beta1", "beta2", "beta3"])
def test_what_keeps_a_share_of_the_past_is_below_1(hyper):
    """At 1 nothing new would ever count; an eps or a weight decay has no such bound."""
    lr.plan(lr=lr.constant(), **{hyper: 0.999}).over(10)
    with pytest.raises(LrlabError, match=hyper):
        lr.plan(lr=lr.constant(), **{hyper: 1.0}).over(10)
    lr.plan(lr=lr.constant(), eps=1.0, weight_decay=1.0).over(10)
