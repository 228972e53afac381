"""A picture of every page of the studio: light and dark, wide and narrow, empty, full and failing; to be looked at.

python benchmarks/studio_pictures.py FOLDER
python benchmarks/studio_pictures.py --docs        the handful of the handbook, in docs/images
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sizes import add_size

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
ROOT = Path(__file__).parents[1]
LOGS = [str(ROOT / "tests" / "data" / "multi-power-law" / f"{name}.csv") for name in ("constant_24000", "cosine_24000")]
TEXT = quote('warmup("5%") >> constant() >> cosine("30%", to=0.1)')
WRONG = quote('warmup("5%") >> cosin()')
FULL = f"s={TEXT}&n=24000&lr=0.0003&ghost={quote('cosine()')}"
PLAN = quote(
    'plan(lr=warmup("5%") >> constant() >> cosine("30%", to=0.1), momentum=linear(start=0.95, to=0.85), '
    'groups={"head*": {"lr": cosine()}})'
)
ARMS = [{"name": n, "schedule": s} for n, s in (("constant", "constant()"), ("cosine", "cosine()"), ("wsd", "wsd()"))]
ANSWERS = "task=classification&data=small&length=known"
SMALL = {"task": "digits", "quick": True, "arms": ARMS, "updates": 40, "folds": 2}
ASK = """async ([path, body]) => {
    const headers = { "Content-Type": "application/json", "X-Lrlab-Token": localStorage.getItem("lrlab-token") };
    const how = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
    return (await fetch(`/api/${path}`, how)).json();
}"""
Page = Any
Act = Callable[[Page], object]


def _law(page: Page) -> None:
    page.locator("#law-example").click()
    page.wait_for_selector("#law-ends:not(:empty)", timeout=120_000)
    page.wait_for_timeout(3000)  # for the difference from the pinned one


def _several(page: Page) -> None:
    page.wait_for_selector('[data-name="3"]')
    page.evaluate("() => lrlab.handles.choose(['1', '2', '3'])")


def _logs(page: Page) -> None:
    page.locator("#files").set_input_files(LOGS)
    page.wait_for_selector("#predicted table", timeout=240_000)


def _no_log(page: Page) -> None:
    page.locator("#files").set_input_files({"name": "a.bin", "mimeType": "text/plain", "buffer": b"\xff\x00"})
    page.wait_for_selector("#wrong:not(:empty)")


def _beside(page: Page) -> None:
    page.wait_for_selector("#runs tbody tr")
    for box in page.locator("#runs tbody input").all()[:3]:
        box.check()
    page.locator("#beside").click()
    page.wait_for_selector("#one .figure canvas")


def _refused(page: Page) -> None:
    page.locator("#budget").fill("much")
    page.locator('#train button[value="auto"]').click()
    page.wait_for_selector("#wrong:not(:empty)")


def _nothing(page: Page) -> None:
    """As it opens."""


# What each state needs besides its address; those of a store that is still empty come first.
EMPTY: dict[str, tuple[str, Act]] = {
    "home": ("/", _nothing),
    "compose": (f"/compose#{FULL}", _law),
    "compose-plan": (f"/compose#s={TEXT}&n=10000&plan={PLAN}", _several),
    "compose-log": (f"/compose#s={TEXT}&n=10000&log=1", _nothing),
    "compose-failing": (f"/compose#s={WRONG}&n=10000", _nothing),
    "compare-empty": ("/compare", _nothing),
    "compare-example": ("/compare#job=example", _nothing),
    "compare-failing": ("/compare#job=0123456789ab", _nothing),
    "choose": ("/choose", _nothing),
    "choose-answered": (f"/choose#{ANSWERS}", _nothing),
    "choose-refused": ("/choose", _refused),
    "choose-failing": ("/choose#choice=0123456789ab", _nothing),
    "runs-empty": ("/runs", _nothing),
    "runs-failing": ("/runs#key=abc", _nothing),
    "forecast-empty": ("/forecast", _nothing),
    "forecast": ("/forecast", _logs),
    "forecast-failing": ("/forecast", _no_log),
}
STORED: dict[str, tuple[str, Act]] = {
    "compare": ("/compare", _nothing),
    "compare-running": ("/compare#job=RUNNING", _nothing),
    "compare-stopped": ("/compare#job=STOPPED", _nothing),
    "compare-finished": ("/compare#job=FINISHED", _nothing),
    "choose-begun": ("/choose", _nothing),
    "choose-range": ("/choose#choice=RANGE", _nothing),
    "choose-auto": ("/choose#choice=CHOSEN", _nothing),
    "choose-running": ("/choose#choice=CHOOSING", _nothing),
    "choose-stopped": ("/choose#choice=HALTED", _nothing),
    "choose-failed": ("/choose#choice=POOR", _nothing),
    "runs": ("/runs", _nothing),
    "runs-beside": ("/runs", _beside),
}


def main() -> None:
    """Make them all, or those of the handbook."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", nargs="?", default="pictures", type=Path)
    options.add_argument("--docs", action="store_true", help="only those of the handbook")
    add_size(options)
    given = options.parse_args()
    if not Path(CHROMIUM).exists():
        print(f"{CHROMIUM} is not installed: nothing was drawn")
        return
    if given.docs:
        given.folder = ROOT / "docs" / "images"
    given.folder.mkdir(parents=True, exist_ok=True)
    with _studio() as (browser, url):
        if given.size == "smallest":
            draw(browser, url, given.folder, {"home": EMPTY["home"]}, ("light",), (1440,))
        elif given.docs:
            handbook(browser, url, given.folder)
        else:
            draw(browser, url, given.folder, EMPTY, ("light", "dark"), (1440, 420))
            names = _trained(browser, url)
            states = {name: (_of(path, names), act) for name, (path, act) in STORED.items()}
            draw(browser, url, given.folder, states, ("light", "dark"), (1440, 420))
    print(f"{len(list(given.folder.glob('*.png')))} pictures in {given.folder}")


