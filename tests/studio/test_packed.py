"""A document and columns in one body."""

import numpy as np

from lrlab.studio.packed import packed, unpacked


def test_what_is_packed_is_unpacked():
    """The columns begin where a column of float32 may."""
    for text in ("", "ä", "abc", "{}"):
        body = packed({"text": text}, np.array([1.0, 0.1, 1e300]), np.array([]))
        document, (first, second) = unpacked(body)
        assert document == {"text": text, "columns": [3, 0]}
        assert first.tolist() == np.array([1, 0.1, np.inf], np.float32).tolist()
        assert second.size == 0
        assert int.from_bytes(body[:4], "little") % 4 == 0
