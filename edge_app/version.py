"""This installation → its version, to the commit where a package says what it was built from."""

from __future__ import annotations

import subprocess
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

#: Written into a package when it is built; no checkout has it.
BUILD = Path(__file__).with_name("build_version.txt")


def mien_version() -> str:
    """As in 0.1.0+git482.g20e4b7d0, or the distribution's, 0.1.0, outside of a package."""
    try:
        said = BUILD.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        said = ""
    return said or metadata.version("mien")


class Revision(NamedTuple):
    """What a checkout is at: 40 hexadecimal digits, and whether files differ from it."""

    commit: str
    is_changed: bool


def revision(checkout: Path) -> Revision | None:
    """Of a checkout of Mien; None where there is none, or no git.

    An installation may lie in a folder of somebody else's repository: that is no commit of Mien.
    """

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(checkout), *words], capture_output=True, text=True, check=True
        ).stdout.strip()

    try:
        if not checkout.samefile(git("rev-parse", "--show-toplevel")):
            return None
        is_changed = bool(git("status", "--porcelain", "--untracked-files=no"))
        return Revision(git("rev-parse", "HEAD"), is_changed)
    except (OSError, subprocess.CalledProcessError):
        return None
