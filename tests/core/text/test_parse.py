"""The text form: what it writes, what it reads, and that nothing else gets out of `parse`."""

import random
import signal
import sys
import warnings
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

import lrlab as lr
from lrlab.core.expression.algebra import product, sequence, total
from lrlab.core.expression.vocabulary import DEEPEST, VOCABULARY
from lrlab.core.text.parse import METHODS, _spot, parse

SEEDS = [
    'warmup("2%") >> cosine(to=0.1)',
    "0.5 * (warmup(500) >> linear()) * plateau(patience=3)",
    "cosine().repeat(3, stretch=2).clip(low=0.01)",
    'wsd(warmup="5%", decay="20%", shape="linear", to=0)',
    'table([0.1, 1, 0.5]) >> constant(level="here").hold(10)',
    'piecewise_linear([(0, 0), ("10%", 1), ("3ep", 0.5)])',
    "minimum(linear(), constant(level=0.6)).reverse()",
    "one_cycle(three_phase=True) + 1e-3",
    'exponential(decay=0.5, every="10%", staircase=True).lasting(400)',
    'multistep(["30%", "60%"], gamma=0.1) * warmup("2Gtok", start=0)',
    "(linear(start=0.2, to=1) >> linear(to=0.2)).repeat(cycle=1000, gain=0.5)",
    'function("f", "abc", span=7)',
    'triangular2(500, low=-0) >> geometric(start="here")',
    'maximum(rex(beta=.5), tanh("1/3"), k_decay(k=2)).scale(1e-2)',
    'warm_restarts("25%", stretch=1.5, gain=0.9, to=0.01)',
]
PIECES = [
    *"()[]{},.:=+-*/>\"'\\ \n\t0123456789eE%_#@!&|^~abcxyzjXN",
    *(">>", "**", "<<", " if ", " else ", "lambda:", "not ", " or ", " in ", "None", "True", "...", ":=", "await "),
    *("1e400", "0x", "1_0", 'b"', 'f"{', '}"', 'r"', "\x00", "\u0663", "\xb2", "\ud800", "\ufeff", "\r", "\u2028"),
    *("warmup(", ".repeat(", ".clip(", "cosine()", "*[", "**{", "9" * 30, "nan", '"here"', "1j", "-0.0", "1e-320"),
    *(
        '"1e99%"',
        '"0/0"',
        '"1/3ep"',
        "[1]",
        ".__class__",
        '__import__("os")',
        "gain=1e300",
        "closed=True",
        "1if",
        "\\d",
    ),
    *(
        ".repeat(1000000000)",
        ".repeat(cycle=1)",
        ".repeat(9, stretch=1000)",
        '.lasting("33.37%")',
        " >> ",
        " * ",
        " + ",
    ),
]
HORIZONS = [1, 7, 100, 997, None, lr.Horizon(epochs=3, updates_per_epoch=39, tokens_per_update=100, minutes=5)]


def mutated(rng):
    """A text with a few things inserted, removed, replaced, doubled, joined, or its numbers changed."""
    text = rng.choice(SEEDS)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at = rng.randrange(len(text) + 1)
        to = min(len(text), at + rng.randint(0, 12))
        other = rng.choice(SEEDS)
        text = rng.choice(
            [
                text[:at] + rng.choice(PIECES) + text[at:],
                text[:at] + text[to:],
                text[:at] + rng.choice(PIECES) + text[to:],
                text[:to] + text[at:to] * rng.randint(1, 4) + text[to:],
                text[:at] + other[: rng.randint(1, 25)] + text[to:],
                "".join(rng.choice(["0", "7", "1e9", "1e30", "-3", ".5"]) if c.isdigit() else c for c in text),
                f"({text}) {rng.choice(['>>', '*', '+'])} ({other})",
                f"minimum({text}, {other}){rng.choice(PIECES[-7:-3])}",
            ]
        )
    return text


