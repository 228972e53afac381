"""What makes the generated pages: formulas, docstrings as Markdown, entries that are complete or refused."""

from __future__ import annotations

import doctest
import json
import shutil
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from lrlab.core.expression.vocabulary import VOCABULARY, formula
from lrlab.core.text import parse  # noqa: F401  (fills the vocabulary)

FOLDER = Path(__file__).parents[2] / "docs" / "extensions"


@pytest.fixture
def extension(monkeypatch):
    """An extension of the handbook, by its name."""
    if find_spec("sphinx") is None:
        pytest.skip("sphinx is not installed: pip install '.[docs]'")
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    return import_module


@pytest.mark.parametrize("name", ["pages", "formulas", "chinese"])
def test_the_examples_in_the_docstrings(name, extension):
    found = doctest.testmod(extension(name))
    assert found.attempted
    assert not found.failed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a - (b - c)", "<mi>a</mi><mo>−</mo><mrow><mo>(</mo><mi>b</mi><mo>−</mo><mi>c</mi><mo>)</mo></mrow>"),
        ("(a / b) ** n", "<msup><mrow><mo>(</mo><mfrac><mi>a</mi><mi>b</mi></mfrac><mo>)</mo></mrow><mi>n</mi></msup>"),
        ("exp(-t)", "<msup><mi>e</mi><mrow><mo>−</mo><mi>t</mi></mrow></msup>"),
    ],
)
def test_a_formula_keeps_its_parentheses(text, shown, extension):
    assert extension("formulas").mathml(text) == shown


def test_most_formulas_of_the_vocabulary_are_set(extension):
    """Those that are arithmetic; the others stay as they are written."""
    formulas = extension("formulas")
    plain = []
    for name in VOCABULARY:
        try:
            formulas.mathml(formula(name))
        except formulas.NotArithmetic:
            plain.append(name)
    assert len(plain) < len(VOCABULARY) / 2


def test_a_word_without_a_source_stops_the_build(extension, monkeypatch):
    """So does one without an example where its defaults say nothing."""
    gallery = extension("gallery")

    def sourceless():
        """Half of it.

        >>> sourceless().over(3)
        """

    monkeypatch.setitem(VOCABULARY, "sourceless", sourceless)
    with pytest.raises(gallery.ExtensionError, match="sourceless names no paper and no source"):
        gallery.entries()
    sourceless.__doc__ = "Half of it. Smith, 2017, arXiv:1506.01186."
    with pytest.raises(gallery.ExtensionError, match="no example"):
        gallery.entries()
    sourceless.__doc__ += "\n\n>>> constant(level=0.5).over(3)"
    sourceless.__module__ = "lrlab.core.shapes.unheard"
    with pytest.raises(gallery.ExtensionError, match=r"no heading .*unheard"):
        gallery.entries()


def test_the_code_of_the_gallery_makes_the_curve_of_the_picture(extension):
    """Without lrlab, in plain Python: at every update of the picture."""
    gallery = extension("gallery")
    for entry in gallery.entries():
        said, refused = gallery.native(entry)
        if entry.feedback:
            assert set(refused) == set(gallery.TARGETS.values())
        if "Python" in refused:
            assert entry.feedback or entry.name == "function"
            continue
        space = {}
        exec(said["Python"], space)
        made = [space["lr_multiplier"](update) for update in range(entry.updates)]
        assert made == pytest.approx(entry.schedule.over(entry.updates).values().tolist(), rel=1e-12, abs=1e-15)


def test_what_is_typed_is_split_as_the_pages_are(extension):
    """By the script of the browser, too: else nothing would be found."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    chinese = extension("chinese")
    texts = ["余弦退火", "用 cosine 降到0", "预热", "降", "lr.cosine() 与 StepLR", "学习率 learning-rate"]
    script = f"{chinese.English.js_splitter_code}; console.log(JSON.stringify({json.dumps(texts)}.map(splitQuery)))"
    done = subprocess.run([node, "-e", script], capture_output=True, text=True, check=True, encoding="utf-8")
    assert json.loads(done.stdout) == [chinese.pairs(text) for text in texts]


@pytest.mark.parametrize("chinese", [False, True])
@pytest.mark.parametrize("kind", ["sayings", "rules", "changes"])
def test_the_tables_of_advice_are_made_from_its_rules(kind, chinese, extension):
    """A row for each, of as many cells as the head, and every word in the language of the page."""
    from lrlab.analysis.advice.rules import rules

    head, _, *rows = extension("advice").table(kind, chinese).split("\n")
    known = rules()
    counts = {"sayings": len(known.saying), "rules": len(known.rule), "changes": len(rows)}
    assert len(rows) == counts[kind] > 3
    assert {row.replace("\\|", "").count("|") for row in rows} == {head.count("|")}
    assert any("\u4e00" <= sign <= "\u9fff" for sign in head) is chinese
