"""A benchmark's `main`, run as `python -m benchmarks.<name>` → an exit code, errors in one line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from edge_app.errors import MienError, UsageError


def exit_code(main: Callable[[], int]) -> int:
    """Run `main`; 1 where something of the wrong kind was found, 2 where it was asked for wrongly.

    Whatever is not Mien's own error is a fault of the benchmark and keeps its traceback.
    """
    try:
        return main()
    except MienError as error:
        sys.stderr.write(f"mien: {error}\n")
        return 2 if isinstance(error, UsageError) else 1


def at_least_one(text: str) -> int:
    """Read the number of a `--rounds` or the like, for `argparse`."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("a number of at least 1")
    return number
