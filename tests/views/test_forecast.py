"""Forecasts as records: tables and figures that can be drawn, documents that are JSON, the doubt first."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from lrlab.analysis.forecast.law import fit_law
from lrlab.analysis.forecast.residuals import Fit
from lrlab.record.logs.log import LogRun
from lrlab.record.logs.readers import read_run
from lrlab.views import forecast as views
from lrlab.views.model import Figure, Text

DATA = Path(__file__).parents[1] / "data" / "multi-power-law"


@pytest.fixture(scope="module")
def fitted():
    logs = [DATA / "constant_24000.csv", DATA / "cosine_24000.csv"]
    runs = tuple(read_run(log, warmup=2160, weight_decay=0.1) for log in logs)
    return Fit(fit_law(runs), runs)


def test_every_document_is_strict_json(fitted):
    """Of a fit, of predictions, of an optimum; schedules as text."""
    predictions = fitted.law.rank(["wsd()"], horizon=5000, base_lr=3e-4)
    optimum = fitted.law.optimise(3000, peak=3e-4)
    for found in (fitted, *predictions, optimum):
        assert json.dumps(found.record(), allow_nan=False)


def test_figures_have_a_band_around_each_line(fitted):
    """One line per schedule, the best first."""
    predictions = fitted.law.rank(["constant()", "wsd()"], horizon=24000, base_lr=3e-4)
    figure = views.predicted(predictions)
    assert [line.name for line in figure.lines] == ["1 wsd()", "2 constant()"]
    assert all(
        low < y < high for line in figure.lines for low, y, high in zip(line.low, line.y, line.high, strict=True)
    )
    assert not figure.log_y


def test_long_names_and_long_schedules_are_shortened_in_tables_alone(fitted):
    """A name keeps its ends, a chain of pieces its first ones; the document has all of it."""
    optimum = fitted.law.optimise(3000, peak=3e-4)
    assert "straight pieces" in str(views.optimum(optimum).rows)
    assert optimum.record()["schedule"] == str(optimum.schedule)
    long = dataclasses.replace(fitted.runs[0], name="a" * 50 + "the end")
    (row,) = views.fits(Fit(fitted.law, (long,))).rows
    assert len(row[0]) == 40
    assert row[0].endswith("the end")


def test_a_law_that_misses_its_logs_says_so_first():
    """Before any number, on a logarithmic axis, without digits that nothing bears out."""
    updates = np.arange(10, 2001, 10)
    noise = np.random.default_rng(0).uniform(0.1, 4.0, len(updates))
    loss = noise * np.geomspace(30, 1, len(updates))  # what no law describes
    run = LogRun.from_arrays(updates, loss, [1e-3] * 2000, name="noise")
    fit = Fit(fit_law([run]), (run,))
    assert not fit.law.holds
    page = views.report(fit, fit.law.rank(["linear()"], horizon=2000, base_lr=1e-3), {})
    assert page.lead.startswith("Do not trust these forecasts: the law does not describe the logs.")
    first = page.sections[0]
    assert isinstance(first, Text)
    assert "misses the logs by" in first.text
    assert all(figure.log_y for figure in page.sections if isinstance(figure, Figure) and figure.title == "noise")


def test_a_law_that_holds_leads_with_what_it_is(fitted):
    """And with how far it misses, in the digits that count."""
    lead = views.report(fitted, [], {}).lead
    assert lead.startswith("Law 'elr', fitted to 2 runs; it misses them by 0.")
    assert fitted.law.holds
