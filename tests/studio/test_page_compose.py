"""Compose as people use it: in a browser, by mouse and by keyboard."""

import json
import re
import time
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pytest

import lrlab as lr
from lrlab.core.edit.gestures import State
from lrlab.core.edit.handles import points
from lrlab.desk import foresee

DATA = Path(__file__).parents[1] / "data"
LOGS = [str(next(DATA.rglob(f"{name}.csv"))) for name in ("constant_24000", "cosine_24000")]
KEPT = json.loads(Path(foresee.__file__).parents[1].joinpath("studio", "static", "law.json").read_text())
START = 'warmup("5%") >> constant() >> cosine("30%", to=0.1)'
RUN = 10_000


def composing(opened, text=START, more="", **how):
    page = opened(f"/compose#s={quote(text)}&n={RUN}{more}", **how)
    until(page, "window.lrlab?.found?.words !== undefined && lrlab.handles.shapes !== undefined")
    page.wait_for_selector("#phases tr")
    return page


def until(page, condition, patience=60):
    """Wait until something is so in the page: asked from outside, for the page allows no code of others."""
    end = time.monotonic() + patience
    while not page.evaluate(f"() => Boolean({condition})"):
        assert time.monotonic() < end, f"{condition}: {page.evaluate('window.lrlab?.state?.text')}"
        page.wait_for_timeout(30)


def text_of(page):
    return page.locator("#text").input_value()


def settled(page):
    """Every request is answered, and the picture drawn."""
    page.evaluate("async () => { await lrlab.gestures.idle; await lrlab.pictures.idle; }")
    page.wait_for_timeout(60)


def spot(page, update, level):
    """Where an update and a level are on the screen."""
    return page.evaluate(
        """([update, level]) => {
            const box = lrlab.chart.over.getBoundingClientRect();
            return [box.left + lrlab.chart.across(update), box.top + lrlab.chart.down(level)];
        }""",
        [update, level],
    )


def drag(page, start, end, *keys, steps=12):
    for key in keys:
        page.keyboard.down(key)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=steps)
    page.mouse.up()
    for key in keys:
        page.keyboard.up(key)
    settled(page)


def test_a_point_is_dragged_in_time_and_text_and_picture_agree(opened):
    """It snaps to 15 %; the address is the work; undo and redo give the texts back."""
    page = composing(opened)
    drag(page, spot(page, 500, 1), spot(page, 1510, 1.0))
    after = 'warmup("15%") >> constant() >> cosine("30%", to=0.1)'
    assert text_of(page) == after
    assert (
        quote(after, safe="").replace("%20", "+") in page.url.replace("%28", "(").replace("%29", ")")
        or "15%25" in page.url
    )
    page.locator("#undo").click()
    settled(page)
    assert text_of(page) == START
    page.locator("#redo").click()
    settled(page)
    assert text_of(page) == after


def test_what_is_drawn_is_what_a_run_applies(opened):
    """After a gesture: the line of the picture, held against every update of the text beside it."""
    page = composing(opened)
    drag(page, spot(page, 7000, 1), spot(page, 5203, 0.7), "Alt")
    x, y = page.evaluate(
        "() => [...lrlab.chart.lines[0].x].length && [[...lrlab.chart.lines[0].x], [...lrlab.chart.lines[0].y]]"
    )
    values = lr.parse(text_of(page)).over(RUN).values()
    assert np.abs(np.interp(np.arange(RUN), x, y) - values).max() < 5e-4
    assert 5190 <= [p.update for p in points(State(lr.parse(text_of(page)), lr.Horizon(updates=RUN)).spine)][2] <= 5215


def test_a_point_is_dragged_in_level(opened):
    page = composing(opened)
    drag(page, spot(page, RUN, 0.1), spot(page, RUN, 0.2))
    assert text_of(page) == 'warmup("5%") >> constant() >> cosine("30%", to=0.2)'


