"""A file of the kernel → its text, as far as the kernel tells."""

from __future__ import annotations

from pathlib import Path


def kernel_text(file: Path) -> str:
    """What stands in it, without space around; empty where it is not there or cannot be read."""
    # Reading a sensor may fail at any time, by its driver's whim.
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
