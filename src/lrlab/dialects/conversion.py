"""Converts any configuration to any other: what `lrlab convert` does.

convert("transformers:cosine num_warmup_steps=100 num_training_steps=1000", "torch").output
convert("optax:warmup_cosine_decay_schedule(0, 1e-3, 100, 1000)", "keras").output
convert("ds_config.json", "python").output
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lrlab.core.expression.write import record
from lrlab.core.text.document import dumps
from lrlab.core.text.lint import Finding
from lrlab.core.time.horizon import Horizon
from lrlab.dialects.parts.imported import Imported
from lrlab.dialects.parts.phases import known
from lrlab.dialects.reader import read
from lrlab.dialects.write.targets import TARGETS, refuse_no_rate, to_code


@dataclass(frozen=True)
class Converted:
    """What was read, and the output in the target's format."""

    source: Imported
    target: str
    output: str

    @property
    def record(self) -> dict[str, Any]:
        """Return everything as plain JSON values."""
        found = self.source
        return {
            "schedule": str(found.schedule),
            "document": record(found.schedule),
            "base_lr": found.base_lr,
            "horizon": None if found.horizon is None else found.horizon.record(),
            "convention": found.convention,
            "findings": [
                {"code": f.code, "message": f.message, "hint": f.hint, "update": f.update} for f in found.findings
            ],
            "target": self.target,
            "output": self.output,
        }


def convert(
    source: str,
    target: str = "text",
    *,
    horizon: int | Horizon | None = None,
    base_lr: float | None = None,
    words: Sequence[str] = (),
) -> Converted:
    """Read a configuration and write it for `target`: "text", "json", or a target of `to_code`.

    `words` (name=value), `horizon` and `base_lr` fill in what the source leaves out. Raises `LrlabError` if
    something is not known or cannot be expressed.

    >>> convert("transformers:linear num_warmup_steps=10 num_training_steps=100", "text").output
    'linear(10, start=0, to=1) >> linear(90)'
    """
    known(target, {"text": None, "json": None, **TARGETS}, "convert: the target")
    run = Horizon.of(horizon)
    refuse_no_rate(base_lr)
    found = with_doubts(read(source, words, horizon=run, lr=base_lr), run, base_lr)
    if target == "text":
        output = str(found.schedule)
    elif target == "json":
        output = dumps(found.schedule, indent=2)
    else:
        end, base = found.horizon or horizon, base_lr if found.base_lr is None else found.base_lr
        output = to_code(found.schedule, target, horizon=end, base_lr=base)
    return Converted(found, target, output)


def with_doubts(found: Imported, run: Horizon, base_lr: float | None) -> Imported:
    """Add a finding where the configuration has its own LR or length, so that the given one is not used."""
    doubts = []
    said = any(finding.code == "own-lr" for finding in found.findings)
    if base_lr is not None and found.base_lr is not None and found.base_lr != base_lr and not said:
        message = f"it has an LR of its own, {found.base_lr:g}: the {base_lr:g} that is given is not used"
        doubts.append(Finding("own-lr", message, "leave one of them out"))
    long = next((finding.update for finding in found.findings if finding.code == "too-long"), None)
    own = long or (None if found.horizon is None else found.horizon.total)
    given = run.total if run.total is not None else run.epochs
    if given is not None and own is not None and own not in (run.total, run.epochs):
        epochs = " epochs" if run.total is None else ""
        message = f"it says itself that the run has {own:,} updates: the {given:,}{epochs} that are given are not used"
        doubts.append(Finding("own-length", message, "leave one of them out"))
    return dataclasses.replace(found, findings=(*found.findings, *doubts)) if doubts else found
