"""A process by its number → its memory and what it has written, as the kernel counts them.

Nothing of Mien's or of other packages is imported: in the peers' environment there is none of it.
"""

from __future__ import annotations

from pathlib import Path

_KIB = 1024 / 1e6


def resident_mb(process: int | str = "self") -> float | None:
    """Memory that it keeps in RAM now; None where the kernel does not tell, or it has ended."""
    return _megabytes(process, "VmRSS:")


def peak_mb(process: int | str = "self") -> float | None:
    """The most that it ever kept.

    Not what `getrusage` and `wait4` tell: these remember the memory of whoever started it.
    """
    return _megabytes(process, "VmHWM:")


def bytes_written(process: int | str = "self") -> int | None:
    """What it has handed to disks, the file system's own journal apart; None as above."""
    return _number(Path(f"/proc/{process}/io"), "write_bytes:")


def _megabytes(process: int | str, name: str) -> float | None:
    kib = _number(Path(f"/proc/{process}/status"), name)
    return None if kib is None else kib * _KIB


def _number(table: Path, name: str) -> int | None:
    try:
        lines = table.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), None)
