"""What looks unintended, and what does not."""

import pytest

import lrlab as lr
from lrlab.core.run.curve import Curve
from lrlab.core.text.lint import lint, refuse_odd


@pytest.mark.parametrize(
    ("text", "n", "codes"),
    [
        ('warmup("5%") >> cosine(to=0.1)', 1000, set()),
        ("wsd()", 1000, set()),
        ("warmup(10, start=0) >> constant()", 100, {"zero-first"}),
        ("0.5 * warmup(10) >> cosine(to=0.1)", 100, {"scales-first-phase"}),
        ("warmup(10) >> cosine(50)", 100, {"ends-early", "zero-early"}),
        ("3e-4 * cosine(to=0.1)", 100, {"absolute"}),
        ("0.5 * cosine(to=0.1)", 100, {"below-peak"}),
        ("linear(to=-1)", 100, {"negative"}),
        ("constant(level=1e300) * 1e300 * 1e-300 * constant(level=1e300)", 100, {"not-finite"}),
        ("warmup(10) >> constant(level=0.2)", 100, {"jump"}),
        ("step(10, gamma=0.5, span=50) >> cosine(to=0.1)", 100, {"jump"}),
        ("warmup(50).staircase(10) >> cosine(to=0.1)", 100, set()),
        ("warmup(50).staircase(10) >> constant(level=0.1) >> constant()", 100, {"jump"}),
        ("warmup(0) >> cosine(to=0.1)", 100, {"empty-phase"}),
        ("step(200)", 100, {"never-drops"}),
        ("multistep([50, 200])", 100, {"unreached"}),
    ],
)
def test_findings(text, n, codes):
    """The codes that are expected, each with a sentence and what to type."""
    found = lint(lr.parse(text), n)
    assert {f.code for f in found} >= codes
    if not codes:
        assert not found
    assert all(str(f) and f.message for f in found)


def test_without_a_horizon():
    """What can be said of the text alone."""
    found = (0.5 * lr.warmup(5) >> lr.cosine()).lint()
    assert [f.code for f in found] == ["scales-first-phase"]
    assert "0.5 * (warmup(5) >> cosine())" in str(found[0])


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("linear() + -0.5", r"low=0"),
        ("1e300 * linear() * constant(level=1e300)", r"high=1"),
        ("-1 * cosine()", r"low=0"),
    ],
)
def test_a_negative_or_infinite_lr(text, cure):
    with pytest.raises(lr.LrlabError, match=rf"times the LR(.*\n)+.*\.clip\({cure}\)"):
        refuse_odd(lr.parse(text).over(100), absolute=False)


@pytest.mark.parametrize("n", [100, 3_000_000])
def test_an_absolute_lr_by_mistake(n):
    """Also in a run that is too long to look at every update."""
    with pytest.raises(lr.LrlabError, match="looks like an absolute LR"):
        refuse_odd((3e-4 * lr.cosine()).over(n), absolute=False)
    refuse_odd((3e-4 * lr.cosine()).over(n), absolute=True)
    refuse_odd((0.02 * lr.cosine()).over(n), absolute=False)


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_a_jump_in_the_first_updates_is_found_at_its_place(at):
    """There is little before it to compare it with."""
    found = [f for f in (0.1 * lr.constant(at) >> lr.constant()).lint(100) if f.code == "jump"]
    assert [(f.update, f.message) for f in found] == [(at, f"the LR jumps from 0.1 to 1 at update {at}, to constant()")]


def test_a_warmup_of_one_update_leads_where_the_next_phase_begins():
    """5 % of a run of 20 updates, or of 20 epochs by calls: from a half to 1 is its way, and no jump."""
    for text in (
        'warmup("5%") >> cosine()',
        "warmup(1, start=0) >> linear()",
        "linear(1, start=0.2, to=1) >> linear()",
    ):
        assert "jump" not in {c for c, _, _ in told(text, 20)}
    assert "jump" in {c for c, _, _ in told("warmup(1) >> constant(level=0.2)", 20)}
    assert "jump" in {c for c, _, _ in told("constant(1, level=0.2) >> linear()", 20)}


