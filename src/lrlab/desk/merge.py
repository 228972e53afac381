"""`lrlab merge`: one set of weights from the checkpoints of a run at a constant LR, as a decay would have left them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, TypedDict

from lrlab.core.expression.node import Schedule
from lrlab.desk.numbered import updates
from lrlab.errors import LrlabError, missing, worded
from lrlab.lab.arms.merging import factors, falling, merging_weights

WHOLE = "model.safetensors"  # in the folder of a checkpoint


class Merged(TypedDict):
    """A checkpoint, and how much it counts."""

    file: str
    update: int
    weight: float


class Foreseen(TypedDict):
    """What a real cooldown gains, in multiples of what the merge gains: see `lrlab.analysis.forecast.merged`."""

    low: float
    high: float
    level: float
    tasks: int
    inside: int


class MergeDocument(TypedDict):
    """What was merged, and where it is; how far a real cooldown is, or why that is not foreseen."""

    version: Literal[1]
    out: str
    decay: str
    checkpoints: list[Merged]
    tensors: int
    cooldown: Foreseen | None
    unforeseen: str


def merge(places: Sequence[str | Path], decay: str, out: str | Path) -> MergeDocument:
    """Merge checkpoints into the file `out`, and return what each counts.

    `places` are safetensors files, folders of one checkpoint that hold model.safetensors, or the folder of a run with
    such files or folders in it. The update of a checkpoint is told by its name (`lrlab.desk.numbered`); without numbers
    they are evenly spaced in the given order. Floating-point tensors are merged, others are those of the last.

    What a real cooldown would gain is foreseen from tasks on which both were made, where the decay is like theirs.

    Raises `LrlabError` where there are no two checkpoints, where they are not of one model, or for another decay than
    `lrlab.lab.arms.merging.factors` takes.
    """
    schedule = falling(decay)
    files = _files([Path(place) for place in places])
    told = updates([file.parent.name if file.name == WHOLE else file.stem for file in files])
    if not told and len(files) > len(places):
        what = "the names of these checkpoints do not tell their order"
        raise LrlabError(worded(what, [file.name for file in files][:4], "step_1000, or the files in their order"))
    at = told or [*range(len(files))]
    order = sorted(range(len(files)), key=at.__getitem__)
    files, at = [files[k] for k in order], [at[k] for k in order]
    weights = merging_weights(schedule, at)
    if Path(out).resolve() in {file.resolve() for file in files}:
        raise LrlabError(worded("a checkpoint is not overwritten by what it is merged into", str(out), "a new file"))
    merged = _merged(files, weights.tolist())
    _save(merged, Path(out), {"merged by": "lrlab", "decay": str(schedule)})
    rows = [Merged(file=str(file), update=u, weight=w) for file, u, w in zip(files, at, weights.tolist(), strict=True)]
    cooldown, unforeseen = _foreseen(at, schedule) if told else (None, "the names of the checkpoints tell no updates")
    return MergeDocument(
        version=1,
        out=str(out),
        decay=str(schedule),
        checkpoints=rows,
        tensors=len(merged),
        cooldown=cooldown,
        unforeseen=unforeseen,
    )


def _foreseen(at: Sequence[int], schedule: Schedule) -> tuple[Foreseen | None, str]:
    """What a real cooldown gains beside the merge, or why nobody knows."""
    try:
        from lrlab.analysis.forecast.merged import beyond, unlike
    except ModuleNotFoundError as error:
        raise missing(error.name or "scipy", "lab", "lrlab merge") from None
    if why := unlike(at, factors(schedule, at[-1] - at[0])):
        return None, why
    if (told := beyond()) is None:
        return None, "too few tasks were measured"
    cooldown = Foreseen(low=told.low, high=told.high, level=told.level, tasks=told.tasks, inside=told.inside)
    return cooldown, ""


def _files(places: Sequence[Path]) -> list[Path]:
    """The file of each checkpoint."""
    found: list[Path] = []
    for place in places:
        if place.is_dir() and not (place / WHOLE).is_file():
            found += sorted({*place.glob("*.safetensors"), *place.glob(f"*/{WHOLE}")})
        else:
            found.append(place / WHOLE if place.is_dir() else place)
    shards = [file for file in found if re.search(r"-\d+-of-\d+\.safetensors$", file.name)]
    if shards:
        raise LrlabError(worded("a checkpoint in several files cannot be merged", str(shards[0]), "one file each"))
    if len(found) < 2:
        given = ", ".join(map(str, places))
        allowed = "safetensors files, folders with model.safetensors, or the folder of a run with several of these"
        raise LrlabError(worded("a merge takes two checkpoints or more", given, allowed))
    return found


def _merged(files: Sequence[Path], weights: Sequence[float]) -> dict[str, Any]:
    """The tensors, summed in 64 bits and given back in their own type."""
    try:
        import torch
        from safetensors import SafetensorError, safe_open
    except ModuleNotFoundError as error:
        raise missing(error.name or "torch", "lab", "lrlab merge") from None
    merged: dict[str, Any] = {}
    with ExitStack() as stack, torch.no_grad():
        opened = []
        for file in files:
            try:
                opened.append(stack.enter_context(safe_open(str(file), framework="pt")))
            except (OSError, SafetensorError) as error:
                what = "the checkpoint cannot be read"
                raise LrlabError(worded(f"{what}: {error}".partition("\n")[0], str(file), "safetensors")) from None
        last = opened[-1]
        for file, each in zip(files, opened, strict=True):
            if set(each.keys()) != set(last.keys()):
                odd = sorted(set(each.keys()) ^ set(last.keys()))
                raise LrlabError(worded(f"{file} is a checkpoint of another model", ", ".join(odd[:3])))
        for name in sorted(last.keys()):
            tensor = last.get_tensor(name)
            if tensor.is_floating_point() or tensor.is_complex():
                wide = torch.complex128 if tensor.is_complex() else torch.float64
                total = torch.zeros(tensor.shape, dtype=wide)
                for file, each, weight in zip(files, opened, weights, strict=True):
                    one = each.get_tensor(name)
                    if one.shape != tensor.shape:
                        raise LrlabError(worded(f"{file} is a checkpoint of another model", f"{name} {[*one.shape]}"))
                    total += weight * one.to(wide)
                tensor = total.to(tensor.dtype)
            merged[name] = tensor.contiguous()
    return merged


def _save(tensors: dict[str, Any], out: Path, about: dict[str, str]) -> None:
    from safetensors.torch import save

    try:
        out.write_bytes(save(tensors, about))
    except OSError as error:
        raise LrlabError(worded(f"the file cannot be written: {error.strerror}", str(out))) from None
