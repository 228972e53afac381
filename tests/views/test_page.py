"""The page: one file, nothing fetched, nothing injected, and it works in a browser if there is one."""

import base64
import gzip
import hashlib
import json
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from lrlab.views.model import Code, Figure, Interval, Line, Mark, Report, Table, Text
from lrlab.views.page import html

AXE = next((Path(__file__).parents[1] / "handbook" / "axe-core").glob("axe-*.min.js.gz"))
EVIL = """</script><script>alert('1')</script><!-- "'&<b> \\u2028 {{}}"""


def lines(count, points=20):
    return tuple(Line(f"arm {k}", range(points), [k + i / points for i in range(points)]) for k in range(count))


def report(*sections, **more):
    given = {"title": "Title", "lead": "Lead.", "sections": sections, "facts": {"command": "lrlab compare digits"}}
    return Report(**(given | more))


class Parsed(HTMLParser):
    """Tags with their attributes, and the text inside each, checked for balance."""

    VOID = frozenset(("meta", "link", "path", "circle", "br"))

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data.strip()))

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    def text_of(self, tag):
        return [text for name, text in self.texts if name == tag]


def data_of(page):
    return json.loads(re.search('<script type="application/json" id="data">(.*?)</script>', page)[1])


def everything():
    table = Table(
        ("", "strategy", "loss", "difference", "verdict"),
        (
            (1, "arm 0", 0.25, Interval(0, 0, 0), Mark("best", "good")),
            (2, "arm 1", 0.5, Interval(0.1, 0.25, 0.4), Mark("worse", "bad")),
        ),
        title="Ranking",
        note="Five folds.",
    )
    band = Line("arm 1", [0, 1, 2], [1, None, 3], [0.5, None, 2], [2, None, 4])
    return report(
        table,
        Figure("Crowd", "update", "multiplier", lines(13), note="A note."),
        Figure("Band", "update", "loss", (band, *lines(1)), log_y=True),
        Figure("Valley", "LR", "loss", (Line("arm 0", [0.25, 0.5, 1, 2], [3, 2, 1, 4]),), log_x=True),
        Text("First.\n\nSecond.", "Method"),
    )


def test_parses_and_holds_what_the_report_says():
    """Well-formed; every heading, text, cell and fact is there without a script."""
    parsed = Parsed(html(everything()))
    assert parsed.text_of("h1") == parsed.text_of("title") == ["Title"]
    assert parsed.text_of("h2") == ["Ranking", "Crowd", "Band", "Valley", "Method", "To repeat this"]
    for text in ("Lead.", "First.", "Second.", "A note.", "Five folds."):
        assert text in parsed.text_of("p")
    assert parsed.text_of("dd") == ["lrlab compare digits"]
    assert {"arm 0", "0.25", "0.50"} <= set(parsed.text_of("td"))
    assert "+0.25 [0.10, 0.40]" in parsed.text_of("span")


def test_same_report_same_page():
    """Nothing of the moment or the machine is in it."""
    assert html(everything()) == html(everything())


