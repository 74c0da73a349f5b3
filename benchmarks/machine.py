"""Files of the kernel, packages and models → what is measured on, and how it is now."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import cv2

from benchmarks.results import UNKNOWN, Condition, Machine
from edge_app.health.board import Board
from edge_app.kernel_file import kernel_text
from edge_app.perception.card import read_card
from edge_app.perception.runtime import RUNTIMES
from edge_app.perception.shipped import MODELS
from edge_app.version import mien_version, revision

_PACKAGES = ("numpy", "opencv-python-headless", "msgspec", "paho-mqtt", *dict(RUNTIMES))
_ROOT = Path(__file__).parents[1]
_FREQUENCY = "sys/devices/system/cpu/cpu0/cpufreq"


class Beginning:
    """Taken before something is measured: date and commit of the checkout that was measured."""

    def __init__(self, checkout: Path = _ROOT) -> None:
        self.time = datetime.now(UTC)
        self._checkout, self._commit = checkout, commit(checkout)

    @property
    def commit(self) -> str:
        """As `commit` told it then, with `+` also where it tells something else by now."""
        was = self._commit
        return was if not was or commit(self._checkout) == was else was.removesuffix("+") + "+"


def describe(runtime: str, commit: str, root: Path = Path("/")) -> Machine:
    """What the machine is; runtime: the one that runs the models; commit: what is measured."""
    return Machine(
        device=_device(root),
        processor=_processor(root),
        architecture=platform.machine(),
        cores=os.cpu_count() or 1,
        memory_mb=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1_000_000,
        kernel=platform.release(),
        governor=kernel_text(root / _FREQUENCY / "scaling_governor") or UNKNOWN,
        runtime=runtime,
        versions={"python": platform.python_version(), "opencv": cv2.__version__, **_versions()},
        models={path.stem: read_card(path).sha256 for path in MODELS},
        commit=commit,
    )


def origin(beginning: Beginning, root: Path = Path("/")) -> str:
    """Where a table comes from that stands by itself: date, machine, commit."""
    return (
        f"Measured on {beginning.time:%Y-%m-%d} on {_device(root)}, {os.cpu_count() or 1} cores,"
        f" Linux {platform.release()}, Mien at commit {beginning.commit or 'unknown'}."
    )


def condition(root: Path = Path("/")) -> Condition:
    """How the machine is now."""
    frequency = kernel_text(root / _FREQUENCY / "scaling_cur_freq")
    board = Board(root)
    return Condition(
        temperature_c=board.temperature_c(),
        throttled_bits=board.throttled_bits(),
        megahertz=int(frequency) / 1000 if frequency.isdecimal() else None,
        load=round(os.getloadavg()[0], 2),
    )


def commit(checkout: Path = _ROOT) -> str:
    """Of a checkout of Mien, with `+` where files differ from it; empty where there is none."""
    found = revision(checkout)
    return "" if found is None else found.commit[:12] + ("+" if found.is_changed else "")


def filesystem(folder: Path, root: Path = Path("/")) -> str:
    """The type of the file system that a folder is in; `unknown` where the kernel does not tell."""
    folder, found, deepest = folder.resolve(), UNKNOWN, 0
    for line in kernel_text(root / "proc/self/mountinfo").splitlines():
        fields, _, behind = line.partition(" - ")
        # Spaces in it are written as octal numbers.
        point = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields.split(" ")[4])
        depth = len(Path(point).parts)
        # Of two at one place, the later one hides the other.
        if depth >= deepest and folder.is_relative_to(point):
            found, deepest = behind.split(" ")[0], depth
    return found


def _device(root: Path) -> str:
    """A Raspberry Pi says what it is in the device tree, a PC in its firmware's tables.

    A virtual machine may say nothing; its processor names it then.
    """
    tree = kernel_text(root / "proc/device-tree/model").rstrip("\0")
    table = root / "sys/class/dmi/id"
    names = (kernel_text(table / name) for name in ("sys_vendor", "product_name"))
    named = " ".join(filter(None, names))
    return tree or named or _processor(root)


def _processor(root: Path) -> str:
    """PCs name it; ARM's kernels give the number of the core's design only."""
    parts = {"0xd03": "Cortex-A53", "0xd07": "Cortex-A57", "0xd08": "Cortex-A72",
             "0xd0b": "Cortex-A76", "0xd05": "Cortex-A55"}  # fmt: skip
    said = {
        name.strip(): value.strip()
        for line in kernel_text(root / "proc/cpuinfo").splitlines()
        if ":" in line
        for name, value in [line.split(":", 1)]
    }
    part = said.get("CPU part", "")
    name = said.get("model name", "")
    if name and "cpu family" in said and not any(letter.isdigit() for letter in name):
        # Virtual machines' processors are called alike, fast or slow.
        name += f" family {said['cpu family']} model {said.get('model', '?')}"
    return name or parts.get(part, part) or UNKNOWN


def _versions() -> dict[str, str]:
    found = {"mien": mien_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
