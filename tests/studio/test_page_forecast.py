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


@pytest.mark.parametrize("way", ["mouse", "keys"])
def test_the_best_is_found_and_opened(opened, way):
    """It is no worse than what was asked for, and Compose draws its nearest named form."""
    page = opened("/forecast")
    page.locator("#files").set_input_files(LOGS)
    until(page, "document.querySelectorAll('#predicted tbody tr').length === 3")
    asked = min(float(row.split("\t")[1]) for row in page.locator("#predicted tbody tr").all_inner_texts())
    assert page.locator("#best").is_hidden()
    if way == "mouse":
        page.locator("#optimise").click()
    else:
        page.locator("#lr").focus()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    until(page, "document.getElementById('said').textContent.startsWith('The best schedule')")
    named, best = (
        row.split("\t") for row in page.locator("#predicted table").first.locator("tbody tr").all_inner_texts()
    )
    assert (named[0], best[0]) == ("nearest named form", "best found")
    assert float(best[1]) <= float(named[1]) + 1e-3
    assert float(best[1]) <= asked + 1e-3
    if way == "mouse":
        page.locator("#best-named").click()
    else:
        for _ in range(2):  # past the link to the first one's own
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
    page.wait_for_url("**/compose*")
    until(page, "window.lrlab?.found?.words !== undefined")
    assert page.locator("#text").input_value() == named[-1]
    assert float(page.locator("#lr").input_value()) == pytest.approx(3e-4, rel=0.01)


def test_nothing_stands_beside_what_is_wrong(opened, tmp_path):
    """A file that is too large is said to be so; a doubt is a sentence, and no older figures stand below it."""
    page = opened("/forecast")
    (tmp_path / "large.csv").write_bytes(b"1" * 800_000)
    page.locator("#files").set_input_files(str(tmp_path / "large.csv"))
    until(page, "document.getElementById('wrong').textContent.includes('large.csv is too large')")
    page.locator("#files").set_input_files(LOGS)
    until(page, "document.querySelectorAll('#predicted tbody tr').length === 3")
    page.locator("#updates").fill("0")
    until(page, "document.getElementById('doubt').textContent === 'Updates is out of bounds. Allowed: 1 to 1e+07'")
    until(page, "document.getElementById('branch-doubt').textContent.startsWith('Updates is out of bounds')")
    assert page.locator("#predicted, #branched").all_inner_texts() == ["", ""]


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
