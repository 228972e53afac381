"""Forecast as people use it: logs are chosen, and schedules asked for."""

import time
from pathlib import Path

import pytest

DATA = Path(__file__).parents[1] / "data"
LOGS = [str(next(DATA.rglob(f"{name}.csv"))) for name in ("constant_24000", "cosine_24000")]


def until(page, condition, patience=240):
    """Wait until something is so in the page."""
    end = time.monotonic() + patience
    while not page.evaluate(f"() => Boolean({condition})"):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


def test_logs_are_dropped_and_a_schedule_is_moved(opened):
    """The table is there again for every schedule that is typed."""
    page = opened("/forecast")
    page.locator("#files").set_input_files(LOGS)
    until(page, "document.querySelector('#predicted table')")
    assert page.locator("#report .figure").count() >= 3
    page.locator("#schedules").fill("cosine()\nconstant()")
    until(page, "document.querySelectorAll('#predicted tbody tr').length === 2")
    until(page, "document.getElementById('branch-said').textContent.includes('training on')")
    page.locator("#at").fill("23000")
    until(
        page,
        "document.getElementById('branch-doubt').textContent && !document.getElementById('branch-said').textContent",
    )
    page.locator("#at").fill("4000")
    until(page, "document.querySelectorAll('#branched tbody tr').length === 2")
    page.locator("#schedules").fill("cosin()")
    until(page, "document.getElementById('doubt').textContent.includes('cosine')")


def test_what_is_no_log_is_said(opened, tmp_path):
    page = opened("/forecast")
    (tmp_path / "a.bin").write_bytes(b"\xff\x00")
    page.locator("#files").set_input_files(str(tmp_path / "a.bin"))
    until(page, "document.getElementById('wrong').textContent")
    assert page.locator("#ask").is_hidden()


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 420)])
def test_the_page_fits(opened, theme, width):
    page = opened("/forecast", theme=theme, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
