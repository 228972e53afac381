"""The frame of a notebook in which a value can be pointed at."""

import re
from html import unescape

import lrlab as lr


def test_the_frame_holds_the_page_and_reaches_nothing():
    """It has no origin; its page has the policy of every page."""
    found = lr.cosine().over(100).interactive()._repr_html_()
    (page,) = re.findall(r'srcdoc="([^"]*)"', found)
    assert 'sandbox="allow-scripts allow-downloads"' in found
    assert "default-src 'none'" in unescape(page)
    assert "<h1>cosine()</h1>" in unescape(page)


def test_the_page_may_be_kept():
    """As text."""
    assert lr.plan(lr="cosine()", momentum=0.9).interactive().page.startswith("<!doctype html>")
