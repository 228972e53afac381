"""How fast the studio is: a drag to the redrawn curve at 100 000 updates, the first curve, its memory.

python benchmarks/studio.py [--updates 100000] [--moves 40]

In Chromium without a screen, against a real server.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
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
TEXT = 'warmup("5%") >> cosine(to=0.1)'
# From the move of the pointer to the frame after the one in which the curve was drawn.
MOVE = """async ([left, top]) => {
    const { chart, gestures } = lrlab;
    const box = chart.over.getBoundingClientRect();
    const before = chart.draws;
    const began = performance.now();
    lrlab.held.dispatchEvent(new PointerEvent("pointermove", {
        clientX: box.left + left, clientY: box.top + top, pointerId: 1, bubbles: true, altKey: true }));
    while (chart.draws === before) await new Promise((done) => requestAnimationFrame(done));
    await new Promise((done) => requestAnimationFrame(done));
    return performance.now() - began;
}"""
GRAB = """() => {
    const { chart, handles } = lrlab;
    const button = handles.buttons.get("1");
    button.setPointerCapture = () => {};
    lrlab.held = button;
    const box = chart.over.getBoundingClientRect();
    const at = { clientX: box.left + chart.across(5000), clientY: box.top + chart.down(1) };
    button.dispatchEvent(new PointerEvent("pointerdown", { ...at, pointerId: 1, bubbles: true, button: 0 }));
    return [chart.across(chart.updates * 0.05), chart.down(1), chart.width];
}"""
BURST = """async ([left, top, many]) => {
    const { chart, gestures } = lrlab;
    const box = chart.over.getBoundingClientRect();
    gestures.sent = 0;
    for (let k = 0; k < many; k += 1) {
        lrlab.held.dispatchEvent(new PointerEvent("pointermove", {
            clientX: box.left + left + 4 * k, clientY: box.top + top, pointerId: 1, bubbles: true, altKey: true }));
        await new Promise((done) => setTimeout(done, 1000 / 60));
    }
    const ended = performance.now();
    await gestures.idle;
    return [gestures.sent, performance.now() - ended];
}"""


def main(argv: list[str] | None = None) -> None:
    """Print one figure a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=100_000)
    parser.add_argument("--moves", type=int, default=40)
    add_size(parser)
    given = parser.parse_args(argv)
    if not Path(CHROMIUM).exists():
        print(f"{CHROMIUM} is not installed: nothing was measured")
        return
    if given.size == "smallest":
        given.updates, given.moves = 1000, 2
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver, _served() as (url, process):
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        print(f"server, idle: {_memory(process.pid):.0f} MB")
        found = _studio(browser, url, given.updates, given.moves)
        browser.close()
    print(f"page to first curve: {found['first']:.0f} ms")
    print(f"drag to redrawn curve at {given.updates:,} updates: {_spread(found['moves'])}")
    print(f"after 60 moves at 60 a second: {found['sent']} requests, all drawn {found['lag']:.0f} ms after the last")


def _studio(browser: Any, url: str, updates: int, moves: int) -> dict[str, Any]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(url)
    page.wait_for_selector(".word")
    began = time.perf_counter()
    page.goto(f"{url.partition('/?')[0]}/compose#s={quote(TEXT)}&n={updates}")
    while not page.evaluate("() => Boolean(window.lrlab?.chart.draws)"):
        page.wait_for_timeout(5)
    first = 1000 * (time.perf_counter() - began)
    page.wait_for_selector(".word")
    left, top, width = page.evaluate(GRAB)
    for k in range(3):
        page.evaluate(MOVE, [left + 6 + k, top])
    took = [page.evaluate(MOVE, [left + 10 + (k * 37) % (width / 2), top]) for k in range(moves)]
    sent, lag = page.evaluate(BURST, [left, top, 60])
    page.close()
    return {"first": first, "moves": took, "sent": sent, "lag": lag}


@contextmanager
def _served() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "lrlab", "studio", "--json"], stdout=subprocess.PIPE, text=True, cwd=folder
        )
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["url"], process
        finally:
            process.terminate()
            process.wait()


def _memory(pid: int) -> float:
    """The memory of a process in MB."""
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("VmRSS"))) / 1024


def _spread(took: list[float]) -> str:
    ordered = sorted(took)
    return f"median {statistics.median(took):.0f} ms, 95 % within {ordered[int(0.95 * (len(ordered) - 1))]:.0f} ms"


if __name__ == "__main__":
    main()
