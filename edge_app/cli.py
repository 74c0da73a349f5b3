"""The command `mien`: words in, exit code out. 0 done, 1 failed, 2 asked wrongly.

Nothing is imported here but what Python itself starts with: Ctrl-C is heard from the first moment
on, and most of a start are imports.
"""

import sys
from collections.abc import Sequence


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; `words` are those behind the program's name."""
    try:
        from edge_app.command_line import run_command  # noqa: PLC0415

        return run_command(words)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
