"""A picture of every page of the studio: light and dark, wide and narrow, empty, full and failing; to be looked at.

python benchmarks/studio_pictures.py FOLDER
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from sizes import add_size

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
TEXT = quote('warmup("5%") >> constant() >> cosine("30%", to=0.1)')
WRONG = quote('warmup("5%") >> cosin()')
FULL = f"s={TEXT}&n=10000&lr=0.0003&ghost={quote('wsd()')}"
PAGES = {
    "home": "/",
    "compose": f"/compose#{FULL}",
    "compose-log": f"/compose#{FULL}&log=1",
    "compose-failing": f"/compose#s={WRONG}&n=10000",
    "compare-empty": "/compare",
    "compare-example": "/compare#job=example",
    "compare-failing": "/compare#job=0123456789ab",
    "runs-empty": "/runs",
    "forecast-empty": "/forecast",
}


def main() -> None:
    """Make them all."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", nargs="?", default="pictures", type=Path)
    add_size(options)
    given = options.parse_args()
    if not Path(CHROMIUM).exists():
        print(f"{CHROMIUM} is not installed: nothing was drawn")
        return
    smallest = given.size == "smallest"
    draw(given.folder, PAGES if not smallest else {"home": "/"}, ("light",) if smallest else ("light", "dark"))
    print(f"{len(list(given.folder.glob('*.png')))} pictures in {given.folder}")


def draw(folder: Path, pages: dict[str, str], themes: tuple[str, ...]) -> None:
    """Make some."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as driver:
        process = subprocess.Popen(
            [sys.executable, "-m", "lrlab", "studio", "--json"], stdout=subprocess.PIPE, text=True, cwd=place
        )
        try:
            assert process.stdout is not None
            url = json.loads(process.stdout.readline())["url"]
            browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
            for theme in themes:
                for width in (1440, 420):
                    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
                    page = context.new_page()
                    page.goto(url)
                    page.wait_for_selector(".word")
                    for name, path in pages.items():
                        page.goto("about:blank")
                        page.goto(url.partition("/?")[0] + path)
                        page.wait_for_load_state("networkidle")
                        page.wait_for_timeout(400)
                        page.screenshot(path=folder / f"{name}-{theme}-{width}.png", full_page=True)
                    context.close()
            browser.close()
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    main()
