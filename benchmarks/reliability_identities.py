"""Do programs that differ in one place have different identities, and equal ones the same, in every process?

    python benchmarks/reliability_identities.py [COUNT]

The programs are those of tests/lab/identity. A pair that is not told apart is a collision; a program that has another
identity when it is made again, or in a process with another PYTHONHASHSEED, is a false difference.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "lab" / "identity"))


def figures(count: int = 1000) -> dict[str, Any]:
    """So many pairs, and how many of them were told apart wrongly."""
    import programs

    shown: list[str] = []
    drawn, here, collisions = [], [], 0
    for seed in range(count):
        draw = random.Random(seed)
        one = programs.program(draw)
        other, said = programs.changed(draw, one)
        drawn.append(one)
        here.append(programs.identity(one))
        if programs.identity(other) == here[-1]:
            collisions += 1
            shown.append(f"collision, seed {seed}: {said}")
    there = programs.elsewhere(drawn, seed=7)
    false = 0
    for seed, (one, mine, theirs) in enumerate(zip(drawn, here, there, strict=True)):
        if not mine == theirs == programs.identity(one):
            false += 1
            shown.append(f"false difference, seed {seed}: {', '.join(kind for kind, *_ in one.parts)}")
    return {"pairs": count, "collisions": collisions, "false differences": false, "shown": shown[:5]}


if __name__ == "__main__":
    print(figures(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
