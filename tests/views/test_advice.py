"""Advice as tables: what is advised, why, what would change it, and what articles tell."""

from lrlab.analysis.advice.advised import Change, Offer, Reason
from lrlab.core.text.parse import parse
from lrlab.views.advice import changing, offered, sentences, verdicts, why
from lrlab.views.model import Mark

KNOWN = Reason("a", "It is so.", "measured", "a study", "+1 [0.5, 1.5]", "small")
TOLD = Reason("b", "They say so.", "folklore", "articles", "judged by: a", "", "contradicted", "it is not.", ("a",))
OPEN = Reason("c", "They say so.", "folklore", "articles", "none", "", "not shown", "nobody knows.")


def test_besides_is_shown_where_there_is_any():
    """And left out where there is none."""
    plain, more = Offer("a", parse("cosine()"), "", 3), Offer("b", parse("constant()"), "averaged", 1)
    assert offered([plain]).rows == (("a", "cosine()", 3),)
    assert offered([plain, more]).rows == (("a", "cosine()", "", 3), ("b", "constant()", "averaged", 1))


def test_a_reason_has_its_grade_and_what_carries_it():
    """Number, condition, source; of folklore the verdict and the rules."""
    known, told = why([KNOWN, TOLD]).rows
    assert known == (Mark("measured", "good"), "It is so.", "+1 [0.5, 1.5]. small. a study")
    assert told == (Mark("folklore"), "Articles: They say so. Contradicted: it is not.", "judged by: a")


def test_a_verdict_has_its_tone():
    """The word alone says all."""
    assert [row[2] for row in verdicts([TOLD, OPEN]).rows] == [Mark("contradicted", "bad"), Mark("not shown")]


def test_what_would_change_it():
    """The answer, and what would then be advised."""
    assert changing([Change("length", "unknown", Offer("a", parse("constant()")))]).rows == (
        ("length", "unknown", "constant()"),
    )
    averaged = Offer("a", parse("constant()"), "weights averaged over 10% of the run")
    assert changing([Change("checkpoints", "kept", averaged)]).rows == (
        ("checkpoints", "kept", "constant(), weights averaged over 10% of the run"),
    )


def test_it_ends_with_the_command():
    """As it is typed."""
    assert sentences("lrlab compare digits")[-1].endswith("lrlab compare digits")


def test_a_warmup_in_updates_says_how_long_a_run_has_to_be():
    """A run that is not longer is refused; a share of the run fits every length."""
    said = sentences("lrlab compare digits --arm 'a=warmup(200) >> constant()' --arm 'b=cosine()'")[1]
    assert said.endswith("One of these has a warmup of 200 updates: it takes runs of more (also with --quick).")
    assert "updates" not in sentences("lrlab compare digits --arm 'a=warmup(\"5%\") >> linear()'")[1]
