"""`lrlab merge`: one set of weights from the checkpoints of a run at a constant LR, as a decay would have left them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal, TypedDict

from lrlab.errors import LrlabError, missing, worded
from lrlab.lab.arms.merging import falling, merging_weights

WHOLE = "model.safetensors"  # in the folder of a checkpoint


class Merged(TypedDict):
    """A checkpoint, and how much it counts."""

    file: str
    update: int
    weight: float


class MergeDocument(TypedDict):
    """What was merged, and where it is."""

    version: Literal[1]
    out: str
    decay: str
    checkpoints: list[Merged]
    tensors: int


def merge(places: Sequence[str | Path], decay: str, out: str | Path) -> MergeDocument:
    """Merge checkpoints into the file `out`, and return what each counts.

    `places` are safetensors files, folders of one checkpoint that hold model.safetensors, or the folder of a run with
    such files or folders in it. The update of a checkpoint is the last number in its name; where there are none, they
    are evenly spaced in the given order. Floating-point tensors are merged, others are those of the last.

    Raises `LrlabError` where there are no two checkpoints, where they are not of one model, or for another decay than
    `lrlab.lab.arms.merging.factors` takes.
    """
    schedule = falling(decay)
    files = _files([Path(place) for place in places])
    at = _updates(files)
    order = sorted(range(len(files)), key=at.__getitem__)
    files, at = [files[k] for k in order], [at[k] for k in order]
    weights = merging_weights(schedule, at)
    if Path(out).resolve() in {file.resolve() for file in files}:
        raise LrlabError(worded("a checkpoint is not overwritten by what it is merged into", str(out), "a new file"))
    merged = _merged(files, weights.tolist())
    _save(merged, Path(out), {"merged by": "lrlab", "decay": str(schedule)})
    rows = [Merged(file=str(file), update=u, weight=w) for file, u, w in zip(files, at, weights.tolist(), strict=True)]
    return MergeDocument(version=1, out=str(out), decay=str(schedule), checkpoints=rows, tensors=len(merged))


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


def _updates(files: Sequence[Path]) -> list[int]:
    """The update after which each was made."""
    names = [file.parent.name if file.name == WHOLE else file.stem for file in files]
    numbers = [re.findall(r"\d+", name) for name in names]
    return [int(each[-1]) for each in numbers] if all(numbers) else [*range(len(files))]


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
            if tensor.is_floating_point():
                total = torch.zeros(tensor.shape, dtype=torch.float64)
                for file, each, weight in zip(files, opened, weights, strict=True):
                    one = each.get_tensor(name)
                    if one.shape != tensor.shape:
                        raise LrlabError(worded(f"{file} is a checkpoint of another model", f"{name} {[*one.shape]}"))
                    total += weight * one.double()
                tensor = total.to(tensor.dtype)
            merged[name] = tensor.contiguous()
    return merged


def _save(tensors: dict[str, Any], out: Path, about: dict[str, str]) -> None:
    from safetensors.torch import save

    try:
        out.write_bytes(save(tensors, about))
    except OSError as error:
        raise LrlabError(worded(f"the file cannot be written: {error.strerror}", str(out))) from None
