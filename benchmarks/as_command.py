"""A benchmark's `main`, run as `python -m benchmarks.<name>` → an exit code, errors in one line."""

from __future__ import annotations

import sys
from collections.abc import Callable

from edge_app.errors import MienError, UsageError
from edge_app.whole_number import whole_number as at_least_one

__all__ = ["at_least_one", "exit_code"]


def exit_code(main: Callable[[], int]) -> int:
    """Run `main`; 1 where something of the wrong kind was found, 2 where it was asked for wrongly.

    Whatever is not Mien's own error is a fault of the benchmark and keeps its traceback.
    """
    try:
        return main()
    except MienError as error:
        sys.stderr.write(f"mien: {error}\n")
        return 2 if isinstance(error, UsageError) else 1
