"""TensorBoard: an event file, or a folder with the event files of one run, possibly in subfolders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lrlab.errors import LrlabError, worded
from lrlab.record.logs.roles import Loss, loss
from lrlab.record.logs.rows import Config, Item
from lrlab.record.logs.tensorboard import event_files, events
from lrlab.record.logs.units import words

NAME = "TensorBoard events"
FOLDER = True

_DEEPEST = 3
_PARTS = {"train", "training", "tr"}
_KERAS = "epoch_"  # the beginning of Keras' tags whose steps are epochs
_KERAS_ITERATIONS = "evaluation_loss_vs_iterations"


def claims(path: Path) -> int:
    """The number of event files."""
    return sum(len(event_files(folder)) for folder in _folders(path))


def rows(path: Path) -> Iterator[Item]:
    """Every scalar; the tags of a subfolder begin with its name.

    Raises `LrlabError` if the subfolders are not parts of one run.
    """
    folders = _folders(path)
    parts = [folder for folder in folders if folder == path or _is_part(folder.relative_to(path).as_posix())]
    if len(folders) > 1 and len(parts) < len(folders):
        names = [folder.relative_to(path).as_posix() for folder in folders]
        raise LrlabError(
            worded("the event files of several runs", names[:12], "the folder of one run", str(folders[0]))
        )
    for folder in folders:
        prefix = f"{folder.relative_to(path).as_posix()}/" if len(folders) > 1 and folder != path else ""
        yield from within(folder, prefix)


def within(path: Path, prefix: str = "") -> Iterator[Item]:
    """The scalars of one file or folder; Keras' tags that begin with "epoch_" get the counter `epoch`."""
    epochs: dict[float, float] = {}
    iterations: dict[float, float] = {}
    for item in events(path):
        if not isinstance(item, dict):
            yield item
            continue
        (_, step), (tag, value) = item.items()
        if tag.startswith(_KERAS):
            if tag == "epoch_loss":
                epochs[value] = step
            yield {"epoch": step, f"{prefix}{tag.removeprefix(_KERAS)}": value}
        else:
            if tag == _KERAS_ITERATIONS:
                iterations[value] = step
            yield {"step": step, f"{prefix}{tag}": value}
    rates = {iterations[value] / (epochs[value] + 1) for value in iterations if value in epochs}
    if len(rates) == 1:  # the same evaluation, counted in epochs and in iterations
        yield Config({"updates_per_epoch": rates.pop()})


def _folders(path: Path) -> list[Path]:
    """The folders with event files, possibly `path` itself."""
    found, level = [], [path]
    for _ in range(_DEEPEST):
        found += [folder for folder in level if event_files(folder)]
        level = [
            each for folder in level for each in sorted(folder.iterdir()) if each.is_dir() and not each.is_symlink()
        ]
    return found


def _is_part(name: str) -> bool:
    """Whether the name of a folder says that it holds a part of a run: training or validation data.

    >>> _is_part("train"), _is_part("loss_val"), _is_part("run-1")
    (True, True, False)
    """
    plain: Loss = loss(name)
    return plain.validation or bool(_PARTS & set(words(name)))
