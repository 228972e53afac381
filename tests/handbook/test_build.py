"""The handbook as it is built: no warning, no dead link, nothing fetched, nothing that a reader is shut out from."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import lrlab as lr
from lrlab.core.text.parse import VOCABULARY

ROOT = Path(__file__).parents[2]
NEEDS = ("sphinx", "myst_parser", "furo")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder of the built pages."""
    for name in NEEDS:
        if find_spec(name) is None:
            pytest.skip(f"{name} is not installed: pip install '.[docs]'")
    folder = tmp_path_factory.mktemp("handbook")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", folder / "trees"]
    ran = subprocess.run([*command, ROOT / "docs", folder / "pages"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return folder / "pages"


class Page(HTMLParser):
    """What a page refers to, and the places within it."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.tags, self.places = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append((tag, given))
        self.places |= {given[name] for name in ("id", "name") if given.get(name)}

    @property
    def links(self):
        return [given["href"] for tag, given in self.tags if tag == "a" and given.get("href")]

    @property
    def loaded(self):
        """What a browser fetches by itself."""
        found = [given[name] for tag, given in self.tags for name in ("src", "srcset", "data") if given.get(name)]
        return found + [given["href"] for tag, given in self.tags if tag == "link" and _fetched(given)]


def _fetched(link):
    return bool({"stylesheet", "icon", "preload", "prefetch"} & set((link.get("rel") or "").split()))


@pytest.fixture(scope="module")
def pages(built):
    return {path: Page(path) for path in built.rglob("*.html")}


def test_nothing_is_fetched_from_elsewhere(built, pages):
    """Not by a page, not by a style: fonts, pictures and scripts lie beside the pages."""
    for path, page in pages.items():
        for address in page.loaded:
            assert not urlsplit(address).netloc, (path, address)
    for style in built.rglob("*.css"):
        for address in re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')]+)", style.read_text(encoding="utf-8")):
            assert not urlsplit(address).netloc, (style, address)


def test_every_link_within_leads_somewhere(built, pages):
    """To a file that is there, and to a place that is in it."""
    dead = []
    for path, page in pages.items():
        for address in [*page.links, *page.loaded]:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            fragment = unquote(parts.fragment)
            if not target.exists() or (fragment and target in pages and fragment not in pages[target].places):
                dead.append(f"{path.relative_to(built)} -> {address}")
    assert dead == []


def test_every_word_has_its_page_and_every_public_name_its_place(built, pages):
    """The gallery and the reference are complete."""
    reference = pages[built / "reference" / "names.html"].places
    for name in dir(lr):
        if name in VOCABULARY:
            page = (built / "gallery" / f"{name}.html").read_text(encoding="utf-8")
            assert page.count('class="only-') >= 2, name
            assert page.count('class="highlight-python') >= 3, name
        else:
            assert f"lrlab.{name}" in reference, name


def test_the_adapters_are_in_the_reference(pages):
    """With the methods that they have from classes of ours above them."""
    places = set().union(*(page.places for page in pages.values()))
    for name in ("torch.Scheduler.step", "torch.Scheduler.extend", "torch.get_scheduler", "keras.SchedulerCallback",
                 "optax.schedule", "lightning.Observe", "transformers.Scheduled"):  # fmt: skip
        assert f"lrlab.adapters.{name}" in places


def test_chinese_pages_are_chinese_around_their_text(built):
    """What the theme says, and the navigation, which begins with them; nothing of an English page changes."""
    chinese = (built / "zh" / "choose.html").read_text(encoding="utf-8")
    english = (built / "plans.html").read_text(encoding="utf-8")
    captions = re.findall(r'caption-text">([^<]+)', chinese)
    assert captions[0] == "中文手册"
    assert all(re.search("[\u4e00-\u9fff]", caption) for caption in captions)
    for theirs, ours in (("On this page", "本页内容"), ("Back to top", "回到顶部"), ('"Search"', '"搜索"')):
        assert (theirs in english, ours in english) == (True, False), ours
        assert (theirs in chinese, ours in chinese) == (False, True), ours


@pytest.mark.parametrize(
    ("asked", "page"), [("余弦退火", "zh/strategies"), ("断点续训", "zh/quickstart"), ("momentum", "plans")]
)
def test_the_search_finds_what_is_asked(asked, page, built, browse):
    """Also Chinese words, which no space parts."""
    seen = browse(f"{built}/search.html?q={asked}", wait=20_000).stdout
    found = re.findall(r'<li[^>]*>\s*<a href="([^"?#]+)', seen[seen.index('id="search-results"') :])
    assert f"{page}.html" in found


# One page of each kind: the first, before and after, tables, code and formulas, plain prose, made from the sources.
AUDITED = (
    "index", "quickstart", "articles", "tasks", "gallery/index", "gallery/plateau", "howto/compare", "forecast",
    "reference/pytorch", "reference/names", "reference/command_line", "examples/index", "changelog", "zh/index",
    "zh/strategies", "search", "genindex",
)  # fmt: skip
AUDIT = """
<script>{axe}</script>
<script>
addEventListener("load", async () => {{
  const told = document.createElement("pre");
  const said = [];
  for (const theme of ["light", "dark"]) {{
    document.body.dataset.theme = theme;
    const found = await axe.run(document, {{resultTypes: ["violations"]}});
    said.push(...found.violations.map(v => [theme, v.id, v.nodes.map(n => n.html.slice(0, 120))]));
  }}
  told.id = "audit";
  told.textContent = JSON.stringify(said);
  document.body.append(told);
}});
</script></body>"""


@pytest.mark.parametrize("name", AUDITED)
def test_no_reader_is_shut_out(name, built, browse):
    """axe-core finds no violation, in either theme."""
    axe = gzip.decompress((Path(__file__).parent / "axe-core" / "axe-4.14.1.min.js.gz").read_bytes()).decode()
    page = built / f"{name}.html"
    copy = page.with_name(f"{page.stem}-audit.html")
    text = page.read_text(encoding="utf-8")
    copy.write_text(text.replace("</body>", AUDIT.format(axe=axe)), encoding="utf-8")
    try:
        seen = browse(copy, wait=20_000).stdout
    finally:
        copy.unlink()
    assert re.findall(r'<pre id="audit".*?>(.*?)</pre>', seen, re.DOTALL) == ["[]"]