def test_the_first_value_that_no_lr_can_be_is_named():
    """0 is one."""
    curve = lr.table([0.0, 1.0, -0.5, -1.0]).over(4)
    with pytest.raises(lr.LrlabError, match=r"the schedule gives -0.5 times the LR"):
        refuse_odd(curve, absolute=False)


def told(schedule, n):
    """Code, sentence and update of each finding."""
    return [(f.code, f.message, f.update) for f in lint(lr.parse(schedule), n)]


@pytest.mark.parametrize(
    ("schedule", "n", "found"),
    [
        ("constant(10) >> linear(to=-1)", 40, ("negative", "the LR is negative from update 26 on: -0.066", 26)),
        ("0.5 * cosine(to=0.1)", 100, ("below-peak", "the base LR is never reached: the peak is 0.5 at update 0", 0)),
        ("linear(start=0.01, to=0.005)", 9, ("below-peak", "the base LR is never reached: the peak is 0.01 at", 0)),
        ("linear(start=0.0099, to=0.005)", 9, ("absolute", "the largest multiplier is 0.0099: it", None)),
        ("linear(50, to=0.5)", 80, ("ends-early", "the spans end at update 50 of 80; the LR then stays at 0.5", 50)),
        ("constant(level=0)", 100, ("zero-early", "the LR is 0 from update 0 of 100 on: nothing", 0)),
        ("multistep([94], gamma=0)", 100, ("zero-early", "the LR is 0 from update 94 of 100 on: nothing", 94)),
        ("step(100)", 100, ("never-drops", "step(100): 100 is not reached within 100", None)),
        ("multistep([99, 100])", 100, ("unreached", "multistep([99, 100]): 100 is not reached within 100", None)),
        ("step(60, span=50) >> rex()", 99, ("never-drops", "step(60, span=50): 60 is not reached within 50", None)),
        ("constant(9) >> step(60)", 60, ("never-drops", "step(60): 60 is not reached within 51", None)),
        ("warmup(0) >> constant()", 9, ("empty-phase", "warmup(0) gets no update", 0)),
        ("constant(5, level=0) >> constant()", 9, ("zero-first", "the first update has LR 0 and is wasted", 0)),
    ],
)  # fmt: skip
def test_a_finding_says_what_and_where(schedule, n, found):
    """With its numbers, and the update that it is at."""
    code, message, update = found
    assert [(c, u) for c, m, u in told(schedule, n) if m.startswith(message)] == [(code, update)]


@pytest.mark.parametrize(
    ("schedule", "n", "code"),
    [
        ("linear(start=0.999999999, to=0.5)", 10, "below-peak"),
        ("linear(50, to=0.5)", 50, "ends-early"),
        ("multistep([95], gamma=0)", 100, "zero-early"),
        ("multistep([2], gamma=0)", 3, "zero-early"),
        ("constant(level=0)", 9, "absolute"),
        ("step(99)", 100, "never-drops"),
        ("2 * warmup(10) >> 3 * constant()", 100, "scales-first-phase"),
        ("linear() + 0", 9, "negative"),
        ("constant(10) >> constant(level=0.9801)", 20, "jump"),
        ("linear(8, to=0.2) >> constant(level=0.01)", 20, "jump"),
        ("3 * (constant(10) >> constant(level=0.9801))", 20, "jump"),
    ],
)
def test_what_is_within_the_bound_is_no_finding(schedule, n, code):
    """A billionth below the peak, a twentieth of the run without an LR, a jump of 2 % of it or of 3 usual moves."""
    assert code not in {c for c, _, _ in told(schedule, n)}


