"""The colours: what is promised of them is computed here."""

import pytest

from lrlab.views.palette import DARK, LIGHT, TERMINAL, slots


def luminance(colour):
    """Relative luminance of WCAG 2.2."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(a, b):
    """Contrast ratio of WCAG 2.2."""
    dark, light = sorted((luminance(a), luminance(b)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_lines_and_texts_can_be_seen(theme):
    """3:1 for what is drawn, 4.5:1 for what is read."""
    assert all(contrast(colour, theme.surface) >= 3 for colour in (*theme.series, theme.border))
    for text in (theme.ink, theme.muted, theme.accent, theme.good, theme.warn, theme.bad):
        assert contrast(text, theme.surface) >= 4.5
        assert contrast(text, theme.background) >= 4.5


def test_terminal_colours_are_seen_on_black_and_on_white():
    """The terminal's background is unknown: 2.7:1 on the worse of the two."""
    levels = (0, 95, 135, 175, 215, 255)
    for colour in TERMINAL:
        n = colour - 16
        rgb = (levels[n // 36], levels[n // 6 % 6], levels[n % 6]) if colour < 232 else (8 + 10 * (colour - 232),) * 3
        text = "#{:02x}{:02x}{:02x}".format(*rgb)
        assert min(contrast(text, "#000000"), contrast(text, "#ffffff")) >= 2.7


def test_colours_are_never_used_twice():
    """Up to seven lines have one each; of more, the first few have one and the others step back."""
    assert slots(7) == [0, 1, 2, 3, 4, 5, 6]
    assert slots(13) == [0, 1, 2, 3] + [None] * 9