def test_a_line_bends_to_another_word_which_is_shown_meanwhile(opened):
    page = composing(opened, "linear()")
    page.keyboard.down("Alt")
    page.mouse.move(*spot(page, 3000, 0.7))
    page.mouse.down()
    page.mouse.move(*spot(page, 3000, 0.8), steps=4)
    page.mouse.move(*spot(page, 3000, 0.7939), steps=2)
    until(page, "document.querySelector('.bending').textContent === 'cosine()'")
    page.mouse.up()
    page.keyboard.up("Alt")
    settled(page)
    assert text_of(page) == "cosine()"
    assert page.locator(".bending").is_hidden()


def test_a_line_is_lifted_with_shift(opened):
    page = composing(opened, 'linear("50%", to=0.5) >> constant(level=0.5)')
    drag(page, spot(page, 7500, 0.5), spot(page, 7500, 0.2), "Shift")
    assert text_of(page) == 'linear("50%", to=0.2) >> constant(level=0.2)'


def test_a_double_click_makes_a_border_and_takes_it_away(opened):
    page = composing(opened, "linear()")
    page.mouse.dblclick(*spot(page, 2500, 0.75))
    settled(page)
    assert text_of(page) == 'linear("25%", to=0.75) >> linear(start=0.75)'
    page.mouse.dblclick(*spot(page, 2500, 0.75))
    settled(page)
    assert text_of(page) == "linear()"


def test_control_is_finer(opened):
    """A tenth of the way of the hand, to no round place."""
    page = composing(opened)
    page.mouse.move(*spot(page, 500, 1))
    page.mouse.down()
    page.keyboard.down("Control")
    page.mouse.move(*spot(page, 1500, 1), steps=8)
    page.mouse.up()
    page.keyboard.up("Control")
    settled(page)
    share = float(re.match(r'warmup\("([\d.]+)%"\)', text_of(page))[1])
    assert share == pytest.approx(6, abs=0.2)


def test_peak_floor_and_length_have_handles(opened):
    page = composing(opened)

    def handle(name):
        box = page.locator(f'[data-name="{name}"]').bounding_box()
        return box["x"] + 14, box["y"] + 14

    x, _ = handle("peak")
    drag(page, handle("peak"), (x, spot(page, 0, 0.5)[1]))
    assert text_of(page) == f"0.5 * ({START})"
    x, _ = handle("floor")
    drag(page, handle("floor"), (x, spot(page, 0, 0.1)[1]))
    assert text_of(page) == f"(0.5 * ({START})).clip(low=0.1)"
    x, y = handle("horizon")
    drag(page, (x, y), (x - (spot(page, RUN, 0)[0] - spot(page, RUN / 2, 0)[0]), y))
    assert page.locator("#updates").input_value() == "5000"


@pytest.mark.parametrize(
    ("keys", "to"),
    [
        (["ArrowRight"], 'warmup("6%") >> constant() >> cosine("30%", to=0.1)'),
        (["Control+ArrowRight"], 'warmup("5.01%") >> constant() >> cosine("30%", to=0.1)'),
        (["Home"], 'warmup("0.01%") >> constant() >> cosine("30%", to=0.1)'),
        (["End"], 'warmup("69.99%") >> constant() >> cosine("30%", to=0.1)'),
        (["-"], 'linear("5%", start=0.001996, to=0.5) >> linear(start=0.5, to=1) >> cosine("30%", to=0.1)'),
        (["]", "]", "-"], 'warmup("5%") >> constant() >> cosine("30%", to=0.05)'),
        (["]", "]", "PageDown"], 'warmup("5%") >> constant() >> cosine("30%", to=0.0316)'),
        (["]", "s"], 'warmup("5%") >> constant() >> cosine("15%", to=0.55) >> cosine("15%", start=0.55, to=0.1)'),
        (["]", "Delete"], 'warmup("5%") >> constant(level=1)'),
        (["]", "Alt+ArrowDown"], None),
        (["ArrowRight", "Control+z"], START),
        (["ArrowRight", "Control+z", "Control+Shift+Z"], 'warmup("6%") >> constant() >> cosine("30%", to=0.1)'),
    ],
)
def test_everything_is_done_by_keys_alone(opened, keys, to):
    """Tab comes to the curve once; the first point with a place of its own is taken hold of by `]`."""
    page = composing(opened)
    page.locator('.handle[tabindex="0"]').focus()
    while page.evaluate("document.activeElement.dataset.name") != "1":
        page.keyboard.press("]")
    for key in keys:
        page.keyboard.press(key)
        settled(page)
    if keys == ["]", "Delete"]:
        assert len(lr.parse(text_of(page)).over(RUN).phases) == 2
    elif to is None:
        assert text_of(page) != START
        assert " cosine(" not in text_of(page)
    else:
        assert text_of(page) == to


