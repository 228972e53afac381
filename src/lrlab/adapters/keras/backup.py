"""A file in which a callback keeps its records, so that it can go back together with Keras' BackupAndRestore.

Keras restores the weights and the count of updates of the moment that it saved. The last record kept here up to that
count is the position at that moment.
"""

from __future__ import annotations

import json
import os
from os import PathLike
from pathlib import Path
from typing import Any

from lrlab.errors import LrlabError, worded

KEPT = 100  # records: Keras goes back to the last epoch, or to a batch within it


class Backup:
    """The records of a run in a file, each with the number of updates that the optimizer had made.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     backup = Backup(Path(folder, "schedule.json"))
    ...     backup.keep(10, {"update": 10}); backup.keep(20, {"update": 20})
    ...     backup.at(15), backup.at(5)
    ((10, {'update': 10}), None)
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)

    def keep(self, made: int, record: dict[str, Any]) -> None:
        """Add a record, and drop those of later updates: the run has gone back since."""
        rows = [row for row in self._rows() if row["made"] < made]
        self._write([*rows, {"made": made, "record": record}][-KEPT:])

    def at(self, made: int) -> tuple[int, dict[str, Any]] | None:
        """The last record up to a number of updates, with its own number; None if there is none."""
        found = [(row["made"], row["record"]) for row in self._rows() if row["made"] <= made]
        return found[-1] if found else None

    def clear(self) -> None:
        """Forget another run."""
        self.path.unlink(missing_ok=True)

    def _rows(self) -> list[dict[str, Any]]:
        try:
            rows: list[dict[str, Any]] = json.loads(self.path.read_text(encoding="utf-8"))
            return [{"made": int(row["made"]), "record": dict(row["record"])} for row in rows]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, KeyError) as error:
            raise LrlabError(
                worded(f"the backup of the schedule cannot be read: {error}", str(self.path), hint="another file")
            ) from None

    def _write(self, rows: list[dict[str, Any]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_name(f"{self.path.name}.partial")
        partial.write_text(json.dumps(rows), encoding="utf-8")
        os.replace(partial, self.path)
