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


def test_each_line_of_its_words_is_a_line(browse, tmp_path):
    """A phase each, as in the notebook itself."""
    page = lr.parse('warmup("5%") >> cosine()').over(1000).interactive().page
    look = "document.title = getComputedStyle(document.querySelector('.prose p')).whiteSpace"
    kept = re.sub("<meta http-equiv[^>]*>", "", page).replace("</body>", f"<script>{look}</script></body>")
    (tmp_path / "page.html").write_text(kept, encoding="utf-8")
    assert "<title>pre-line</title>" in browse(tmp_path / "page.html").stdout
    assert re.search(r"to 1\n +updates 50", page)
