"""What a picture holds."""

import base64
import struct

import pytest

from lrlab.errors import LrlabError
from lrlab.views.figure import svg
from lrlab.views.inside import in_png, in_svg, of_picture
from lrlab.views.model import Figure, Line

# One white pixel, as an encoder of its own wrote it.
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII=")
HELD = {"schedule": 'warmup("5%") >> cosine()', "horizon": {"updates": 1000}, "name": "ä </metadata> & <b>"}


def test_a_picture_gives_back_what_it_holds():
    drawn = svg(Figure("t", "x", "y", (Line("a", [0, 1], [0, 1]),)))
    assert of_picture(in_svg(drawn, HELD).encode()) == HELD
    assert of_picture(in_png(PNG, HELD)) == HELD


def test_others_can_still_read_it():
    """The PNG by a decoder of its own, which checks every sum; the text by its keyword."""
    image = pytest.importorskip("PIL.Image")
    import io

    opened = image.open(io.BytesIO(in_png(PNG, HELD)))
    opened.load()
    assert "cosine" in opened.text["lrlab"]


@pytest.mark.parametrize("picture", [PNG, b"<svg></svg>", b"", b"cosine()", b"\xff\xd8\xff"])
def test_pictures_of_something_else_hold_nothing(picture):
    assert of_picture(picture) is None


@pytest.mark.parametrize(
    "picture",
    [
        in_svg("<svg></svg>", {"other": 1}).encode(),
        b'<svg><metadata id="lrlab">{</metadata></svg>',
        b'<svg><metadata id="lrlab">' + b"[" * 9999 + b"</metadata></svg>",
        b'<svg><metadata id="lrlab">"' + b"x" * 200_000 + b'"</metadata></svg>',
    ],
)
def test_broken_pictures_are_said(picture):
    with pytest.raises(LrlabError, match="no schedule"):
        of_picture(picture)


@pytest.mark.parametrize("picture", [b"", b"GIF89a", PNG[:20], PNG[:8] + struct.pack(">I", 2**31) + PNG[12:]])
def test_what_is_no_png_is_not_signed(picture):
    with pytest.raises(LrlabError, match="PNG"):
        in_png(picture, HELD)