def test_no_key_is_lost_however_fast_they_come(opened):
    """Ten steps of 1 %, faster than the server answers, are ten; what is taken back right after is the last of them."""
    page = composing(opened)
    page.locator('[data-name="1"]').focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+z")
    until(page, """lrlab.state.text.startsWith('warmup("14%")')""")
    settled(page)
    assert text_of(page) == 'warmup("14%") >> constant() >> cosine("30%", to=0.1)'
    page.keyboard.press("Control+Shift+Z")
    until(page, """lrlab.state.text.startsWith('warmup("15%")')""")


def test_handles_are_sliders_with_names_and_values(opened):
    """One of them is reached by Tab; what a gesture came to is announced."""
    page = composing(opened, more="&lr=0.0003")
    handles = page.locator(".handle")
    assert handles.count() == 7
    assert page.locator('.handle[tabindex="0"]').count() == 1
    first = page.locator('[data-name="1"]')
    assert first.get_attribute("role") == "slider"
    assert first.get_attribute("aria-valuetext") == "update 500, LR 3.0e-4"
    assert first.get_attribute("aria-label") == "between warmup and constant"
    low, now, high = (int(first.get_attribute(f"aria-value{name}")) for name in ("min", "now", "max"))
    assert low <= now <= high
    first.focus()
    page.keyboard.press("ArrowRight")
    until(page, "document.getElementById('said').textContent.includes('Peak 1 at update 600')")
    assert first.get_attribute("aria-valuetext") == "update 600, LR 3.0e-4"
    assert page.evaluate("document.activeElement.dataset.name") == "1"


def test_a_text_is_typed_and_what_is_wrong_with_it_is_said(opened):
    page = composing(opened)
    page.locator("#text").fill("cosin()")
    until(page, "document.getElementById('wrong').textContent.includes('cosine')")
    assert page.locator("#text").get_attribute("aria-invalid") == "true"
    page.locator("#text").fill("cosine()")
    until(page, "lrlab.state.text === 'cosine()'")
    assert page.locator("#wrong").inner_text() == ""
    assert "half a cosine" in page.locator("#words").inner_text()


def test_another_librarys_call_is_pasted(opened):
    page = composing(opened)
    page.locator("#text").fill("StepLR(optimizer, step_size=3000)")
    page.locator("#text").blur()
    until(page, "lrlab.state.text === 'step(3000)'")
    assert "torch" in page.locator("#read").inner_text()


def test_what_is_wrong_with_a_librarys_call_is_said(opened):
    """Not that the word is no word of ours."""
    page = composing(opened)
    page.locator("#text").fill("CosineAnnealingLR(optimizer, T_max=n)")
    page.locator("#text").blur()
    until(page, "document.getElementById('wrong').textContent.includes('n has no value here')")
    page.locator("#text").fill("cosin()")
    page.locator("#text").blur()
    until(page, "document.getElementById('wrong').textContent.includes('Try cosine(...)')")


def test_what_was_pasted_is_taken_back_at_once(opened):
    page = composing(opened)
    page.locator("#text").fill("StepLR(optimizer, step_size=3000)")
    page.locator("#text").blur()
    until(page, "lrlab.state.text === 'step(3000)'")
    settled(page)
    page.locator("#undo").click()
    until(page, f"lrlab.state.text === {json.dumps(START)}")
    assert page.locator("#undo").is_disabled()


def test_a_late_answer_does_not_undo_what_was_typed_since(opened):
    """To read a call its library is loaded, which may take seconds."""
    page = composing(opened)
    late = []
    page.route("**/api/import", lambda route: late.append(route))
    page.locator("#text").fill("StepLR(optimizer, step_size=3000)")
    page.locator("#text").blur()
    until(page, "document.getElementById('read').textContent.includes('another library')")
    page.locator("#text").fill("linear()")
    until(page, "lrlab.state.text === 'linear()'")
    with page.expect_response("**/api/import"):
        late[0].continue_()
    settled(page)
    assert text_of(page) == "linear()"
    assert page.locator("#read").inner_text() == ""


