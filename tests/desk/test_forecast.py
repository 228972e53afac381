"""The answers of the desk as records: documents that are JSON, tables and figures that can be drawn."""

import dataclasses
import json
from pathlib import Path

import pytest

from lrlab.desk import forecast as desk

DATA = Path(__file__).parents[1] / "data" / "multi-power-law"


@pytest.fixture(scope="module")
def fitted():
    logs = [DATA / "constant_24000.csv", DATA / "cosine_24000.csv"]
    return desk.fit(logs, warmup=2160, weight_decay=0.1)


def test_every_document_is_strict_json(fitted):
    """With its version."""
    predictions = desk.predict(fitted.law, ["wsd()"], 5000, 3e-4, 0.9)
    optimum = fitted.law.optimise(3000, peak=3e-4)
    for document in (fitted.record(), desk.predictions_record(predictions), desk.optimum_record(optimum)):
        assert json.loads(json.dumps(document, allow_nan=False))["version"] == 1


def test_figures_have_a_band_around_each_line(fitted):
    """One line per schedule, the best first."""
    predictions = desk.predict(fitted.law, ["constant()", "wsd()"], 24000, 3e-4, 0.9)
    figure = desk.predictions_figure(predictions)
    assert [line.name for line in figure.lines] == ["1 wsd()", "2 constant()"]
    assert all(
        low < y < high for line in figure.lines for low, y, high in zip(line.low, line.y, line.high, strict=True)
    )


def test_a_report_holds_fit_predictions_and_parameters(fitted):
    """And one figure per logged run."""
    page = desk.report(fitted, ["wsd()"], None, 3e-4, "lrlab forecast report")
    titles = [getattr(section, "title", "") for section in page.sections]
    assert {"constant_24000", "cosine_24000", "Residuals", "Predicted loss"} <= set(titles)
    assert page.facts["command"] == "lrlab forecast report"


def test_long_names_and_long_schedules_are_shortened_in_tables_alone(fitted):
    """A name keeps its ends, a chain of pieces its first ones; the document has all of it."""
    optimum = fitted.law.optimise(3000, peak=3e-4)
    assert "straight pieces" in str(desk.optimum_table(optimum).rows)
    assert desk.optimum_record(optimum)["schedule"] == str(optimum.schedule)
    long = dataclasses.replace(fitted.runs[0], name="a" * 50 + "the end")
    (row,) = desk.Fit(fitted.law, (long,)).table().rows
    assert len(row[0]) == 40
    assert row[0].endswith("the end")
