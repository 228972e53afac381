"""From answers to a decision: what is possible, and what speaks for it."""

import dataclasses
import itertools
import tomllib
from importlib.resources import files

import pytest

from lrlab.analysis.advice.questions import OPTIMIZERS, QUESTIONS, Answers
from lrlab.analysis.advice.rules import read, rules
from lrlab.analysis.advice.weigh import decide
from lrlab.errors import LrlabError

DOCUMENT = tomllib.loads(files("lrlab.analysis.advice").joinpath("rules.toml").read_text(encoding="utf-8"))
RULE = {"says": "Said.", "zh": "说。", "grade": "literature", "source": "s", "number": "1", "condition": "c"}


def with_rules(*given):
    """Rules of one's own beside the strategies of the file."""
    added = [{"name": str(k), **RULE, **each} for k, each in enumerate(given)]
    return read({**DOCUMENT, "rule": added, "saying": []})


def test_a_rule_about_the_case_counts_twice():
    """One against as much as one for."""
    known = with_rules(
        {"advises": ["step"]},
        {"advises": ["step"], "when": {"data": ["small"]}},
        {"against": ["step", "cosine"], "when": {"data": ["large"]}},
    )
    points = {each.name: (each.points, each.rules) for each in decide(known, Answers(data="small")).ranking}
    assert points["step"] == (3, ("0", "1"))
    assert points["cosine"] == (0, ())
    large = {each.name: each.points for each in decide(known, Answers(data="large")).ranking}
    assert (large["step"], large["cosine"]) == (-1, -2)


def test_what_has_the_same_points_stands_as_in_the_file():
    """And nothing is lost or counted twice."""
    ranking = [each.name for each in decide(with_rules(), Answers()).ranking]
    assert ranking == [name for name, each in rules().strategy.items() if not each.when]


def test_unless_keeps_a_rule_silent():
    """By any one of its answers."""
    known = with_rules({"advises": ["step"], "unless": {"afterwards": ["finetune"], "task": ["series"]}})
    assert decide(known, Answers()).rules
    assert not decide(known, Answers(task="series")).rules
    assert not decide(known, Answers(afterwards="finetune")).rules


def every():
    """Answers to two questions at a time, and every kind of optimizer."""
    words = {question.name: tuple(question.answers) for question in QUESTIONS} | {"optimizer": tuple(OPTIMIZERS)}
    for (one, mine), (other, theirs) in itertools.combinations(words.items(), 2):
        for answer, another in itertools.product(mine, theirs):
            yield {one: answer, other: another}


@pytest.mark.parametrize("known", [rules()], ids=["the rules of the file"])
def test_every_case_has_three_strategies_that_fit_it(known):
    """A run of unknown length has none that needs it, and none is too long for a hundred updates; what is advised
    counts what it says it counts."""
    for given in every():
        decision = decide(known, Answers(**given))
        assert len(decision.ranking) >= (2 if set(given.values()) == {"unknown", "schedule-free"} else 3), given
        points = [each.points for each in decision.ranking]
        assert points == sorted(points, reverse=True)
        for each in decision.ranking[:3]:
            if given.get("length") == "unknown":
                each.strategy.schedule.over()
            else:
                each.strategy.schedule.over(100)


def test_a_share_of_an_unknown_length_is_refused():
    """So the test above can fail."""
    with pytest.raises(LrlabError):
        rules().strategy["warmup + linear"].schedule.over()


@pytest.mark.parametrize("given", [{}, {"data": "small"}, {"task": "language", "data": "large"}])
def test_a_saying_is_told_where_all_that_it_is_about_was_answered(given):
    """Not one that is about no case, nor one about another."""
    told = [each.name for each in decide(rules(), Answers(**given)).sayings]
    answered = dataclasses.asdict(Answers(**given))
    about = [each for each in rules().saying if each.when]
    assert told == [each.name for each in about if all(answered[name] in words for name, words in each.when.items())]
    assert (len(told) > 0) == bool(given)
