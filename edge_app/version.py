"""This installation → its version, to the commit where a package says what it was built from."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

#: Written into a package when it is built; no checkout has it.
BUILD = Path(__file__).with_name("build_version.txt")


def mien_version() -> str:
    """As in 0.1.0+git482.g20e4b7d0, or the distribution's, 0.1.0, outside of a package."""
    try:
        said = BUILD.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        said = ""
    return said or metadata.version("mien")
