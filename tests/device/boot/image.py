"""What is booted: an image with its kernel, from `disk.sh`, or one that MIEN_IMAGE names."""

from __future__ import annotations

import os
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[3]
HOME = ROOT / "build" / "boot"


@dataclass(frozen=True, slots=True)
class Image:
    """disk: raw. root: how the kernel finds the root. offset: of the root's ext4 in it, in bytes.

    kernel, initrd: given to QEMU, whose board has no firmware that would read them. is_fresh: its
    first boot does more than others, and is not what is measured.
    """

    name: str
    disk: Path
    kernel: Path
    initrd: Path
    root: str
    offset: int = 0
    is_fresh: bool = True

    @classmethod
    def from_environment(cls) -> Self:
        """MIEN_IMAGE names a TOML file with the fields above; without, `disk.sh`'s disk."""
        if described := os.environ.get("MIEN_IMAGE"):
            file = Path(described)
            fields = tomllib.loads(file.read_text(encoding="utf-8"))
            paths = {name: file.parent / fields.pop(name) for name in ("disk", "kernel", "initrd")}
            return cls(**{"name": file.name, "root": "", **fields, **paths})
        return cls(
            name="tests/device/boot/disk.sh: Debian 13 (trixie) arm64 with Mien's package",
            disk=HOME / "disk.img",
            kernel=HOME / "vmlinuz",
            initrd=HOME / "initrd",
            root="root=LABEL=mien-root",
            is_fresh=False,
        )

    @property
    def is_there(self) -> bool:
        """Whether it can be booted."""
        return all(file.exists() for file in (self.disk, self.kernel, self.initrd))


def overlay(disk: Path, file: Path) -> Path:
    """Make `file` a copy-on-write disk over `disk`, which is raw."""
    _run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(disk), str(file)])
    return file


def flatten(disk: Path, file: Path) -> Path:
    """Make `file` a raw copy of an overlay."""
    _run(["qemu-img", "convert", "-O", "raw", str(disk), str(file)])
    return file


def check_file_system(image: Image, disk: Path, folder: Path) -> None:
    """Replay the journal of a copy of the root, then check every block of it.

    Raises:
        AssertionError: e2fsck found an error in the file system.
    """
    copy = folder / "checked.img"
    try:
        flatten(disk, copy)
        device = f"{copy}?offset={image.offset}" if image.offset else str(copy)
        # Orphans, files deleted while open, are the journal's business too: the preening takes
        # both as no error, and refuses anything that is one.
        for words, allowed in ((["-fp"], (0, 1)), (["-fn"], (0,))):
            done = subprocess.run(
                [e2fsprogs("e2fsck"), *words, device], capture_output=True, text=True, check=False
            )
            assert done.returncode in allowed, f"e2fsck {words}: {done.stdout}{done.stderr}"
    finally:
        copy.unlink(missing_ok=True)


def e2fsprogs(name: str) -> str:
    """One of its programs; Debian puts them where a user's PATH does not look."""
    program = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    assert program, f"{name} is missing: apt-get install e2fsprogs"
    return program


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
