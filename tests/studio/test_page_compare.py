"""Compare and Runs as people use them: begun, watched, stopped, gone on, looked into; in a browser."""

import time

import pytest


def until(page, condition, patience=240):
    """Wait until something is so in the page."""
    end = time.monotonic() + patience
    while not page.evaluate(f"() => Boolean({condition})"):
        assert time.monotonic() < end, condition
        page.wait_for_timeout(50)


@pytest.fixture
def tiny(opened):
    """The page, and a comparison on it of the built-in digits with very few updates."""
    page = opened("/compare")
    page.wait_for_selector("#jobs a")
    page.locator("#task").select_option("digits")
    page.locator("#arms").fill("flat | × = constant()\ndown = cosine()")
    page.locator("#runs-updates").fill("16")
    page.locator("#folds").fill("2")
    return page


def test_a_comparison_is_begun_watched_and_read(tiny):
    """The runs fill up; then the answer is there, first a table; each run leads to its page."""
    tiny.locator("button[type=submit]").click()
    until(tiny, "document.querySelectorAll('.cell').length >= 4 && document.querySelectorAll('.tree .stage').length")
    until(tiny, "document.querySelector('[data-tree]').textContent.includes(' that was ')")
    until(tiny, "document.querySelector('.facts')")
    assert tiny.locator("#report section").first.locator("table").count() == 1
    assert "flat" in tiny.locator("#report tbody tr").first.inner_text()
    assert "baseline" in tiny.locator("#report tr.pinned").inner_text()
    assert tiny.locator(".figure").count() >= 4
    assert {name.rpartition(" × ")[0] for name in tiny.locator(".tree-names li").all_inner_texts()} == {
        "flat | ×",
        "down",
    }
    assert "digits" in tiny.locator("#title").inner_text()
    assert tiny.locator("#stop").is_hidden()
    tiny.goto(tiny.url.partition("/compare")[0] + "/runs")
    tiny.wait_for_selector("#runs tbody a")
    tiny.locator("#search").fill("digits down")
    assert set(tiny.locator("#runs tbody td:nth-child(3)").all_inner_texts()) == {"down"}
    tiny.locator("#runs tbody a").first.click()
    until(tiny, "document.querySelectorAll('#one .figure').length >= 2")
    tiny.go_back()
    until(tiny, "document.querySelectorAll('#runs tbody tr').length")


def test_a_comparison_is_begun_stopped_and_gone_on_with_by_keys_alone(opened):
    page = opened("/compare")
    page.wait_for_selector("#jobs a")
    page.locator("#task").focus()
    page.keyboard.type("slow")
    for text in ("flat = constant()\ndown = cosine()", "2000", "2"):
        page.keyboard.press("Tab")
        page.keyboard.press("Control+a")
        page.keyboard.type(text)
    for key in ("Tab", "Tab", "Enter"):  # past what is quick, to the button
        page.keyboard.press(key)
    until(page, "document.querySelectorAll('.cell').length")
    until(page, "!document.getElementById('stop').hidden")
    reach(page, "stop")
    page.keyboard.press("Enter")
    until(page, "!document.getElementById('continue').hidden")
    assert "It was stopped after" in page.locator("#status").inner_text()
    reach(page, "continue")
    page.keyboard.press("Enter")
    until(page, "document.querySelector('.facts')")
    page.locator(".figure .chip").first.focus()
    page.keyboard.press("Enter")
    assert page.locator(".figure .chip").first.get_attribute("aria-pressed") == "false"


