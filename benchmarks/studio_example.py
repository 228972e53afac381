"""Make again what the studio shows before there is anything of its own: a finished comparison, and a loss law.

python benchmarks/studio_example.py
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from lrlab.desk.forecast import fit
from lrlab.desk.job import trained, write_result
from lrlab.desk.wanted import RESULT, Wanted
from lrlab.record.sealed import sealed
from sizes import add_size

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "src" / "lrlab" / "studio" / "static"
LOGS = ROOT / "tests" / "data" / "multi-power-law"
FITTED = ("constant_24000", "cosine_24000", "wsd_20000_24000")
STRATEGIES = {
    "constant": "constant()",
    "step": 'step("33%", gamma=0.1)',
    "cosine": 'warmup("5%") >> cosine()',
    "linear": 'warmup("5%") >> linear()',
    "wsd": 'wsd(decay="40%")',
    "one cycle": "one_cycle()",
}


def main() -> None:
    """Fit the one, train the other, and put both in their places; the folder that it was made in is not told."""
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
    static = Path() if smallest else STATIC
    (static / "example.json").write_text(json.dumps(report, separators=(",", ":")), encoding="utf-8")
    (static / "law.json").write_text(json.dumps(example_law(), separators=(",", ":")), encoding="utf-8")
    print(f"{report['lead']} {static}")


def example_law() -> dict[str, object]:
    """A law of published logs, with what the page Compose says of it."""
    fitted = fit([LOGS / f"{name}.csv" for name in FITTED])
    told = "fitted to three published logs of a language model of 25M parameters (arXiv:2503.12811)"
    return {"law": sealed(fitted.law.record()), "told": told, "updates": 24_000, "lr": 3e-4}


if __name__ == "__main__":
    main()
