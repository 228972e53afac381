"""Runs as people use them: chosen, tagged, sorted, beside each other, exported, pruned."""

import csv
import io

import pytest

from lrlab.core.run.log import Decision
from lrlab.record.runs.run import Series
from lrlab.record.runs.store import Store
from stored import stored

CUT = Decision(7, "plateau1", "cut", 1.0, 0.5, "2 observations without improvement on 1")
ONCE = {"val_loss": Series((10,), (2.0,))}
RUNS = [
    stored(
        f"arm{k}", "plateau(patience=2)", k, 1.0 + k, decisions=(CUT,) * (k == 3), **({"evals": ONCE} if k == 1 else {})
    )
    for k in range(4)
]


def until(page, condition, patience=60):
    """Wait until something is so in the page."""
    import time

    end = time.monotonic() + patience
    while not page.evaluate(f"() => Boolean({condition})"):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


@pytest.fixture
def page(chromium, started, tmp_path):
    """The page over a store of four runs; in the end nothing was said on its console."""
    for each in RUNS:
        Store(tmp_path / "runs").put(each)
    served, said = started("--store", "runs", cwd=tmp_path), []
    context = chromium.new_context(accept_downloads=True, bypass_csp=True)
    found = context.new_page()
    found.on("console", lambda message: said.append(message.text))
    found.on("pageerror", lambda error: said.append(str(error)))
    found.goto(served.url)
    found.wait_for_selector(".word")
    found.goto(f"http://127.0.0.1:{served.port}/runs")
    found.wait_for_selector("#runs tbody tr")
    yield found
    context.close()
    assert said == []


def choose(page, *numbers):
    for number in numbers:
        page.get_by_label(f"Choose arm{number} ").check()


def test_runs_are_tagged_and_found_by_their_tag(page):
    assert page.locator("#tag").is_disabled()
    choose(page, 1, 3)
    page.locator("#word").fill("good")
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.tagged').length === 2")
    page.locator("#search").fill("good")
    assert page.locator("#runs tbody a").all_inner_texts() == ["arm1", "arm3"]
    page.reload()
    until(page, "document.querySelectorAll('.tagged').length === 2")
    choose(page, 1)
    page.locator("#word").fill("good")
    page.locator("#untag").click()
    until(page, "document.querySelectorAll('#runs tbody tr').length === 1")


def test_runs_are_sorted_by_a_column(page):
    page.get_by_role("button", name="fold").click()
    assert page.locator("#runs tbody a").all_inner_texts() == [f"arm{k}" for k in range(4)]
    page.keyboard.press("Enter")
    assert page.locator("#runs tbody a").all_inner_texts() == [f"arm{k}" for k in reversed(range(4))]
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("fold")


def test_runs_stand_beside_each_other(page):
    """The address is the work: it shows the same after a reload."""
    choose(page, 0, 2)
    page.locator("#beside").click()
    for _ in range(2):
        until(page, "document.querySelectorAll('#one .figure canvas').length >= 2")
        assert "They differ in arm, fold" in page.locator("#one .lead").inner_text()
        page.reload()


def test_what_was_measured_once_is_a_point(page):
    """A line through one value has no length; the value is drawn nevertheless."""
    page.get_by_role("link", name="arm1").click()
    until(page, "document.querySelectorAll('#one .figure canvas').length >= 3")
    page.wait_for_timeout(100)
    drawn = page.evaluate(
        """() => {
            const root = document.documentElement;
            const paint = getComputedStyle(root).getPropertyValue("--series-0").trim();
            const [red, green, blue] = [1, 3, 5].map((at) => parseInt(paint.slice(at, at + 2), 16));
            return [...document.querySelectorAll("#one .figure canvas")].map((canvas) => {
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                const is = (k) => data[k] === red && data[k + 1] === green && data[k + 2] === blue;
                let found = 0;
                for (let k = 0; k < data.length; k += 4) found += is(k);
                return found;
            });
        }"""
    )
    assert all(pixels >= 4 for pixels in drawn), drawn


def test_decisions_stand_on_the_time_line(page):
    """As a dashed line that says under the mouse what was decided, in every figure; for everybody else as a table."""
    page.get_by_role("link", name="arm3").click()
    until(page, "document.querySelectorAll('#one .figure canvas').length >= 2")
    assert "plateau1\tcut\t1\t0.5\t2 observations" in page.locator("#one table").last.inner_text().replace(".0\t", "\t")
    for figure in page.locator("#one .figure").all():
        over = figure.locator(".u-over")
        over.scroll_into_view_if_needed()
        box = over.bounding_box()
        said = set()
        for share in range(0, 101, 2):
            page.mouse.move(box["x"] + box["width"] * share / 100, box["y"] + 20)
            said.add(figure.locator(".where").inner_text())
        marked = [text for text in said if "plateau1: cut (2 observations" in text]
        assert marked
        assert all(" 7:" in text for text in marked)
        assert len(said) > len(marked)


def test_runs_are_found_tagged_and_opened_by_keys_alone(page):
    page.locator("#search").focus()
    page.keyboard.type("arm2")
    assert page.locator("#runs tbody a").all_inner_texts() == ["arm2"]
    page.locator("#word").focus()
    page.keyboard.type("good")
    while page.evaluate("document.activeElement.getAttribute('aria-label')") != "Choose arm2 at 1, seed 0, fold 2":
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.locator("#word").focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('.tagged').length === 1")
    page.locator("#runs tbody a").focus()
    page.keyboard.press("Enter")
    until(page, "document.querySelectorAll('#one .figure canvas').length >= 2")


def test_runs_are_exported(page):
    """Those that are chosen, or all that the search leaves."""
    choose(page, 0, 2)
    with page.expect_download() as given:
        page.locator("#csv").click()
    rows = list(csv.DictReader(io.StringIO(given.value.path().read_text())))
    assert sorted(row["arm"] for row in rows) == ["arm0", "arm2"]
    assert given.value.suggested_filename == "runs.csv"


def test_runs_are_pruned_after_it_was_said_what_goes(page):
    page.locator("#pruning summary").click()
    page.locator("#days").fill("0")
    assert page.locator("#delete").is_disabled()
    page.locator("#prune button[type=submit]").click()
    until(page, "document.getElementById('pruned').textContent.includes('4 runs would be forgotten')")
    assert page.locator("#runs tbody tr").count() == 4
    page.locator("#delete").click()
    until(page, "document.getElementById('runs').textContent.includes('Nothing is stored')")


def test_nobody_is_shut_out(page, violations):
    """Full, with what is chosen and pruned, in both themes; and beside each other."""
    choose(page, 0, 2)
    page.locator("#pruning summary").click()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        assert violations(page) == []
    page.locator("#beside").click()
    until(page, "document.querySelectorAll('#one .figure canvas').length >= 2")
    assert violations(page) == []
