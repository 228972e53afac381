"""What a notebook is given: text, a picture, HTML; names are text, and nothing runs or is fetched."""

import base64
import re
from html.parser import HTMLParser

import pytest

import lrlab as lr
from lrlab.shown import Shown
from lrlab.views.model import Figure, Interval, Line, Mark, Table, Text
from lrlab.views.notebook import bundle

EVIL = """</div><script>alert('1')</script> "'&<b>\x1b[2J"""


class Given(Shown):
    """What shows these sections."""

    def __init__(self, *sections):
        self._given = sections

    def _sections(self):
        return self._given


def everything(name):
    table = Table(
        (name, "loss", "difference", "verdict"),
        ((name, 0.25, Interval(0.1, 0.2, 0.3, (0.15, 0.25)), Mark(name, "good")), ("b", 0.5, None, Mark("worse"))),
        name,
        name,
    )
    return Given(Figure(name, name, name, (Line(name, [0, 1], [0, 1]),)), table, Text(name, name))


class Tags(HTMLParser):
    """The elements of a page, and its texts."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, sorted(name for name, _ in attributes)))

    def handle_data(self, data):
        self.texts.append(data)


def test_names_are_text():
    """Whatever they hold, the elements are those of a harmless name."""
    evil, calm = (Tags(bundle(everything(name))["text/html"]) for name in (EVIL, "calm"))
    assert evil.tags == calm.tags
    assert "script" not in dict(evil.tags)
    assert any(r"\x1b[2J" in text for text in evil.texts)


def test_nothing_runs_and_nothing_is_fetched():
    """Pictures are inside; there is no handler, and no address but the name of SVG."""
    page = bundle(everything("a"))["text/html"]
    assert {tag for tag, _ in Tags(page).tags} == {
        *("div", "style", "img", "p", "b", "table", "thead", "tbody", "tr", "th", "td"),
        *("svg", "path", "circle", "pre"),
    }
    assert all(not name.startswith("on") for _, names in Tags(page).tags for name in names)
    assert set(re.findall(r"(?:src|href)=.([a-z]+:)", page)) == {"data:"}


def test_a_picture_comes_in_both_themes():
    """The dark one is hidden where a page drops styles; both say in words what is seen."""
    page = bundle(lr.cosine().over(100))["text/html"]
    light, dark = re.findall(r"<img [^>]*>", page)
    assert 'class="light"' in light
    assert "hidden" not in light
    assert "<img hidden" in dark
    assert "schedule goes from 1 to" in light
    (inside,) = re.findall(r"base64,([^\"]*)", dark)
    assert b"#0d1117" not in base64.b64decode(inside)  # the page's own background is left to it
    assert b"#151b23" in base64.b64decode(inside)


def test_the_good_is_bold_and_an_interval_is_drawn_with_its_points():
    """As in the report."""
    page = bundle(everything("a"))["text/html"]
    assert "<b>a</b>" in page
    assert "<b>worse" not in page
    assert page.count('class="dot"') == 2


def test_text_stands_for_all_of_it():
    """Where styles and pictures are dropped it is what is left, and it is what a terminal shows."""
    found = bundle(everything("a"))
    assert "⠉" in found["text/plain"]
    assert "+0.2 [0.1, 0.3]" in found["text/plain"]
    assert "⠉" in found["text/html"].partition("<pre>")[2]


@pytest.mark.parametrize(
    "value",
    [
        lr.constant(),
        lr.step("10ep"),
        lr.warm_restarts(50),
        lr.cosine() * lr.plateau(),
        lr.wsd().over(10**7),
        lr.linear().over(lr.Horizon(tokens=10**6)),
        lr.plan(lr=lr.cosine(), groups={"head*": {"lr": "linear()"}}, layer_decay=0.9),
        lr.plan(lr="cosine()", betas=(0.9, 0.99)),
        lr.plan(lr=lr.step("10ep")),
        lr.table([k / 20_000 for k in range(20_000)]),
        lr.parse(" >> ".join(["linear(3)"] * 300)),
    ],
    ids=lambda value: str(value)[:40],
)
def test_every_value_shows_itself(value):
    """Also where its unit has no rate, or it listens to the run; in less than 200 KB."""
    found = value._repr_mimebundle_()
    assert found["text/plain"].strip()
    assert sum(len(part.encode()) for part in found.values()) < 200_000