def test_policy_allows_exactly_the_script_and_the_style():
    """The hashes are those of the two texts; there is no other script, style, or inline style or handler."""
    page = html(everything())
    (policy,) = [m["content"] for m in Parsed(page).all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    (style,) = re.findall("<style>(.*?)</style>", page, re.S)
    (script,) = re.findall("<script>(.*?)</script>", page, re.S)
    for kind, text in (("script", script), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert re.search(rf"{kind}-src 'sha256-([^']*)'", policy)[1] == digest
    attributes = {name for _, given in Parsed(page).tags for name in given}
    assert "style" not in attributes
    assert not any(name.startswith("on") for name in attributes)


def test_nothing_is_fetched():
    """No reference leads out of the file: only data: and fragments; addresses occur in licence texts only."""
    parsed = Parsed(html(everything()))
    for _, attributes in parsed.tags:
        assert "src" not in attributes
        assert attributes.get("href", "data:").startswith(("data:", "#"))
    (style,) = parsed.text_of("style")
    assert re.findall(r"url\(\"?(\w*:?)", style) == ["data:"]
    assert "@import" not in style


@pytest.mark.parametrize("where", ["title", "lead", "figure", "table", "text", "facts"])
def test_hostile_texts_are_only_text(where):
    """Whatever field holds markup, the page has the same elements as with a harmless text in its place."""

    def page(text):
        line = Line(text, [0, 1], [0, 1])
        return html(
            {
                "title": lambda: report(title=text),
                "lead": lambda: report(lead=text),
                "figure": lambda: report(Figure(text, text, text, (line,), note=text)),
                "table": lambda: report(
                    Figure("f", "x", "y", (line,)), Table((text,), ((text,), (Mark(text),)), text, text)
                ),
                "text": lambda: report(Text(text, text)),
                "facts": lambda: report(facts={text: text}),
            }[where]()
        )

    evil, calm = page(EVIL), page("calm")
    assert [tag for tag, _ in Parsed(evil).tags] == [tag for tag, _ in Parsed(calm).tags]
    assert any(EVIL in text for _, text in Parsed(evil).texts)
    if where == "figure":
        figure = data_of(evil)["figures"][0]
        assert (figure["xLabel"], figure["lines"][0]["name"]) == (EVIL, EVIL)


def test_data_are_the_thinned_lines():
    """A ramp is two points; equal x is stored once; gaps are null; whole numbers have no point."""
    ramp, other = (Line(name, range(1001), [i / 1000 * k for i in range(1001)]) for name, k in (("a", 1), ("b", 2)))
    gap = Line("c", [0, 1, 2], [0.123456789, None, 2])
    (figure,) = data_of(html(report(Figure("f", "update", "y", (ramp, other, gap)))))["figures"]
    assert figure["xs"] == [[0, 1000], [0, 1, 2]]
    assert [line["x"] for line in figure["lines"]] == [0, 0, 1]
    assert [line["y"] for line in figure["lines"]] == [[0, 1], [0, 2], [0.12346, None, 2]]
    assert figure["finest"] == 1
    valley = Figure("f", "LR", "y", (Line("a", [0.25, 0.5, 2], [1, 0, 1]),), log_x=True)
    (figure,) = data_of(html(report(valley)))["figures"]
    assert (figure["logX"], figure["xs"]) == (True, [[0.25, 0.5, 2]])
    assert figure["finest"] == pytest.approx(math.log(2))


def test_a_line_has_one_colour_in_every_figure():
    """Names keep their colour from figure to figure; the first lines of a crowd start in colour."""
    few = Figure("few", "x", "y", (lines(13)[9], lines(13)[2], lines(13)[0]))
    data = data_of(html(report(few, Figure("crowd", "x", "y", lines(13)))))
    assert data["pinned"] == {"arm 0": 0, "arm 1": 1, "arm 2": 2, "arm 3": 3}
    assert {line["name"]: line["slot"] for line in data["figures"][0]["lines"]} == {"arm 9": 1, "arm 2": 2, "arm 0": 0}
    assert all("slot" not in line for line in data["figures"][1]["lines"])
    both = data_of(html(report(Figure("f", "x", "y", lines(2)), Figure("g", "x", "y", lines(4)[::-1]))))
    assert both["slots"] == {"arm 0": 0, "arm 1": 1, "arm 3": 2, "arm 2": 3}


def test_rows_know_their_lines():
    """A row about a line carries its name and a swatch; other rows do not."""
    parsed = Parsed(html(everything()))
    assert [row["data-line"] for row in parsed.all("tr") if "data-line" in row] == ["arm 0", "arm 1"]
    assert [s.get("class") for s in parsed.all("span")].count("swatch") == 2


def test_forest_is_to_scale():
    """Range, middle and zero of an interval lie where the column's scale puts them."""
    page = html(report(Table(("d",), ((Interval(0, 1, 2),), (Interval(4, 6, 8),)))))
    zero = re.findall(r'class="zero" d="M([\d.]+) ', page)
    ranges = re.findall(r'class="range" d="M([\d.]+) 9H([\d.]+)"', page)
    middles = re.findall(r'cx="([\d.]+)"', page)
    assert zero == ["4.0", "4.0"]
    assert ranges == [("4.0", "44.0"), ("84.0", "164.0")]
    assert middles == ["24.0", "124.0"]
    assert [re.search('svg class="(\\w+)"', part)[1] for part in page.split("<td")[1:3]] == ["open", "clear"]


def test_code_is_there_to_be_copied():
    """As it is, and as text."""
    parsed = Parsed(html(report(Code("a = '<b>'\nb = 1 < 2", "Use this"))))
    assert "Use this" in parsed.text_of("h2")
    assert parsed.text_of("code") == ["a = '<b>'\nb = 1 < 2"]


def test_a_wide_table_can_be_a_block_for_each_row():
    """Each cell then says its head; to whom it is read aloud it stays a table."""
    row = (1, "arm 0", 0.25, Interval(0, 0, 0), Mark("best", "good"), "× 1", None)
    parsed = Parsed(html(report(Table(("", "strategy", "loss", "difference", "verdict", "LR", "note"), (row,)))))
    (table,) = parsed.all("table")
    assert (table["class"], table["role"]) == ("stacked", "table")
    assert [cell["data-head"] for cell in parsed.all("td") if "data-head" in cell][1:3] == ["strategy", "loss"]
    assert all(tr.get("role", "row") == "row" for tr in parsed.all("tr"))
    assert "stacked" not in html(report(Table(("a", "b"), ((1, 2),)))).partition("</style>")[2]


@pytest.mark.parametrize("width", [1400, 390])
def test_nothing_is_cut_off(width, tmp_path, browse):
    """A real comparison's table, code and figures: no part is wider than the screen, or hides behind a scroll bar."""
    page = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", html(crowd()))
    look = (
        "<script>addEventListener('load', () => setTimeout(() => { const wide = [...document.querySelectorAll("
        "'body *')].filter(e => !e.closest('details,svg,.legend') && (e.getBoundingClientRect().right > innerWidth + 1"
        " || (e.matches('.scroll,pre') && e.scrollWidth > e.clientWidth + 1))).map(e => e.tagName + '.' + "
        "e.className); if (document.documentElement.scrollWidth > innerWidth) wide.push('text'); "
        "parent.document.body.dataset.wide = innerWidth + ':' + wide; }, 500));</script>"
    )
    (tmp_path / "page.html").write_text(page.replace("</body>", f"{look}</body>"), encoding="utf-8")
    frame = f'<!doctype html><body><iframe src="page.html" width="{width}" height="900" frameborder="0"></iframe>'
    (tmp_path / "frame.html").write_text(frame, encoding="utf-8")
    seen = browse(tmp_path / "frame.html", "--allow-file-access-from-files", "--window-size=1600,1000").stdout
    assert re.search('data-wide="([^"]*)"', seen)[1] == f"{width}:"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(theme, tmp_path, browse):
    """Nothing in a report that a reader is shut out from, by what axe-core knows of it."""
    axe = gzip.decompress(AXE.read_bytes()).decode()
    page = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", html(crowd()))
    look = (
        "addEventListener('load', () => setTimeout(() => axe.run().then(found => { document.body.dataset.axe = "
        "JSON.stringify(found.violations.map(each => each.id)); document.body.dataset.dark = "
        "matchMedia('(prefers-color-scheme: dark)').matches; }), 500));"
    )
    (tmp_path / "page.html").write_text(
        page.replace("</body>", f"<script>{axe}</script><script>{look}</script></body>"), encoding="utf-8"
    )
    seen = browse(tmp_path / "page.html", *["--force-dark-mode"] * (theme == "dark"), wait=15_000).stdout
    assert f'data-dark="{str(theme == "dark").lower()}"' in seen
    assert re.search('data-axe="([^"]*)"', seen)[1] == "[]"


def crowd():
    """Thirteen strategies with long schedules, as a comparison has them."""
    head = ("", "strategy", "val_loss (less is better)", "spread", "behind the best", "verdict", "LR", "schedule")
    long = '(linear(start=0.1, to=1) >> linear(to=0.1)).repeat(cycle="25%"), weights averaged over 10% of the run'
    points = (0.0, 0.05, 0.2)
    rows = tuple(
        (
            k + 1,
            f"arm {k}",
            0.5,
            0.05,
            Interval(0, 0.1, 0.3, points),
            Mark("not distinguishable"),
            "× 0.5, 1 (lowest)",
            long,
        )
        for k in range(13)
    )
    code = f"scheduler = Scheduler(optimizer, '{long}', horizon=160)"
    fitted = Table(
        ("run", "points", "updates", "peak LR", "mean error", "notes"),
        (("a_run_with_a_long_name_of_its_own", 171, 23_936, 3e-4, 9.29e-4, "the warmup was not logged"),),
    )
    figure = Figure("Crowd", "update", "multiplier", lines(13))
    task = f"{'a' * 60}:train"
    return report(
        Table(head, rows), Code(code, "Use this"), figure, fitted, title=f"Strategies on {task}", lead=f"On {task}."
    )


def test_a_crowd_is_shown_one_by_one():
    """Where lines outnumber colours; not where each has its own."""
    assert html(report(Figure("f", "x", "y", lines(13)))).count('class="own"') == 13
    assert 'class="own"' not in html(report(Figure("f", "x", "y", lines(7))))


def test_size():
    """Thirteen schedules and thirteen noisy losses of 1000 updates stay under 304 KiB."""
    rng = np.random.default_rng(0)
    u = np.arange(1000) / 1000
    curves = tuple(Line(f"arm {k}", range(1000), (np.cos(u * 3 / (k + 1)) ** 2).tolist()) for k in range(13))
    losses = tuple(Line(f"arm {k}", range(1000), rng.lognormal(size=1000).tolist()) for k in range(13))
    page = html(report(Figure("a", "update", "y", curves), Figure("b", "update", "y", losses, log_y=True)))
    assert len(page.encode()) < 304 * 1024


def test_vendored_files_carry_their_licences():
    """What is inside every page may be: the licence texts lie beside the files."""
    assets = Path(__file__).parents[2] / "src/lrlab/views/assets"
    assert "MIT License" in (assets / "LICENSE.uPlot").read_text()
    assert "SIL OPEN FONT LICENSE" in (assets / "LICENSE.Inter").read_text()


@pytest.fixture(scope="module")
def browsed(tmp_path_factory, browse):
    """The page after its script has run in a browser, and what the browser had to say about it."""
    folder = tmp_path_factory.mktemp("browser")
    (folder / "report.html").write_text(html(everything()), encoding="utf-8")
    done = browse(folder / "report.html", "--enable-logging=stderr", wait=3000)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_browser_has_no_complaint(browsed):
    """No script error and nothing refused by the page's own policy."""
    assert browsed[1] == []


def test_browser_draws_every_figure(browsed):
    """A canvas for each figure, a button for each line, those in colour pressed."""
    assert browsed[0].count("<canvas") == 3
    buttons = re.findall(r'<button type="button"[^>]*aria-pressed="(\w+)"', browsed[0])
    assert len(buttons) == 13 + 2 + 1
    assert buttons.count("true") == 4 + 2 + 1


def test_browser_draws_the_interval_of_a_point(tmp_path, browse):
    """As a bar: more of its column is painted than by the grid and the mark."""
    wide, none = (Figure("f", "x", "y", (Line("a", [1], [2], *band), *lines(1))) for band in ([[0], [4]], []))
    look = (
        "addEventListener('load', () => setTimeout(() => { const canvas = document.querySelector('canvas'); const "
        "all = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data; document.body.dataset."
        "painted = all.filter((v, k) => k % 4 === 3 && v).length; }, 500));"
    )
    painted = []
    for figure in (wide, none):
        page = re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", html(report(figure)))
        (tmp_path / "page.html").write_text(
            page.replace("</body>", f"<script>{look}</script></body>"), encoding="utf-8"
        )
        painted.append(int(re.search('data-painted="(\\d+)"', browse(tmp_path / "page.html", wait=3000).stdout)[1]))
    assert painted[0] > painted[1] + 500
