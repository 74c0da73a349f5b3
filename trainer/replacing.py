"""Text → a file that is either the old one or the new one, whenever the process is killed."""

from __future__ import annotations

from pathlib import Path


def write_beside(path: Path, text: str) -> None:
    """Replace a text file in one step."""
    beside = path.with_name("new-" + path.name)
    beside.write_text(text)
    beside.replace(path)
