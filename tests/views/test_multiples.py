"""Small multiples: each line by itself, all on one scale."""

import re
from importlib.resources import files

import lrlab.views
from lrlab.views.model import Figure, Line
from lrlab.views.multiples import EDGE, HEIGHT, WIDTH, multiples


def figure(**more):
    lines = tuple(Line(f"arm <{k}>", [0, 1, 2], [1, 2 + k, 4]) for k in range(9))
    return Figure("f", "update", "loss", lines, **more)


def test_each_line_has_a_picture_beside_the_first():
    """Named, with where it begins and ends; the first is alone in its own."""
    page = multiples(figure())
    assert page.count("<svg") == page.count('class="own"') == 9
    assert page.count("<use") == 8
    assert page.count('class="first"') == 1
    assert page.count('<span class="said">1 to 4</span>') == 9
    assert 'data-line="arm &lt;3&gt;"' in page


def test_all_are_on_one_scale():
    """The highest of all touches the upper edge, nothing lies outside, and the scale is said."""
    page = multiples(figure())
    points = [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", page)]
    places = [point for point in points if point != (0.0, HEIGHT - 0.5)]
    assert {min(x for x, _ in places), max(x for x, _ in places)} == {EDGE, WIDTH - EDGE}
    assert min(y for _, y in places) == EDGE
    assert max(y for _, y in places) <= HEIGHT - EDGE
    assert "loss 0 to 10" in page
    assert "update 0 to 2" in page


def test_gaps_break_a_line_and_logarithms_are_said():
    """As in the large figure; a line without values has an empty picture."""
    lines = (Line("a", [0, 1, 2, 3], [1, None, 10, 100]), Line("b", [0, 3], [None, None]))
    page = multiples(Figure("f", "x", "y", lines, log_y=True))
    (own,) = re.findall(r'class="own" d="([^"]*)"', page)
    assert own.count("M") == 2
    assert "nothing to nothing" in page
    assert "logarithmic" in page


def test_a_logarithmic_x_axis_is_said_and_drawn():
    """0.1 lies in the middle between 0.01 and 1."""
    lines = tuple(Line(str(k), [0.01, 0.1, 1], [0, 1, 0]) for k in range(8))
    page = multiples(Figure("f", "LR", "loss", lines, log_x=True))
    assert "loss 0 to 1; LR 0.01 to 1, logarithmic." in page
    assert f"L{WIDTH // 2} " in page


def test_the_first_line_is_a_line_where_it_is_shown_again(browse, tmp_path):
    """Not an area: rules for a path in its place reach none that a <use> shows, in newer browsers."""
    css = files(lrlab.views).joinpath("assets", "page.css").read_text(encoding="utf-8")
    look = "const s = getComputedStyle(document.querySelector('use')); document.title = [s.fill, s.strokeWidth].join()"
    page = tmp_path / "page.html"
    page.write_text(f"<style>{css}</style>{multiples(figure())}<script>{look}</script>", encoding="utf-8")
    assert "<title>none,1.5px</title>" in browse(page).stdout
    (apart,) = re.findall(r"^(.*) \{ vector-effect: non-scaling-stroke", css, re.MULTILINE)
    assert not re.search(r"\S \S", apart.replace(", ", ","))  # no rule that needs to know the place
