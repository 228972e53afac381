"""`lrlab show` as a newcomer and as a program use it."""

import json

import pytest


def test_show_draws_describes_and_lints(lrlab):
    """One look tells the shape, the words and what is odd."""
    done = lrlab("show", "warmup(10, start=0) >> cosine(to=0.1)", "--steps", "200")
    assert done.returncode == 0, done.stderr
    assert "⠉" in done.stdout
    assert "updates 10 to 199: falls as half a cosine from 1 to 0.1" in done.stdout
    assert "the first update has LR 0" in done.stdout
    assert "\x1b" not in done.stdout, "no colour where nobody looks"


def test_show_json_is_one_document_that_says_the_same(lrlab):
    """A program gets the numbers."""
    done = lrlab("show", "linear()", "--steps", "4", "--lr", "0.5", "--json")
    found = json.loads(done.stdout)
    assert found["points"] == [[0, 0.5], [1, 0.375], [2, 0.25], [3, 0.125]]
    assert (found["schedule"], found["version"]) == ("linear()", 1)
    assert found["phases"] == [{"schedule": "linear()", "start": 0, "stop": 4}]


def strict(text):
    """Read JSON as programs in other languages do: Infinity and NaN are no numbers of it."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_a_value_that_is_no_number_is_a_text_in_the_document(lrlab):
    """The LR overflows: the document says so, and can be read."""
    found = strict(lrlab("show", "exponential(gamma=1.5)", "--steps", "2000", "--json").stdout)
    assert (found["first"], found["peak"], found["area"]) == (1.0, "inf", "inf")
    assert found["points"][-1] == [1999, "inf"]


@pytest.mark.parametrize("command", ["show", "convert"])
@pytest.mark.parametrize("rate", ["nan", "inf", "-0.1", "0"])
def test_a_base_lr_that_is_none_is_refused(lrlab, command, rate):
    """No picture of nothing, and no picture upside down."""
    done = lrlab(command, "cosine()", "--steps", "10", f"--lr={rate}", "--json")
    assert done.returncode == 1
    assert strict(done.stdout)["error"].startswith("the base LR is no LR")


@pytest.mark.parametrize("source", ["expression", "file"])
def test_epochs_of_unknown_length_are_no_thousand_updates(lrlab, tmp_path, source):
    """--epochs needs --updates-per-epoch, as its help says; what is missing is named as it is typed."""
    (tmp_path / "plan.toml").write_text("[plan]\nlr = 'cosine()'\n", encoding="utf-8")
    what = ("cosine()",) if source == "expression" else ("--file", str(tmp_path / "plan.toml"))
    done = lrlab("show", *what, "--epochs", "3")
    assert done.returncode == 1
    assert "--updates-per-epoch 391" in done.stderr
    assert lrlab("show", *what, "--epochs", "3", "--updates-per-epoch", "7").stdout.count("over 21 updates") == (
        source == "expression"
    )


def test_show_writes_the_picture(lrlab, tmp_path):
    """The picture in the README is made this way."""
    assert lrlab("show", "cosine()", "--svg", str(tmp_path / "curve.svg")).returncode == 0
    assert (tmp_path / "curve.svg").read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("cosin()", "cosine(...)"),
        ("cosine(T_max=5)", "the span, first"),
        ("cosine(to=0.1", "never closed"),
        ("warmup(2000)", "2000 of 1000 updates"),
        ("0.5", "not a schedule"),
    ],
)
def test_show_says_what_to_type_instead(lrlab, expression, said):
    """A mistake is a sentence and exit code 1, never a traceback; in JSON it is a document."""
    done = lrlab("show", expression)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    document = lrlab("show", expression, "--json")
    assert document.returncode == 1
    assert said in json.loads(document.stdout)["error"]


def test_a_word_alone_is_that_schedule(lrlab):
    """As a shell completes it, and as a newcomer types it."""
    found = json.loads(lrlab("show", "wsd", "--json").stdout)
    assert found["schedule"] == 'warmup("5%") >> constant() >> one_minus_sqrt("20%")'
    assert lrlab("show", "table").returncode == 1, "it has no values"


def test_show_reads_other_libraries(lrlab):
    """With the unit said, the library's own length and LR, and its words beside it."""
    done = lrlab("show", "torch:StepLR(optimizer, 10)", "--steps", "50")
    assert "an epoch in most scripts" in done.stdout
    assert "is multiplied by 0.1 every 10 updates" in done.stdout
    found = json.loads(lrlab("show", "transformers:linear", "max_steps=20", "warmup_steps=5", "--json").stdout)
    assert (found["horizon"], found["schedule"]) == ({"updates": 20}, "linear(5, start=0, to=1) >> linear(15)")
    assert json.loads(lrlab("show", "optax:constant_schedule(0.1)", "--json").stdout)["base_lr"] == 0.1


def test_show_takes_other_units(lrlab):
    """Epochs have options, and the remedy names them."""
    done = lrlab("show", 'step("10ep")', "--epochs", "30", "--updates-per-epoch", "7")
    assert "over 210 updates" in done.stdout
    assert "--updates-per-epoch 391" in lrlab("show", 'step("10ep")').stderr
