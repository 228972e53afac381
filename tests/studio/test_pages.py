"""The pages, and what is served for them."""

import re

import pytest

from lrlab.studio.pages import PAGES, assets, html


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.file)
def test_a_page_names_what_is_there_and_nothing_from_elsewhere(page):
    """Nothing in it runs but the files of ours; no link leads nowhere."""
    text = html(page)
    for name in re.findall(r'(?:src|href)="([^"]*)"', text):
        place, _, _ = name.partition("#")
        assert place == "data:," or place.removeprefix("/static/") in assets() or place in [p.path for p in PAGES], name
    assert not re.search(r"https?://|\son\w+=|\sstyle=|<script>|<style", text)
    assert text.count("aria-current") == 1


def test_no_file_of_ours_asks_for_anything_from_elsewhere():
    for name, (data, _) in assets().items():
        if name.endswith((".js", ".css")) and not name.startswith("uPlot"):
            assert not re.search(rb"https?://(?!www\.w3\.org/)|eval\(|innerHTML|document\.write", data), name
