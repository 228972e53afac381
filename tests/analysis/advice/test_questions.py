"""What is asked, and what may be answered."""

import pytest

from lrlab.analysis.advice.questions import OPTIMIZERS, QUESTIONS, Answers, family
from lrlab.errors import LrlabError


def test_every_question_may_stay_open():
    """And each of its answers is taken."""
    assert Answers().given() == {}
    for question in QUESTIONS:
        for word in question.answers:
            assert Answers.of(**{question.name: word}).given() == {question.name: word}


@pytest.mark.parametrize(
    ("given", "meant"),
    [({"data": "smal"}, "small"), ({"model": "pre-trained"}, "pretrained"), ({"optimizer": "adamv"}, "adam")],
)
def test_a_slip_is_answered_with_the_nearest(given, meant):
    """What was given, what is allowed, what was meant."""
    with pytest.raises(LrlabError) as said:
        Answers.of(**given)
    assert repr(next(iter(given.values()))) in str(said.value)
    assert f"try:     {meant}" in str(said.value)


def test_an_answer_that_is_no_text_is_refused():
    """In the same words."""
    with pytest.raises(LrlabError, match="data has no such answer"):
        Answers.of(data=3)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("AdamW", "adam"),
        ("torch.optim.SGD", "sgd"),
        ("Schedule-Free AdamW", "schedule-free"),
        ("schedule_free", "schedule-free"),
        ("Prodigy", "lr-free"),
        ("RMSProp", "adaptive"),
        ("Muon", "other"),
        ("lr-free", "lr-free"),
    ],
)
def test_an_optimizer_belongs_to_a_family(name, kind):
    """However it is written."""
    assert family(name) == kind


def test_the_others_change_one_answer():
    """Each of them, once."""
    others = [(question, word) for question, word, _ in Answers(data="small").others()]
    assert len(others) == len({*others}) == sum(len(each.answers) for each in QUESTIONS) - 1 + len(OPTIMIZERS)
    for question, word, changed in Answers(data="small").others():
        assert changed.given() == {"data": "small"} | {question: word}


def test_conditions_are_met_by_one_of_their_words():
    """An open question meets none."""
    answers = Answers(data="small", task="series")
    assert answers.fit({})
    assert answers.fit({"data": ("small", "medium"), "task": ("series",)})
    assert not answers.fit({"data": ("small",), "task": ("language",)})
    assert not answers.fit({"model": ("deep",)})
