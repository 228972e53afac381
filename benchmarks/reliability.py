"""Is anything silently wrong? The figures of every part `reliability_*.py`, and those that must be 0.

    python benchmarks/reliability.py [--parts damages,logs] [--count 100] [--size smallest]

A part has `figures(count)`: so many cases, in a dict of numbers by name, and under "shown" the first cases that broke a
rule. Each part runs in a process of its own. The exit status is 1 where a number that must be 0 is not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from sizes import add_size

FOLDER = Path(__file__).parent
COUNTS = {"damages": 10_000, "logs": 5000}  # cases of the full size; of the other parts a thousand
# Of these there must be none.
NONE = ("collisions", "false differences", "different", "silent", "bare", "hang", "lasting", "injected")
RUN = "import json, sys, {part}; print(json.dumps({part}.figures(int(sys.argv[1]))))"


def parts() -> list[str]:
    """The names of the parts, without what they share."""
    files = sorted(FOLDER.glob("reliability_*.py"))
    found = [file for file in files if "\ndef figures(" in file.read_text(encoding="utf-8")]
    return [file.stem.removeprefix("reliability_") for file in found]


def figures(part: str, count: int) -> dict[str, Any]:
    """What a part has found, in a process of its own."""
    command = [sys.executable, "-c", RUN.format(part=f"reliability_{part}"), str(count)]
    done = subprocess.run(command, cwd=FOLDER, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def broken(found: dict[str, Any]) -> dict[str, int]:
    """The numbers that must be 0 and are not.

    >>> broken({"damages": 100, "silent": 0, "bare": 2})
    {'bare': 2}
    """
    return {name: found[name] for name in NONE if found.get(name)}


def main() -> int:
    """Print a line for each part."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--parts", default=",".join(parts()))
    options.add_argument("--count", type=int, help="cases of each part")
    add_size(options)
    given = options.parse_args()
    wrong = 0
    for part in given.parts.split(","):
        count = given.count or (2 if given.size == "smallest" else COUNTS.get(part, 1000))
        found = figures(part, count)
        shown = found.pop("shown", [])
        print(f"{part}: " + ", ".join(f"{name} {value}" for name, value in found.items()), flush=True)
        for case in [*shown, *(f"NOT 0: {name} {value}" for name, value in broken(found).items())]:
            print(f"  {case}", flush=True)
        wrong += bool(broken(found))
    print("nothing that must be 0 is not" if not wrong else f"{wrong} parts have a number that must be 0")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
