"""Make again the finished comparison that the studio shows before there is one of its own.

python benchmarks/studio_example.py
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from lrlab.desk.job import trained, write_result
from lrlab.desk.wanted import RESULT, Wanted
from sizes import add_size

PLACE = Path(__file__).parents[1] / "src" / "lrlab" / "studio" / "static" / "example.json"
STRATEGIES = {
    "constant": "constant()",
    "step": 'step("33%", gamma=0.1)',
    "cosine": 'warmup("5%") >> cosine()',
    "linear": 'warmup("5%") >> linear()',
    "wsd": 'wsd(decay="40%")',
    "one cycle": "one_cycle()",
}


def main() -> None:
    """Train it, and put its report in its place; the folder that it was made in is not told."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_size(options)
    smallest = options.parse_args().size == "smallest"
    small = {"updates": 8, "folds": 2, "lrs": (1.0,)} if smallest else {}
    wanted = Wanted("digits", quick=False, schedules=STRATEGIES, workers=2, baseline="constant", **small)
    with tempfile.TemporaryDirectory() as folder:
        found = trained(wanted, Path(folder) / "runs", lambda row: None)
        write_result(Path(folder), found, wanted)
        report = json.loads((Path(folder) / RESULT).read_text(encoding="utf-8"))
    arms = " ".join(f"--arm '{name}={text}'" for name, text in STRATEGIES.items())
    facts = {**dict(report["facts"]), "Command": f"lrlab compare digits {arms}"}
    report["facts"] = [[name, fact] for name, fact in facts.items() if name != "Store"]
    place = Path("example.json") if smallest else PLACE
    place.write_text(json.dumps(report, separators=(",", ":")), encoding="utf-8")
    print(f"{report['lead']} {place}")


if __name__ == "__main__":
    main()