def refused_or_sound(text, horizon):
    """Parse, write, read again, evaluate: every step works or is refused with an `LrlabError`; True if it parsed."""
    try:
        schedule = lr.parse(text)
    except lr.LrlabError:
        return False
    assert lr.parse(str(schedule)) == schedule
    assert lr.loads(lr.dumps(schedule)) == schedule
    schedule.describe()
    schedule.lint()
    try:
        curve = schedule.over(horizon)
        curve([0, 1, 10**15])
        assert all(isinstance(curve(i), float) for i in (0, 1, 99, 10**15))
        if curve.updates is not None and curve.updates < 10**4:
            assert curve.values().shape == (curve.updates,)
    except lr.LrlabError:
        pass
    return True


def hangs(*_):
    raise AssertionError("no answer within 20 seconds")


@pytest.mark.parametrize(
    ("texts", "seed"), [(3000, 1), pytest.param(100_000, 2, marks=pytest.mark.exhaustive)], ids=["few", "all"]
)
def test_mutated_texts_parse_or_are_refused(texts, seed):
    """Mutated texts never crash, hang or warn: each parses and is sound, or is refused with an LrlabError."""
    rng = random.Random(seed)
    parsed = 0
    handler = signal.signal(signal.SIGALRM, hangs) if hasattr(signal, "SIGALRM") else None
    try:
        for _ in range(texts):
            text = mutated(rng)
            if handler is not None:
                signal.setitimer(signal.ITIMER_REAL, 20)
            try:
                parsed += refused_or_sound(text, rng.choice(HORIZONS))
            except Exception as error:
                raise AssertionError(f"{text!r} lets out {type(error).__name__}: {error}") from error
    finally:
        if handler is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)
    assert parsed > texts // 10  # else the mutations say nothing about what parses


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1",
        "cosine",
        "cosine()()",
        "()",
        "[]",
        "None",
        '"cosine()"',
        "1if 2 else 3",
        "warmup(10**9)",
        "warmup(99999999999999999999)",
        "warmup(0x" + "f" * 9000 + ")",
        "cosine(to=0x" + "f" * 9000 + ")",
        "0x" + "f" * 9000 + " * 2",
        "constant(level=1e400)",
        "warmup(\u0663)",
        "cosine\x00()",
        "\ud800",
        "\ufeff\ufeffcosine()",
        "rex()" + ".clip(0, 1)" * 900,
        "rex()" + ".clip(0, 1)" * 150,
        "minimum(" * 99 + ")" * 99,
        "(" * 5000,
        "-" * 5000 + "1",
        "not " * 2400 + "1",
        "2**" * 3000 + "2",
        "lambda: " * 1000 + "1",
        "a" + ".a" * 4000,
        "a" + "[0]" * 3000,
        "x" * 10_001,
        "x" * (10**6 + 1),
        "2**" * 10**5 + "2",
        "not " * 10**5 + "1",
        "a" + ".a" * 10**5,
        "lambda: " * 10**5 + "1",
        "1if " * 10**5,
        '"' * 10**5,
        "cosine(" + "to=1, " * 10**4 + ")",
        "table([" + "1, " * 10**5,
        "table([" + "(1, " * 10**5 + ")" * 10**5 + "])",
        "table([" + "(1), " * 10**4 + "2e999])",
        'warmup("1e99%")',
        'warmup("1e99tok")',
        "cosine(1j)",
        'cosine(b"5")',
        'cosine(f"5")',
        "(x := 5)",
        "cosine(*[1])",
        "cosine(**{})",
        "cosine(to=1, to=2)",
        "cosine(self=1)",
        "-cosine()",
        "cosine() / 2",
        "cosine() - 1",
        "cosine() >> 1",
        "1 >> cosine()",
        'cosine() * "a"',
        "True * cosine()",
        "2 * 3",
        "cosine().foo()",
        "cosine().hold",
        "cosine().over(5)",
        "cosine().repeat(0)",
        "cosine().repeat(10**9)",
        "cosine().repeat(times=99999999999999999999)",
        "cosine().repeat(3, stretch=1.0000001)",
        "cosine().repeat(1000000000, stretch=2)",
        "minimum(linear(), foo=1)",
        "function(1)",
        'function("a", "b", "c", "d")',
        "import os",
        "cosine(); linear()",
        "cosine()\nlinear()",
        "{1: 2}",
        "cosine(to=[1, 2])",
        "warmup(True)",
        "warmup(2.0)",
        "warmup(None, None)",
    ],
)
def test_hostile_texts_are_refused(text):
    """Texts that mean nothing, too much, or harm: one LrlabError with something to read, no warning."""
    with pytest.raises(lr.LrlabError) as caught:
        lr.parse(text)
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize("sign", [">>", "*", "+"])
def test_a_long_chain_is_not_deep(sign):
    """A chain of as many words as a text can hold is read at once and reads back."""
    schedule = lr.parse(sign.join(["rex()"] * 1100))
    assert len(schedule.parts()) == 1100
    assert lr.parse(str(schedule)) == schedule


