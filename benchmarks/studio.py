"""How fast the studio is: a drag to the redrawn curve at 100 000 updates, the first curve, its memory; and a peer.

python benchmarks/studio.py [--updates 100000] [--moves 40] [--peer PYTHON]

In Chromium without a screen, against a real server. PYTHON is that of an environment with Streamlit and Plotly
(`pip install streamlit plotly`): its page has the same slider over the same curve. A key is pressed on either slider,
in turns. Two times are taken of each, on both pages by the same function: from the key to the moment at which the new
curve is in the page, and to the frame after the one that shows it. A browser draws 60 frames a second, so that one to
two frames, 17 to 33 ms, of the latter are its own.
"""

from __future__ import annotations

import argparse
import json
import socket
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
from urllib.request import urlopen

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
# The same slider as a page of Streamlit, with as many points as a screen shows.
PEER = """
import numpy as np, plotly.graph_objects as go, streamlit as st
updates = UPDATES
share = st.slider("warmup (%)", 1, 50, 5)
at = np.arange(updates)
first = updates * share // 100
fall = 0.1 + 0.9 * (1 + np.cos(np.pi * (at - first) / max(1, updates - first))) / 2
lr = np.where(at < first, (at + 1) / (first + 1), fall)
few = np.unique(np.linspace(0, updates - 1, 2400).astype(int))
st.plotly_chart(go.Figure(go.Scatter(x=few, y=lr[few], mode="lines")), key="curve")
"""
WATCH = """(seen) => {
    const path = () => document.querySelector(".js-line")?.getAttribute("d");
    const look = seen === "peer" ? path : () => lrlab.chart.draws;
    window.took = null;
    addEventListener("keydown", () => {
        const began = performance.now();
        const before = look();
        let changed = null;
        const observer = new MutationObserver(() => {
            if (changed === null && look() !== before) changed = performance.now() - began;
        });
        observer.observe(document.body, { subtree: true, childList: true, attributes: true });
        const wait = () => {
            if (look() === before) return requestAnimationFrame(wait);
            requestAnimationFrame(() => {
                observer.disconnect();
                window.took = [changed, performance.now() - began];
            });
        };
        wait();
    }, { capture: true, once: true });
}"""


def main(argv: list[str] | None = None) -> None:
    """Print one figure a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--updates", type=int, default=100_000)
    parser.add_argument("--moves", type=int, default=40)
    parser.add_argument("--peer", default=sys.executable, help="the Python of an environment with Streamlit and Plotly")
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
        keys = _beside(browser, url, given.peer, given.updates, given.moves)
        browser.close()
    print(f"page to first curve: {found['first']:.0f} ms")
    print(f"drag to redrawn curve at {given.updates:,} updates: {_spread(found['moves'])}")
    if keys is not None:
        for k, what in enumerate(("the new curve in the page", "the frame after the one that shows it")):
            ours, theirs = ([times[k] for times in page] for page in keys)
            print(f"key on a slider to {what}: {_spread(ours)}; Streamlit: {_spread(theirs)}")
            print(f"times as fast as Streamlit: {statistics.median(theirs) / statistics.median(ours):.1f}")
    else:
        print(f"SKIPPED the peer: {given.peer} has no Streamlit with Plotly; --peer PYTHON names one that has")
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


Times = tuple[float, float]  # milliseconds from a key to the new curve in the page, and to the frame after its own


def _beside(browser: Any, url: str, python: str, updates: int, moves: int) -> tuple[list[Times], list[Times]] | None:
    """A key on the slider of either page, in turns: the studio's times and the peer's; None without a peer."""
    if subprocess.run([python, "-c", "import streamlit, plotly"], capture_output=True).returncode:
        return None
    with _peer(python, updates) as address:
        studio, peer = (browser.new_page(viewport={"width": 1440, "height": 900}) for _ in range(2))
        studio.goto(url)
        studio.wait_for_selector(".word")
        studio.goto(f"{url.partition('/?')[0]}/compose#s={quote(TEXT)}&n={updates}")
        peer.goto(address)
        for page in (studio, peer):
            page.set_default_timeout(120_000)
        for page, place in ((studio, '[data-name="1"]'), (peer, "input[type=range]")):
            page.wait_for_selector(place, state="attached")
            page.locator(place).focus()
        peer.wait_for_selector(".js-line")
        ours: list[Times] = []
        theirs: list[Times] = []
        for _ in range(3 + moves):
            ours.append(_key(studio, "studio"))
            theirs.append(_key(peer, "peer"))
        studio.close()
        peer.close()
    return ours[3:], theirs[3:]


def _key(page: Any, name: str) -> Times:
    page.bring_to_front()
    page.evaluate(WATCH, name)
    page.keyboard.press("ArrowRight")
    while (took := page.evaluate("window.took")) is None:
        page.wait_for_timeout(20)
    page.wait_for_timeout(200)
    changed, after = took
    return float(changed), float(after)


@contextmanager
def _peer(python: str, updates: int) -> Iterator[str]:
    """The page of Streamlit, once it answers."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        place = Path(folder, "page.py")
        place.write_text(PEER.replace("UPDATES", str(updates)), encoding="utf-8")
        options = {"server.headless": "true", "server.port": port, "server.address": "127.0.0.1"}
        options |= {"browser.gatherUsageStats": "false", "server.fileWatcherType": "none"}
        given = [f"--{name}={value}" for name, value in options.items()]
        process = subprocess.Popen(
            [python, "-m", "streamlit", "run", str(place), *given],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            while True:
                try:
                    urlopen(f"{address}/_stcore/health", timeout=5).close()
                    break
                except OSError:
                    if process.poll() is not None:
                        raise
                    time.sleep(0.2)
            yield address
        finally:
            process.terminate()
            process.wait()


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
