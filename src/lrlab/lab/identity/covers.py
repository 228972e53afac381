"""Sentences on what the key of a run covers, and what it does not see."""

from __future__ import annotations

from lrlab.lab.identity.environment import PINNED
from lrlab.lab.identity.identity import Identity


def covered(identity: Identity, order: str = PINNED, *, threads_pinned: bool = True) -> tuple[str, ...]:
    """The sentences for a task that is trained with this order of sets, and with NumPy's threads pinned or not.

    >>> print(covered(Identity("", libraries=("torch",)))[2])
    its key does not see: files of data, names that are computed at run time, changes deep in libraries, the machine
    """
    files = f"{len(identity.files)} file{'s' if len(identity.files) != 1 else ''}" if identity.files else "no file"
    libraries = f", {', '.join(identity.libraries)} and what they need" if identity.libraries else ""
    lines = [
        f"the key of a run covers the code of {files}, what it refers to in memory, configuration, seed, fold, "
        "threads, device",
        f"and the versions of Python{libraries}",
        "its key does not see: files of data, names that are computed at run time, changes deep in libraries, the "
        "machine",
    ]
    if variables := [name for name in identity.parts if name.startswith(("the environment variable ", "the switch "))]:
        lines.append(f"it covers, as they are set here: {', '.join(variables)}")
    if identity.unseen:
        lines.append(
            f"nobody can look into {'; '.join(identity.unseen[:3])}: its runs are kept, but not found again; make it "
            "within the training function"
        )
    if identity.filled:
        lines.append(
            f"{', '.join(identity.filled[:3])} held nothing before, and is filled now: a new process has another key, "
            "and runs that were kept under it are trained again; set it to None before another comparison"
        )
    if identity.hashes and order != PINNED:
        lines.append(
            "the code makes sets, whose order is another in each process: its runs are found again in this process "
            "alone; start Python with PYTHONHASHSEED=0, or take workers=1"
        )
    if not threads_pinned:
        lines.append("NumPy's threads are not pinned in this process: pip install threadpoolctl, or take workers=1")
    return tuple(lines)