def test_of_two_files_the_later_one_stays(opened):
    """Also where the earlier one takes longer to be read."""
    page = composing(opened)
    late = []
    page.route("**/api/import", lambda route: late.append(route) if not late else route.continue_())
    for name, text in (("first.txt", "cosine()"), ("second.txt", "linear()")):
        page.evaluate(
            """([name, text]) => {
                const given = new DataTransfer();
                given.items.add(new File([text], name));
                const how = { dataTransfer: given, bubbles: true, cancelable: true };
                document.body.dispatchEvent(new DragEvent("drop", how));
            }""",
            [name, text],
        )
        while not late:
            page.wait_for_timeout(20)
    until(page, "lrlab.state.text === 'linear()'")
    with page.expect_response("**/api/import"):
        late[0].continue_()
    settled(page)
    assert text_of(page) == "linear()"


def test_what_cannot_be_laid_beside_says_so(opened):
    page = composing(opened, more="&with=" + quote("warmup(20000) >> cosine()"))
    until(
        page, "document.getElementById('chips').textContent.includes('not drawn: the spans add up to 20000 of 10000')"
    )


def test_the_address_gives_it_all_back(opened):
    page = composing(opened, more=f"&lr=0.001&wd=0.1&epoch=100&log=1&ghost={quote('wsd()')}&with={quote('linear()')}")
    until(page, "lrlab.chart.lines.length === 3")
    assert [page.locator(f"#{name}").input_value() for name in ("updates", "epoch", "lr", "decay")] == [
        "10000",
        "100",
        "0.001",
        "0.1",
    ]
    assert page.locator("#log").get_attribute("aria-pressed") == "true"
    assert page.locator(".chip").all_inner_texts()[0].startswith("pinned: wsd()")
    assert "Weight-decay timescale" in page.locator("#numbers").inner_text()
    again = page.url
    page.reload()
    until(page, "window.lrlab?.chart.lines.length === 3")
    assert page.url == again


def test_code_is_copied(opened):
    page = composing(opened, permissions=["clipboard-read", "clipboard-write"])
    page.locator("#target").select_option("optax")
    until(page, "document.getElementById('code').textContent.includes('absolute LRs')")
    assert page.locator("#copy").is_disabled()
    page.locator("#lr").fill("0.001")
    page.locator("#lr").blur()
    until(page, "document.getElementById('code').textContent.includes('import optax')")
    page.locator("#copy").click()
    until(page, "document.getElementById('copy').textContent === 'Copied'")
    assert "optax" in page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_a_picture_is_saved_and_dropped_back(opened, kind, tmp_path):
    page = composing(opened)
    with page.expect_download() as saved:
        page.locator(f"#{kind}").click()
    place = tmp_path / saved.value.suggested_filename
    saved.value.save_as(place)
    assert place.suffix == f".{kind}"
    page.locator("#text").fill("linear()")
    until(page, "lrlab.state.text === 'linear()'")
    data = page.evaluate_handle(
        """([bytes, name]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([Uint8Array.from(bytes)], name));
            return transfer;
        }""",
        [list(place.read_bytes()), place.name],
    )
    page.dispatch_event("body", "drop", {"dataTransfer": data})
    until(page, "lrlab.state.text.startsWith('warmup')")
    assert text_of(page) == START


def test_the_gallery_opens_and_overlays(opened):
    page = composing(opened)
    page.locator(".word", has_text="one_cycle").click()
    until(page, "lrlab.state.text.startsWith('one_cycle') || lrlab.state.text.startsWith('cosine')")
    page.locator(".word", has_text="inverse_sqrt").click(modifiers=["Shift"])
    until(page, "lrlab.chart.lines.length === 2")