@pytest.mark.parametrize(
    "schedule",
    [
        lr.table([k / 7 for k in range(10**5)]),
        lr.multistep(range(1, 3000), gamma=0.999) * lr.table([0.1] * 500),
        lr.piecewise_linear([(k, k / 7) for k in range(10**4)]),
        lr.piecewise_constant([f"{k}ep" for k in range(1, 2000)], [1 / k for k in range(1, 2001)]),
        lr.parse(" >> ".join(f"linear({k}, to={k / 7})" for k in range(1, 901))),
        sequence(*(lr.linear(k, to=k / 7) for k in range(1, 5000))),
        product(0.5, *(lr.constant(level=1 + k / 7) for k in range(1, 2000))),
        total(0.5, *(lr.constant(level=1 + k / 7) for k in range(1, 2000))),
        lr.minimum(*(lr.constant(level=1 + k / 7) for k in range(1, 2000))),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_the_text_of_any_length_reads_back(schedule):
    """A table of as many values, a sequence of as many phases as somebody makes."""
    assert lr.parse(str(schedule)) == schedule
    assert lr.loads(lr.dumps(schedule)) == schedule


@pytest.mark.parametrize("name", ["_list_0", "a", "[" + "1, " * 50 + "1]"])
def test_a_list_of_numbers_in_a_name_is_a_name(name):
    """What is read apart is a list of the expression, and never a part of a text in it."""
    listed = lr.table([0.25] * 1000)
    schedule = listed * lr.plateau(name=name)
    assert lr.parse(str(schedule)) == schedule
    assert lr.parse(f"table([{'(0.25), ' * 1000}]) * plateau(name='{name}')") == schedule
    assert lr.parse(f"table([{'.25, ' * 1000}]) * plateau(name='{name}')") == schedule
    with pytest.raises(lr.LrlabError, match="200 printable characters"):
        lr.parse(f"cosine() * plateau(name='[{'1, ' * 999}1]')")
    with pytest.raises(lr.LrlabError, match="'_list_0' is not known"):
        lr.parse(f"{listed} * table(_list_0)")


def test_as_deep_as_allowed():
    """A schedule nested as deeply as Python may build it is written, read, hashed and evaluated."""
    schedule = lr.rex()
    for k in range(DEEPEST // 2 - 1):
        schedule = (schedule >> lr.linear()).clip(0, 1) if k % 2 else 0.5 * schedule + 0.1
    with pytest.raises(lr.LrlabError, match="nested too deeply"):
        (0.5 * (schedule >> schedule) + 1).clip(0, 1)
    assert lr.parse(str(schedule)) == schedule
    assert lr.loads(lr.dumps(schedule)) == schedule
    assert hash(schedule) == hash(lr.parse(str(schedule)))
    assert schedule.over(1000).values().shape == (1000,)


def test_a_text_is_a_hundred_levels_deep_at_most():
    """Brackets, and signs with or without spaces between them: counted before Python's own parser has to."""
    assert lr.parse("(" * 99 + "rex()" + ")" * 99) == lr.rex()
    for text in ("(" * 100 + "rex()" + ")" * 100, "rex() * " + "-" * 101 + "1", "rex() * " + "- " * 51 + "1"):
        with pytest.raises(lr.LrlabError, match=r"nested too deeply(?s:.*)at most 100 levels"):
            lr.parse(text)
    for text in ("rex() * " + "-" * 100 + "1", "rex() * " + "- " * 50 + "1", "rex() * " + "-1 * " * 60 + "1"):
        with pytest.raises(lr.LrlabError, match="not allowed") if "--" in text or "- -" in text else nullcontext():
            lr.parse(text)


def test_parse_does_not_warn_or_change_the_warnings():
    """What Python's own parser warns of is not passed on, and the filters are as before."""
    before = list(warnings.filters)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for text in ("1if 2 else 3", r'function("\d", "0")', "0x1for"):
            with pytest.raises(lr.LrlabError):
                lr.parse(text + " +")
    assert not seen
    assert warnings.filters == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cosin()", "'cosin' is not known"),
        ("cosine", "cosine()"),
        ("cosine(to=)", "^"),
        ("cosine() / 2", "0.5 * ..."),
        ("cosine() - 0.1", "-1 * (...)"),
        ("-cosine()", "-1 * ..."),
        ("cosine(T_max=5)", "the span, first: cosine(500)"),
        ("cosine(eta_min=0)", "to=, as a multiple of the base LR"),
        ("cosine().clipp(0, 1)", "clip"),
        ("0.5", "constant(level=0.5)"),
        ("warmup(0.1)", '"10%"'),
        ('warmup("10")', '"10ep" or 10'),
        ('warmup("10 steps")', "10, without a unit: updates"),
        ('warmup("10k")', '"10ktok" or "10kupdates"'),
        ("wsd(shape='cos')", "cosine"),
        ("", "the text is empty"),
    ],
)
def test_the_message_says_what_to_type(text, says):
    """For what newcomers write, the message holds the way out."""
    with pytest.raises(lr.LrlabError) as caught:
        lr.parse(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ('warmup("2%")>>cosine(to=.1)', 'warmup("2%") >> cosine(to=0.1)'),
        ("cosine()*3e-4", "0.0003 * cosine()"),
        ("2 * 3 * cosine()", "6 * cosine()"),
        ("linear() * cosine()", "cosine() * linear()"),
        ("cosine() + linear() + 0.5 + -0.25", "0.25 + cosine() + linear()"),
        ("(warmup(5) >> linear()) >> rex()", "warmup(5) >> linear() >> rex()"),
        ("0.5 * (warmup(5) >> linear())", "0.5 * (warmup(5) >> linear())"),
        ("cosine(to=-0.0)", "cosine()"),
        ('cosine(span="80%", start=1.0)', 'cosine("80%")'),
        ("cosine().reverse().reverse()", "cosine()"),
        ("cosine().scale(1)", "cosine()"),
        ("cosine().clip(None, 1)", "cosine().clip(high=1)"),
        ("minimum(linear(), minimum(cosine(), linear()))", "minimum(cosine(), linear())"),
        ("minimum(linear())", "linear()"),
        ("multistep([30, 60])", "multistep([30, 60])"),
        ("table((1, 0.5))", "table([1, 0.5])"),
        ("warmup('64000 samples')", 'warmup("64ksamples")'),
        ("0o17 * cosine()", "15 * cosine()"),
        ("wsd(101)", "(warmup(5) >> constant() >> one_minus_sqrt(20)).lasting(101)"),
        ('slanted_triangular("1ep", rise="1/3")', None),
    ],
)
def test_normal_form(given, written):
    """What is written back is the normal form, and reads back as the same schedule."""
    schedule = lr.parse(given)
    assert written is None or str(schedule) == written
    assert lr.parse(str(schedule)) == schedule


