"""packages.txt → the names of Debian packages in it."""

from __future__ import annotations

from pathlib import Path

PACKAGES = Path(__file__).parent / "packages.txt"


def names(file: Path = PACKAGES) -> list[str]:
    """Words of all lines that are no comments."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [name for line in lines if not line.startswith("#") for name in line.split()]
