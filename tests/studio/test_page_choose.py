"""Choose as people use it: questions are answered, and the advice is opened and compared."""

import time


def until(page, condition, patience=120):
    """Wait until something is so in the page."""
    end = time.monotonic() + patience
    while not page.evaluate(f"() => Boolean({condition})"):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


FIRST = "document.querySelector('#shortlist code')?.textContent"


def test_questions_are_answered_and_the_advice_follows(opened):
    """The address is the work; the advised schedule opens in Compose, and all three stand in Compare."""
    page = opened("/choose")
    until(page, FIRST)
    page.locator("#q-length").select_option("unknown")
    until(page, "location.hash.includes('length=unknown')")
    page.locator("#q-optimizer").fill("schedule-free")
    page.keyboard.press("Tab")
    until(page, f"{FIRST} && document.querySelectorAll('#reasons tbody tr').length > 2")
    page.reload()
    until(page, FIRST)
    assert page.locator("#q-length").input_value() == "unknown"
    advised = page.locator("#shortlist code").all_inner_texts()
    page.locator("#settle").click()
    until(page, "document.querySelectorAll('#task option').length")
    assert [line.partition(" = ")[2] for line in page.locator("#arms").input_value().split("\n")] == advised
    page.go_back()
    until(page, FIRST)
    page.locator("#shortlist a").first.click()
    until(page, "window.lrlab?.found?.words !== undefined")
    assert page.locator("#text").input_value() == advised[0]


def test_a_range_test_is_begun_and_watched(opened):
    page = opened("/choose")
    until(page, "document.querySelectorAll('#task option').length")
    page.locator("#task").select_option("digits")
    page.locator("#updates").fill("2")
    page.locator("#find button").click()
    until(page, "location.hash.includes('range=') && document.querySelector('#one h1')")
    until(page, "document.querySelector('#one .wrong, #one .facts')")
    page.go_back()
    until(page, "document.querySelectorAll('#ranges li').length === 1")


def test_no_page_is_wider_than_the_screen(opened):
    for width in (1440, 420):
        page = opened("/choose", width=width)
        until(page, FIRST)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
