"""systemd's word on the installed unit, drop-ins and all → what the service may do."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_UNIT = "mien.service"
#: Where systemd looks for it, also for a system that is not running.
_FOLDERS = tuple(
    Path(root, "systemd/system") for root in ("/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib")
)
_PROPERTIES = ("LoadState", "ProtectSystem", "ReadWritePaths", "BindPaths", "StandardOutput")
_ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class InstalledUnit:
    """What counts of it. writable: None: all folders that are not the system's.

    has_output: what the service prints goes somewhere.
    """

    writable: tuple[Path, ...] | None
    has_output: bool

    def may_write(self, folder: Path) -> bool:
        """Whether it leaves a folder writable, the state directory aside."""
        return self.writable is None or any(folder.is_relative_to(each) for each in self.writable)


def has_unit(folders: Iterable[Path] = _FOLDERS) -> bool:
    """Whether there is an installed service; one that is only masked is not there."""
    return any((folder / _UNIT).is_file() for folder in folders)


def read_unit() -> InstalledUnit | None:
    """Ask systemd; None where there is none to ask, or it knows no such unit."""
    words = ["systemctl", "show", _UNIT, *(f"--property={each}" for each in _PROPERTIES)]
    try:
        said = subprocess.run(
            words, capture_output=True, encoding="utf-8", errors="replace", timeout=_ANSWER_S,
            check=True,
        ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    found = {name: value for name, _, value in (line.partition("=") for line in said.splitlines())}
    if found.get("LoadState") != "loaded":
        return None
    writable = [word.lstrip("-+") for word in found.get("ReadWritePaths", "").split()]
    # Source, place, options; the place is what the service sees.
    writable += [word.split(":")[1] for word in found.get("BindPaths", "").split() if ":" in word]
    return InstalledUnit(
        tuple(map(Path, writable)) if found.get("ProtectSystem") == "strict" else None,
        found.get("StandardOutput", "null") != "null",
    )