def reach(page, name):
    """Come by Tab to what has this name."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == name:
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_what_is_wrong_with_a_comparison_is_said(tiny):
    tiny.locator("#arms").fill("flat = constant()\ndown = cosin()")
    tiny.locator("button[type=submit]").click()
    until(tiny, "document.getElementById('wrong').textContent.includes('cosine')")
    assert tiny.url.endswith("/compare")


def test_the_example_is_read_and_its_lines_are_hidden_and_shown(opened):
    page = opened("/compare#job=example")
    until(page, "document.querySelectorAll('.figure canvas').length >= 4")
    chip = page.locator(".figure .chip").first
    chip.click()
    assert chip.get_attribute("aria-pressed") == "false"
    box = page.locator(".figure .u-over").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    said = "[...document.querySelectorAll('.figure .where')].filter((w) => w.textContent.startsWith('update '))"
    until(page, f"{said}.length >= 3")


@pytest.mark.parametrize("path", ["/", "/compare", "/compare#job=example", "/runs"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 420])
def test_no_page_is_wider_than_the_screen(opened, path, theme, width):
    page = opened(path, theme=theme, width=width)
    page.wait_for_timeout(600)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_an_address_of_nothing_is_a_sentence(opened):
    page = opened("/compare#job=0123456789ab")
    until(page, "document.getElementById('failed').textContent.includes('no comparison')")
    page.goto(page.url.partition("/compare")[0] + "/runs#key=abc")
    until(page, "document.getElementById('wrong').textContent.includes('key')")


def test_a_logarithmic_axis_has_an_end_wherever_it_begins(opened):
    """The ticks of uPlot 1.6.32 never end from a value that is rounded over a power of ten, such as 0.0997, nor from
    a loss of a toy that falls by hundreds of powers."""
    page = opened("/compare")
    page.evaluate(
        """async () => {
            const { figure } = await import("/static/report.js");
            const ends = [[0.1146, 3], [0.04, 0.2], [1.1497, 34], [9.99, 300], [1e-5, 1], [7.8e-178, 9], [5e-324, 9]];
            for (const [low, high] of ends) {
                const line = { name: "a", x: [0, 1], y: [low, high], last: "" };
                const given = { title: "a", x: "update", y: "loss", log: true, words: "", lines: [line] };
                const across = { ...given, log: false, log_x: true, lines: [{ ...line, x: [low, high] }] };
                document.body.append(figure(given), figure(across));
            }
            for (let k = 0; k < 3; k += 1) await new Promise(requestAnimationFrame);
        }"""
    )
    until(page, "document.querySelectorAll('.figure canvas').length === 14")


def test_the_interval_of_a_point_is_a_bar(opened):
    """uPlot draws a band between lines, and a point has none."""
    page = opened("/compare")
    painted = page.evaluate(
        """async () => {
            const { figure } = await import("/static/report.js");
            const given = { title: "a", x: "size", y: "LR", words: "" };
            const line = { name: "a", x: [1, 3], y: [1, 4], last: "" };
            const point = { name: "b", x: [2], y: [2], last: "" };
            const sure = { ...point, low: [1], high: [4] };
            const all = [point, sure].map((each) => figure({ ...given, lines: [line, each] }));
            document.body.append(...all);
            for (let k = 0; k < 3; k += 1) await new Promise(requestAnimationFrame);
            return all.map((each) => {
                const canvas = each.querySelector("canvas");
                const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
                return data.filter((v, k) => k % 4 === 3 && v).length;
            });
        }"""
    )
    assert painted[1] > painted[0] + 500


def test_between_two_points_is_read_what_is_drawn(opened):
    """Of a curve without bends two points are left; between gaps the line goes on, and beside it there is nothing."""
    page = opened("/compare")
    found = page.evaluate(
        """async () => {
            const { valueAt } = await import("/static/report.js");
            const decay = { x: [0, 500, 1000], y: [1, null, 1e-4] };
            const valley = { x: [0.25, 1], y: [2, 8] };
            return [
                [0, 250, 500, 1000].map((x) => valueAt(decay, x, false, false)), valueAt(decay, 500, false, true),
                valueAt(valley, 0.5, true, false), valueAt(valley, 0.5, true, true),
                [0.2, 1.1].map((x) => valueAt(valley, x, true, true)),
            ];
        }"""
    )
    assert found[0] == pytest.approx([1, 0.750025, 0.50005, 1e-4])
    assert found[1:4] == pytest.approx([0.01, 5, 4])
    assert found[4] == [None, None]
