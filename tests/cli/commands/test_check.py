"""`lrlab check`, and the commands that take the file."""

import json

import pytest
from click.testing import CliRunner

from lrlab.cli.main import main


@pytest.fixture
def typed(furnished, monkeypatch):
    monkeypatch.chdir(furnished)
    return lambda *words: CliRunner().invoke(main, list(words))


def test_a_file_is_said_in_words(typed):
    """Every table with its strategies, how much it is, and what looks unintended."""
    done = typed("check", "study.toml")
    assert done.exit_code == 0, done.output
    for said in ("[compare]", "8 runs of 60 updates on mine:train", "[tune]", "30 candidates", "[plan] plan(lr=warmup"):
        assert said in done.output
    found = json.loads(typed("check", "study.toml", "--json").output)
    assert found["compare"]["strategies"] == {"early": STAGES.format(40), "late": STAGES.format(20)}
    assert found["findings"] == []


def test_strategies_are_said_as_they_can_be_typed(typed, furnished):
    """With all that they have besides their schedules; what is none is said."""
    arms = 'a = "linear(to=0.0) @ lawa 5@adam"\nb = "wsd(warmup=0) @ ema 10.0%"\n'
    text = f'[compare]\ntask = "control"\n[compare.arm]\n{arms}'
    (furnished / "average.toml").write_text(text)
    found = json.loads(typed("check", "average.toml", "--json").output)["compare"]["strategies"]
    assert found == {
        "a": "linear() @ adam @ lawa 5",
        "b": 'warmup(0) >> constant() >> one_minus_sqrt("20%") @ ema 10%',
    }
    (furnished / "average.toml").write_text(text.replace("lawa", "law"))
    done = typed("check", "average.toml")
    assert done.exit_code == 1
    assert "an arm has one optimizer" in done.output
    assert "averages: ema 10%, swa 25%, lawa 5" in done.output


STAGES = 'warmup("5%") >> constant() >> one_minus_sqrt("{}%")'


def test_what_looks_unintended_is_said_with_its_strategy(typed, furnished):
    """As `lrlab show` says it."""
    (furnished / "odd.toml").write_text(
        '[compare]\ntask = "mine.py:train"\n[compare.arm]\na = "warmup(5, start=0) >> cosine()"\nb = "wsd()"\n'
    )
    (found,) = json.loads(typed("check", "odd.toml", "--json").output)["findings"]
    assert found["where"] == "a"
    assert "LR 0" in found["message"]


def test_the_file_is_compared_and_the_command_line_counts_for_more(typed):
    """The same document as of a typed comparison."""
    asked = ("--workers", "0", "--json", "--store", "elsewhere")
    found = json.loads(typed("compare", "--file", "study.toml", "--folds", "5", *asked).output)
    assert (found["folds"], found["lrs"], found["runs"]) == (5, [0.5, 1.0], 20)
    assert {arm["name"] for arm in found["arms"]} == {"early", "late"}
    by_hand = ("mine.py:train", "--arm", 'early=wsd(decay="40%")', "--arm", "late=wsd()", "--lrs", "0.5,1")
    same = json.loads(typed("compare", *by_hand, "--folds", "5", *asked).output)
    assert (same["reused"], same["arms"]) == (20, found["arms"])
    other = json.loads(typed("compare", "--file", "study.toml", "--lrs", "1", *asked).output)
    assert (other["folds"], other["lrs"]) == (2, [1.0])


def test_a_search_takes_its_file(typed):
    """With its budget, its strategies and its length."""
    found = json.loads(typed("tune", "--file", "study.toml", "--workers", "0", "--json").output)
    assert (found["updates"], found["budget"]) == (60, 40 * 60)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing is in the file"),
        ("x =", "not TOML"),
        ('[compar]\ntask = "digits"', "did you mean 'compare'"),
        ('[compare]\ntask = "digits"\nfoldz = 3', "compare has an unknown 'foldz'; did you mean 'folds'?"),
        ('[compare]\ntask = "digits"\nfolds = "3"', "compare.folds is '3', and should be a whole number"),
        ("[compare]\nfolds = 3", "compare has no 'task'"),
        ('[compare]\ntask = "digit"', "digits"),
        ('[compare]\ntask = "mine.py:train"\n[compare.arm]\na = "cosin()"\nb = "wsd()"', "cosine(...)"),
        ('[compare]\ntask = "mine.py:train"\n[compare.config]\nlgo = 1', "log"),
        ('[tune]\ntask = "mine.py:train"\nbudget = 60\n[tune.arm]\na = "linear(to={floor 0})"', "slot"),
        ('[plan]\nlr = "cosin()"', "cosine(...)"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(typed, furnished, text, said):
    """Exit code 1, and what was meant."""
    (furnished / "wrong.toml").write_text(text)
    done = typed("check", "wrong.toml")
    assert (done.exit_code, said in done.output) == (1, True), done.output


def test_what_is_odd_for_an_lr_may_be_right_for_a_momentum(typed, furnished):
    """Nothing is said of a momentum that is never 1, neither by the check nor by the picture."""
    (furnished / "plan.toml").write_text('[plan]\nlr = "cosine()"\nmomentum = "linear(start=0.95, to=0.85)"\n')
    assert json.loads(typed("check", "plan.toml", "--json").output)["findings"] == []
    assert json.loads(typed("show", "--file", "plan.toml", "--json").output)["findings"] == []


def test_the_plan_of_a_file_is_drawn_over_the_run(typed, furnished):
    """Every hyper-parameter and pattern of groups, in a picture and in the document."""
    (furnished / "plan.toml").write_text(
        '[plan]\nlr = "warmup(10, start=0) >> cosine()"\nmomentum = 0.9\n[plan.groups."head*"]\nlr = "linear()"\n'
    )
    said = typed("show", "--file", "plan.toml", "--steps", "200")
    assert said.exit_code == 0, said.output
    for word in ("lr", "momentum", "head*", "every group", "LR 0"):
        assert word in said.output
    found = json.loads(typed("show", "--file", "plan.toml", "--steps", "200", "--json").output)
    assert [(each["groups"], each["hyper"], each["multiple"]) for each in found["driven"]] == [
        ("*", "lr", True),
        ("*", "momentum", False),
        ("head*", "lr", True),
    ]
    assert found["driven"][0]["points"][:2] == [[0, 0.0], [1, 0.1]]
    assert found["horizon"] == {"updates": 200}
    assert [finding["update"] for finding in found["findings"]] == [0]


@pytest.mark.parametrize(
    "words",
    [("show",), ("show", "cosine()", "--file", "study.toml"), ("show", "--file", "study.toml", "--lr", "0.1")],
)
def test_a_picture_is_of_a_schedule_or_of_a_file(typed, words):
    """Neither, both, and what does not go with a file are slips of the command line."""
    assert typed(*words).exit_code == 2
