"""Nobody is shut out of a page: axe-core finds no violation, in either theme, empty, full or failing."""

from urllib.parse import quote

import pytest

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
    "choose-failing": ("/choose#range=0123456789ab", "#one .wrong"),
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
