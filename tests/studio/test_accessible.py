"""Nobody is shut out of a page: axe-core finds no violation, in either theme, empty, full or failing."""

from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest

from waiting import until

DATA = Path(__file__).parents[1] / "data"

TEXT = quote('warmup("5%") >> constant() >> cosine("30%", to=0.1)')
STATES = {
    "home": ("/", ".word"),
    "compose": (f"/compose#s={TEXT}&n=1000&lr=0.001&wd=0.1&ghost={quote('wsd()')}&with={quote('linear()')}", "dl dd"),
    "compose-log": (f"/compose#s={TEXT}&n=1000&log=1", "dl dd"),
    "compose-failing": (f"/compose#s={quote('cosin()')}&n=1000", "#wrong code"),
    "compare": ("/compare", "#jobs a"),
    "compare-example": ("/compare#job=example", ".figure canvas"),
    "compare-failing": ("/compare#job=0123456789ab", "#failed:not(:empty)"),
    "runs": ("/runs", "#runs > *"),
    "runs-failing": ("/runs#key=abc", "#wrong:not(:empty)"),
    "choose": ("/choose", "#shortlist .word"),
    "choose-answered": ("/choose#task=classification&data=small", "#reasons tbody tr"),
    "choose-failing": ("/choose#choice=0123456789ab", "#failed:not(:empty)"),
    "forecast": ("/forecast", "#drop"),
}


@pytest.mark.parametrize("state", STATES)
def test_axe_finds_nothing(state, opened, violations):
    path, ready = STATES[state]
    found = []
    for theme in ("light", "dark"):
        page = opened(path, theme=theme, bypass_csp=True)
        page.wait_for_selector(ready)
        found += [(theme, *each) for each in violations(page)]
    assert found == []


def test_axe_finds_nothing_on_a_full_page(opened, violations):
    """Compose with a law, a plan, and points that are chosen."""
    path = f"/compose#s={TEXT}&n=24000&lr=0.0003&ghost={quote('cosine()')}"
    for theme in ("light", "dark"):
        page = opened(path, theme=theme, bypass_csp=True)
        page.wait_for_selector("dl dd")
        page.locator("#law-example").click()
        page.wait_for_selector("#law-ends:not(:empty)")
        page.locator("#plan-add button").click()
        page.wait_for_selector(".track")
        page.locator(".track").first.click()
        page.wait_for_selector('[data-name="3"]')
        page.evaluate("() => lrlab.handles.choose(['1', '2', '3'])")
        page.wait_for_selector('[data-name="tilt"]')
        assert violations(page) == []


ARMS = [
    {"name": n, "schedule": s} for n, s in (("flat", "constant()"), ("wsd", "wsd()"), ("early", 'wsd(decay="40%")'))
]


def test_axe_finds_nothing_while_something_is_trained_and_after(opened, violations, studio):
    """A comparison and a choice that are running; a comparison, a range test and a choice that are finished."""
    tiny = {"task": "slow.py:train", "arms": ARMS, "updates": 16, "folds": 2}
    finished = studio.post("/api/compare", tiny).json["name"]
    within = {"task": "slow.py:train", "updates": 160, "budget": "12", "answers": {}}
    found, chosen = (
        studio.post(f"/api/{way}", asked).json["name"]
        for way, asked in (("find", {"task": "slow.py:train", "updates": 160}), ("auto", within))
    )
    until(lambda: studio.get(f"/api/comparison?name={finished}").json["report"])
    until(lambda: all(studio.get(f"/api/choice?name={name}").json["status"] == "finished" for name in (found, chosen)))
    running = studio.post("/api/compare", {**tiny, "updates": 4000, "folds": 8}).json["name"]
    choosing = studio.post("/api/auto", {**within, "updates": 20_000}).json["name"]
    until(lambda: studio.get(f"/api/comparison?name={running}").json["job"]["done"])
    try:
        for path, ready in (
            (f"/compare#job={running}", ".cell.done"),
            (f"/choose#choice={choosing}", "#parts progress"),
            (f"/compare#job={finished}", "#report .tree"),
            (f"/choose#choice={found}", "#report .facts"),
            (f"/choose#choice={chosen}", "#report .facts"),
        ):
            for theme, width in product(("light", "dark"), (1440, 420)):
                page = opened(path, theme=theme, width=width, bypass_csp=True)
                page.wait_for_selector(ready)
                assert violations(page) == [], (path, theme, width)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
    finally:
        studio.post("/api/stop", {"name": running})
        studio.post("/api/halt", {"name": choosing})


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_a_full_forecast(opened, violations, theme):
    page = opened("/forecast", theme=theme, bypass_csp=True)
    page.locator("#files").set_input_files(
        [str(next(DATA.rglob(f"{name}.csv"))) for name in ("constant_24000", "cosine_24000")]
    )
    page.wait_for_selector("#predicted table", timeout=240_000)
    page.wait_for_selector("#branched table")
    assert violations(page) == []