def test_every_word_reads_back_without_arguments():
    """The defaults of every word are a text too, and all of it is the word alone for a shape."""
    for name, make in VOCABULARY.items():
        if name in ("table", "function", "minimum", "maximum"):
            continue
        assert lr.parse(f"{name}()") == make(), name
        assert lr.parse(str(make())) == make(), name
        if isinstance(make, type) and name != "exponential":  # which shows the decay that it stands for
            assert str(make()) == f"{name}()"


def test_methods_are_methods_of_schedules():
    """Every method that the text form allows is one of Schedule."""
    assert all(callable(getattr(lr.Schedule, name)) for name in METHODS)


@pytest.mark.parametrize("name", ['quoted "name"', "back\\slash", "ünïcode", "it's", "a b"])
def test_names_with_signs_read_back(name):
    """A name may hold any printable sign."""
    schedule = lr.cosine() * lr.plateau(name=name)
    assert parse(str(schedule)) == schedule


def test_functions_are_bound_by_name_and_hash():
    """A text names a function by name and hash: the right one is bound, a changed one refused, none is said so."""

    def halves(t):
        return 0.5**t

    schedule = lr.function(halves, span=3)
    text = str(schedule)
    assert lr.parse(text, functions={"halves": halves}).over(3).values().tolist() == [1, 0.5, 0.25]
    assert lr.parse(text) == schedule
    with pytest.raises(lr.LrlabError, match="by name and hash only"):
        lr.parse(text).over(3)
    with pytest.raises(lr.LrlabError, match="not the one that is meant"):
        lr.parse(text, functions={"halves": lambda t: 0.9**t})


