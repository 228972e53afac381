"""The text of an arm: what is printed reads back as the same arm, and what cannot be meant is refused in a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lrlab as lr
from lrlab.errors import LrlabError
from lrlab.lab.arms.arms import ARM_SETS, OPTIMIZER_ARMS, Arm, arm_of, arms_named
from lrlab.lab.arms.text import apart
from lrlab.testing import strategies

SHARES = st.floats(1e-6, 1.0)
AVERAGES = st.one_of(
    st.none(),
    SHARES,
    st.builds("ema {!r}%".format, st.floats(1e-4, 100.0)),
    st.builds("swa {!r}%".format, st.floats(1e-4, 100.0)),
    st.builds("lawa {}".format, st.integers(1, 20)),
    st.sampled_from(["merge linear()", 'merge wsd(warmup=0, decay="40%")', "merge cosine() * linear()"]),
)
OPTIMIZERS = st.sampled_from(
    [
        None,
        *(name for _, name in OPTIMIZER_ARMS.values()),
        "torch.optim.SGD(lr=0.1, momentum=0.9)",
        "types.SimpleNamespace(note='a @ ema 10% @ \"b\"', more=(1, 2))",
    ]
)


@given(strategies.schedules(), AVERAGES, OPTIMIZERS)
def test_what_is_printed_reads_back(schedule, averaging, optimizer):
    """As the same arm, to the last bit of its share; and prints the same again."""
    pytest.importorskip("torch")
    arm = Arm("a", schedule, averaging, {} if optimizer is None else {"optimizer": optimizer})
    assert arm_of("a", arm.text) == arm
    assert arm_of("a", arm.text).text == arm.text


@pytest.mark.parametrize("name", ARM_SETS)
def test_every_arm_of_the_sets_can_be_typed(name):
    """So that one of them can be compared by itself."""
    for arm in arms_named(name):
        assert arm_of(arm.name, arm.text) == arm


def test_the_parts_stand_behind_at_signs_in_any_order():
    """A sign within a text is none, whichever quotes are around it."""
    assert apart("linear()") == ("linear()", None, None)
    assert apart("warmup('5%') >> linear() @ a.B(x=1)") == ("warmup('5%') >> linear()", "a.B(x=1)", None)
    assert apart('plateau(metric="a@b")') == ('plateau(metric="a@b")', None, None)
    assert apart("plateau(metric='a@b')@swa 5%") == ("plateau(metric='a@b')", None, "swa 5%")
    assert apart(r'a("\"@") @ b.C(d="it\'s @")') == (r'a("\"@")', r'b.C(d="it\'s @")', None)
    both = ("linear()", "a.B()", "lawa 5")
    assert apart("linear() @ a.B() @ lawa 5") == apart("linear() @ lawa 5 @ a.B()") == both
    assert apart("linear() @ merge wsd(warmup=0)").average == "merge wsd(warmup=0)"


@pytest.mark.parametrize(
    ("text", "said", "hint"),
    [
        ("constant() @ EMA 10%", "nor an average", "ema 10%"),
        ("constant() @ emma 5%", "nor an average", "ema 10%"),
        ("constant() @ mean 5%", "nor an average", None),
        ("constant() @", "nor an average", None),
        ("constant() @ schedulefree adamw", "nor one that built-in tasks know", "schedule-free adamw"),
        ("constant() @ ema 10", "averaging is a share of the run", '"ema 10%"'),
        ("constant() @ ema 0%", "averaging is a share of the run", '"ema 10%"'),
        ("constant() @ lawa", "averaging is a share of the run", '"ema 10%"'),
        ("constant() @ merge", "averaging is a share of the run", '"ema 10%"'),
        ("constant() @ merge plateau()", "cannot listen to metrics", None),
        ("constant() @ ema 10% @ swa 5%", "an arm has one average of its weights", None),
        ("constant() @ adam @ sgd @ ema 10%", "an arm has one optimizer", None),
        ("@ ema 10%", "the text is empty", 'warmup("2%") >> cosine()'),
    ],
)
def test_what_cannot_be_meant_is_said(text, said, hint):
    """In a sentence, with what to type where that can be guessed."""
    with pytest.raises(LrlabError) as refused:
        arm_of("a", text)
    first, *more = str(refused.value).splitlines()
    assert said in first
    assert next((line.removeprefix("  try:     ") for line in more if line.startswith("  try: ")), None) == hint


def test_an_arm_with_more_than_a_text_says_has_none():
    """Rather than a text that reads back as another arm."""
    for arm in (Arm("a", lr.linear(), config={"width": 8}), Arm("a", lr.linear(), also={"eps": lr.constant()})):
        with pytest.raises(LrlabError, match="no text says what the arm a sets besides"):
            _ = arm.text