@pytest.mark.parametrize(
    ("schedule", "n", "code"),
    [
        ("linear(start=0.99999999, to=0.5)", 10, "below-peak"),
        ("multistep([3], gamma=0)", 5, "zero-early"),
        ("constant(10) >> constant(level=0.9799)", 20, "jump"),
        ("linear(8, to=0.2) >> constant(level=-0.01)", 20, "jump"),
        ("3 * (constant(10) >> constant(level=0.9799))", 20, "jump"),
        ("2 * warmup(10) >> constant()", 100, "scales-first-phase"),
    ],
)
def test_what_is_beyond_it_is_one(schedule, n, code):
    """On the other side of the same bounds."""
    assert code in {c for c, _, _ in told(schedule, n)}


def test_the_work_grows_with_the_phases_and_not_with_their_square(monkeypatch):
    """However many phases there are, the curve is evaluated a few times: each time asks every phase."""
    calls = []
    evaluate = Curve._evaluate
    monkeypatch.setattr(Curve, "_evaluate", lambda self, *given: calls.append(1) or evaluate(self, *given))
    chain = lr.parse(" >> ".join(["constant(3)", "constant(3, level=0.5)"] * 100))
    found = chain.lint(700)
    assert [finding.update for finding in found if finding.code == "jump"] == list(range(3, 600, 3))
    assert len(calls) < 5


def test_a_phase_at_the_end_of_the_run_is_jumped_to_by_nobody():
    """And over one without updates there is one jump, not two."""
    assert "jump" not in {c for c, _, _ in told("constant(10) >> constant(level=0.1)", 10)}
    codes = [c for c, _, _ in told("constant(5) >> warmup(0) >> constant(level=0.1)", 10)]
    assert codes.count("jump") == 1


def test_the_first_move_of_a_run_is_a_usual_one():
    """A jump is more than three times as much."""
    assert "jump" not in {c for c, _, _ in told("linear(2, start=0.2, to=0.8) >> constant(level=0.9)", 20)}


def test_a_jump_is_told_by_the_values_on_both_sides():
    """Not by what comes later."""
    (said,) = [message for code, message, _ in told("constant(10, level=0.1) >> linear()", 20) if code == "jump"]
    assert said == "the LR jumps from 0.1 to 1 at update 10, to linear()"


@pytest.mark.parametrize(
    ("text", "updates", "at"),
    [
        ('step("33%")', 1000, 990),
        ("step(110)", 1000, 990),
        ("constant(100) >> step(300)", 1005, 1000),
        ("step(109)", 1000, 981),
        ("step(140)", 1000, None),  # of the run 2 % are left
        ("step(100)", 1003, None),  # the tenth of ten
        ('step("34%")', 1000, None),
        ("step(100)", 1000, None),  # the tenth would come at the end
        ("step(7)", 1000, None),  # one of many
        ("step(10)", 31, None),
    ],
)
def test_a_cut_that_comes_too_late_to_be_meant(text, updates, at):
    found = [finding.update for finding in lr.parse(text).lint(updates) if finding.code == "late-cut"]
    assert found == ([] if at is None else [at])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("constant(50) * plateau(patience=1) >> hold()", True),
        ('linear(50, to=0.5) * guard() >> 0.5 * cosine(start="here")', True),
        ("(constant(50) >> hold()) * plateau()", False),
        ("linear(50, to=0.5) * plateau() >> cosine(start=0.5)", False),
        ("constant() * plateau()", False),
    ],
)
def test_here_is_the_planned_value(text, found):
    """What a controller decided ends with its phase: a phase that goes on "from here" does so without it."""
    schedule = lr.parse(text)
    assert ("planned-here" in [finding.code for finding in schedule.lint()]) is found
    if text.endswith("hold()"):
        pacer = lr.Pacer(schedule.over(100))
        pacer.observe(1.0)
        pacer.observe(1.0)
        before = pacer.value
        pacer.advance(50)
        assert (before, pacer.value) == (0.1, 1.0)
