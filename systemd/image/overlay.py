"""The image's own files → a tar archive, always the same."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

#: As they lie below the device's root.
FILES = Path(__file__).parent / "files"
#: What systemd-resolved keeps.
_RESOLV = ("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf")


def write_overlay(archive: Path, *, epoch: int) -> None:
    """Write the archive; everything belongs to root and has the time `epoch`."""
    with tarfile.open(archive, "w", format=tarfile.GNU_FORMAT) as tar:
        folders: set[Path] = set()
        for name, text in sorted(_contents()):
            for folder in reversed(Path(name).parents[:-1]):
                if folder not in folders:
                    folders.add(folder)
                    tar.addfile(_entry(str(folder), tarfile.DIRTYPE, 0o755, epoch))
            entry = _entry(name, tarfile.REGTYPE, 0o644, epoch)
            entry.size = len(text)
            tar.addfile(entry, io.BytesIO(text))
        link = _entry(_RESOLV[0], tarfile.SYMTYPE, 0o777, epoch)
        link.linkname = _RESOLV[1]
        tar.addfile(link)


def _contents() -> Iterator[tuple[str, bytes]]:
    for file in FILES.rglob("*"):
        if file.is_file():
            yield str(file.relative_to(FILES)), file.read_bytes()


def _entry(name: str, kind: bytes, mode: int, epoch: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime = kind, mode, epoch
    entry.uname = entry.gname = "root"
    return entry
