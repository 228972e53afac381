"""Transfer of the LR as the command line asks for it: sweeps in a file or in stores, and one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any, Literal

from lrlab.errors import LrlabError, missing, worded

try:
    import scipy  # noqa: F401
except ModuleNotFoundError:
    raise missing("scipy", "lab", "lrlab forecast transfer") from None

from lrlab.analysis.transfer.exponents import Spread
from lrlab.analysis.transfer.transfer import Transfer, TransferRecord, fit_sweeps
from lrlab.record.runs.store import Store
from lrlab.record.trials import Table, Trial, amount, of_runs, read_trials

__all__ = ["TransferDocument", "amount", "settings", "transfer"]


class TransferDocument(TransferRecord):
    """The best LR at another size, batch and horizon."""

    version: Literal[1]


def transfer(
    table: Table | Sequence[str | PathLike[str]],
    *,
    size: float | None = None,
    batch: float | None = None,
    horizon: float | None = None,
    prior: str | Mapping[str, Spread] | None = "public",
    level: float = 0.9,
    columns: Mapping[str, str] | None = None,
    stores: Sequence[tuple[str, str]] = (),
) -> Transfer:
    """The best LR at another size, batch and horizon, from the trials of small sweeps.

        log LR* = c + a_N log N + a_B log B + a_T log T + a_BT log B log T,   loss = (1 + k/2 (log LR/LR*)^2) loss*

    Args:
        table: a file of trials or a list of such files (CSV, JSON lines), a list of rows, or columns by name: the
            number of parameters without embeddings (size), the batch of an update, the horizon in updates, the peak LR,
            the final loss; a loss that is not a finite number is that of a run that diverged.
        size, batch, horizon: what is asked for; left out, what all trials share.
        prior: "public" (exponents of public sweeps, with spreads so wide that a few sweeps outweigh them), None (the
            sweeps decide alone), or some of {"size": (mean, sd), "batch", "horizon", "batch x horizon"}.
        level: probability of the interval.
        columns: what a value is called where it is not found by itself: {"lr": "rate"}.
        stores: runs of stores besides, with what those do not know: [("lrlab-runs", "size=7e6,batch=32")].

    Raises `LrlabError` where the trials cannot say: a column is missing, one LR only, all trials diverged, the best LR
    at the edge of every sweep, or a factor that is the same in all trials and another is asked for.

    Source: the form carried over to model sizes that were held back in the public sweeps of Step Law (Li et al. 2025,
    arXiv:2503.04715).

    >>> import numpy as np
    >>> rows = [
    ...     {"size": n, "batch": 8, "horizon": 1000, "lr": lr, "loss": 3 + 0.1 * (np.log(lr * n**0.5 / 2)) ** 2}
    ...     for n in (1e4, 4e4, 16e4)
    ...     for lr in (0.0025, 0.005, 0.01, 0.02, 0.04)
    ... ]
    >>> 0.002 < transfer(rows, size=64e4).lr < 0.003  # 2 / 800
    True
    """
    trials: list[Trial] = []
    for each in _tables(table):
        trials += read_trials(each, columns)
    for place, given in stores:
        trials += of_runs(Store(place).listing().runs, settings(given, place), place)
    return fit_sweeps(trials, prior).at(size=size, batch=batch, horizon=horizon, level=level)


def _tables(table: Any) -> Sequence[Table]:
    """One table, or the several files of a list."""
    if isinstance(table, list | tuple) and all(isinstance(each, str | PathLike) for each in table):
        return list(table)
    return [table]


def settings(text: str, place: str) -> dict[str, str]:
    """Values by name, from a text such as size=7e6,batch=32.

    >>> settings("size=7e6, batch=32", "runs")
    {'size': '7e6', 'batch': '32'}
    """
    found = {}
    for part in text.split(","):
        name, sign, value = (each.strip() for each in part.partition("="))
        if not (name and sign and value):
            raise LrlabError(worded(f"{place}: what its runs are", text, "NAME=VALUE,NAME=VALUE", "size=7e6,batch=32"))
        found[name] = value
    return found
