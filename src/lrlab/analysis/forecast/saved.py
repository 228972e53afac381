"""A law as JSON: what it consists of, version by version.

Version 3 has one fit for each logged peak LR. 1 and 2 had one for all of them, which is read as the fit of each; 1 had
no digest.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypedDict

import numpy as np

from lrlab.analysis.forecast.doubts import Seen
from lrlab.analysis.forecast.fit import Fitted
from lrlab.analysis.forecast.intervals import CONFORMAL
from lrlab.analysis.forecast.laws import FORMS, Scale
from lrlab.analysis.forecast.offsets import Walk, distinct
from lrlab.analysis.forecast.priors import prior_for
from lrlab.errors import LrlabError
from lrlab.record.sealed import unsealed
from lrlab.record.shape import shaped

VERSION = 3
_FORMER = 0.68  # the factor on half widths in versions 1 and 2
OUTER = ("floor", "progress", "noise")


class PeakFit(TypedDict):
    """A fit around one peak LR; `offsets` are those of floor and noise at each of `walk.others`, in pairs."""

    parameters: dict[str, float]
    offsets: list[float]
    covariance: list[list[float]]
    misfit: float
    walk: Walk


class LawRecord(TypedDict):
    """A law as plain values, beside its version: fits for the logged peak LRs, and for peaks apart."""

    law: str
    prior: str
    fits: list[PeakFit]
    apart: list[PeakFit]
    scale: Scale
    seen: Seen
    reason: str


class LawDocument(LawRecord):
    """A law as plain values, with the version of that form."""

    version: int


class _Second(TypedDict):
    """The same in versions 1 and 2."""

    law: str
    prior: str
    parameters: dict[str, float]
    covariance: list[list[float]]
    misfit: float
    scale: Scale
    seen: Seen


@dataclass(frozen=True)
class Saved:
    """What a saved law holds."""

    law: str
    prior: str
    fits: tuple[Fitted, ...]
    apart: tuple[Fitted, ...]
    scale: Scale
    seen: Seen
    reason: str = ""


def named(law: str, fitted: Fitted) -> dict[str, float]:
    """Inner and outer parameters of a fit by name."""
    values = [*fitted.inner.tolist(), *fitted.outer[: len(OUTER)].tolist()]
    return dict(zip((*FORMS[law].inner, *OUTER), values, strict=True))


def document(saved: Saved) -> LawDocument:
    """A law as plain numbers and strings."""
    fits, apart = ([_peak_fit(saved.law, fitted) for fitted in some] for some in (saved.fits, saved.apart))
    known: Any = asdict(saved.seen)
    scale: Any = asdict(saved.scale)
    return {
        "version": VERSION,
        "law": saved.law,
        "prior": saved.prior,
        "fits": fits,
        "apart": apart,
        "scale": scale,
        "seen": known,
        "reason": saved.reason,
    }


def _peak_fit(law: str, fitted: Fitted) -> PeakFit:
    walk: Any = asdict(fitted.walk)
    return {
        "parameters": named(law, fitted),
        "offsets": fitted.outer[len(OUTER) :].tolist(),
        "covariance": fitted.covariance.tolist(),
        "misfit": fitted.misfit,
        "walk": walk,
    }


def read(text: str | bytes) -> Saved:
    """The law of a document of any version. Raises `ValueError` (`LrlabError` too) for anything else."""
    record = unsealed(text, "a saved law", VERSION, since=2)
    values = {name: value for name, value in record.items() if name != "version"}
    if record["version"] == VERSION:
        found = shaped(LawRecord, _with_falling(values))
        law, fits, apart = found["law"], found["fits"], found["apart"]
        if not fits:
            raise ValueError("it has no fit")
        fitted, far = (tuple(_fitted(law, fit) for fit in some) for some in (fits, apart))
        return Saved(law, found["prior"], fitted, far, found["scale"], found["seen"], found["reason"])
    former = shaped(_Second, values)
    return Saved(former["law"], former["prior"], tuple(_each(former)), (), former["scale"], former["seen"])


def _with_falling(values: dict[str, Any]) -> dict[str, Any]:
    """A law that was saved before `Seen` told how a loss falls at last: what leaves its intervals about as wide.

    It told to which share of its beginning the loss had fallen (`fallen`), if anything.
    """
    known = values.get("seen")
    if not isinstance(known, dict) or "falling" in known:
        return values
    rest = {name: value for name, value in known.items() if name != "fallen"}
    return {**values, "seen": {**rest, "falling": 1.5 if known.get("fallen", 1.0) < 0.15 else 0.25}}


def _each(former: _Second) -> list[Fitted]:
    """The one fit of an earlier version as that of each of its peak LRs, unsure away from it as any other.

    Its covariance is scaled so that intervals stay as wide as they were.
    """
    floor, noise = prior_for(former["law"], "llm").wander
    walks = (
        Walk(peak, (), floor * former["parameters"].get("floor", 0.0), noise * former["parameters"].get("noise", 0.0))
        for peak in distinct(former["seen"].peaks)
    )
    covariance = ((_FORMER / CONFORMAL) ** 2 * np.array(former["covariance"])).tolist()
    alike = {"parameters": former["parameters"], "covariance": covariance, "misfit": former["misfit"]}
    return [_fitted(former["law"], PeakFit(**alike, offsets=[], walk=walk)) for walk in walks]  # type: ignore[typeddict-item]


def _fitted(law: str, fit: PeakFit) -> Fitted:
    if law not in FORMS:
        raise LrlabError(f"unknown law {law!r}")
    inner = len(FORMS[law].inner)
    values = np.array([*fit["parameters"].values(), *fit["offsets"]])
    covariance = np.array(fit["covariance"])
    if list(fit["parameters"]) != [*FORMS[law].inner, *OUTER] or len(fit["offsets"]) != 2 * len(fit["walk"].others):
        raise ValueError("it has other parameters than its law")
    if covariance.shape != 2 * values.shape or not (np.isfinite(values).all() and np.isfinite(covariance).all()):
        raise ValueError("its covariance is not that of its parameters")
    walk = fit["walk"]
    if not all(np.isfinite(peak) and peak > 0 for peak in (walk.anchor, *walk.others)):
        raise ValueError("its peak LRs are not positive")
    return Fitted(values[:inner], values[inner:], covariance, fit["misfit"], walk)
