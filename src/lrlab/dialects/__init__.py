"""Other libraries' configurations, read as schedules with exactly the same curve, and schedules written as their code.

    from lrlab.dialects import from_transformers, to_code

    found = from_transformers("cosine", num_warmup_steps=100, num_training_steps=1000)
    found.schedule, found.convention, found.findings
    print(to_code(found.schedule, "torch", horizon=1000))

Importing this package imports no framework; `from_torch` reads a scheduler object that the caller has. Each file in
`read` defines the function `from_NAME` of its library; the imports below are for editors and type checkers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

_HOMES = {
    "Imported": "lrlab.dialects.parts.imported",
    "to_code": "lrlab.dialects.write.targets",
    "convert": "lrlab.dialects.conversion",
}

if TYPE_CHECKING:
    from lrlab.dialects.conversion import convert as convert
    from lrlab.dialects.parts.imported import Imported as Imported
    from lrlab.dialects.read.composer import from_composer as from_composer
    from lrlab.dialects.read.deepspeed import from_deepspeed as from_deepspeed
    from lrlab.dialects.read.fairseq import from_fairseq as from_fairseq
    from lrlab.dialects.read.fvcore import from_fvcore as from_fvcore
    from lrlab.dialects.read.keras import from_keras as from_keras
    from lrlab.dialects.read.megatron import from_megatron as from_megatron
    from lrlab.dialects.read.olmo import from_olmo as from_olmo
    from lrlab.dialects.read.optax import from_optax as from_optax
    from lrlab.dialects.read.timm import from_timm as from_timm
    from lrlab.dialects.read.torch import from_torch as from_torch
    from lrlab.dialects.read.torchtitan import from_torchtitan as from_torchtitan
    from lrlab.dialects.read.transformers import from_transformers as from_transformers
    from lrlab.dialects.write.targets import to_code as to_code


def __getattr__(name: str) -> Any:
    from importlib import import_module

    home = _HOMES.get(name)
    if home is None and name.startswith("from_"):
        from lrlab.dialects.libraries import names

        library = name.removeprefix("from_")
        home = f"lrlab.dialects.read.{library}" if library in names() else None
    if home is None:
        raise AttributeError(f"module 'lrlab.dialects' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    from lrlab.dialects.libraries import names

    return sorted([*_HOMES, *(f"from_{name}" for name in names())])