def test_a_function_in_the_place_of_a_schedule():
    """At every door that reads a text: lr.function is named, with a name where it has none."""
    with pytest.raises(lr.LrlabError, match=r'lr.function\(f, name="mine"\)'):
        lr.parse(lambda e: 0.95**e)
    with pytest.raises(lr.LrlabError, match=r"lr.function\(f\)"):
        lr.parse(test_parse_reads_texts_only)


def test_parse_reads_texts_only():
    """Anything but a text is a worded TypeError."""
    for given in (None, 5, b"cosine()", lr.cosine()):
        with pytest.raises(lr.LrlabError, match="text") as caught:
            lr.parse(given)
        assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (lr.cosine, "cosine(...)"),
        (0.1, "constant(), and 0.1 in the optimizer"),
        ([0.1, 0.2], "table([1, 0.5, ...])"),
        (SimpleNamespace(last_epoch=3), "from_torch(scheduler)"),
        (lr.cosine(), "str(schedule)"),
    ],
)
def test_what_is_no_text_is_refused_with_what_was_meant(given, hint):
    """A kind of schedule without its brackets, an LR, a list of values, a scheduler of PyTorch."""
    with pytest.raises(TypeError) as caught:
        lr.parse(given)
    assert f"try:     {hint}" in str(caught.value) or f"try:     lrlab.dialects.{hint}" in str(caught.value)


def test_a_mistake_in_a_long_text_is_shown_with_what_stands_around_it():
    """Sixty characters before it and forty from it on, the sign below it; a mistake without a place is at the start."""
    text = "constant() * " * 12 + "cosine(to=) + " + "constant() + " * 12 + "constant()"
    with pytest.raises(lr.LrlabError) as refused:
        lr.parse(text)
    _, line, sign, *_ = str(refused.value).splitlines()
    at = text.index("to=)") + (0 if sys.version_info >= (3, 12) else 3)  # Python 3.12 shows the argument
    assert (line, sign) == ("  " + text[at - 60 : at + 40], "  " + " " * 60 + "^")
    assert _spot(SyntaxError("nowhere")) == "  \n  ^"


def test_a_million_characters_are_read():
    """And one more is refused."""
    text = "cosine()"
    assert lr.parse(text + " " * (10**6 - len(text))) == lr.cosine()
    with pytest.raises(lr.LrlabError, match=r"(?s)1000001 characters.*at most 1000000"):
        lr.parse(text + " " * (10**6 + 1 - len(text)))


@pytest.mark.parametrize(
    ("calls", "methods", "said"),
    [(0, 100, "at most 90 levels"), (0, 101, "at most 100 levels"), (50, 51, "at most 100")],
)
def test_calls_and_methods_within_each_other_are_counted_together(calls, methods, said):
    """A hundred levels of text; of schedules ninety."""
    assert lr.parse("minimum(rex(), " * 50 + "cosine()" + ".staircase(2)" * 50 + ")" * 50)
    text = "minimum(rex(), " * calls + "cosine()" + ".staircase(2)" * methods + ")" * calls
    with pytest.raises(lr.LrlabError, match=rf"(?s)nested too deeply.*{said}"):
        lr.parse(text)
