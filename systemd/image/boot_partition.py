"""A folder with a Raspberry Pi's boot files → a FAT32 file system, always the same."""

from __future__ import annotations

import os
from pathlib import Path

from edge_app.errors import MienError
from systemd.image.tools import Tools

LABEL = "MIENBOOT"
#: In bytes. Two kernels must fit during an upgrade.
SIZE = 256 * 1024 * 1024
_VOLUME_ID = "4d49454e"
_FILES = Path(__file__).parent / "boot_files"
_SETTINGS = Path(__file__).parents[1] / "mien.toml"
#: Variants of the firmware for the old camera stack, debugging and the least memory: config.txt
#: asks for none of them.
_UNUSED = ("start*_x.elf", "start*_db.elf", "start*_cd.elf", "start4x.elf", "start4db.elf")
_UNUSED_TOO = ("start4cd.elf", "fixup_*.dat", "fixup4?*.dat")
#: Without these no board starts.
NEEDED = (
    *("bootcode.bin", "start.elf", "fixup.dat", "start4.elf", "fixup4.dat"),
    *("config.txt", "cmdline.txt", "vmlinuz-*", "initrd.img-*"),
    *("bcm2837-rpi-zero-2-w.dtb", "bcm2711-rpi-4-b.dtb", "bcm2712-rpi-5-b.dtb"),
)


def complete(folder: Path) -> None:
    """Add what users read to the boot files, and take away what no board does.

    Raises:
        MienError: a file is missing without which a board does not start.
    """
    for pattern in (*_UNUSED, *_UNUSED_TOO):
        for file in folder.glob(pattern):
            file.unlink()
    for pattern in NEEDED:
        if not any(folder.glob(pattern)):
            raise MienError(f"{folder}: {pattern} is missing: raspi-firmware wrote no boot files")
    for file in (*_FILES.iterdir(), _SETTINGS):
        # Notepad of older Windows shows one line otherwise.
        text = file.read_text(encoding="utf-8").replace("\n", "\r\n")
        name = "mien.example.toml" if file == _SETTINGS else file.name
        (folder / name).write_bytes(text.encode())


def write_boot_partition(folder: Path, file: Path, tools: Tools, *, size: int = SIZE) -> None:
    """Make the file system in `file`, of `size` bytes, with all files of `folder`."""
    file.unlink(missing_ok=True)
    with file.open("wb") as stream:
        stream.truncate(size)
    tools.run("mkfs.vfat", ["-F", "32", "-n", LABEL, "-i", _VOLUME_ID, "--invariant", file])
    for path in sorted(folder.rglob("*")):
        os.utime(path, (tools.epoch, tools.epoch))
        place = f"::/{path.relative_to(folder)}"
        if path.is_dir():
            tools.run("mmd", ["-i", file, place])
        else:
            tools.run("mcopy", ["-i", file, "-m", path, place])
