"""A block device → what it is, and whether anything on this machine uses it."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from edge_app.errors import UsageError

#: What a machine runs from.
_SYSTEM = frozenset({"/", "/boot", "/boot/efi", "/boot/firmware", "/usr", "/var", "/home"})
#: sysfs counts in these, whatever the device's own sectors.
_SECTOR = 512


@dataclass(frozen=True, slots=True)
class Card:
    """path: as the user named it. name: as the kernel does. size: in bytes."""

    path: Path
    name: str
    size: int
    model: str


def block_number(path: Path) -> str:
    """A block device's number, as in `8:16`.

    Raises:
        UsageError: it is no block device.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; lsblk lists the devices") from None
    if not stat.S_ISBLK(status.st_mode):
        raise UsageError(f"{path} is no block device; lsblk lists them")
    return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the kernel tells of devices and mounts. number: path → number of a block device."""

    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    number: Callable[[Path], str] = block_number

    def card(self, path: Path) -> Card:
        """Look at a device and make sure that it may be overwritten.

        Raises:
            UsageError: it is no whole block device, is write-protected, or is in use.
        """
        name = (self.sys / "dev/block" / self.number(path)).resolve().name
        place = self._place(name)
        if (place / "partition").exists():
            whole = place.resolve().parent.name
            raise UsageError(f"{path} is a partition: name the whole card, /dev/{whole}")
        for user in self._users(name):
            raise UsageError(f"{path} {user}; nothing was written")
        if _text(place / "ro") == "1":
            raise UsageError(f"{path} is write-protected: look for a lock switch on the card")
        size = int(_text(place / "size") or 0) * _SECTOR
        if size == 0:
            raise UsageError(f"{path} has no card in it")
        return Card(path, name, size, self._model(place))

    def _place(self, name: str) -> Path:
        return self.sys / "class/block" / name

    def _users(self, name: str) -> Iterator[str]:
        """What uses the disk or one of its partitions, as the end of a sentence."""
        family = self._family(name)
        numbers = {_text(self._place(part) / "dev"): part for part in family}
        devices = {f"/dev/{part}": part for part in family}
        mounts = dict(self._mounts(numbers, devices))
        for point, part in mounts.items():
            if point in _SYSTEM:
                yield f"is this machine's own disk: {part} is mounted on {point}"
        for point, part in mounts.items():
            yield f"is in use: {part} is mounted on {point}: umount {point}"
        for line in _text(self.proc / "swaps").splitlines()[1:]:
            swap = line.split()[0]
            if os.path.realpath(swap) in devices:
                yield f"is in use: {swap} is swap space: swapoff {swap}"
        for part in sorted(family):
            for holder in sorted(self._place(part).glob("holders/*")):
                yield f"is in use: {part} is part of {holder.name} (LVM, RAID or encryption)"

    def _family(self, name: str) -> set[str]:
        """The disk, its partitions, and what LVM, RAID or encryption have made of these."""
        family: set[str] = set()
        waiting = [name]
        while waiting:
            part = waiting.pop()
            if part in family:
                continue
            family.add(part)
            place = self._place(part)
            waiting += [file.parent.name for file in place.glob("*/partition")]
            waiting += [holder.name for holder in place.glob("holders/*")]
        return family

    def _mounts(
        self, numbers: dict[str, str], devices: dict[str, str]
    ) -> Iterator[tuple[str, str]]:
        for line in _text(self.proc / "self/mountinfo").splitlines():
            fields, _, behind = line.partition(" - ")
            number, _, point = fields.split(" ")[2:5]
            # btrfs has numbers of its own; there the source says it.
            source = os.path.realpath(_plain(behind.split(" ")[1]))
            part = numbers.get(number) or devices.get(source)
            if part is not None:
                yield _plain(point), part

    def _model(self, place: Path) -> str:
        words = [_text(place / "device" / file) for file in ("vendor", "model", "name")]
        return " ".join(word for word in words if word) or "no name"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _plain(field: str) -> str:
    """Undo the octal escapes of mountinfo."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)