def test_a_drag_leaves_no_backlog(opened):
    """Sixty moves: one request in flight, the last one counts, and what is drawn is where the hand is."""
    page = composing(opened, more="")
    page.evaluate("lrlab.gestures.sent = 0")
    drag(page, spot(page, 500, 1), spot(page, 3010, 1), steps=60)
    assert text_of(page).startswith('warmup("30%")')
    assert page.evaluate("lrlab.gestures.sent") <= 61


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 420])
def test_the_page_fits_and_everything_has_a_name(opened, theme, width):
    """Nothing is wider than the screen; every control is named, and large enough for a finger."""
    page = composing(opened, theme=theme, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, select, input, textarea, [role=slider]')]
            .filter((e) => e.offsetParent)
            .filter((e) => !(e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim()))
            .map((e) => e.outerHTML)"""
    )
    assert unnamed == []
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, select, input:not(.unseen)')].filter((e) => e.offsetParent &&
            (e.offsetWidth < 24 || e.offsetHeight < 24)).map((e) => e.outerHTML)"""
    )
    assert small == []


def test_a_law_foresees_the_loss_while_a_hand_moves(opened):
    """Of the schedule, and of the pinned one: their difference is told. The law is kept until it is removed."""
    page = composing(opened)
    page.locator("#law-example").click()
    until(page, "document.getElementById('law-ends').textContent.includes('at the end')")
    assert (page.locator("#updates").input_value(), page.locator("#lr").input_value()) == ("24000", "0.0003")
    page.locator("#pin").click()
    until(page, "document.getElementById('law-ends').textContent.includes('cannot tell them apart')")
    assert page.evaluate("lrlab.law.columns.length") == 7
    before = page.evaluate("lrlab.law.asking.sent")
    drag(page, spot(page, 7000 * 2.4, 3e-4), spot(page, 5000 * 2.4, 3e-4))
    until(page, f"lrlab.law.asking.sent >= {before} + 2 && !lrlab.law.asking.busy")
    text = text_of(page)
    assert text != START
    own = foresee.beside(KEPT["law"], lr.parse(text), lr.parse(START), lr.Horizon(updates=24_000), 3e-4, differ=True)
    assert page.locator("#law-ends").inner_text() == own.sentence
    assert own.difference[0] != 0
    until(page, "document.getElementById('said').textContent.includes('Difference from the pinned')")
    page.reload()
    until(page, "document.getElementById('law-ends').textContent.includes('at the end')")
    page.locator("#law-away").click()
    assert page.locator("#law-shown").is_hidden()


def test_a_law_is_fitted_to_logs_that_are_chosen(opened):
    page = composing(opened)
    page.locator("#law-logs").set_input_files(LOGS[0])
    until(page, "document.getElementById('law-ends').textContent.includes('at the end')", 240)
    assert "constant_24000.csv" in page.locator("#law-said").inner_text()
    page.locator("#lr").fill("")
    page.locator("#lr").blur()
    until(page, "document.getElementById('law-wrong').textContent.includes('base LR')")
    page.locator("#law-logs").set_input_files({"name": "a.bin", "mimeType": "text/plain", "buffer": b"\xff\x00"})
    until(page, "document.getElementById('law-wrong').textContent.includes('text')")


LINES = 'linear("20%", start=0.2, to=1) >> linear("30%", to=0.6) >> linear(start=0.6, to=0.1)'


def chosen(page):
    return [each.get_attribute("data-name") for each in page.locator(".handle.chosen").all()]


def test_points_are_chosen_by_a_rectangle_and_move_together(opened):
    """In time as far as the held one; undo is one step; a click beside the line lets them go."""
    page = composing(opened, LINES)
    x, y = spot(page, 1000, 1.08)
    drag(page, (x, y), spot(page, 5500, 0.5))
    assert chosen(page) == ["1", "2"]
    drag(page, spot(page, 2000, 1), spot(page, 3000, 1))
    moved = 'linear("30%", start=0.2, to=1) >> linear("30%", to=0.6) >> linear(start=0.6, to=0.1)'
    assert text_of(page) == moved
    assert chosen(page) == ["1", "2"]
    page.locator("#undo").click()
    settled(page)
    assert text_of(page) == LINES
    page.mouse.click(*spot(page, 1000, 1.08))
    assert chosen(page) == []


