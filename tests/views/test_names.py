"""Names of files."""

import pytest

from lrlab.views.names import LONGEST, file_name


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("lrlab", "mine.py:train"), "lrlab-mine.py-train"),
        (("Größe",), "Größe"),
        (("Gro\u0308\u00dfe",), "Größe"),
        (("学習率", "配置"), "学習率-配置"),
        (("../../etc/passwd",), "etc-passwd"),
        (("a\x00b\nc", "d|e"), "a-b-c-d-e"),
        (("...",), ""),
        (("🙂",), ""),
    ],
)
def test_it_keeps_letters_and_digits(parts, name):
    """Of any writing, in one form; and nothing that leads elsewhere."""
    assert file_name(*parts) == name


def test_it_fits_a_file_system():
    """However long, without half a letter at its end."""
    assert len(file_name("学" * 500).encode()) <= LONGEST
    assert set(file_name("学" * 500)) == {"学"}
