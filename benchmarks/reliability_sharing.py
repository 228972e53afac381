"""Trainings of every style, shared and alone: equal to the last bit, or refused in words.

They are the tasks of tests/lab/sharing. "alone" counts those that are not shared, and equal; "different" must be 0.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "lab" / "sharing"))


def figures(count: int = 1000) -> dict[str, Any]:
    """So many of the tasks, and what they came to."""
    from comparing import FILES, came_to, tasks_of

    from lrlab.lab.executors.local import Local

    os.environ["KERAS_BACKEND"] = "torch"
    found: Counter[str] = Counter()
    shown: list[str] = []
    shares, alone = Local(1), Local(1)
    try:
        for file, (name, _, _) in [(each, task) for each in FILES for task in tasks_of(each)][:count]:
            with tempfile.TemporaryDirectory() as folder:
                came, said = came_to(file, name, folder, shares, alone)
            found[came] += 1
            if came == "different":
                shown.append(f"{name}: {said}")
    finally:
        shares.close()
        alone.close()
    return {"tasks": found.total(), **{name: found[name] for name in ("equal", "alone", "refused", "different")}} | {
        "shown": shown[:5]
    }


if __name__ == "__main__":
    print(figures())
