"""Drop-ins of the installed unit → whether the service may write a folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

#: Where whoever runs the device changes what the unit may do.
DROP_INS = Path("/etc/systemd/system/mien.service.d")


def may_write(folder: Path, state: Path, drop_ins: Path = DROP_INS) -> bool:
    """Whether the unit leaves `folder` writable: below its `state`, or what a drop-in names."""
    return any(folder.is_relative_to(each) for each in (state, *_read_write_paths(drop_ins)))


def _read_write_paths(drop_ins: Path) -> Iterator[Path]:
    for file in sorted(drop_ins.glob("*.conf")):
        with contextlib.suppress(OSError):
            for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
                name, _, value = line.partition("=")
                if name.strip() == "ReadWritePaths":
                    yield from (Path(word.lstrip("-+")) for word in value.split())