def draw(
    browser: Any,
    url: str,
    folder: Path,
    states: dict[str, tuple[str, Act]],
    themes: tuple[str, ...],
    widths: tuple[int, ...],
) -> None:
    """Make some: the whole of each page."""
    for theme in themes:
        for width in widths:
            for name, (path, act) in states.items():
                page = _opened(browser, url, path, act, theme, width, 900)
                page.screenshot(path=folder / f"{name}-{theme}-{width}.png", full_page=True)
                page.context.close()


def handbook(browser: Any, url: str, folder: Path) -> None:
    """The first view of a few pages, as small as a page of the handbook shows them."""
    for name, theme, state in (
        ("studio-compose", "light", "compose"),
        ("studio-compose-dark", "dark", "compose"),
        ("studio-compare", "light", "compare-example"),
        ("studio-choose", "light", "choose-answered"),
        ("studio-forecast", "light", "forecast"),
    ):
        path, act = EMPTY[state]
        page = _opened(browser, url, path, act, theme, 1280, 1020 if "compose" in name else 800)
        page.screenshot(path=folder / f"{name}.png")
        page.context.close()


def _opened(browser: Any, url: str, path: str, act: Act, theme: str, width: int, height: int) -> Page:
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(".word")
    page.goto("about:blank")
    page.goto(url.partition("/?")[0] + path)
    page.wait_for_timeout(1000)
    act(page)
    page.wait_for_timeout(700)
    return page


def _trained(browser: Any, url: str) -> dict[str, str]:
    """Comparisons and choices that are finished, stopped, failed and running: their names."""
    page = _opened(browser, url, "/compare", _nothing, "light", 1440, 900)
    long = {**SMALL, "updates": 2000}

    def begun(way: str, body: dict[str, Any]) -> str:
        return str(page.evaluate(ASK, [way, body])["name"])

    def until(condition: Callable[[], bool]) -> None:
        while not condition():
            page.wait_for_timeout(500)

    def compared(name: str) -> dict[str, Any]:
        found: dict[str, Any] = page.evaluate(ASK, [f"comparison?name={name}", None])["job"]
        return found

    def chosen(name: str) -> dict[str, Any]:
        found: dict[str, Any] = page.evaluate(ASK, [f"choice?name={name}", None])
        return found

    def came(name: str) -> bool:
        return any(part["done"] for part in chosen(name)["parts"])

    finished = begun("compare", SMALL)
    until(lambda: compared(finished)["status"] == "finished")
    stopped = begun("compare", long)
    until(lambda: compared(stopped)["done"] > 0)
    page.evaluate(ASK, ["stop", {"name": stopped}])
    until(lambda: compared(stopped)["status"] == "stopped")
    within = {"task": "control", "updates": 160, "budget": "12", "answers": {}}
    found = begun("find", {"task": "control", "updates": 400})
    auto = begun("auto", within)
    poor = begun("auto", {**within, "budget": "2"})
    until(lambda: all(chosen(name)["status"] != "running" for name in (found, auto, poor)))
    halted = begun("auto", {**within, "updates": 4000})
    until(lambda: came(halted))
    page.evaluate(ASK, ["halt", {"name": halted}])
    until(lambda: chosen(halted)["status"] == "stopped")
    choosing = begun("auto", {**within, "updates": 4001})
    until(lambda: came(choosing))
    running = begun("compare", {**long, "updates": 2001})
    until(lambda: compared(running)["done"] > 1)
    page.context.close()
    return {
        "FINISHED": finished,
        "STOPPED": stopped,
        "RUNNING": running,
        "RANGE": found,
        "CHOSEN": auto,
        "POOR": poor,
        "HALTED": halted,
        "CHOOSING": choosing,
    }


def _of(path: str, names: dict[str, str]) -> str:
    for word, name in names.items():
        path = path.replace(word, name)
    return path


@contextmanager
def _studio() -> Iterator[tuple[Any, str]]:
    """A studio over an empty store, and a browser; what is still training in the end is stopped."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, sync_playwright() as driver:
        process = subprocess.Popen(
            [sys.executable, "-m", "lrlab", "studio", "--json"], stdout=subprocess.PIPE, text=True, cwd=place
        )
        try:
            assert process.stdout is not None
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
            yield browser, json.loads(process.stdout.readline())["url"]
            for alive in Path(place).rglob("alive"):
                alive.with_name("stop").touch()
            browser.close()
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
