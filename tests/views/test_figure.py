"""The SVG: well-formed, self-contained, accessible, and in the right places."""

import math
import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from lrlab.errors import LrlabError
from lrlab.views.figure import svg
from lrlab.views.model import Figure, Line
from lrlab.views.palette import DARK, LIGHT

SVG = "{http://www.w3.org/2000/svg}"
RAMP = Line("ramp", range(101), [i / 100 for i in range(101)])
STAIRS = Line("stairs", range(40), [0.5 ** (i // 10) for i in range(40)])


def figure(*lines, **more):
    return Figure("Title", "update", "multiplier", lines, **more)


def drawn(picture, kind):
    root = ElementTree.fromstring(picture)
    return [e for e in root.iter() if kind in e.get("class", "").split()]


def points(path):
    return [tuple(map(float, pair.split())) for pair in re.split("[ML]", path.get("d")) if pair]


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_self_contained(theme):
    """One element, no script, no reference to anything outside, and the same text every time."""
    picture = svg(figure(RAMP, STAIRS), theme=theme)
    root = ElementTree.fromstring(picture)
    assert root.tag == f"{SVG}svg"
    assert not re.search(r"<script|href|url\(|@import|<image", picture)
    assert re.findall(r"https?://[^\"]*", picture) == ["http://www.w3.org/2000/svg"]
    assert picture == svg(figure(RAMP, STAIRS), theme=theme)


def test_accessible():
    """It is an image with a title and a summary, which its label refers to."""
    root = ElementTree.fromstring(svg(figure(RAMP)))
    assert root.get("role") == "img"
    parts = {e.get("id"): e.text for e in root.iter() if e.get("id")}
    label, description = (parts[key] for key in root.get("aria-labelledby").split())
    assert label == "Title"
    assert description == "ramp goes from 0 to 1 (update 0 to 100)."


def test_themes():
    """Light, dark, or both with the reader's preference deciding."""
    light, dark, auto = (svg(figure(RAMP), theme=theme) for theme in ("light", "dark", "auto"))
    assert LIGHT.surface in light
    assert DARK.surface not in light
    assert DARK.surface in dark
    assert LIGHT.surface not in dark
    assert auto.index(LIGHT.surface) < auto.index("prefers-color-scheme:dark") < auto.index(DARK.surface)


def test_styles_do_not_leak():
    """Every rule is under the picture's own id, so that two pictures in one page do not paint each other."""
    one, other = svg(figure(RAMP)), svg(figure(STAIRS))
    (scope,) = {ElementTree.fromstring(one).get("id")}
    assert scope != ElementTree.fromstring(other).get("id")
    assert len({ElementTree.fromstring(svg(figure(RAMP), theme=t)).get("id") for t in ("auto", "light", "dark")}) == 3
    style = re.search("<style>(.*)</style>", one)[1].replace("@media(prefers-color-scheme:dark){", "")
    selectors = [s for block in style.split("}") if "{" in block for s in block.split("{")[0].split(",")]
    assert selectors
    assert all(selector.startswith(f"#{scope} ") for selector in selectors)


def test_hostile_names_are_text():
    """Markup in any text is shown, not obeyed."""
    evil = '</svg><script>alert("1")</script>&\'"'
    picture = svg(Figure(evil, evil, evil, (Line(evil, [0, 1], [0, 1]), Line(f"{evil}2", [0, 1], [1, 2])), note=evil))
    root = ElementTree.fromstring(picture)
    assert not list(root.iter(f"{SVG}script"))
    assert [e.text for e in root.iter(f"{SVG}text")].count(evil) >= 4


def test_line_runs_from_corner_to_corner():
    """The ramp is two points: lower left, upper right of the plot, within the picture."""
    (path,) = drawn(svg(figure(RAMP), 720, 360), "line")
    (x0, y0), (x1, y1) = points(path)
    assert 0 < x0 < 80
    assert 500 < x1 < 720
    assert (y1, y0) == (64, 316)


def test_decades_are_equally_wide_on_a_logarithmic_axis():
    """And what lies in the middle of the logarithms is drawn in the middle."""
    wide = Line("a", [0.001, 0.1, 10], [0, 1, 2])
    picture = svg(Figure("f", "LR", "loss", (wide,), log_x=True))
    at = {e.text: float(e.get("x")) for e in ElementTree.fromstring(picture).iter(f"{SVG}text")}
    gaps = [at[b] - at[a] for a, b in pairwise(("0.001", "0.01", "0.1", "1", "10"))]
    assert max(gaps) - min(gaps) <= 1
    (path,) = drawn(picture, "line")
    (x0, _), (x1, _) = points(path)
    assert at["0.1"] == pytest.approx((x0 + x1) / 2, abs=1)


def test_stairs_are_crisp():
    """Treads lie on whole pixels and risers are upright: each segment is level or vertical."""
    (path,) = drawn(svg(figure(STAIRS)), "line")
    corners = points(path)
    assert len(corners) == 8 + 3
    assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(corners))
    assert all(y == round(y) for _, y in corners)


def test_a_ramp_between_levels_is_no_riser():
    """Only neighbouring points make an upright jump; a decay over many updates keeps its slope."""
    decay = Line("decay", range(100), [1 - min(max(i - 30, 0) / 40, 1) for i in range(100)])
    (path,) = drawn(svg(figure(decay)), "line")
    assert len(points(path)) == 4


def test_gaps_break_the_line_and_late_names_are_dotted():
    """Two stretches are two sub-paths; a line that ends early is joined to its name by dots."""
    broken = Line("broken", range(10), [0, 1, 2, None, 2, 3, 4, None, None, None])
    picture = svg(figure(broken, Line("b", range(10), range(10))))
    paths = {p.get("class"): p.get("d") for p in drawn(picture, "line")}
    assert paths["line s0"].count("M") == 2
    leaders = [p.get("class") for p in drawn(picture, "leader")]
    assert leaders == ["leader s0", "leader s1 joined"]


def test_band_surrounds_its_line():
    """A closed shape from low to high at 16 % opacity, in the colour of its line."""
    line = Line("a", [0, 1, 2], [1, 2, 3], [0, 1, 2], [2, 3, 4])
    picture = svg(figure(line))
    (band,) = drawn(picture, "band")
    assert band.get("d").endswith("Z")
    assert "fill-opacity:0.16" in picture
    edge = [float(pair.split()[1]) for pair in re.split("[MLZ]", band.get("d")) if pair]
    assert all(min(edge) < y < max(edge) for _, y in points(drawn(picture, "line")[0]))


def test_band_of_one_point_is_a_bar():
    """From low to high, beside a line whose ends are the same: nothing else would be seen of it."""
    picture = svg(figure(Line("a", [1], [2], [1], [4]), Line("b", [0, 2], [1, 4])))
    (band,) = drawn(picture, "band")
    corners = [tuple(map(float, pair.split())) for pair in re.split("[MLZ]", band.get("d")) if pair]
    ends = dict(points(next(p for p in drawn(picture, "line") if "s1" in p.get("class"))))
    assert {y for _, y in corners} == set(ends.values())
    assert max(x for x, _ in corners) - min(x for x, _ in corners) == pytest.approx(6)


def test_names_do_not_cover_each_other():
    """Thirteen lines that end at one place: 16 pixels from name to name, all inside, most in the quiet tone."""
    lines = [Line(f"arm {k}", [0, 1], [k, 0]) for k in range(13)]
    picture = svg(figure(*lines), 720, 360)
    names = [e for e in ElementTree.fromstring(picture).iter(f"{SVG}text") if e.text.startswith("arm ")]
    heights = sorted(float(e.get("y")) for e in names)
    assert len(heights) == 13
    assert all(b - a >= 15.8 for a, b in pairwise(heights))
    assert heights[0] > 0
    assert heights[-1] < 360
    assert sum(e.get("class") == "muted" for e in names) == 9


def test_a_crowd_without_room_is_named_as_far_as_it_is_in_colour():
    """Forty names would cover each other; the four lines in colour keep theirs."""
    picture = svg(figure(*(Line(f"arm {k}", [0, 1], [k, 0]) for k in range(40))), 720, 360)
    assert len(drawn(picture, "line")) == 40
    assert [e.text for e in drawn(picture, "ink")] == ["arm 0", "arm 1", "arm 2", "arm 3"]


def test_long_names_are_cut():
    """A name never takes more than its share of the picture."""
    picture = svg(figure(Line("x" * 300, [0, 1], [0, 1]), Line("other", [0, 1], [1, 0])))
    (name,) = [e.text for e in ElementTree.fromstring(picture).iter(f"{SVG}text") if e.text.startswith("x")]
    assert len(name) < 50
    assert name.endswith("…")


def test_refusals():
    """What cannot be drawn is said, with what can."""
    with pytest.raises(LrlabError, match="240"):
        svg(figure(RAMP), 100, 100)
    with pytest.raises(LrlabError, match='"auto", "light" or "dark"'):
        svg(figure(RAMP), theme="blue")


def test_a_long_curve_is_a_small_file():
    """100 000 updates of a cosine take a few kilobytes."""
    cosine = Line("cosine", range(100_000), [math.cos(i / 31_831) for i in range(100_000)])
    assert len(svg(figure(cosine))) < 6_000
