"""The text form of a plan is read as it is written."""

import pytest

import lrlab as lr
from lrlab.core.plan.text import is_plan, plan_text
from lrlab.errors import LrlabError

PLANS = (
    lr.plan(lr=lr.cosine()),
    lr.plan(lr="warmup(9) >> linear()", weight_decay=lr.linear(to=2), betas=(0.9, lr.linear(start=0.99, to=0.999))),
    lr.plan(groups={"a": {"lr": "cosine()"}, "*": {"lr": "linear()", "momentum": 0.8}}),
    lr.plan(lr="cosine()", groups={'a"b*': {"lr": "step(3)"}}, layer_decay=0.75, layers=["embed*", "b.{}.*"]),
    lr.plan(lr="table([1, 0.5, 0.1])", joining=lr.warmup(100)),
    lr.plan(lr="cosine() * plateau(patience=3)"),
)


@pytest.mark.parametrize("given", PLANS, ids=str)
def test_it_is_read_as_it_is_written(given):
    assert plan_text(str(given)) == given
    assert is_plan(str(given))


def test_betas_and_numbers_are_read_as_plan_takes_them():
    assert plan_text("plan(betas=(0.9, constant(level=0.99)), lr='cosine()')") == lr.plan(
        betas=(0.9, lr.constant(level=0.99)), lr=lr.cosine()
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "plan", "plan()", "plan(cosine())", "plan(lr=cosin())", "plan(lr=__import__('os'))", "plan(**x)",
        "cosine()", "plan(lr=cosine(), groups=3)", "plan(groups={3: {}})", "plan(groups={'a': 3})",
        "plan(groups={**a})", "plan(lr=cosine(), layer_decay=open('x'))", "plan(lr=" + "(" * 500 + ")" * 500 + ")",
        "plan(speed=1)",
        "plan(lr=cosine(), layers=['a'])", "plan(lr=None)", "x.plan(lr=cosine())", "plan(lr=cosine()", "plan(lr=\x00)",
        "plan(lr=" + "1+" * 50_000 + "1)",
    ],
)  # fmt: skip
def test_what_is_no_plan_is_a_sentence(text):
    with pytest.raises(LrlabError) as refused:
        plan_text(text)
    assert str(refused.value)
