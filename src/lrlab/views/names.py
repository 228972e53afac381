"""Names of files that tell what is in them: any letters and digits, in any writing, with hyphens between."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 100  # bytes: file systems take 255, with a folder's own and an ending beside


def file_name(*parts: str) -> str:
    """The parts as one name for a file, without what some system does not take; empty if nothing is left.

    >>> file_name("lrlab", "größe.py:train", "wsd() × 2"), file_name("../etc/passwd"), file_name("学習率")
    ('lrlab-größe.py-train-wsd-2', 'etc-passwd', '学習率')
    """
    text = unicodedata.normalize("NFC", "-".join(parts))
    name = re.sub(r"-*[.-]*-[.-]*", "-", re.sub(r"[^\w.]+", "-", text)).strip("-.")
    return name.encode()[:LONGEST].decode(errors="ignore").strip("-.")
