"""What is advised and why, and what would change it."""

from lrlab.analysis.advice.advised import changes, of_saying, offers, reasons
from lrlab.analysis.advice.own import Own
from lrlab.analysis.advice.questions import Answers
from lrlab.analysis.advice.rules import rules
from lrlab.analysis.advice.weigh import decide
from lrlab.core.text.parse import parse


def test_own_runs_come_first():
    """Their best is advised, those not told from it come next, and nothing comes twice."""
    decision = decide(rules(), Answers())
    mine = (("a", parse('wsd(decay="33%")')), ("b", parse('warmup("5%") >> linear()')))
    runs = Own("t", 100, mine, "Said.", "1", {})
    found = offers(decision, runs)
    assert [(each.name, each.points, each.beside) for each in found][:2] == [("a", 0, ""), ("b", 0, "")]
    assert "warmup + linear" not in [each.name for each in found]
    assert len(found) == len({(each.schedule, each.beside) for each in found})
    first = reasons(decision, runs, "here")[0]
    assert (first.grade, first.rule, first.source) == ("measured", "your own runs", "the runs in here")


def test_reasons_come_by_their_grade():
    """What was measured, what others found, and what is told."""
    answers = Answers(data="small", task="classification")
    grades = [each.grade for each in reasons(decide(rules(), answers), None, "")]
    assert grades == sorted(grades, key=("measured", "literature", "folklore").index)
    assert {*grades} == {"measured", "literature", "folklore"}


def test_every_change_does_change_it():
    """And every single answer that is not named does not."""
    for answers in (Answers(), Answers(data="small", task="language"), Answers(length="unknown")):
        decision = decide(rules(), answers)
        told = {(each.question, each.answer): each.offer.name for each in changes(rules(), answers, decision)}
        now = decision.ranking[0].name
        assert now not in told.values()
        after = [decide(rules(), others).ranking[0].name for _, _, others in answers.others()]
        assert len(told) == sum(name != now for name in after)


def test_folklore_is_marked_as_what_it_is():
    """With its verdict, and by which rules."""
    for saying in rules().saying:
        found = of_saying(saying)
        assert (found.grade, found.contradicted) == ("folklore", "contradicted" in saying.verdict)
        assert found.by == saying.by
        assert all(name in found.number for name in saying.by)
