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
    arms = [line.partition(" = ")[2] for line in page.locator("#arms").input_value().split("\n")]
    assert arms == [f"{advised[0]} @ schedule-free adamw", *advised[1:]]
    page.go_back()
    until(page, FIRST)
    page.locator("#shortlist a").first.click()
    until(page, "window.lrlab?.found?.words !== undefined")
    assert page.locator("#text").input_value() == advised[0]


def test_a_schedule_of_averaged_weights_is_compared_as_one(opened):
    """Its schedule alone is another strategy: in Compare it stands with its average, as in the command."""
    page = opened("/choose")
    until(page, FIRST)
    offers = page.locator("#shortlist .word").all_inner_texts()
    (averaged,) = [k for k, text in enumerate(offers) if "weights averaged over 10% of the run" in text]
    advised = page.locator("#shortlist code").all_inner_texts()
    command = page.locator("#settle-command").inner_text()
    page.locator("#settle").click()
    until(page, "document.querySelectorAll('#task option').length")
    lines = page.locator("#arms").input_value().split("\n")
    advised[averaged] += " @ ema 10%"
    assert [line.partition(" = ")[2] for line in lines] == advised
    assert all(f"{name}={arm}" in command for name, _, arm in (line.partition(" = ") for line in lines))


def test_a_range_test_is_begun_and_watched(opened):
    page = opened("/choose")
    until(page, "document.querySelectorAll('#task option').length")
    page.locator("#task").select_option("digits")
    page.locator("#updates").fill("2")
    page.locator('#train button[value="find"]').click()
    until(page, "location.hash.includes('choice=') && document.getElementById('title').textContent")
    until(page, "document.querySelector('#failed:not(:empty), #one .facts')")
    own = page.evaluate("location.hash")
    page.go_back()
    until(page, f"document.querySelector('#choices a[href=\"/choose{own}\"]')")


def test_a_schedule_is_chosen_within_a_budget(opened):
    """By keys alone: begun, stopped, gone on with; the answer has code to copy and opens in Compose."""
    page = opened("/choose")
    until(page, "document.querySelectorAll('#task option').length")
    page.locator("#task").focus()
    page.keyboard.type("slow")
    for text in ("1200", "much"):  # a length that no other test trains: what is stored could not be stopped
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Enter")
    until(page, "document.getElementById('wrong').textContent.includes('in runs or in minutes')")
    page.keyboard.press("Tab")
    page.keyboard.type("keras")
    page.keyboard.press("Shift+Tab")
    page.keyboard.type("11")
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('#parts progress').length")
    page.locator("#stop").press("Enter")
    until(page, "!document.getElementById('continue').hidden")
    page.locator("#continue").press("Enter")
    until(page, "document.querySelector('#report .facts')", 240)
    assert page.locator("#stop").is_hidden()
    assert "constant LR" in page.locator("#answer").inner_text()
    assert "keras" in page.locator("#report .code").inner_text()
    assert page.locator("#report table").first.inner_text().count("slow:train") == 0
    schedule = page.locator("#report tbody td").first.inner_text().partition(" with weights averaged")[0]
    page.locator("#open").press("Enter")
    until(page, "window.lrlab?.found?.words !== undefined")
    assert page.locator("#text").input_value() == schedule
    assert page.locator("#updates").input_value() == "1200"


def test_what_is_not_possible_is_not_offered_again(opened):
    """A budget that is too small, with the words that say how much is enough."""
    page = opened("/choose")
    until(page, "document.querySelectorAll('#task option').length")
    page.locator("#task").select_option("control")
    page.locator("#budget").fill("2")
    page.locator('#train button[value="auto"]').click()
    until(page, "document.querySelector('#failed:not(:empty)')")
    assert "budget is too small" in page.locator("#failed").inner_text()
    assert page.locator("#standing").inner_text() == "What was asked for is not possible."
    assert page.locator("#continue").is_hidden()


def test_no_page_is_wider_than_the_screen(opened):
    for width in (1440, 420):
        page = opened("/choose", width=width)
        until(page, FIRST)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
