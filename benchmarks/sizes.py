"""The option that every benchmark has: the smallest size, which tells whether it still runs, and nothing else."""

from __future__ import annotations

import argparse


def add_size(options: argparse.ArgumentParser) -> None:
    """Add `--size`."""
    options.add_argument(
        "--size", choices=("full", "smallest"), default="full", help="smallest: seconds, whether it still runs"
    )
