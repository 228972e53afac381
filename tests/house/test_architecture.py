"""The page on the architecture is true: every room stands in it, once, and nothing else does."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "lrlab"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
WITHIN = {"lab/tasks/common"}  # rooms within a room that is named


def test_every_room_has_its_line():
    """All folders that hold modules; those that hold such folders, too, may do without."""
    folders = [
        p.parent for p in SOURCE.rglob("__init__.py") if any(q.name != "__init__.py" for q in p.parent.glob("*.py"))
    ]
    rooms = {folder.relative_to(SOURCE).as_posix() for folder in folders} - {"."} - WITHIN
    named = re.findall(r"^\| `([a-z_/]+)` \|", PAGE, re.MULTILINE)
    assert sorted(named) == sorted(set(named))
    shelves = {room for room in rooms if any(other.startswith(f"{room}/") for other in rooms)}
    assert rooms - shelves <= set(named)
    assert set(named) <= rooms


def test_every_file_of_a_route_is_there():
    for path in set(
        re.findall(r"`((?:core|dialects|adapters|record|lab|analysis|desk|cli|studio|views)/[a-z_/]+)`", PAGE)
    ):
        assert (SOURCE / path).is_dir() or (SOURCE / f"{path}.py").exists(), path