def test_points_are_chosen_by_shift_and_tilted(opened):
    page = composing(opened, LINES)
    page.keyboard.down("Shift")
    for place in ((2000, 1), (5000, 0.6), (10_000, 0.1)):
        page.mouse.click(*spot(page, *place))
    page.keyboard.up("Shift")
    assert chosen(page) == ["1", "2", "3"]
    box = page.locator('[data-name="tilt"]').bounding_box()
    at = box["x"] + 12, box["y"] + 12
    up = spot(page, 0, 0.5)[1] - spot(page, 0, 0.1)[1]
    drag(page, at, (at[0], at[1] + up))
    after = 'linear("20%", start=0.2, to=1) >> linear("30%", to=0.75) >> linear(start=0.75, to=0.5)'
    assert text_of(page) == after


def test_points_are_chosen_moved_and_tilted_by_keys(opened):
    """Space chooses, arrows move all, the tilt is a slider of its own, Escape lets them go."""
    page = composing(opened, LINES)
    page.locator('[data-name="1"]').focus()
    for key in (" ", "]", " "):
        page.keyboard.press(key)
    assert chosen(page) == ["1", "2"]
    assert page.locator('[data-name="2"]').get_attribute("aria-label").endswith(", chosen")
    assert page.locator("#said").inner_text() == "2 points chosen"
    page.keyboard.press("ArrowRight")
    settled(page)
    moved = 'linear("21%", start=0.2, to=1) >> linear("30%", to=0.6) >> linear(start=0.6, to=0.1)'
    assert text_of(page) == moved
    page.locator('[data-name="tilt"]').focus()
    page.keyboard.press("-")
    settled(page)
    assert text_of(page) == moved.replace("0.6", "0.3")
    page.keyboard.press("Escape")
    assert chosen(page) == []
    assert page.evaluate("document.activeElement.dataset.name") == "2"


def test_a_plan_is_made_of_several_schedules(opened):
    """One is added, shaped by keys, and the other one taken up again; undo gives all back; the address holds it."""
    page = composing(opened, "cosine()", "&lr=0.001")
    page.locator("#plan-add button").click()
    until(page, "document.querySelectorAll('.track').length === 2 && lrlab.found.peak === 0.9")
    assert page.locator("#y-label").inner_text() == "momentum"
    assert text_of(page) == "constant(level=0.9)"
    page.locator('[data-name="0"]').focus()
    page.keyboard.press("-")
    settled(page)
    until(page, "lrlab.state.plan.includes('0.45')")
    assert lr.parse(text_of(page)).over(RUN)(0) == 0.45
    page.locator(".track").first.click()
    until(page, "document.getElementById('y-label').textContent === 'learning rate'")
    assert text_of(page) == "cosine()"
    until(page, "document.getElementById('code').textContent.includes('lr.plan(')")
    until(page, "document.querySelector('#plan-beside h2')?.textContent === 'momentum'")
    until(page, "document.querySelectorAll('#plan-beside canvas').length === 1")
    page.reload()
    until(page, "document.querySelectorAll('.track').length === 2")
    assert "0.45" in page.locator(".track").nth(1).inner_text()
    page.locator('[aria-label="Remove momentum"]').click()
    until(page, "document.querySelectorAll('.track').length === 0")
    page.locator("#undo").click()
    until(page, "document.querySelectorAll('.track').length === 2")


def test_a_plan_is_typed(opened):
    page = composing(opened)
    page.locator("#text").fill('plan(lr=linear(), groups={"head*": {"lr": rex()}})')
    page.locator("#text").blur()
    until(page, "document.querySelectorAll('.track').length === 2")
    assert text_of(page) == "linear()"
    assert page.locator("#wrong").inner_text() == ""


def test_spans_in_samples_and_tokens_know_their_run(opened):
    text = quote('warmup("64ksamples") >> cosine()')
    page = opened(f"/compose#s={text}&n={RUN}")
    until(page, "document.getElementById('wrong').textContent.includes('samples')")
    page.locator("#batch summary").click()
    page.locator("#samples").fill("128")
    page.locator("#samples").blur()
    until(page, "lrlab.found?.points?.[1]?.update === 500")
    assert page.locator("#wrong").inner_text() == ""
    page.reload()
    until(page, "lrlab.found?.points?.[1]?.update === 500")
    assert page.locator("#samples").input_value() == "128"
