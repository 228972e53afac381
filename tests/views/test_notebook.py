"""What a notebook shows."""

from lrlab.views.model import Mark, Table
from lrlab.views.notebook import cell_html


def test_names_are_text_and_the_good_is_bold():
    """Nothing that a name holds becomes markup."""
    table = Table(("arm", "verdict"), (("<script>", Mark("best", "good")), ("b", Mark("worse", "bad"))))
    found = cell_html([table], ["a & b", "c\x1b[2J"])
    assert "<script>" not in found
    assert "&lt;script&gt;" in found
    assert "<b>best</b>" in found
    assert "<b>worse" not in found
    assert r"<p>a &amp; b</p><p>c\x1b[2J</p>" in found
