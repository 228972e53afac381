"""The evidence page says what the kept comparisons say, and these can be read again."""

import importlib
import sys
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bench(monkeypatch):
    """A module of the benchmarks by its name."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    yield importlib.import_module
    for name in [name for name in sys.modules if name.startswith("evidence_")]:
        del sys.modules[name]


def test_the_page_is_made_from_the_kept_comparisons(bench):
    """By `python benchmarks/evidence_page.py`: a figure that was changed by hand, or is out of date, is found."""
    assert bench("evidence_page").page() == (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")


def test_a_kept_comparison_reads_as_it_was_written(bench):
    """Every score, and every arm on every fold."""
    study = bench("evidence_study")
    assert study.kept()
    for name in study.kept():
        found = study.study(name)
        assert (found.name, study.read(found.written())) == (name, found)
        counts = {len(scores) for arm in found.arms.values() for scores in arm.scores.values()}
        assert counts == {found.folds}
        assert {line.arm for line in found.compared().standings} == set(found.arms)
        assert len(found.compared(*list(found.arms)[:3]).standings) == 3


def test_no_strategy_is_left_unfairly_on_an_edge_without_a_word(bench):
    """Its LRs were widened by factors of two until the best was inside; where that was not so, the page says so."""
    page = bench("evidence_page").page()
    for each in bench("evidence_study").studies():
        for line in each.compared().standings:
            tried = sorted(each.arms[line.arm].scores)
            assert all(b == 2 * a for a, b in pairwise(tried))
            if line.edge:
                assert f"× {tried[0] if line.edge == 'lowest' else tried[-1]:g} (an edge)" in page


def test_a_study_that_is_not_kept_is_named(bench):
    """With those that are."""
    with pytest.raises(Exception, match="there is no such study"):
        bench("evidence_study").study("digits-nothing")
