"""How this process was called → the words that call the same program again, for hints."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

NAME = "mien"


def program() -> str:
    """`mien` where the shell finds this one; else its path, or its module as Python runs it."""
    called, found = Path(sys.argv[0]), shutil.which(NAME)
    if called.name == NAME and called.exists():
        is_found = found is not None and called.samefile(found)
        return NAME if is_found else shlex.quote(sys.argv[0])
    return NAME if found is not None else f"{shlex.quote(sys.executable)} -m edge_app.cli"
