"""Every rule has a grade, a source and a number; every verdict has rules; every measured sign is in the studies."""

import re
import tomllib
from importlib.resources import files

import pytest

from lrlab.analysis.advice.questions import QUESTIONS
from lrlab.analysis.advice.rules import number, pairs, read, rules, source, studies_of
from lrlab.analysis.advice.studies import studies
from lrlab.errors import LrlabError
from lrlab.lab.task.declaration import built_in_tasks

TEXT = files("lrlab.analysis.advice").joinpath("rules.toml").read_text(encoding="utf-8")
RULES = rules().rule
MEASURED = [rule for rule in RULES if rule.grade == "measured"]
PLACES = ("arXiv:", "github.com/", "by two summaries")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_no_rule_without_a_source(rule):
    """A paper, a repository, or studies that are stored; with a number and a condition."""
    assert rule.says.endswith(".")
    assert rule.zh.endswith("。")
    assert number(rule)
    assert rule.condition
    if rule.grade == "measured":
        assert not rule.source
        count, told = source(rule).split(" stored comparisons: ")
        assert int(count) == len(studies_of(rule)) > 0
        assert {*studies_of(rule)} <= {*studies()}
        assert told.split(", ") == ([*rule.studies] or ["all"])
    else:
        assert any(place in source(rule) for place in PLACES)


def test_a_rule_is_found_by_its_name():
    assert [rules().named(rule.name) for rule in RULES] == [*RULES]


@pytest.mark.parametrize("rule", MEASURED, ids=lambda rule: rule.name)
def test_a_measured_rule_has_its_sign_in_the_studies(rule):
    """Each strategy that it calls worse is behind in as many studies as it says, beyond the interval, ahead in none."""
    assert rule.holds >= 1
    for arm, found in pairs(rule).items():
        signs = [each.sign for each in found]
        assert signs.count(1) >= rule.holds, (arm, [str(each) for each in found])
        assert -1 not in signs, (arm, [str(each) for each in found])
        assert arm in number(rule)
        assert f"behind {rule.better} " in number(rule), "what it is compared with is said"


@pytest.mark.parametrize("saying", rules().saying, ids=lambda saying: saying.name)
def test_no_verdict_without_rules(saying):
    """And in words, in both languages."""
    assert saying.says.endswith(".")
    assert saying.because.endswith(".")
    assert saying.zh.endswith("。")
    assert saying.because_zh.endswith("。")
    assert saying.by or saying.verdict == "not shown"
    by = [rules().named(name) for name in saying.by]
    if saying.contradicted:
        against = {name for rule in by for name in rule.against}
        others = {name for rule in by for name in rule.advises} - {*saying.advises}
        assert against & {*saying.advises} or others or any(rule.worse for rule in by)


def test_the_guide_is_whole():
    """Each answer that articles ask for has its row, each row of their summary, and each strategy."""
    asked = {("data", 3), ("model", 3), ("task", 3), ("sensitivity", 2), ("validation", 2), ("summary", 8)}
    found = [saying.heading for saying in rules().saying]
    assert {(heading, found.count(heading)) for heading, _ in asked} == asked
    subjects = " ".join(saying.subject for saying in rules().saying if saying.heading == "strategy")
    for word in ("fixed", "step", "multistep", "exponential", "cosine", "restarts", "warmup", "plateau", "cyclical"):
        assert word in subjects
    for word in ("one-cycle", "AdaGrad", "RMSProp", "cross-validation", "plateau with step"):
        assert word in subjects
    answered = {(name, word) for saying in rules().saying for name, words in saying.when.items() for word in words}
    for question in QUESTIONS[:5]:
        assert {(question.name, word) for word in question.answers} <= answered


def test_every_ground_is_a_built_in_task():
    """On which a question can be settled."""
    assert {ground.task for ground in rules().ground} <= {*built_in_tasks()}


def broken(old, new):
    """The rules with a change in the text of the file."""
    assert old in TEXT
    return tomllib.loads(TEXT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('grade = "literature"', 'grade = "heard"', "grade"),
        ('source = "arXiv:2502.15938, abstract"', 'source = ""', "decay to zero"),
        ('when = { task = ["language"] }', 'when = { task = ["langage"] }', "language"),
        ('when = { task = ["language"] }', 'when = { tusk = ["language"] }', "task"),
        ('advises = ["warmup + linear"]', 'advises = ["warmup and linear"]', "warmup + linear"),
        ('by = ["linear is hard to beat"', 'by = ["linear is hard to bear"', "linear is hard to beat"),
        ('text = "wsd()"', 'text = "wds()"', "wsd"),
        ('name = "restarts lose"', 'name = "decay to zero"', "names that differ"),
        ("holds = 2\n", "", "a measured rule has them all"),
        ('studies = ["finetune-short"]', 'studies = ["finetune, sort"]', "finetune-short"),
        ('[[ground]]\ntask = "digits"', '[[ground]]\ntask = "digits"\nwhen = { data = ["small"] }', "last ground"),
    ],
)
def test_a_slip_in_the_file_is_named(old, new, said):
    """Where it is, and what was meant."""
    with pytest.raises(LrlabError, match=re.escape(said)):
        read(broken(old, new))
